// Where a run reads and writes when it was not told: the recorded logs of the project, and a folder for each run.

import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { WatchCommand } from './command-line';

const recordFolder = resolve(__dirname, '../../tools/lab/record');

/** The logs that come with the project: a real sshd and a real nginx under real attacks. */
export const recordedLogs: readonly string[] = ['auth.log', 'access.log'].map((name) => join(recordFolder, name));

/** Where one run keeps its ledger and its report. */
export interface RunPlace {
  readonly ledger: string;
  readonly report: string;
}

/** The folders of a run, made when missing. Without `--ledger` each run has a new ledger, named after its time. */
export async function placeOf({ ledger, report }: Pick<WatchCommand, 'ledger' | 'report'>): Promise<RunPlace> {
  const stamp = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').replace('Z', '');
  const folder = resolve('.tenstrip', 'watchtower', stamp);
  const place = {
    ledger: resolve(ledger ?? join(folder, 'ledger')),
    report: resolve(report ?? join(folder, 'report.html')),
  };
  await mkdir(place.ledger, { recursive: true });
  await mkdir(dirname(place.report), { recursive: true });
  return place;
}
