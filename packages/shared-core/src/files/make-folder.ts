// Makes a folder with those above it, level by level: the recursive mkdir of Node 20 tries for ever where a file system takes no
// folders, as /proc does.
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { syncFolder } from './sync-folder.js';
import { isSystemError } from './system-error.js';

/** How {@link makeFolder} makes folders. */
export interface FolderOptions {
  /** Permissions of the folders that are made, as mkdir(2) has it. Default 0o777, less the process's umask. */
  readonly mode?: number;
  /** `fsync`: what was made survives power loss; `os`: the death of the process only. Default `fsync`. */
  readonly durability?: 'fsync' | 'os';
}

/**
 * Makes a folder and those above it that are missing; a folder that is there stays as it is.
 *
 * @throws Node's own error (`EACCES`, `ENOENT`, `ENOTDIR`, `EROFS`, …) where one cannot be made
 */
export async function makeFolder(path: string, options: FolderOptions = {}): Promise<void> {
  const folder = resolve(path);
  if (await isFolder(folder)) return;
  const above = dirname(folder);
  if (above !== folder) await makeFolder(above, options);
  try {
    await mkdir(folder, options.mode);
  } catch (error) {
    if (isSystemError(error, 'EEXIST') && (await isFolder(folder))) return; // somebody else was faster
    throw error;
  }
  if (options.durability !== 'os') await syncFolder(above);
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    (error: unknown) => {
      if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return false;
      throw error;
    },
  );
}
