// Checkpoints: the size and root hash of a named log, as the text of a signed note. Source: C2SP tlog-checkpoint v1.0.0
// (https://c2sp.org/tlog-checkpoint).
import { decodeBase64, encodeBase64 } from './base64.js';
import { hashBytes, type TreeHead } from './merkle-tree.js';
import { isNoteText, parseSignedNote, type SignedNote } from './signed-note.js';

/** What a log says of itself at one moment. */
export interface Checkpoint extends TreeHead {
  /** The log's name: one line, not empty; by custom a URL without scheme, such as `example.com/log42`. */
  readonly origin: string;
  /** How many leaves the tree has, below 2^64. */
  readonly size: bigint;
  /** The Merkle tree hash of these leaves, 32 bytes. */
  readonly root: Uint8Array;
  /** Further lines, opaque, none of them empty; their use is not recommended. */
  readonly extensions: readonly string[];
}

/** A checkpoint with the signatures under it. */
export interface SignedCheckpoint {
  /** What the note's text says. */
  readonly checkpoint: Checkpoint;
  /** The text itself and the signature lines, unverified. */
  readonly note: SignedNote;
}

/** The checkpoint that the text of a note is, or `undefined` when it is none. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [origin, size, root, ...extensions] = text.split('\n');
  if (extensions.pop() !== '') return undefined; // the text ends in a newline
  const leaves = parseUint64(size ?? '');
  const hash = decodeBase64(root ?? '');
  if (!isLine(origin) || leaves === undefined || hash?.length !== hashBytes || !extensions.every(isLine)) {
    return undefined;
  }
  return { origin, size: leaves, root: hash, extensions };
}

/**
 * The text of a checkpoint, ready to be signed as a note; {@link parseCheckpoint} reads it back.
 * @throws RangeError when origin or an extension is no line of text, the size no unsigned 64-bit integer, or the root not
 * 32 bytes long.
 */
export function printCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  if (![origin, ...extensions].every(isLine)) {
    throw new RangeError('origin and extensions of a checkpoint are lines: not empty, UTF-8, no control characters');
  }
  if (size < 0n || size > maximumUint64) throw new RangeError(`size is ${size}; expected 0 to 2^64 - 1`);
  if (root.length !== hashBytes) throw new RangeError(`the root has ${root.length} bytes; expected ${hashBytes}`);
  return [origin, size.toString(), encodeBase64(root), ...extensions, ''].join('\n');
}

/** The signed checkpoint that `text` is, signatures unverified; `undefined` when it is no note or no checkpoint. */
export function parseSignedCheckpoint(text: string): SignedCheckpoint | undefined {
  const note = parseSignedNote(text);
  const checkpoint = note && parseCheckpoint(note.text);
  return checkpoint && { checkpoint, note };
}

const maximumUint64 = 2n ** 64n - 1n;

/** An unsigned 64-bit integer in decimal without leading zeros, or `undefined`. */
export function parseUint64(text: string): bigint | undefined {
  if (!/^(0|[1-9][0-9]{0,19})$/.test(text)) return undefined;
  const value = BigInt(text);
  return value <= maximumUint64 ? value : undefined;
}

function isLine(text: string | undefined): text is string {
  return text !== undefined && text !== '' && !text.includes('\n') && isNoteText(text);
}
