// Makes a folder with those above it, level by level: the recursive mkdir of Node 20 tries for ever where a file system takes no
// folders, as /proc does.
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isSystemError } from './log-error.js';

/**
 * Makes a folder and those above it that are missing; a folder that is there stays as it is.
 *
 * @param mode of the folders that are made, as mkdir(2) has it. Default 0o777, less the process's umask.
 * @returns the folders that were made, outermost first
 * @throws Node's own error (`EACCES`, `ENOENT`, `ENOTDIR`, `EROFS`, …) where one cannot be made
 */
export async function makeFolder(path: string, mode?: number): Promise<string[]> {
  const folder = resolve(path);
  if (await isFolder(folder)) return [];
  const above = dirname(folder);
  const made = above === folder ? [] : await makeFolder(above, mode);
  try {
    await mkdir(folder, mode);
    return [...made, folder];
  } catch (error) {
    if (isSystemError(error, 'EEXIST') && (await isFolder(folder))) return made; // somebody else was faster
    throw error;
  }
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
