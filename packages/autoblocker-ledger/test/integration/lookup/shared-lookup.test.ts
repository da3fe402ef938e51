// Worker threads that look up in shared memory while its writer changes it without pause.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { AutoblockerLedger, openSharedLookup } from '@tenstrip/autoblocker-ledger';
import { describe, expect, it } from 'vitest';
import { requireFull } from '../../../../../tools/test-requirements.mjs';
import { SharedBlocksWriter } from '../../../dist/lookup/index.js';
import { changes } from './change-script.mjs';

const readers = 2;

interface Report {
  readonly asks: number;
  readonly checked: number;
  readonly overtaken: number;
  readonly wrong: readonly string[];
}

/** Writes until each reader has so many answers to be checked. */
async function hammer(seed: number, answers: number): Promise<Report[]> {
  const writer = new SharedBlocksWriter(false);
  const progress = new SharedArrayBuffer(4 * (2 + readers));
  const steps = new Int32Array(progress);
  const workers = Array.from({ length: readers }, (_, number) => {
    const workerData = { handle: writer.handle, progress, seed, number };
    return new Worker(new URL('shared-lookup.worker.mjs', import.meta.url), { workerData });
  });
  const reports = Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0] as Report));
  const script = changes(seed);
  const isDone = () => workers.every((_, number) => Atomics.load(steps, 2 + number) >= answers);
  let ended = false;
  void reports
    .catch(() => undefined)
    .then(() => {
      ended = true;
    });
  while (!isDone() && !ended) {
    for (let burst = 0; burst < 20; burst += 1) {
      const { prefix, blockings } = script.next().value!;
      writer.set(prefix, blockings);
      Atomics.add(steps, 0, 1);
    }
    await new Promise(setImmediate);
  }
  Atomics.store(steps, 1, 1);
  return reports;
}

describe('a shared look-up', () => {
  it('answers every question as a linear scan of a state that was there meanwhile', { timeout: 60_000 }, async () => {
    const reports = await hammer(1, 2000);
    for (const { checked, wrong } of reports) {
      expect(wrong).toEqual([]);
      expect(checked).toBeGreaterThan(1000);
    }
    // The writer really wrote between the beginning and the end of look-ups.
    expect(reports.reduce((sum, { overtaken }) => sum + overtaken, 0)).toBeGreaterThan(0);
  });

  const full = requireFull();
  it.skipIf(!full.available)(`goes on to do so (${full.reason})`, { timeout: 300_000 }, async () => {
    for (let seed = 2; seed < 12; seed += 1)
      for (const { wrong } of await hammer(seed, 20_000)) expect(wrong).toEqual([]);
  });

  it('shows a worker what the ledger decides, extends and takes back, without a message', async () => {
    await using ledger = await AutoblockerLedger.open({ folder: 'memory:' });
    const first = await ledger.addBlock({ target: '203.0.113.7', reason: 'a test', durationMs: 3_600_000 });
    const worker = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads');
       import('@tenstrip/autoblocker-ledger').then(({ openSharedLookup }) => {
         const lookup = openSharedLookup(workerData);
         parentPort.on('message', ([address, domain]) => parentPort.postMessage(lookup.isBlocked(address, domain)));
         parentPort.postMessage('ready');
       });`,
      { eval: true, workerData: ledger.sharedLookup() },
    );
    await once(worker, 'message');
    const ask = async (address: string, domain?: string) => {
      worker.postMessage([address, domain]);
      return (await once(worker, 'message'))[0] as ReturnType<ReturnType<typeof openSharedLookup>['isBlocked']>;
    };
    expect(first.kind).toBe('decided');
    const { decision } = first as Extract<typeof first, { kind: 'decided' }>;
    expect(await ask('203.0.113.7')).toEqual({ id: decision.id, action: 'ban', until: decision.until });
    expect(await ask('::ffff:203.0.113.7')).toEqual({ id: decision.id, action: 'ban', until: decision.until });
    expect(await ask('203.0.113.8')).toBeUndefined();
    const web = { reason: 'a test', domains: ['http'], action: 'captcha', durationMs: null } as const;
    await ledger.addBlock({ ...web, target: '2001:db8::/48' });
    expect(await ask('2001:db8::1', 'http')).toMatchObject({ action: 'captcha', until: null });
    expect(await ask('2001:db8::1', 'ssh')).toBeUndefined();
    await ledger.addBlock({ target: '203.0.113.7', reason: 'again', durationMs: 7_200_000 });
    expect((await ask('203.0.113.7'))?.until).toBeGreaterThan(decision.until!);
    await ledger.revoke(decision.id, { code: 'mistake' });
    expect(await ask('203.0.113.7')).toBeUndefined();
    await worker.terminate();
  });

  it('goes by the clock that it is given, and by the newest event where the ledger does', async () => {
    await using ledger = await AutoblockerLedger.open({ folder: 'memory:', time: 'events' });
    const time = Date.UTC(2026, 0, 1);
    await ledger.addBlock({ target: '203.0.113.7', reason: 'a test', durationMs: 60_000, time });
    const lookup = openSharedLookup(ledger.sharedLookup(), { now: () => 0 });
    expect(lookup.isBlocked('203.0.113.7')).toBeDefined();
    expect(lookup.isBlocked('203.0.113.7', undefined, time + 59_999)).toBeDefined();
    expect(lookup.isBlocked('203.0.113.7', undefined, time + 60_000)).toBeUndefined();
    await ledger.addBlock({ target: '203.0.113.8', reason: 'later', durationMs: 60_000, time: time + 61_000 });
    expect(lookup.isBlocked('203.0.113.7')).toBeUndefined();
    expect(() => lookup.isBlocked('203.0.113.07')).toThrow('is not an IP address');
  });

  it('stays small whatever comes and goes', () => {
    const writer = new SharedBlocksWriter(false);
    const script = changes(3);
    const bytes = () =>
      Object.values(writer.handle).reduce(
        (sum, part) => sum + (part instanceof SharedArrayBuffer ? part.byteLength : 0),
        0,
      );
    for (let step = 0; step < 20_000; step += 1) {
      const { prefix, blockings } = script.next().value!;
      writer.set(prefix, blockings);
    }
    const before = bytes();
    for (let step = 0; step < 100_000; step += 1) {
      const { prefix, blockings } = script.next().value!;
      writer.set(prefix, blockings);
    }
    expect(bytes()).toBeLessThanOrEqual(before * 2);
    // 2,000 networks far away and some hundred near, most with one to three blocks.
    expect(bytes()).toBeLessThan(1_000_000);
  });
});
