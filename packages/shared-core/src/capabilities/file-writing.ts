// The `fs.write` capability: making, replacing and removing files below the granted folders. Links are never made.
import { constants } from 'node:fs';
import { lstat, rmdir, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { FileWriting } from './capability.js';
import type { Granted } from './capability-denied.js';
import { checkedRegular } from './file-reading.js';
import { named, PathGrant } from './path-grant.js';

/** Writing below the `granted` folders, where `within` grants it too. */
export function openFileWriting(granted: Granted, within?: FileWriting): FileWriting {
  const grant = new PathGrant('fs.write', granted);
  const place = async (path: string) => grant.alsoWithin(within, await grant.place(path), path);
  return {
    resolve: place,
    write: async (path, data) => {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK;
      const real = await place(path);
      if (path.endsWith('/')) throw grant.denied(path, 'it names a folder, and a file is written');
      await using file = await grant.open(real, flags, path);
      await checkedRegular(grant, file, path);
      // Cut only now: nothing was lost if the file had been refused.
      await file.truncate(0);
      await file.writeFile(data);
    },
    remove: async (path) => {
      const entry = await grant.entry(path);
      if (grant.isGrantedFolder(entry)) throw grant.denied(path, 'it is the granted folder itself');
      await within?.resolve(entry);
      await using folder = await grant.pin(dirname(entry), path);
      const target = join(folder.path, basename(entry));
      try {
        await ((await lstat(target)).isDirectory() ? rmdir(target) : unlink(target));
      } catch (error) {
        throw named(error, entry);
      }
    },
  };
}
