// A real process that reads a log and is killed with SIGKILL at any moment of the reading, again and again: nothing that it
// acknowledged is lost, and nothing has its effect twice.

import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { AutoblockerLedger, verifyLedger } from '@tenstrip/autoblocker-ledger';
import { seededRandom } from '@tenstrip/shared-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loginLog } from './login-log.mjs';

const child = fileURLToPath(new URL('read-logs.child.mjs', import.meta.url));
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kill-'));
});
afterEach(() => rm(folder, { recursive: true }));

interface Run {
  /** What it acknowledged last. */
  readonly last: string | undefined;
  readonly done: boolean;
  /** From the open ledger to the end of the reading. */
  readonly readingMs: number;
}

/** Runs the child; kills it so many milliseconds after it began to read, if it has not ended. */
async function run(args: readonly string[], killAfterMs = Number.POSITIVE_INFINITY): Promise<Run> {
  const process_ = spawn(process.execPath, [child, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let last: string | undefined;
  let done = false;
  let [beganMs, readingMs] = [0, 0];
  for await (const line of createInterface(process_.stdout)) {
    const said = JSON.parse(line) as string;
    if (said === 'open') {
      beganMs = performance.now();
      if (Number.isFinite(killAfterMs)) setTimeout(() => process_.kill('SIGKILL'), killAfterMs);
    } else if (said === 'done') {
      done = true;
      readingMs = performance.now() - beganMs;
    } else last = said;
  }
  return { last, done, readingMs };
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
  it('loses no acknowledged entry and decides nothing twice', { timeout: 3_600_000 }, async () => {
    const log = join(folder, 'auth.log');
    // So long that it is committed several times on the way.
    await writeFile(log, loginLog(90_000, 160));
    const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')];
    const { done, readingMs } = await run([whole, log]);
    expect(done).toBe(true);
    const expected = await decisionsIn(whole);
    expect(expected.length).toBeGreaterThan(30);

    const random = seededRandom('kills of a reading');
    const kills = process.env.TENSTRIP_FULL === '1' ? 200 : 4;
    let finished = 0;
    for (let killing = 0; killing < kills; ) {
      const { last, done } = await run([killed, log], random.integer(0, Math.ceil(readingMs)));
      // The next writer publishes what the dead one had on disk.
      await (await AutoblockerLedger.open({ folder: killed, durability: 'os' })).close();
      const report = await verifyLedger(killed, last === undefined ? {} : { checkpoint: last });
      expect(report).toMatchObject({ verified: true, problems: [] });
      if (!done) killing += 1;
      if (!done && killing < kills) continue;
      if (!done) await run([killed, log]);
      expect(await decisionsIn(killed)).toEqual(expected);
      finished += 1;
      await rm(killed, { recursive: true });
    }
    expect(finished).toBeGreaterThan(0);
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
