// The `fs.read` capability: files and folders below the granted folders.
import { constants } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { type CoreErrorCode, TenstripError } from '../errors/index.js';
import type { FileReading } from './capability.js';
import type { Granted } from './capability-denied.js';
import { named, PathGrant } from './path-grant.js';

/** The largest file that Node reads whole: 2 GiB - 1. */
const maxFileBytes = 2 ** 31 - 1;

/** Reading below the `granted` folders, where `within` grants it too. */
export function openFileReading(granted: Granted, within?: FileReading): FileReading {
  const grant = new PathGrant('fs.read', granted);
  const existing = async (path: string) => grant.alsoWithin(within, await grant.existing(path), path);
  return {
    resolve: existing,
    read: async (path, { maxBytes = maxFileBytes } = {}) => {
      // Not blocking: opening a named pipe would wait for its writer.
      await using file = await grant.open(await existing(path), constants.O_RDONLY | constants.O_NONBLOCK, path);
      const { size } = await checkedRegular(grant, file, path);
      if (size > maxBytes) throw tooLarge(path, size, maxBytes);
      const content = await file.readFile();
      if (content.length > maxBytes) throw tooLarge(path, content.length, maxBytes);
      return content;
    },
    list: async (path) => {
      const real = await existing(path);
      await using folder = await grant.pin(real, path);
      const names = await readdir(folder.path).catch((error: unknown) => {
        throw named(error, real);
      });
      return names.sort();
    },
  };
}

type FileHandle = Awaited<ReturnType<PathGrant['open']>>;

/** The state of an open file; refuses folders, pipes, devices and sockets, which have no end or no content. */
export async function checkedRegular(grant: PathGrant, file: FileHandle, asked: string) {
  const state = await file.stat();
  if (!state.isFile()) throw grant.denied(asked, 'it is not a regular file');
  return state;
}

function tooLarge(path: string, size: number, maxBytes: number): Error {
  return new TenstripError<CoreErrorCode>(
    'IsolateLimit',
    `fs.read: ${JSON.stringify(path)} has ${size} bytes, at most ${maxBytes} can be read here; read it in parts elsewhere`,
    { details: { limit: 'message', path, size, maxBytes } },
  );
}
