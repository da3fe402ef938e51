// Where the files of a log live: a folder on disk, or memory. Names are relative, with `/` between parts.
// Small files that can be made again (tiles) are written unsynced; what must last is synced by name.
import { DiskFolder } from './disk-folder.js';
import { MemoryFolder } from './memory-folder.js';

/** An open file of a log. Only one call at a time may write. */
export interface LogFile {
  /** Bytes in the file now. */
  size(): Promise<number>;
  /** Reads into `target` from byte `position` on; returns how many bytes there were. */
  read(target: Uint8Array, position: number): Promise<number>;
  /** Writes all of `bytes` at `position`. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Returns when the bytes are on the disk, as far as the disk tells. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** The files of one log. */
export interface LogFolder {
  /** The folder's path, for messages. */
  readonly path: string;
  /** Names of what is directly in `directory`, sorted; empty when it does not exist. */
  names(directory: string): Promise<string[]>;
  /** Makes a directory that nobody but the owner may enter (mode 0700 where there are modes). */
  makePrivate(directory: string): Promise<void>;
  /** Opens a file. @throws an `ENOENT` system error when it is not there. */
  open(name: string, mode: 'read' | 'write'): Promise<LogFile>;
  /** The bytes of a whole file, `undefined` when it does not exist. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** {@link LogFolder.read} without waiting, for many small files in a row. */
  readNow(name: string): Uint8Array | undefined;
  /**
   * Writes a whole small file, unsynced; makes its directories. Whoever looks meanwhile, or after a crash, may find a part of it: so
   * this is for files that nobody looks for before something else says that they are there.
   */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Makes or replaces a file as a whole: after a crash it has the old bytes or the new ones, synced with its directory. */
  replace(name: string, bytes: Uint8Array): Promise<void>;
  /** Syncs a file or a directory. Does nothing when it does not exist. */
  sync(name: string): Promise<void>;
  /** Removes a file, or a directory with all that is in it. Does nothing when it does not exist. */
  remove(name: string): Promise<void>;
}

/** The folder name that stands for a log in memory, gone when it is closed. */
export const memoryFolderName = 'memory:';

/** Opens the folder of a log: `memory:`, or a path, made (with its parents) unless `mustExist`. */
export async function openLogFolder(path: string, options: { mustExist?: boolean } = {}): Promise<LogFolder> {
  return path === memoryFolderName ? new MemoryFolder() : DiskFolder.open(path, options);
}
