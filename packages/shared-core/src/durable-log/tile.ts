// One tile of the tree in memory, with the nodes between its hashes and its root, so that no proof hashes twice. 16 KiB.
// Source: C2SP tlog-tiles (https://c2sp.org/tlog-tiles), "Merkle Tree".
import { assert } from '../errors/index.js';
import { fullTileWidth, hashBytes, nodeHash, type Sha256, tileHeight } from '../transparency/index.js';

/** Row 0 has the 256 hashes of the file, row 1 the 128 parents of their pairs, up to the 2 hashes of row 7. */
const rowStart = Array.from({ length: tileHeight }, (_, row) => 2 * fullTileWidth - (2 * fullTileWidth) / 2 ** row);
const nodeCount = 2 * fullTileWidth - 2;

/** A tile that fills from the left. */
export class Tile {
  readonly level: number;
  readonly index: number;
  /** How many hashes of row 0 there are. */
  width = 0;
  readonly #nodes = new Uint8Array(nodeCount * hashBytes);
  /** The same memory: to be printed. */
  readonly #buffer = Buffer.from(this.#nodes.buffer);
  /** By row, the node that came last and waits for its right sibling: saves two views of `#nodes` for every hash. */
  #waiting: Uint8Array[] = [];

  constructor(level: number, index: number) {
    this.level = level;
    this.index = index;
  }

  /** A node's hash, `row` 0 to 7, `at` from 0: a view that stays as it is, unless the tile is cut. */
  node(row: number, at: number): Uint8Array {
    const start = (rowStart[row]! + at) * hashBytes;
    return this.#nodes.subarray(start, start + hashBytes);
  }

  /** A node's hash in base64. */
  text(row: number, at: number): string {
    const start = (rowStart[row]! + at) * hashBytes;
    return this.#buffer.toString('base64', start, start + hashBytes);
  }

  /** Appends a hash to row 0 and computes the nodes that it completes. The array may be kept: do not change it afterwards. */
  push(hash: Uint8Array, sha256: Sha256): void {
    let at = this.width++;
    let node = hash;
    this.#set(0, at, node);
    for (let row = 0; at % 2 === 1 && row < tileHeight - 1; row++) {
      node = nodeHash(this.#waiting[row] ?? this.node(row, at - 1), node, sha256);
      at = (at - 1) / 2;
      this.#set(row + 1, at, node);
    }
    if (this.width === fullTileWidth) this.#waiting = [];
  }

  /** Goes back to `width` hashes. */
  cut(width: number): void {
    this.width = width;
    this.#waiting = [];
  }

  /** The root of a full tile: a hash of the tile above. */
  root(sha256: Sha256): Uint8Array {
    assert(this.width === fullTileWidth, 'only a full tile has a root');
    return nodeHash(this.node(tileHeight - 1, 0), this.node(tileHeight - 1, 1), sha256);
  }

  /** What the file of this tile holds when it is `width` hashes wide: a view. */
  bytes(width: number): Uint8Array {
    return this.#nodes.subarray(0, width * hashBytes);
  }

  /** The tile that a file holds; `undefined` when its length is not that of a full tile. */
  static fromFile(level: number, index: number, bytes: Uint8Array, sha256: Sha256): Tile | undefined {
    if (bytes.length !== fullTileWidth * hashBytes) return undefined;
    const tile = new Tile(level, index);
    for (let at = 0; at < bytes.length; at += hashBytes) tile.push(bytes.subarray(at, at + hashBytes), sha256);
    return tile;
  }

  #set(row: number, at: number, hash: Uint8Array): void {
    this.#nodes.set(hash, (rowStart[row]! + at) * hashBytes);
    if (at % 2 === 0) this.#waiting[row] = hash;
  }
}
