// What was read from payloads, by their text: reading is a pure function of it, so that a statement seen again costs a look-up.
// So is the place in a log that a proof leads it to. What comes once is not kept: a stream of statements that are all new leaves
// no garbage behind, and drives out nothing. Bounded by characters, in two generations: what is not used while one fills is forgotten.
import { attestLine, leafText, statusNumberOf } from '../attestation-log/index.js';
import { isRefusal, type Refusal, refuse } from '../errors/index.js';
import {
  checkEnvelope,
  type DsseEnvelope,
  decodeSignedPayload,
  digestOf,
  type PredicateSchemas,
  payloadIsNoBase64,
  type ReadStatement,
  readStatement,
  statementPayloadType,
} from '../statement/index.js';
import type { SeenCheckpoint } from './checkpoint-memo.js';

/** A payload, read. */
export interface ReadPayload {
  readonly read: ReadStatement;
  /** The hash of its leaf in the log, base64. */
  readonly leaf: string;
  /** The last proof that was found to lead from it to a checkpoint's root; whose checkpoint that is, is another question. */
  proven: ProvenPlace | undefined;
  /** Whether it is kept, as it came before. */
  readonly isKept: boolean;
}

/** Where a proof shows a payload to be. */
export interface ProvenPlace {
  /** The proof, verbatim. */
  readonly proof: string;
  readonly seen: SeenCheckpoint;
  readonly index: number;
}

/** Reads payloads of statements. */
export class PayloadMemo {
  readonly #predicates: PredicateSchemas;
  readonly #maxCharacters: number;
  #young = new Map<string, ReadPayload>();
  #old = new Map<string, ReadPayload>();
  #youngCharacters = 0;
  /** Which leaves came last, by some bits of their hash: for each place 32 further bits. */
  readonly #came = new Uint32Array(cameOnce);

  constructor(predicates: PredicateSchemas, maxCharacters: number) {
    this.#predicates = predicates;
    this.#maxCharacters = maxCharacters;
  }

  /** What an envelope's payload says. Looks at no signature. Never throws. */
  read(envelope: DsseEnvelope, path: string): ReadPayload | Refusal {
    const misshapen = checkEnvelope(envelope, path);
    if (misshapen !== undefined) return misshapen;
    const { payload, payloadType } = envelope;
    if (payloadType !== statementPayloadType) {
      if (decodeSignedPayload(payload) === undefined) return payloadIsNoBase64(path);
      return refuse('PAYLOAD_TYPE_UNKNOWN', `${path}.payloadType`, `it is not ${statementPayloadType}`);
    }
    return this.#young.get(payload) ?? this.#again(payload) ?? this.#first(payload, path);
  }

  /** Keeps a place that a proof was found to lead to, when it is not too long to be kept. */
  remember(payload: ReadPayload, proven: ProvenPlace): void {
    if (!payload.isKept || proven.proof.length > maximumProofKept) return;
    this.#youngCharacters += proven.proof.length;
    payload.proven = proven;
  }

  #first(payload: string, path: string): ReadPayload | Refusal {
    const bytes = decodeSignedPayload(payload);
    if (bytes === undefined) return payloadIsNoBase64(path);
    const digest = digestOf(bytes);
    const read = readStatement(bytes.payload, this.#predicates, `${path}.payload`);
    if (isRefusal(read)) return read;
    const status = read.statement.tenstrip_terms?.status;
    const isKept = this.#cameBefore(digest);
    const known = { read, leaf: leafText(attestLine(digest, statusNumberOf(status))), proven: undefined, isKept };
    if (isKept) this.#keep(payload, known);
    return known;
  }

  /** Takes note of a digest. That it came before may be an error of 2^-32, which costs some memory. */
  #cameBefore(digest: string): boolean {
    const place = Number.parseInt(digest.slice(0, 4), 16);
    const bits = Number.parseInt(digest.slice(4, 12), 16);
    const before = this.#came[place] === bits;
    this.#came[place] = bits;
    return before;
  }

  #again(payload: string): ReadPayload | undefined {
    const known = this.#old.get(payload);
    if (known !== undefined) this.#keep(payload, known);
    return known;
  }

  #keep(payload: string, known: ReadPayload): void {
    const characters = payload.length + entryCharacters + (known.proven?.proof.length ?? 0);
    this.#youngCharacters += characters;
    if (this.#youngCharacters > this.#maxCharacters / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngCharacters = characters;
    }
    this.#young.set(payload, known);
  }
}

/** What an entry takes besides its texts, counted as characters, about: the parsed statement. */
const entryCharacters = 1024;
const maximumProofKept = 8192;
/** As many as four hexadecimal digits can name. */
const cameOnce = 2 ** 16;
