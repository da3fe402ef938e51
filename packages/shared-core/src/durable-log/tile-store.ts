// The public side of a log: checkpoint, tiles and entry bundles, in files named as the URLs of a tiled log, so that any
// static file server can serve the folder. Source: C2SP tlog-tiles (https://c2sp.org/tlog-tiles). All of it can be made
// again from the segments, so only the checkpoint is synced. Memory: at most 256 tiles (4 MiB) beside what is unwritten.
import { fullTileWidth, printTilePath, type Sha256, type TilePath } from '../transparency/index.js';
import { logCorrupt } from './log-error.js';
import type { LogFolder } from './log-folder.js';
import { Tile } from './tile.js';

/** The part of a log's folder that may be shown to everybody. */
const publicDirectory = 'public';
/** The published checkpoint. Every tile and bundle of its tree was written before it. */
export const checkpointFile = `${publicDirectory}/checkpoint`;

/** The file of a tile or an entry bundle, as a name in the log's folder. */
export function tileFile(path: TilePath): string {
  return `${publicDirectory}/${printTilePath(path)}`;
}

/** The tiles of one log. */
export class TileStore {
  readonly #folder: LogFolder;
  readonly #sha256: Sha256;
  /** Least recently used first. */
  readonly #cache = new Map<string, Tile>();
  readonly #unwrittenTiles = new Map<string, Tile>();
  readonly #unwrittenBundles = new Map<string, Uint8Array>();
  #flushing: Promise<void> = Promise.resolve();
  /** Files of partial tiles, as of the last publication and of the one before. */
  #partial: [older: string[], newer: string[]] = [[], []];

  constructor(folder: LogFolder, sha256: Sha256) {
    this.#folder = folder;
    this.#sha256 = sha256;
  }

  /**
   * A full tile, from memory or from its file.
   * @throws TenstripError `LogCorrupt` when the file is missing or has another length than a full tile.
   */
  async tile(level: number, index: number): Promise<Tile> {
    const name = tileFile({ level, index, width: fullTileWidth });
    const known = this.#unwrittenTiles.get(name) ?? this.#cache.get(name);
    const tile = known ?? Tile.fromFile(level, index, (await this.#folder.read(name)) ?? nothing, this.#sha256);
    if (tile === undefined) throw logCorrupt(name, 0, 'it is missing, or has not the 8,192 bytes of a full tile');
    this.#remember(name, tile);
    return tile;
  }

  // -------------------------------------------------------------------------------------------------------- writing

  /** Takes a tile that became full; its file is written by {@link TileStore.flush}. */
  addTile(tile: Tile): void {
    this.#unwrittenTiles.set(tileFile({ level: tile.level, index: tile.index, width: fullTileWidth }), tile);
  }

  /** Takes the bytes of an entry bundle that became full. */
  addBundle(index: number, bytes: Uint8Array): void {
    this.#unwrittenBundles.set(tileFile({ level: 'entries', index, width: fullTileWidth }), bytes);
  }

  /** How many files {@link TileStore.flush} would write. */
  get unwritten(): number {
    return this.#unwrittenTiles.size + this.#unwrittenBundles.size;
  }

  /**
   * Writes the tiles and bundles that are full in the tree of `size` leaves. What the disk refuses stays for the next call.
   * Off the main thread: making a file waits for the file system's journal, which a sync may hold.
   */
  flush(size: number): Promise<void> {
    const flushed = this.#flushing.then(() => this.#flushNow(size));
    this.#flushing = flushed.catch(() => {});
    return flushed;
  }

  /** {@link TileStore.flush}, but leaves files alone that are already right. */
  async flushChanged(size: number): Promise<void> {
    for (const [name, bytes] of this.#unwrittenBundles) {
      if (isFile(this.#folder, name, bytes)) this.#unwrittenBundles.delete(name);
    }
    for (const [name, tile] of this.#unwrittenTiles) {
      if (isFile(this.#folder, name, tile.bytes(fullTileWidth))) this.#unwrittenTiles.delete(name);
    }
    await this.flush(size);
  }

  async #flushNow(size: number): Promise<void> {
    const bundles = [...this.#unwrittenBundles]; // an entry is bundled when its commit is done
    const tiles = [...this.#unwrittenTiles].filter(([, tile]) => endOf(tile) <= size);
    await writeAll(this.#folder, [
      ...bundles,
      ...tiles.map(([name, tile]) => [name, tile.bytes(fullTileWidth)] as const),
    ]);
    for (const [name] of bundles) this.#unwrittenBundles.delete(name);
    for (const [name, tile] of tiles) {
      this.#unwrittenTiles.delete(name);
      this.#remember(name, tile);
    }
  }

  /** Forgets what became full since the tree had `size` leaves: their commit was taken back. */
  dropUnwrittenAfter(size: number): void {
    for (const [name, tile] of this.#unwrittenTiles) {
      if (endOf(tile) > size) this.#unwrittenTiles.delete(name);
    }
  }

  /**
   * Publishes the checkpoint of `size` leaves: writes what its tree needs first, then the checkpoint, synced. Partial tiles of the checkpoint
   * before stay for clients that are just reading them; those of the one before that are removed.
   */
  async publish(
    checkpoint: string,
    size: number,
    partialTiles: Iterable<readonly [TilePath, Uint8Array]>,
  ): Promise<void> {
    const partial = Array.from(partialTiles, ([path, bytes]) => [tileFile(path), bytes.slice()] as const);
    const names = partial.map(([name]) => name);
    await this.flush(size);
    await writeAll(this.#folder, partial);
    await this.#folder.replace(checkpointFile, Buffer.from(checkpoint));
    const [older, newer] = this.#partial;
    this.#partial = [newer, names];
    for (const name of older) if (!newer.includes(name) && !names.includes(name)) await this.#folder.remove(name);
  }

  /** Syncs the tiles of hashes over leaves `from` up to, without, `to`, but for those that are not full there. */
  async syncTiles(from: number, to: number): Promise<void> {
    for (let level = 0; fullTileWidth ** (level + 1) <= to; level++) {
      const span = fullTileWidth ** (level + 1);
      for (let index = Math.floor(from / span); (index + 1) * span <= to; index++) {
        await this.#folder.sync(tileFile({ level, index, width: fullTileWidth }));
      }
    }
  }

  /** Removes the entry bundles of which every entry has an index from `from` up to, without, `before`. */
  async removeBundles(from: number, before: number): Promise<void> {
    for (let index = Math.floor(from / fullTileWidth); (index + 1) * fullTileWidth <= before; index++) {
      await this.#folder.remove(tileFile({ level: 'entries', index, width: fullTileWidth }));
    }
  }

  #remember(name: string, tile: Tile): void {
    this.#cache.delete(name);
    this.#cache.set(name, tile);
    if (this.#cache.size > maximumCachedTiles) this.#cache.delete(this.#cache.keys().next().value!);
  }
}

const maximumCachedTiles = 256;
const writesAtOnce = 2; // of the four threads that Node has for files
const nothing = new Uint8Array(0);

function isFile(folder: LogFolder, name: string, bytes: Uint8Array): boolean {
  const stored = folder.readNow(name);
  return stored !== undefined && Buffer.compare(stored, bytes) === 0;
}

/** The index after the last leaf under a tile. */
function endOf({ level, index }: Tile): number {
  return (index + 1) * fullTileWidth ** (level + 1);
}

async function writeAll(
  folder: LogFolder,
  files: readonly (readonly [name: string, bytes: Uint8Array])[],
): Promise<void> {
  let next = 0;
  const write = async () => {
    while (next < files.length) await folder.write(...files[next++]!);
  };
  await Promise.all(Array.from({ length: writesAtOnce }, write));
}
