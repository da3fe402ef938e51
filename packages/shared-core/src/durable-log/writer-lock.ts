// One writer a folder. On Linux the lock is a bound abstract Unix socket named after the folder's device and inode: the
// kernel frees it when the process dies, however it dies, and a path through links leads to the same name. It is seen inside
// one network namespace only (unix(7)). Elsewhere it is a file with the process's id and start time.
import { execFile } from 'node:child_process';
import { readFile, stat, unlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type CoreErrorCode, isTenstripError, TenstripError } from '../errors/index.js';
import { isSystemError, writeWholeFile } from '../files/index.js';
import { type LogFolder, memoryFolderName } from './log-folder.js';

/** Held until disposed. */
export type WriterLock = AsyncDisposable;

/**
 * Locks a folder for writing. A log in memory needs no lock.
 * @throws TenstripError `LogLocked` when somebody else holds it.
 */
export async function lockFolder(folder: LogFolder): Promise<WriterLock> {
  if (folder.path === memoryFolderName) return { async [Symbol.asyncDispose]() {} };
  return process.platform === 'linux' ? lockBySocket(folder.path) : lockByFile(folder.path);
}

/** Linux only. */
async function lockBySocket(path: string): Promise<WriterLock> {
  const { dev, ino } = await stat(path, { bigint: true });
  const server = createServer((socket) => socket.destroy());
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(isSystemError(error, 'EADDRINUSE') ? locked(path) : error));
    server.listen({ path: `\0tenstrip-log-${dev}-${ino}`, exclusive: true }, resolve);
  });
  return {
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** For systems without abstract sockets. Takes over the file of a process that is gone. */
export async function lockByFile(path: string): Promise<WriterLock> {
  const file = join(path, 'writer.lock');
  const holder = `${process.pid} ${await startOf(process.pid)}`;
  while (!(await createLockFile(file, holder))) {
    const other = await textOf(file);
    if (other === undefined) continue; // released meanwhile
    if (await isAlive(other)) throw locked(path, Number.parseInt(other, 10));
    await removeStale(path, file, other, holder);
  }
  return {
    async [Symbol.asyncDispose]() {
      await unlink(file);
    },
  };
}

/** The file appears with its content or not at all. */
async function createLockFile(file: string, holder: string): Promise<boolean> {
  try {
    await writeWholeFile(file, holder);
    return true;
  } catch (error) {
    if (isTenstripError(error, 'FileExists')) return false;
    throw error instanceof Error && error.cause !== undefined ? error.cause : error; // the log says it in its own words
  }
}

/** Removes the lock file of a dead process. Of several who try, one is let in; the others see what it has left. */
async function removeStale(path: string, file: string, stale: string, holder: string): Promise<void> {
  const guard = `${file}.removing`;
  if (!(await createLockFile(guard, holder))) {
    const other = await textOf(guard);
    if (other !== undefined && !(await isAlive(other))) throw leftGuard(path, guard);
    return;
  }
  try {
    if ((await textOf(file)) === stale) await unlink(file);
  } finally {
    await unlink(guard);
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function isAlive(holder: string): Promise<boolean> {
  const [id, ...start] = holder.split(' ');
  return (await startOf(Number(id))) === start.join(' ') && start.length > 0;
}

/** When a process started, as `ps` says it; empty text for one that is gone. Where there is no `ps`: whether it runs. */
async function startOf(pid: number): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], {
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
    });
    return stdout.trim().replaceAll(/\s+/g, ' ');
  } catch (error) {
    return isSystemError(error, 'ENOENT') && isRunning(pid) ? 'running' : '';
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isSystemError(error, 'EPERM');
  }
}

function locked(path: string, pid?: number): TenstripError<CoreErrorCode> {
  const who = pid === undefined ? 'another writer' : `process ${pid}`;
  return new TenstripError(
    'LogLocked',
    `${path} is open for writing by ${who}; a log has one writer. Close that one first, or read with LogReader`,
    { details: { folder: path, ...(pid === undefined ? {} : { pid }) } },
  );
}

function leftGuard(path: string, guard: string): TenstripError<CoreErrorCode> {
  return new TenstripError(
    'LogLocked',
    `a process died while it removed a stale lock of ${path}. If nobody is writing there, remove ${guard}`,
    { details: { folder: path } },
  );
}
