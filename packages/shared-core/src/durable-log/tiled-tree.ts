// The Merkle tree of a log, kept as tiles: the rightmost tile of each level in memory, full ones in the store. Appending
// hashes one inner node a leaf on average; any node of the tree is at hand for proofs. Source: RFC 6962 section 2.1 for the
// tree, C2SP tlog-tiles for its cut into tiles. Memory: one tile a level, at most 7.
import { assert } from '../errors/index.js';
import {
  assembleProof,
  CompactRange,
  emptyRoot,
  foldNodes,
  fullTileWidth,
  type NodeAddress,
  type ProofPlan,
  rangeNodes,
  type Sha256,
  type TilePath,
  tileHeight,
} from '../transparency/index.js';
import { Tile } from './tile.js';
import type { TileStore } from './tile-store.js';

/** Where a tree was, to go back to: see {@link TiledTree.mark}. */
export interface TreeMark {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
  readonly edge: readonly { readonly tile: Tile; readonly width: number }[];
}

/** A tree that grows at the right. */
export class TiledTree {
  readonly #store: TileStore;
  readonly #sha256: Sha256;
  #range: CompactRange;
  /** The rightmost tile of each level; it may be full. */
  #edge: Tile[];

  private constructor(store: TileStore, sha256: Sha256, range: CompactRange, edge: Tile[]) {
    this.#store = store;
    this.#sha256 = sha256;
    this.#range = range;
    this.#edge = edge;
  }

  /**
   * The tree of `size` leaves (a multiple of 256), from the tiles in the store. Reads at most 255 tiles a level.
   * @throws TenstripError `LogCorrupt` when a tile is missing.
   */
  static async load(store: TileStore, size: number, sha256: Sha256): Promise<TiledTree> {
    assert(size % fullTileWidth === 0, 'a tree is loaded from full tiles');
    const edge: Tile[] = [];
    for (let level = 0; fullTileWidth ** level <= size; level++) edge.push(await edgeTile(store, level, size, sha256));
    const tree = new TiledTree(store, sha256, new CompactRange(sha256), edge);
    const hashes = await tree.#nodes(rangeNodes(0, size));
    tree.#range = new CompactRange(sha256, { size, hashes });
    return tree;
  }

  /** How many leaves there are. */
  get size(): number {
    return this.#range.size;
  }

  /** The root that the tree had at an earlier size. */
  async rootAt(size: number): Promise<Uint8Array> {
    if (size === 0) return emptyRoot(this.#sha256);
    return foldNodes(await this.#nodes(rangeNodes(0, size)), this.#sha256);
  }

  /** Adds a leaf by its hash. */
  append(leaf: Uint8Array): void {
    this.#range.append(leaf, this.#place);
  }

  root(): Uint8Array {
    return this.#range.root();
  }

  /** The hash of a perfect subtree that is complete. */
  node({ level, index }: NodeAddress): Uint8Array | Promise<Uint8Array> {
    const { tileLevel, row, tileIndex, at } = locate(level, index);
    const edge = this.#edge[tileLevel];
    if (edge?.index === tileIndex) return edge.node(row, at);
    return this.#store.tile(tileLevel, tileIndex).then((tile) => tile.node(row, at));
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
    return { size: this.size, hashes: this.#range.hashes, edge };
  }

  /** Goes back to an earlier size. Tiles that became full since are dropped from the store. */
  reset(mark: TreeMark): void {
    this.#store.dropUnwrittenAfter(mark.size);
    this.#range = new CompactRange(this.#sha256, mark);
    this.#edge = mark.edge.map(({ tile, width }) => {
      tile.width = width;
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

  /** Puts a node that the range completed into its tile, and hands a full tile to the store. */
  readonly #place = (level: number, index: number, hash: Uint8Array): void => {
    const { tileLevel, row, tileIndex, at } = locate(level, index);
    if (row === 0 && at === 0) this.#edge[tileLevel] = new Tile(tileLevel, tileIndex);
    this.#edge[tileLevel]!.set(row, at, hash);
    if (row === 0 && tileLevel > 0) this.#store.addTile(this.#edge[tileLevel - 1]!);
  };
}

function locate(level: number, index: number): { tileLevel: number; row: number; tileIndex: number; at: number } {
  const row = level % tileHeight;
  const width = fullTileWidth >>> row;
  return { tileLevel: (level - row) / tileHeight, row, tileIndex: Math.floor(index / width), at: index % width };
}

/** The rightmost tile of a level, its hashes folded from the full tiles below. */
async function edgeTile(store: TileStore, level: number, size: number, sha256: Sha256): Promise<Tile> {
  const count = Math.floor(size / fullTileWidth ** level);
  const index = Math.floor((count - 1) / fullTileWidth);
  if (count % fullTileWidth === 0) return store.tile(level, index);
  const tile = new Tile(level, index);
  for (let below = index * fullTileWidth; below < count; below++) {
    tile.push((await store.tile(level - 1, below)).root(sha256), sha256);
  }
  return tile;
}
