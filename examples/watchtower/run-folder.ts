// Where a run reads and writes when it was not told: the recorded logs of the project, and a folder for each run.

import { dirname, join, resolve } from 'node:path';
import { TenstripError } from '@tenstrip/shared-core';
import { makeFolder } from '@tenstrip/shared-core/files';
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
  await makeUsable(place.ledger);
  await makeUsable(dirname(place.report));
  return place;
}

async function makeUsable(folder: string): Promise<void> {
  await makeFolder(folder).catch((cause: NodeJS.ErrnoException) => {
    throw new TenstripError(
      'FolderUnusable',
      `Cannot make the folder ${folder} (${cause.code}). Name a place that this process may write to with --ledger or --report.`,
      { details: { folder }, cause },
    );
  });
}
