// A log's folder on disk. Files are written through plain descriptors: a FileHandle costs several times more per call. What
// may wait for the disk (making a file, syncing) is done by threads; short writes go into memory and are done at once. A file that must last is synced, and so is the directory that names it (fsync(2), "Notes").
import * as fs from 'node:fs';
import { chmod, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isSystemError, makeFolder, syncFolder, writeWholeFile } from '../files/index.js';
import type { LogFile, LogFolder } from './log-folder.js';

/** A {@link LogFolder} on disk. */
export class DiskFolder implements LogFolder {
  readonly path: string;
  readonly #madeDirectories = new Set<string>();

  private constructor(path: string) {
    this.path = path;
  }

  static async open(path: string, options: { mustExist?: boolean }): Promise<DiskFolder> {
    const folder = new DiskFolder(resolve(path));
    if (options.mustExist) await readdir(folder.path);
    else await makeFolder(folder.path);
    return folder;
  }

  async names(directory: string): Promise<string[]> {
    return (await orUndefined(readdir(this.#pathOf(directory))))?.sort() ?? [];
  }

  async makePrivate(directory: string): Promise<void> {
    const path = this.#pathOf(directory);
    await makeFolder(path);
    await chmod(path, 0o700);
  }

  async open(name: string, mode: 'read' | 'write'): Promise<LogFile> {
    const path = this.#pathOf(name);
    return new DiskFile(await whenDone<number>((done) => fs.open(path, mode === 'read' ? 'r' : 'r+', done)));
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    return orUndefined(readFile(this.#pathOf(name)));
  }

  readNow(name: string): Uint8Array | undefined {
    try {
      return fs.readFileSync(this.#pathOf(name));
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    const path = this.#pathOf(name);
    await this.#makeDirectoryOnce(dirname(path));
    const descriptor = await whenDone<number>((done) => fs.open(path, 'w', done)); // may wait for the disk's journal
    try {
      await writeFully(descriptor, bytes, 0);
    } finally {
      fs.closeSync(descriptor);
    }
  }

  async replace(name: string, bytes: Uint8Array): Promise<void> {
    const path = this.#pathOf(name);
    await makeFolder(dirname(path));
    await writeWholeFile(path, bytes, { replace: true }).catch((error: Error) => {
      throw error.cause ?? error; // the log says in its own words what the disk refuses
    });
  }

  async sync(name: string): Promise<void> {
    await orUndefined(syncPath(this.#pathOf(name)));
  }

  async remove(name: string): Promise<void> {
    const path = this.#pathOf(name);
    this.#madeDirectories.delete(path);
    await rm(path, { recursive: true, force: true });
  }

  #pathOf(name: string): string {
    return join(this.path, name);
  }

  async #makeDirectoryOnce(path: string): Promise<void> {
    if (this.#madeDirectories.has(path)) return;
    await makeFolder(path, { durability: 'os' });
    if (this.#madeDirectories.size >= 1_000) this.#madeDirectories.clear();
    this.#madeDirectories.add(path);
  }
}

class DiskFile implements LogFile {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  async size(): Promise<number> {
    return (await whenDone<fs.Stats>((done) => fs.fstat(this.#descriptor, done))).size;
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      const count = await whenDone<number>((done) =>
        fs.read(this.#descriptor, target, filled, target.length - filled, position + filled, done),
      );
      if (count === 0) break;
      filled += count;
    }
    return filled;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    await writeFully(this.#descriptor, bytes, position);
  }

  sync(): Promise<void> {
    return whenDone((done) => fs.fdatasync(this.#descriptor, done));
  }

  truncate(size: number): Promise<void> {
    return whenDone((done) => fs.ftruncate(this.#descriptor, size, done));
  }

  close(): Promise<void> {
    return whenDone((done) => fs.close(this.#descriptor, done));
  }
}

/** A write that takes at most some 50 µs: handing it to a thread and waking up again would take longer. */
const shortWriteBytes = 2 ** 18;

/** Unsynced writes are copies into the page cache, so short ones are done at once. Long ones leave the event loop free. */
async function writeFully(descriptor: number, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const rest = bytes.length - written;
    written +=
      rest <= shortWriteBytes
        ? fs.writeSync(descriptor, bytes, written, rest, position + written)
        : await whenDone<number>((done) => fs.write(descriptor, bytes, written, rest, position + written, done));
  }
}

type Callback<T> = (error: NodeJS.ErrnoException | null | undefined, value?: T) => void;

function whenDone<T = void>(start: (done: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}

async function syncPath(path: string): Promise<void> {
  if ((await stat(path)).isDirectory()) return syncFolder(path);
  await using file = await open(path, 'r+'); // Windows syncs only what may be written
  await file.sync();
}

function isAbsent(error: unknown): boolean {
  return isSystemError(error, 'ENOENT', 'ENOTDIR');
}

async function orUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
