// The public side of a log: checkpoint, tiles and entry bundles, in files named as the URLs of a tiled log, so that any
// static file server can serve the folder. Source: C2SP tlog-tiles (https://c2sp.org/tlog-tiles). All of it can be made
// again from the segments, so only the checkpoint is synced. It is also what tells clients that a tile is there, so tiles are
// written in their places. Memory: at most 256 tiles (4 MiB) beside what is unwritten.
import { fullTileWidth, printTilePath, type TilePath } from '../transparency/index.js';
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

/** A full tile or entry bundle whose file is not written yet. */
interface Unwritten {
  /** Views: what is full does not change. */
  readonly bytes: Uint8Array;
  /** The index after the last leaf under it. */
  readonly end: number;
  readonly tile?: Tile;
}

/** The tiles of one log. */
export class TileStore {
  readonly #folder: LogFolder;
  /** Least recently used first. */
  readonly #cache = new Map<string, Tile>();
  readonly #unwritten = new Map<string, Unwritten>();
  #flushing: Promise<void> = Promise.resolve();
  /** Files of partial tiles, as of the last publication and of the one before. */
  #partial: [older: string[], newer: string[]] = [[], []];

  constructor(folder: LogFolder) {
    this.#folder = folder;
  }

  /**
   * A full tile, from memory or from its file.
   * @throws TenstripError `LogCorrupt` when the file is missing or has another length than a full tile.
   */
  async tile(level: number, index: number): Promise<Tile> {
    const name = tileFile({ level, index, width: fullTileWidth });
    const known = this.#unwritten.get(name)?.tile ?? this.#cache.get(name);
    const tile = known ?? Tile.fromFile(level, index, (await this.#folder.read(name)) ?? nothing);
    if (tile === undefined) throw logCorrupt(name, 0, 'it is missing, or has not the 8,192 bytes of a full tile');
    this.#remember(name, tile);
    return tile;
  }

  // -------------------------------------------------------------------------------------------------------- writing

  /** Takes a tile that became full; its file is written by {@link TileStore.flush}. */
  addTile(tile: Tile): void {
    const { level, index } = tile;
    const end = (index + 1) * fullTileWidth ** (level + 1);
    this.#unwritten.set(tileFile({ level, index, width: fullTileWidth }), {
      bytes: tile.bytes(fullTileWidth),
      end,
      tile,
    });
  }

  /** Takes the bytes of an entry bundle that became full; they must not change any more. */
  addBundle(index: number, bytes: Uint8Array): void {
    const end = (index + 1) * fullTileWidth;
    this.#unwritten.set(tileFile({ level: 'entries', index, width: fullTileWidth }), { bytes, end });
  }

  /** How many files {@link TileStore.flush} would write. */
  get unwritten(): number {
    return this.#unwritten.size;
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
    for (const [name, { bytes }] of this.#unwritten) {
      if (isFile(this.#folder, name, bytes)) this.#unwritten.delete(name);
    }
    await this.flush(size);
  }

  /**
   * Tiles and bundles at the same time, each of them one after the other: the kernel makes files of one directory under
   * one lock, and a second thread would spin for it, on a core that the next commit needs.
   */
  async #flushNow(size: number): Promise<void> {
    const due = [...this.#unwritten].filter(([, { end }]) => end <= size); // what a commit under way fills may be taken back
    const tiles = due.filter(([, { tile }]) => tile !== undefined);
    const bundles = due.filter(([, { tile }]) => tile === undefined);
    for (const written of await Promise.allSettled([this.#writeInTurn(tiles), this.#writeInTurn(bundles)])) {
      if (written.status === 'rejected') throw written.reason;
    }
  }

  async #writeInTurn(files: readonly (readonly [name: string, Unwritten])[]): Promise<void> {
    for (const [name, { bytes, tile }] of files) {
      await this.#folder.write(name, bytes);
      this.#unwritten.delete(name);
      if (tile !== undefined) this.#remember(name, tile);
    }
  }

  /** Forgets what became full since the tree had `size` leaves: their commit was taken back. */
  dropUnwrittenAfter(size: number): void {
    for (const [name, { end }] of this.#unwritten) if (end > size) this.#unwritten.delete(name);
  }

  /**
   * Publishes the checkpoint of `size` leaves: writes what its tree needs first, then the checkpoint, synced. Partial tiles
   * of the checkpoint before stay for clients that are just reading them; those of the one before that are removed. A file
   * that is right is not written again: whoever reads it meanwhile would find it empty.
   */
  async publish(
    checkpoint: string,
    size: number,
    partialTiles: Iterable<readonly [TilePath, Uint8Array]>,
  ): Promise<void> {
    const partial = Array.from(partialTiles, ([path, bytes]) => [tileFile(path), bytes.slice()] as const);
    const names = partial.map(([name]) => name);
    await this.flush(size);
    const [older, newer] = this.#partial;
    for (const [name, bytes] of partial) {
      const stands = older.includes(name) || newer.includes(name) || isFile(this.#folder, name, bytes);
      if (!stands) await this.#folder.write(name, bytes);
    }
    await this.#folder.replace(checkpointFile, Buffer.from(checkpoint));
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
const nothing = new Uint8Array(0);

function isFile(folder: LogFolder, name: string, bytes: Uint8Array): boolean {
  const stored = folder.readNow(name);
  return stored !== undefined && Buffer.compare(stored, bytes) === 0;
}
