// A real process that reads a log and is killed with SIGKILL some milliseconds after some acknowledgement, again and again:
// nothing that it acknowledged is lost, and nothing has its effect twice.

import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { AutoblockerLedger, verifyLedger } from '@tenstrip/autoblocker-ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loginLog } from './login-log.mjs';

const child = fileURLToPath(new URL('read-logs.child.mjs', import.meta.url));
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kill-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs the child; kills it after so many acknowledgements, if it comes that far. What it acknowledged last, and whether it ended. */
async function run(
  args: readonly string[],
  killAfter = Number.POSITIVE_INFINITY,
  delayMs = 0,
): Promise<{ last: string | undefined; done: boolean }> {
  const process_ = spawn(process.execPath, [child, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let last: string | undefined;
  let done = false;
  let acknowledged = 0;
  for await (const line of createInterface(process_.stdout)) {
    const said = JSON.parse(line) as string;
    if (said === 'done') done = true;
    else last = said;
    acknowledged += 1;
    if (acknowledged === killAfter) setTimeout(() => process_.kill('SIGKILL'), delayMs);
  }
  return { last, done };
}

/** Decisions of a ledger without their indexes, which depend on where positions were committed. */
async function decisionsIn(place: string): Promise<unknown[]> {
  await using ledger = await AutoblockerLedger.open({ folder: place, time: 'events' });
  const decisions = [];
  for await (const { target, from, until, evidence, extensions, score } of ledger.query()) {
    decisions.push({ target, from, until, evidence, extensions, score });
  }
  return decisions;
}

describe('a process that is killed while it reads', () => {
  it('loses no acknowledged entry and decides nothing twice', { timeout: 600_000 }, async () => {
    const log = join(folder, 'auth.log');
    await writeFile(log, loginLog(12_000, 80));
    const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')];
    expect(await run([whole, log])).toMatchObject({ done: true });

    const kills = process.env.TENSTRIP_FULL === '1' ? 200 : 4;
    let ended = false;
    for (let kill = 0; kill < kills && !ended; kill += 1) {
      const { last, done } = await run([killed, log], 1 + (kill % 4), (kill * 7) % 23);
      // The next writer publishes what the dead one had on disk.
      await (await AutoblockerLedger.open({ folder: killed })).close();
      const report = await verifyLedger(killed, last === undefined ? {} : { checkpoint: last });
      expect(report).toMatchObject({ verified: true, problems: [] });
      ended = done;
    }
    await run([killed, log]);
    const expected = await decisionsIn(whole);
    expect(expected.length).toBeGreaterThan(30);
    expect(await decisionsIn(killed)).toEqual(expected);
  });
});

describe('a deterministic governor', () => {
  it('gives the same bytes of ledger in two processes', { timeout: 60_000 }, async () => {
    const log = join(folder, 'auth.log');
    await writeFile(log, loginLog(3000, 40));
    const contents = async (place: string) => {
      expect(await run([place, log, 'seed'])).toMatchObject({ done: true });
      const names = (await readdir(place, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(place.length))
        // How often a growing log is published, and so which partial tiles it leaves, is a matter of time.
        .filter((name) => !/\.p\/\d+$/.test(name))
        .sort();
      return Promise.all(names.map(async (name) => [name, (await readFile(join(place, name))).toString('hex')]));
    };
    const first = await contents(join(folder, 'first'));
    expect(first.length).toBeGreaterThan(3);
    expect(await contents(join(folder, 'second'))).toEqual(first);
  });
});
