// Which paths a list of folders grants. A path is what the kernel makes of it: links are followed, and `..` is taken
// after them (path resolution of POSIX); the real path is then compared, part by part.
//
// A check of names alone is outrun by whoever swaps a folder for a link between check and use. So a file is reached
// through its open folder, whose place is checked after it was opened: `openat` by way of /proc/self/fd on Linux,
// a second look at the path elsewhere. A hard link is a file of the folder that it is in.
import { constants, realpathSync } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { isSystemError } from '../files/index.js';
import type { Capability } from './capability.js';
import { capabilityDenied, type Granted } from './capability-denied.js';

type FileCapability = Extract<Capability, 'fs.read' | 'fs.write'>;

/** The longest path that is looked at, in UTF-16 units (PATH_MAX of Linux). */
const maxPathLength = 4096;

/** What the file handles have alike. */
interface Resolving {
  resolve(path: string): Promise<string>;
}

/** An open folder: `path` reaches it, whatever becomes of its name. */
export interface PinnedFolder extends AsyncDisposable {
  readonly path: string;
}

/** The folders of one grant, by their real paths at the time when it was opened. */
export class PathGrant {
  readonly #capability: FileCapability;
  readonly #granted: Granted;
  readonly #folders: readonly string[];

  constructor(capability: FileCapability, granted: Granted) {
    this.#capability = capability;
    this.#granted = granted;
    this.#folders = granted === true ? [] : granted.map(realFolder);
  }

  /**
   * The real path of something that exists, when it is granted.
   * @throws TenstripError `CapabilityDenied`; Node's own error (`ENOENT`, `EACCES`, …) for a granted place that cannot be reached
   */
  async existing(path: string): Promise<string> {
    const asked = this.#checked(path);
    return this.#granting(await this.#real(asked, path), path);
  }

  /**
   * The real path of a granted place whose last part need not exist. A last part that is a link is followed; one that
   * leads to nothing is refused, since writing through it would make a file somewhere else.
   */
  async place(path: string): Promise<string> {
    const entry = await this.entry(path);
    const found = await lstat(entry).catch(nothingIfMissing);
    if (found === undefined || !found.isSymbolicLink()) return entry;
    try {
      return this.#granting(await realpath(entry), path);
    } catch (error) {
      if (!isSystemError(error, 'ENOENT')) throw error;
      throw this.denied(path, 'it is a link to something that does not exist');
    }
  }

  /** The real path of a folder's granted entry; a link is the entry itself, not what it leads to. */
  async entry(path: string): Promise<string> {
    const asked = this.#checked(path);
    const { folder, last } = splitLast(asked);
    if (last === '' || last === '.' || last === '..') return this.existing(path);
    return this.#granting(join(await this.#real(folder, path, last), last), path);
  }

  /** `place`, a real path that was found granted, when a wider handle grants it too. */
  async alsoWithin(within: Resolving | undefined, place: string, asked: string): Promise<string> {
    if (within !== undefined && (await within.resolve(place)) !== place)
      throw this.denied(asked, 'it was moved meanwhile');
    return place;
  }

  /** Opens the folder of `place`, a real path that was found granted, and checks that it still stands there. */
  async pin(folder: string, asked: string): Promise<PinnedFolder> {
    const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    try {
      const stands = await placeOf(handle, folder);
      if (stands !== folder) throw this.denied(asked, 'a folder of its path was moved while it was opened');
    } catch (error) {
      await handle.close();
      throw error;
    }
    const path = process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : folder;
    return { path, [Symbol.asyncDispose]: () => handle.close() };
  }

  /** Opens a file at `place`, a real path that was found granted; refuses what has become a link since. */
  async open(place: string, flags: number, asked: string): Promise<FileHandle> {
    await using folder = await this.pin(dirname(place), asked);
    try {
      return await open(join(folder.path, basename(place)), flags | constants.O_NOFOLLOW, 0o666);
    } catch (error) {
      if (isSystemError(error, 'ELOOP')) throw this.denied(asked, 'it became a link while it was opened');
      throw named(error, place);
    }
  }

  /** Whether `realPath` is a granted folder itself. */
  isGrantedFolder(realPath: string): boolean {
    return this.#folders.includes(realPath);
  }

  denied(asked: string, why: string): Error {
    return capabilityDenied(this.#capability, JSON.stringify(asked), this.#granted, why);
  }

  #granting(realPath: string, asked: string): string {
    if (this.#covers(realPath)) return realPath;
    throw this.denied(asked, 'it is not below a granted folder (by its real path)');
  }

  #covers(realPath: string): boolean {
    return this.#granted === true || this.#folders.some((folder) => isBelow(folder, realPath));
  }

  /** The real path of `path`. Whether something exists is told for granted places only. */
  async #real(path: string, asked: string, last = ''): Promise<string> {
    try {
      return await realpath(path);
    } catch (error) {
      const nearest = await nearestRealPath(path);
      if (nearest === undefined) throw this.denied(asked, 'its real path cannot be found');
      this.#granting(join(nearest, last), asked);
      throw error;
    }
  }

  #checked(path: string): string {
    if (typeof path !== 'string') throw this.denied(String(path), 'a path is a string');
    if (path === '') throw this.denied(path, 'a path is not empty');
    if (path.includes('\0')) throw this.denied(path, 'a path holds no NUL character');
    if (path.length > maxPathLength) {
      throw this.denied(`${path.slice(0, 64)}…`, `a path has at most ${maxPathLength} characters`);
    }
    return absolute(path);
  }
}

/** Whether `path` is `folder` or something in it; both are real paths. */
function isBelow(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** Absolute, but not normalised: what `link/..` means is the kernel's to say. */
function absolute(path: string): string {
  return isAbsolute(path) ? path : process.cwd() + sep + path;
}

/** A path's last part and all before it, as text. */
function splitLast(path: string): { folder: string; last: string } {
  const trimmed = path.replace(/\/+$/, '');
  const last = basename(trimmed);
  return { folder: trimmed.slice(0, trimmed.length - last.length) || sep, last };
}

/**
 * The real path of the nearest folder above that exists, with the missing parts behind it. `undefined` where that would
 * be a guess: `..` behind a missing part, or a link to nothing.
 */
async function nearestRealPath(path: string): Promise<string | undefined> {
  let head = path;
  const missing: string[] = [];
  for (;;) {
    try {
      return join(await realpath(head), ...missing);
    } catch {
      const { folder, last } = splitLast(head);
      if (last === '' || last === '..' || (await isLink(join(folder, last)))) return undefined;
      missing.unshift(last);
      head = folder;
    }
  }
}

async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
}

/** The real path of a granted folder, which may not exist yet. */
function realFolder(folder: string): string {
  let head = absolute(folder);
  const missing: string[] = [];
  for (;;) {
    try {
      return join(realpathSync.native(head), ...missing);
    } catch {
      const split = splitLast(head);
      if (split.last === '') return absolute(folder);
      missing.unshift(split.last);
      head = split.folder;
    }
  }
}

/** Where an open folder stands now. */
async function placeOf(handle: FileHandle, opened: string): Promise<string> {
  if (process.platform === 'linux') return readlink(`/proc/self/fd/${handle.fd}`);
  const [place, there, here] = await Promise.all([realpath(opened), lstat(opened), handle.stat()]);
  return there.dev === here.dev && there.ino === here.ino ? place : '';
}

/** Node's error with the path that the caller knows, not the one through /proc. */
export function named(error: unknown, place: string): unknown {
  if (!isSystemError(error) || error.path === undefined) return error;
  error.message = error.message.replace(error.path, place);
  error.path = place;
  return error;
}

function nothingIfMissing(error: unknown): undefined {
  if (!isSystemError(error, 'ENOENT')) throw error;
}
