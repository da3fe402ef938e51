// What the files of a tiled log hold: tiles are hashes one after the other, entry bundles are entries behind their length.
// Source: C2SP tlog-tiles v1.0.0 (https://c2sp.org/tlog-tiles). Decoding copies nothing: the parts are views.
import { type CoreErrorCode, TenstripError } from '../errors/index.js';
import { hashBytes, type NodeAddress, nodeHash, type Sha256 } from './merkle-tree.js';
import { fullTileWidth, tileHeight } from './tile-path.js';

/** Longest entry of a log, in bytes: its length is written in 16 bits. */
export const maximumEntryBytes = 0xffff;

/** The hashes of a tile, views of `bytes`; `undefined` unless there are 1 to 256 of 32 bytes each. */
export function decodeTile(bytes: Uint8Array): Uint8Array[] | undefined {
  const width = bytes.length / hashBytes;
  if (!Number.isInteger(width) || width < 1 || width > fullTileWidth) return undefined;
  return Array.from({ length: width }, (_, at) => bytes.subarray(at * hashBytes, (at + 1) * hashBytes));
}

/**
 * The bytes of a tile; {@link decodeTile} reads them back.
 * @throws RangeError unless there are 1 to 256 hashes of 32 bytes.
 */
export function encodeTile(hashes: readonly Uint8Array[]): Uint8Array {
  checkCount(hashes.length, 'hashes');
  const bytes = new Uint8Array(hashes.length * hashBytes);
  hashes.forEach((hash, at) => {
    if (hash.length !== hashBytes) throw new RangeError(`hash ${at} has ${hash.length} bytes; expected ${hashBytes}`);
    bytes.set(hash, at * hashBytes);
  });
  return bytes;
}

/**
 * The hash of a perfect subtree, folded from the bytes of the tile that `tileOfNode` names (or of a wider version of that
 * tile). At most 255 hashes, for the root of a full tile.
 * @throws RangeError when the tile is too narrow to hold the subtree.
 */
export function hashFromTile(node: NodeAddress, tile: Uint8Array, sha256: Sha256): Uint8Array {
  const width = 2 ** (node.level % tileHeight);
  const first = (node.index * width) % fullTileWidth;
  if (tile.length < (first + width) * hashBytes) {
    throw new RangeError(`the tile has ${tile.length} bytes; subtree ${node.level}/${node.index} needs more`);
  }
  return perfectRoot(tile.subarray(first * hashBytes, (first + width) * hashBytes), sha256);
}

function perfectRoot(hashes: Uint8Array, sha256: Sha256): Uint8Array {
  if (hashes.length === hashBytes) return new Uint8Array(hashes); // a copy, of a Buffer too
  const middle = hashes.length / 2;
  return nodeHash(
    perfectRoot(hashes.subarray(0, middle), sha256),
    perfectRoot(hashes.subarray(middle), sha256),
    sha256,
  );
}

/** The entries of a bundle, views of `bytes`; `undefined` unless there are 1 to 256, and nothing but them. */
export function decodeEntryBundle(bytes: Uint8Array): Uint8Array[] | undefined {
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (entries.length === fullTileWidth || at + 2 > bytes.length) return undefined;
    const begin = at + 2;
    const end = begin + ((bytes[at]! << 8) | bytes[at + 1]!);
    if (end > bytes.length) return undefined;
    entries.push(bytes.subarray(begin, end));
    at = end;
  }
  return entries.length === 0 ? undefined : entries;
}

/**
 * The bytes of an entry bundle; {@link decodeEntryBundle} reads them back.
 * @throws RangeError unless there are 1 to 256 entries.
 * @throws TenstripError `EntryTooLarge` for an entry of more than 65,535 bytes.
 */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  checkCount(entries.length, 'entries');
  for (const entry of entries) checkEntryLength(entry);
  const bytes = new Uint8Array(entries.reduce((total, entry) => total + 2 + entry.length, 0));
  let at = 0;
  for (const entry of entries) {
    bytes[at] = entry.length >> 8;
    bytes[at + 1] = entry.length;
    bytes.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return bytes;
}

/**
 * Nothing, for an entry that a log can hold.
 * @throws TenstripError `EntryTooLarge` for one of more than 65,535 bytes.
 */
export function checkEntryLength(entry: Uint8Array): void {
  if (entry.length <= maximumEntryBytes) return;
  throw new TenstripError<CoreErrorCode>(
    'EntryTooLarge',
    `the entry has ${entry.length} bytes; a log entry has at most ${maximumEntryBytes}: log a hash of it instead`,
    { details: { bytes: entry.length, maximum: maximumEntryBytes } },
  );
}

function checkCount(count: number, what: string): void {
  if (count < 1 || count > fullTileWidth) throw new RangeError(`got ${count} ${what}; expected 1 to ${fullTileWidth}`);
}
