// What was read from payloads, by their text: reading is a pure function of it, so that a statement seen again costs a look-up.
// Bounded by characters, in two generations: what is not used while one fills is forgotten.
import { hash } from 'node:crypto';
import { attestLine, leafText, statusNumberOf } from '../attestation-log/index.js';
import { isRefusal, type Refusal, refuse } from '../errors/index.js';
import {
  type DsseEnvelope,
  openEnvelope,
  type PredicateSchemas,
  preAuthenticationEncoding,
  type ReadStatement,
  readStatement,
  statementPayloadType,
} from '../statement/index.js';

/** A payload, read. */
export interface ReadPayload {
  readonly read: ReadStatement;
  /** The hash of its leaf in the log, base64. */
  readonly leaf: string;
}

/** Reads payloads of statements. */
export class PayloadMemo {
  readonly #predicates: PredicateSchemas;
  readonly #maxCharacters: number;
  #young = new Map<string, ReadPayload>();
  #old = new Map<string, ReadPayload>();
  #youngCharacters = 0;

  constructor(predicates: PredicateSchemas, maxCharacters: number) {
    this.#predicates = predicates;
    this.#maxCharacters = maxCharacters;
  }

  /** What an envelope's payload says. Looks at no signature. Never throws. */
  read(envelope: DsseEnvelope, path: string): ReadPayload | Refusal {
    const payload = openEnvelope(envelope, path, this.#known(envelope));
    if (!(payload instanceof Uint8Array)) return payload;
    if (envelope.payloadType !== statementPayloadType) {
      return refuse('PAYLOAD_TYPE_UNKNOWN', `${path}.payloadType`, `it is not ${statementPayloadType}`);
    }
    const read = readStatement(payload, this.#predicates, `${path}.payload`);
    if (isRefusal(read)) return read;
    const digest = hash('sha256', preAuthenticationEncoding(statementPayloadType, payload), 'hex');
    const status = read.statement.tenstrip_terms?.status;
    const known = { read, leaf: leafText(attestLine(digest, statusNumberOf(status))) };
    this.#keep(envelope.payload, known);
    return known;
  }

  #known(envelope: unknown): ReadPayload | undefined {
    const { payload, payloadType } = (envelope ?? {}) as Partial<DsseEnvelope>;
    if (typeof payload !== 'string' || payloadType !== statementPayloadType) return undefined;
    const young = this.#young.get(payload);
    if (young !== undefined) return young;
    const old = this.#old.get(payload);
    if (old !== undefined) this.#keep(payload, old);
    return old;
  }

  #keep(payload: string, known: ReadPayload): void {
    this.#youngCharacters += payload.length + entryCharacters;
    if (this.#youngCharacters > this.#maxCharacters / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngCharacters = payload.length + entryCharacters;
    }
    this.#young.set(payload, known);
  }
}

/** What an entry takes besides its payload, counted as characters, about: the parsed statement. */
const entryCharacters = 1024;
