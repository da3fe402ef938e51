// The Merkle tree of a log, kept as tiles: the rightmost tile of each level in memory, full ones in the store. Appending
// hashes one inner node a leaf on average; any node of the tree is at hand for proofs. Source: RFC 6962 section 2.1 for the
// tree, C2SP tlog-tiles for its cut into tiles. Memory: one tile a level, at most 7.
import { assert } from '../errors/index.js';
import {
  assembleProof,
  emptyRoot,
  foldNodes,
  fullTileWidth,
  leafHash,
  type NodeAddress,
  type ProofPlan,
  rangeNodes,
  type Sha256,
  type TilePath,
  tileHeight,
} from '../transparency/index.js';
import { sha256Text, Tile, textDigits, textStride } from './tile.js';
import type { TileStore } from './tile-store.js';

/** Where a tree was, to go back to: see {@link TiledTree.mark}. */
export interface TreeMark {
  readonly size: number;
  readonly edge: readonly { readonly tile: Tile; readonly width: number }[];
}

/** A tree that grows at the right. */
export class TiledTree {
  readonly #store: TileStore;
  readonly #sha256: Sha256;
  #size: number;
  /** The rightmost tile of each level; it may be full. */
  #edge: Tile[];

  private constructor(store: TileStore, sha256: Sha256, size: number, edge: Tile[]) {
    this.#store = store;
    this.#sha256 = sha256;
    this.#size = size;
    this.#edge = edge;
  }

  /**
   * The tree of `size` leaves (a multiple of 256), from the tiles in the store. Reads at most 255 tiles a level.
   * @throws TenstripError `LogCorrupt` when a tile is missing.
   */
  static async load(store: TileStore, size: number, sha256: Sha256): Promise<TiledTree> {
    assert(size % fullTileWidth === 0, 'a tree is loaded from full tiles');
    const edge: Tile[] = [];
    for (let level = 0; fullTileWidth ** level <= size; level++) edge.push(await edgeTile(store, level, size));
    return new TiledTree(store, sha256, size, edge);
  }

  /** How many leaves there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * The roots of the largest perfect subtrees: the hashes of `rangeNodes(0, size)`. All of them are in tiles of the edge,
   * since to the right of each there is no other one of its level.
   */
  get hashes(): Uint8Array[] {
    return rangeNodes(0, this.#size).map(({ level, index }) => {
      const { tileLevel, row, at } = locate(level, index);
      return this.#edge[tileLevel]!.node(row, at);
    });
  }

  /** The root that the tree had at an earlier size. */
  async rootAt(size: number): Promise<Uint8Array> {
    if (size === 0) return emptyRoot(this.#sha256);
    return foldNodes(await this.#nodes(rangeNodes(0, size)), this.#sha256);
  }

  /** Adds an entry as a leaf. A tile that becomes full goes to the store, and its root into the level above. */
  append(entry: Uint8Array): void {
    let hash = leafHash(entry, sha256Text);
    for (let level = 0; ; level++) {
      const tile = this.#openTile(level);
      tile.push(hash);
      if (tile.width < fullTileWidth) break;
      this.#store.addTile(tile);
      hash = tile.root();
    }
    this.#size++;
  }

  /** The root hash at the present size: 32 fresh bytes. */
  root(): Uint8Array {
    return this.#size === 0 ? emptyRoot(this.#sha256) : new Uint8Array(foldNodes(this.hashes, this.#sha256));
  }

  /** The hash of a perfect subtree that is complete. */
  node({ level, index }: NodeAddress): Uint8Array | Promise<Uint8Array> {
    const { tileLevel, row, tileIndex, at } = locate(level, index);
    const edge = this.#edge[tileLevel];
    if (edge?.index === tileIndex) return edge.node(row, at);
    return this.#store.tile(tileLevel, tileIndex).then((tile) => tile.node(row, at));
  }

  /**
   * The hashes of perfect subtrees of one level that are complete, from index `from` up to, without, `to`: the digits of their base64,
   * without the `=` at the end.
   */
  async rowTexts(level: number, from: number, to: number): Promise<string[]> {
    const texts: string[] = [];
    for (let index = from; index < to; ) {
      const { tileLevel, row, tileIndex, at } = locate(level, index);
      const edge = this.#edge[tileLevel];
      const tile = edge?.index === tileIndex ? edge : await this.#store.tile(tileLevel, tileIndex);
      const end = Math.min(fullTileWidth >>> row, at + to - index);
      const all = tile.texts(row, at, end);
      for (let begin = 0; begin < all.length; begin += textStride) texts.push(all.slice(begin, begin + textDigits));
      index += end - at;
    }
    return texts;
  }

  /** The node of a level at the right edge of the tree of `size` leaves, where it is no perfect subtree. */
  async edgeNode(level: number, size: number): Promise<Uint8Array> {
    const begin = size - (size % 2 ** level);
    return foldNodes(await this.#nodes(rangeNodes(begin, size)), this.#sha256);
  }

  /** Cuts the proof that was planned; see `planInclusion` and `planConsistency`. */
  async prove(plan: ProofPlan): Promise<Uint8Array[]> {
    return assembleProof(plan, await this.#nodes(plan.nodes), this.#sha256).map((hash) => hash.slice());
  }

  /** The partial tiles of this size, and their bytes. */
  *partialTiles(): Generator<readonly [TilePath, Uint8Array]> {
    for (const tile of this.#edge) {
      const { level, index, width } = tile;
      if (width < fullTileWidth) yield [{ level, index, width }, tile.bytes(width)];
    }
  }

  /** Where the tree is now, to be given to {@link TiledTree.reset}. Costs a few copies of references. */
  mark(): TreeMark {
    const edge = this.#edge.map((tile) => ({ tile, width: tile.width }));
    return { size: this.#size, edge };
  }

  /** Goes back to an earlier size. Tiles that became full since are dropped from the store. */
  reset(mark: TreeMark): void {
    this.#store.dropUnwrittenAfter(mark.size);
    this.#size = mark.size;
    this.#edge = mark.edge.map(({ tile, width }) => {
      tile.cut(width);
      return tile;
    });
  }

  /** One after the other: a proof needs few, and most are in memory. */
  async #nodes(addresses: readonly NodeAddress[]): Promise<Uint8Array[]> {
    const hashes: Uint8Array[] = [];
    for (const address of addresses) {
      const node = this.node(address);
      hashes.push(node instanceof Uint8Array ? node : await node);
    }
    return hashes;
  }

  /** The tile that the next hash of a level goes into. */
  #openTile(level: number): Tile {
    const last = this.#edge[level];
    if (last !== undefined && last.width < fullTileWidth) return last;
    const tile = new Tile(level, last === undefined ? 0 : last.index + 1);
    this.#edge[level] = tile;
    return tile;
  }
}

function locate(level: number, index: number): { tileLevel: number; row: number; tileIndex: number; at: number } {
  const row = level % tileHeight;
  const width = fullTileWidth >>> row;
  return { tileLevel: (level - row) / tileHeight, row, tileIndex: Math.floor(index / width), at: index % width };
}

/** The rightmost tile of a level, its hashes folded from the full tiles below. */
async function edgeTile(store: TileStore, level: number, size: number): Promise<Tile> {
  const count = Math.floor(size / fullTileWidth ** level);
  const index = Math.floor((count - 1) / fullTileWidth);
  if (count % fullTileWidth === 0) return store.tile(level, index);
  const tile = new Tile(level, index);
  for (let below = index * fullTileWidth; below < count; below++) {
    tile.push((await store.tile(level - 1, below)).root());
  }
  return tile;
}
