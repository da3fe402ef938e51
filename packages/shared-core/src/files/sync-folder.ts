// A name is in its folder, and so a file that was made, renamed or removed is that for good only when the folder is synced too
// (fsync(2), "Notes"). On macOS Node syncs by F_FULLFSYNC, through the disk's own cache.
import { type FileHandle, open } from 'node:fs/promises';
import { isSystemError } from './system-error.js';

/**
 * Waits until the names in a folder are on the disk: of files that were made, renamed or removed in it. Does nothing where that
 * is not done by syncing the folder: Windows opens no folders and keeps names in a journal, and some network file systems refuse.
 *
 * @throws Node's own error: `EACCES` when this process may not read the folder, `ENOENT`, `ENOTDIR`, `EIO`, …
 */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await openFolder(path);
  await syncOpened(folder);
}

/** A folder to be synced later; `undefined` where folders are not. */
export async function openFolder(path: string): Promise<FileHandle | undefined> {
  return process.platform === 'win32' ? undefined : open(path, 'r');
}

/** Syncs what {@link openFolder} opened. */
export async function syncOpened(folder: FileHandle | undefined): Promise<void> {
  try {
    await folder?.sync();
  } catch (error) {
    if (!isSystemError(error, 'EINVAL')) throw error; // fsync(2): what was opened takes no syncing
  }
}
