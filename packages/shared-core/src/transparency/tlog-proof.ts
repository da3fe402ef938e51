// Proofs of inclusion as one text that stands for itself: index, path and signed checkpoint. Source: C2SP tlog-proof v1
// (https://c2sp.org/tlog-proof).
import { decodeBase64, encodeBase64 } from './base64.js';
import { type Checkpoint, parseSignedCheckpoint, parseUint64 } from './checkpoint.js';
import { hashBytes, type Sha256, verifyInclusion } from './merkle-tree.js';
import { maximumNoteLength, type VerifySignature } from './signed-note.js';
import { type CheckpointRefusal, checkCheckpoint, type TrustPolicy, type WitnessedBy } from './trust-policy.js';

/** That an entry is in a log, for whoever trusts the log and its witnesses. */
export interface TlogProof {
  /** Which entry, from 0. */
  readonly index: bigint;
  /** The path from the leaf's sibling up to the root's child; 32 bytes each, at most 64. */
  readonly path: readonly Uint8Array[];
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: string;
  /** Opaque, not authenticated, not empty. */
  readonly extra?: Uint8Array;
}

/** What {@link verifyTlogProof} found. */
export type TlogProofVerdict = VerifiedTlogProof | RefusedTlogProof;

/** A proof that holds. */
export interface VerifiedTlogProof {
  /** The verdict. */
  readonly verified: true;
  /** The trusted checkpoint of the tree that has the entry. */
  readonly checkpoint: Checkpoint;
  /** The policy's witnesses that cosigned it. */
  readonly witnesses: readonly WitnessedBy[];
}

/** A proof that does not hold. */
export interface RefusedTlogProof {
  /** The verdict. */
  readonly verified: false;
  /** The first step that failed: the checkpoint's, or that the path leads to another root. */
  readonly reason: CheckpointRefusal | 'PROOF_ROOT_MISMATCH';
}

const firstLine = 'c2sp.org/tlog-proof@v1';
/** What stands before the index in a proof without extra data. */
export const tlogProofHead = `${firstLine}\nindex `;
const maximumPath = 64;

/**
 * Whether `text` proves that the entry with hash `leaf` (see `leafHash`) is in a log that `policy` trusts. Never throws
 * for what a stranger may send.
 */
export function verifyTlogProof(
  text: string,
  leaf: Uint8Array,
  policy: TrustPolicy,
  verify: VerifySignature,
  sha256: Sha256,
): TlogProofVerdict {
  const proof = parseTlogProof(text);
  if (proof === undefined) return { verified: false, reason: 'MALFORMED' };
  const verdict = checkCheckpoint(proof.checkpoint, policy, verify);
  if (!verdict.trusted) return { verified: false, reason: verdict.reason };
  const { checkpoint, witnesses } = verdict;
  return verifyInclusion(proof.index, checkpoint.size, leaf, proof.path, checkpoint.root, sha256)
    ? { verified: true, checkpoint, witnesses }
    : { verified: false, reason: 'PROOF_ROOT_MISMATCH' };
}

/** The proof that `text` is, nothing in it verified; `undefined` when it is none. */
export function parseTlogProof(text: string): TlogProof | undefined {
  if (text.length > maximumNoteLength) return undefined;
  const blankLine = text.indexOf('\n\n');
  if (blankLine < 0) return undefined;
  const checkpoint = text.slice(blankLine + 2);
  const [first, ...lines] = text.slice(0, blankLine).split('\n');
  const extra = lines[0]?.startsWith('extra ') ? decodeBase64(lines.shift()!.slice('extra '.length)) : 'none';
  const indexLine = lines.shift() ?? '';
  const index = indexLine.startsWith('index ') ? parseUint64(indexLine.slice('index '.length)) : undefined;
  if (first !== firstLine || index === undefined || lines.length > maximumPath) return undefined;
  const path = lines.map(parseHashLine);
  if (!path.every((hash) => hash !== undefined) || parseSignedCheckpoint(checkpoint) === undefined) return undefined;
  if (extra === 'none') return { index, path, checkpoint };
  return extra === undefined || extra.length === 0 ? undefined : { index, path, checkpoint, extra };
}

/**
 * The text of a proof, by custom in a file that ends in `.tlog-proof`; {@link parseTlogProof} reads it back.
 * @throws RangeError when a part of it cannot be written: see {@link TlogProof}.
 */
export function printTlogProof({ index, path, checkpoint, extra }: TlogProof): string {
  const lines = [
    firstLine,
    ...(extra === undefined ? [] : [`extra ${encodeBase64(extra)}`]),
    `index ${index}`,
    ...path.map(encodeBase64),
  ];
  const text = `${lines.join('\n')}\n\n${checkpoint}`;
  if (parseTlogProof(text) === undefined) {
    throw new RangeError(
      `index ${index}, ${path.length} hashes: no proof; expected an unsigned 64-bit index, at most ${maximumPath} hashes ` +
        `of ${hashBytes} bytes, extra data that is not empty, and a signed checkpoint`,
    );
  }
  return text;
}

function parseHashLine(line: string): Uint8Array | undefined {
  const hash = decodeBase64(line);
  return hash?.length === hashBytes ? hash : undefined;
}
