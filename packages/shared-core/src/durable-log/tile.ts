// One tile of the tree in memory, with the nodes between its hashes and its root, so that no proof hashes twice. 16 KiB.
// Hashes come and go as texts of 32 characters, one a byte: of what OpenSSL gives, they leave least to collect.
// Source: C2SP tlog-tiles (https://c2sp.org/tlog-tiles), "Merkle Tree".
import { hash } from 'node:crypto';
import { assert } from '../errors/index.js';
import { fullTileWidth, hashBytes, tileHeight } from '../transparency/index.js';

/** Row 0 has the 256 hashes of the file, row 1 the 128 parents of their pairs, up to the 2 hashes of row 7. */
const rowStart = Array.from({ length: tileHeight }, (_, row) => 2 * fullTileWidth - (2 * fullTileWidth) / 2 ** row);
const nodeCount = 2 * fullTileWidth - 2;
const hashWords = hashBytes / 4;

// The hash of an inner node is laid out here, its children from a whole word on, so that they are copied by words.
const nodeWords = new Uint32Array(1 + 2 * hashWords);
const nodeInput = new Uint8Array(nodeWords.buffer, 3).fill(0x01, 0, 1);

/** Digits of a hash in base64. */
export const textDigits = 43;
/** How far the texts of hashes are from each other, see {@link Tile.texts}. */
export const textStride = 44;
const printedStride = hashBytes + 1;
const printed = Buffer.alloc(fullTileWidth * printedStride);

/** The SHA-256 of `data` as text, one character a byte. */
export function sha256Text(data: Uint8Array): string {
  return hash('sha256', data, 'binary');
}

/** A tile that fills from the left. */
export class Tile {
  readonly level: number;
  readonly index: number;
  /** How many hashes of row 0 there are. */
  width = 0;
  readonly #nodes = new Uint8Array(nodeCount * hashBytes);
  /** The same memory: to be copied. */
  readonly #words = new Uint32Array(this.#nodes.buffer);

  constructor(level: number, index: number) {
    this.level = level;
    this.index = index;
  }

  /** A node's hash, `row` 0 to 7, `at` from 0: a view that stays as it is, unless the tile is cut. */
  node(row: number, at: number): Uint8Array {
    const start = (rowStart[row]! + at) * hashBytes;
    return this.#nodes.subarray(start, start + hashBytes);
  }

  /**
   * The hashes of a row's nodes from `at` up to, without, `end` in base64, each without the `=` at its end, one behind the other, with
   * {@link textStride} from one to the next: a print of each alone would cost ten times as much.
   */
  texts(row: number, at: number, end: number): string {
    let to = 0;
    for (let node = at; node < end; node++) {
      const start = (rowStart[row]! + node) * hashBytes;
      for (let byte = 0; byte < hashBytes; byte++) printed[to + byte] = this.#nodes[start + byte]!;
      to += printedStride; // a byte of zero between them, so that each begins where base64 does
    }
    return printed.toString('base64', 0, to);
  }

  /** Appends a hash, see {@link sha256Text}, to row 0 and computes the nodes that it completes. */
  push(text: string): void {
    this.#set(0, this.width, text);
    this.#complete();
  }

  /** Goes back to `width` hashes. */
  cut(width: number): void {
    this.width = width;
  }

  /** The root of a full tile as text: a hash of the tile above. */
  root(): string {
    assert(this.width === fullTileWidth, 'only a full tile has a root');
    return this.#parent(tileHeight - 1, 0);
  }

  /** What the file of this tile holds when it is `width` hashes wide: a view. */
  bytes(width: number): Uint8Array {
    return this.#nodes.subarray(0, width * hashBytes);
  }

  /** The tile that a file holds; `undefined` when its length is not that of a full tile. */
  static fromFile(level: number, index: number, bytes: Uint8Array): Tile | undefined {
    if (bytes.length !== fullTileWidth * hashBytes) return undefined;
    const tile = new Tile(level, index);
    tile.#nodes.set(bytes);
    while (tile.width < fullTileWidth) tile.#complete();
    return tile;
  }

  /** Counts the hash that stands behind those of row 0, and computes the nodes that it completes. */
  #complete(): void {
    let at = this.width++;
    for (let row = 0; at % 2 === 1 && row < tileHeight - 1; row++) {
      const text = this.#parent(row, at - 1);
      at = (at - 1) / 2;
      this.#set(row + 1, at, text);
    }
  }

  /** The hash over a node and its right sibling: `SHA-256(0x01 || left || right)`. */
  #parent(row: number, left: number): string {
    const start = (rowStart[row]! + left) * hashWords;
    for (let word = 0; word < 2 * hashWords; word++) nodeWords[1 + word] = this.#words[start + word]!;
    return sha256Text(nodeInput);
  }

  #set(row: number, at: number, text: string): void {
    const start = (rowStart[row]! + at) * hashBytes;
    for (let byte = 0; byte < hashBytes; byte++) this.#nodes[start + byte] = text.charCodeAt(byte);
  }
}
