// Where a run reads and writes when it was not told: the recorded logs of the project, and a folder for each run.

import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { TenstripError } from '@tenstrip/shared-core';
import type { WatchCommand } from './command-line';

const recordFolder = resolve(__dirname, '../../tools/lab/record');

/** The logs that come with the project: a real sshd and a real nginx under real attacks. */
export const recordedLogs: readonly string[] = ['auth.log', 'access.log'].map((name) => join(recordFolder, name));

/** Where one run keeps its ledger and its report. */
export interface RunPlace {
  readonly ledger: string;
  readonly report: string;
}

/**
 * The folders of a run, made when missing. Without `--ledger` each run has a new ledger, named after its time.
 * @throws TenstripError `FolderUnusable`
 */
export async function placeOf({ ledger, report }: Pick<WatchCommand, 'ledger' | 'report'>): Promise<RunPlace> {
  const stamp = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').replace('Z', '');
  const folder = resolve('.tenstrip', 'watchtower', stamp);
  const place = {
    ledger: resolve(ledger ?? join(folder, 'ledger')),
    report: resolve(report ?? join(folder, 'report.html')),
  };
  await makeFolder(place.ledger);
  await makeFolder(dirname(place.report));
  return place;
}

/** Level by level: the recursive mkdir of Node 20 tries for ever where a file system takes no folders, as /proc does. */
async function makeFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  const above = dirname(folder);
  if (above !== folder) await makeFolder(above);
  try {
    await mkdir(folder);
  } catch (cause) {
    if (await isFolder(folder)) return; // somebody else was faster
    throw new TenstripError(
      'FolderUnusable',
      `Cannot make the folder ${folder} (${(cause as NodeJS.ErrnoException).code}). Name a place that this process may write to with --ledger or --report.`,
      { details: { folder }, cause },
    );
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
