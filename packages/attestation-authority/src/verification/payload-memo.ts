// What was read from payloads, by their text: reading is a pure function of it, so that a statement seen again costs a look-up.
// So are the place in a log that a proof leads it to, and whether a key made a signature over it. What comes once is not kept: a stream of statements that are all new leaves
// no garbage behind, and drives out nothing. Bounded by characters, in two generations: what is not used while one fills is forgotten.
import { attestLine, leafText, statusNumberOf } from '../attestation-log/index.js';
import { isRefusal, type Refusal, refuse } from '../errors/index.js';
import {
  checkEnvelope,
  type DsseEnvelope,
  decodeSignedPayload,
  digestOf,
  freezeDeeply,
  type PredicateSchemas,
  payloadIsNoBase64,
  type ReadStatement,
  readStatement,
  statementPayloadType,
} from '../statement/index.js';
import type { ReadKey } from '../trust/index.js';
import type { SeenCheckpoint } from './checkpoint-memo.js';

/** A payload, read. */
export interface ReadPayload {
  readonly read: ReadStatement;
  /** The hash of its leaf in the log, base64, once it was asked for. */
  leaf: string | undefined;
  /** The last proof that was found to lead from it to a checkpoint's root; whose checkpoint that is, is another question. */
  proven: ProvenPlace | undefined;
  /** The last signature over it that was found true, as text, and whose; whether that key may vouch, is another question. */
  signed: { readonly sig: string; readonly key: ReadKey } | undefined;
  /** Whether it is kept, as it came before. */
  isKept: boolean;
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
  /** Which envelopes came last, by some bits of what tells them apart: for each place further bits. */
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
    return this.#young.get(payload) ?? this.#again(payload) ?? this.#first(envelope, path);
  }

  /** Keeps whose signature was found true. */
  rememberSignature(payload: ReadPayload, sig: string, key: ReadKey): void {
    if (payload.isKept) payload.signed = { sig, key };
  }

  /** Keeps a place that a proof was found to lead to, when it is not too long to be kept. */
  remember(payload: ReadPayload, proven: ProvenPlace): void {
    if (!payload.isKept || proven.proof.length > maximumProofKept) return;
    this.#youngCharacters += proven.proof.length;
    payload.proven = proven;
  }

  #first({ payload, signatures }: DsseEnvelope, path: string): ReadPayload | Refusal {
    const bytes = decodeSignedPayload(payload);
    if (bytes === undefined) return payloadIsNoBase64(path);
    const read = readStatement(bytes.payload, this.#predicates, `${path}.payload`);
    if (isRefusal(read)) return read;
    const known: ReadPayload = { read, leaf: undefined, proven: undefined, signed: undefined, isKept: false };
    if (this.#cameBefore(signatures[0]?.sig ?? leafOf(known, payload))) {
      known.isKept = true;
      freezeDeeply(read.statement);
      this.#keep(payload, known);
    }
    return known;
  }

  /**
   * Takes note of what tells an envelope from others: its first signature, or the hash of its leaf. That it came before may be an error,
   * one time in 2^24 unless somebody wants it so, which costs some memory.
   */
  #cameBefore(mark: string): boolean {
    const place = bitsAt(mark, 4) & (cameOnce - 1);
    const bits = bitsAt(mark, 8);
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
const cameOnce = 2 ** 16;

/** Bits of four characters of base64. */
function bitsAt(text: string, at: number): number {
  let bits = 0;
  for (let next = at; next < at + 4; next++) bits = (Math.imul(bits, 67) + text.charCodeAt(next)) | 0;
  return bits >>> 0;
}

/** The hash of the leaf that a payload has in its log, base64. */
export function leafOf(payload: ReadPayload, text: string): string {
  payload.leaf ??= leafText(
    attestLine(digestOf(decodeSignedPayload(text)!), statusNumberOf(payload.read.statement.tenstrip_terms?.status)),
  );
  return payload.leaf;
}
