// A small file that is there as a whole or not at all, whatever happens to the process, the power or the room on the disk: a key,
// a record, a checkpoint. Its bytes go into a draft beside it, which is synced and then takes the file's name by link(2), which
// replaces nothing, or by rename(2), which replaces at once; then the folder is synced. Cost: two syncs, one look at the folder.
import { randomBytes } from 'node:crypto';
import { link, lstat, open, opendir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type CoreErrorCode, TenstripError } from '../errors/index.js';
import { openFolder, syncOpened } from './sync-folder.js';
import { isSystemError } from './system-error.js';

/** How {@link writeWholeFile} writes. */
export interface WholeFileOptions {
  /** The file's permissions, whatever the umask: 0o600 for what is its owner's alone. Default 0o666 less the umask. */
  readonly mode?: number;
  /** Whether a file of this name is replaced; a link of this name is, and not what it leads to. Default `false`. */
  readonly replace?: boolean;
}

/** What a whole file holds at most: 64 MiB. What grows larger is a log. */
export const maximumWholeFileBytes = 2 ** 26;

const draftName = /^\.tenstrip-draft-[0-9a-f]{16}$/;
const leftBehindMs = 60_000;

/**
 * Writes a small file, and waits until it and its name are on the disk. Whoever looks, at any moment and after any crash, finds all
 * of `content` under `path`, or what was there before: nothing, or with `replace` the old file. Of several who write a new file at
 * once one succeeds.
 *
 * A process that is killed here may leave a draft `.tenstrip-draft-<16 hex digits>` in the folder, with the file's permissions. It means
 * nothing and may be removed; the next file that is written here into that folder removes those that are older than a minute.
 *
 * On Windows the folder is not synced, as that opens none, and permissions are not set.
 *
 * @param content the file's bytes, or a text, written as UTF-8
 * @throws TenstripError `FileExists` when there is a file of this name, and it was not to be replaced; `FileUnwritable`, with the system's
 * `systemCode` in its details, when the disk is full (retryable), the folder is missing or closed to this process, the file system makes no
 * hard links and the file is new, or the content is none or longer than {@link maximumWholeFileBytes}. Then `path` is what it was, unless only
 * the last step failed, syncing the folder (`EIO`): then the file is whole, but a power loss may still undo it.
 */
export async function writeWholeFile(
  path: string,
  content: string | Uint8Array,
  options: WholeFileOptions = {},
): Promise<void> {
  const bytes = checkedBytes(path, content);
  try {
    const folder = dirname(path);
    await using opened = await openFolder(folder); // whether it can be synced is known before anything is written
    const draft = await writeDraft(folder, bytes, options.mode);
    try {
      await (options.replace === true ? rename(draft, path) : link(draft, path));
    } finally {
      await discard(draft);
    }
    await syncOpened(opened);
  } catch (cause) {
    throw refusal(path, cause);
  }
}

async function writeDraft(folder: string, bytes: Uint8Array, mode: number | undefined): Promise<string> {
  // Two writers never have the same draft: neither could then say what it gives the name to.
  const draft = join(folder, `.tenstrip-draft-${randomBytes(8).toString('hex')}`);
  await using file = await open(draft, 'wx', mode);
  try {
    await removeLeftDrafts(folder, (await file.stat()).mtimeMs).catch(ignore);
    if (mode !== undefined && process.platform !== 'win32') await file.chmod(mode);
    await file.writeFile(bytes);
    await file.sync();
    return draft;
  } catch (error) {
    await discard(draft);
    throw error;
  }
}

/**
 * By age, on the file system's own clock: of another container or another machine that shares the folder, the number of a process
 * says nothing. Who is held up for a minute loses its draft, and is refused.
 */
async function removeLeftDrafts(folder: string, nowMs: number): Promise<void> {
  for await (const { name } of await opendir(folder)) {
    if (!draftName.test(name)) continue;
    const draft = join(folder, name);
    const status = await lstat(draft).catch(ignore); // its own process may have removed it
    if (status !== undefined && nowMs - status.mtimeMs > leftBehindMs) await discard(draft);
  }
}

/** What cannot be removed is left for a later one. */
function discard(draft: string): Promise<void> {
  return rm(draft, { force: true }).catch(ignore);
}

function ignore(): undefined {}

// ----------------------------------------------------------------------------------------------------------- errors

function checkedBytes(path: unknown, content: unknown): Uint8Array {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  if (typeof path !== 'string' || path === '') throw unwritable(String(path), 'give its path, a text');
  if (path.endsWith('/')) throw unwritable(path, 'its path names a folder: leave out the last slash');
  if (!(bytes instanceof Uint8Array)) throw unwritable(path, `its content is ${typeof content}; give a text or bytes`);
  if (bytes.length > maximumWholeFileBytes) {
    throw unwritable(path, `it has ${bytes.length} bytes, and a whole file at most ${maximumWholeFileBytes}`);
  }
  return bytes;
}

function refusal(path: string, cause: unknown): TenstripError<CoreErrorCode> {
  if (isSystemError(cause, 'EEXIST') && cause.syscall === 'link') {
    const message = `the file ${path} exists already, and is not replaced: move it away, or choose another name`;
    return new TenstripError<CoreErrorCode>('FileExists', message, { details: { path }, cause });
  }
  if (!isSystemError(cause)) return unwritable(path, cause instanceof Error ? cause.message : String(cause), cause);
  return unwritable(path, `${adviceFor(cause)} (${cause.message})`, cause);
}

function adviceFor(cause: NodeJS.ErrnoException): string {
  switch (cause.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk or the quota is full: make room';
    case 'ENOENT':
      return isDraftGone(cause)
        ? 'its draft was removed meanwhile: try again'
        : 'its folder is not there: make it first';
    case 'ENOTDIR':
      return 'a file stands where its folder must be: choose another place';
    case 'EISDIR':
      return 'a folder has its name: choose another one';
    case 'EPERM':
    case 'ENOTSUP':
    case 'EOPNOTSUPP':
    case 'ENOSYS':
      if (cause.syscall === 'link')
        return 'the file system makes no hard links, without which a new file could replace another';
      return notOurs;
    case 'EACCES':
    case 'EROFS':
      return notOurs;
    default:
      return 'the system refuses';
  }
}

/** Somebody took it for one that was left behind. */
function isDraftGone(cause: unknown): boolean {
  return isSystemError(cause, 'ENOENT') && (cause.syscall === 'link' || cause.syscall === 'rename');
}

const notOurs = 'choose a folder that this process may read and write';

function unwritable(path: string, why: string, cause?: unknown): TenstripError<CoreErrorCode> {
  return new TenstripError('FileUnwritable', `the file ${path} cannot be written: ${why}`, {
    details: { path, ...(isSystemError(cause) ? { systemCode: cause.code } : {}) },
    retryable: isSystemError(cause, 'ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'EBUSY') || isDraftGone(cause),
    ...(cause === undefined ? {} : { cause }),
  });
}
