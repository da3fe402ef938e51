import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AutoblockerLedger, verifyLedger } from '../../../src/index.js';

let folder: string;
let verifierKey: string;
let checkpoint: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verify-'));
  await using ledger = await AutoblockerLedger.open({ folder, time: 'events', allowList: ['198.51.100.1'] });
  for (let host = 1; host <= 5; host += 1)
    await ledger.addBlock({ target: `203.0.113.${host}`, reason: 'test', time: 1_800_000_000_000 });
  ({ verifierKey, checkpoint } = ledger);
});
afterEach(() => rm(folder, { recursive: true }));

/** A frame without content. */
const frameBytes = 16;

const segment = async (kind: string) => {
  const place = join(folder, 'log', kind);
  return join(place, (await readdir(place))[0]!);
};

describe('verification', () => {
  it.each(['entries', 'erasable'])('finds a flipped bit anywhere in %s, and says which entry', async (kind) => {
    const path = await segment(kind);
    const whole = await readFile(path);
    // The last frame only ends a commit: without it the entries before it are as signed.
    for (let offset = 70; offset < whole.length - frameBytes; offset += 41) {
      const bent = Buffer.from(whole);
      bent[offset]! ^= 1 << (offset % 8);
      await writeFile(path, bent);
      const report = await verifyLedger(folder, { verifierKey });
      expect([offset, report.verified]).toEqual([offset, false]);
      expect(report.problems[0]!.index).toBeLessThanOrEqual(7n);
    }
    await writeFile(path, whole);
    expect(await verifyLedger(folder, { verifierKey, checkpoint })).toMatchObject({ verified: true, size: 7n });
  });

  it('finds a flipped bit anywhere in the checkpoint', async () => {
    const path = join(folder, 'log/public/checkpoint');
    const whole = await readFile(path);
    for (let offset = 0; offset < whole.length; offset += 3) {
      const bent = Buffer.from(whole);
      bent[offset]! ^= 1;
      await writeFile(path, bent);
      expect([offset, (await verifyLedger(folder, { verifierKey })).verified]).toEqual([offset, false]);
    }
  });

  it('finds a tail that was cut off with its checkpoint, by the older one', async () => {
    await rm(join(folder, 'log'), { recursive: true });
    await (await AutoblockerLedger.open({ folder, time: 'events' })).close();
    expect(await verifyLedger(folder, { verifierKey })).toMatchObject({ verified: true, size: 1n });
    expect(await verifyLedger(folder, { verifierKey, checkpoint })).toMatchObject({
      verified: false,
      problems: [{ index: 1n, code: 'TailMissing' }],
    });
  });

  it('finds a ledger that was rewritten by who has its key', async () => {
    await rm(join(folder, 'log'), { recursive: true });
    await using rewritten = await AutoblockerLedger.open({ folder, time: 'events' });
    for (let host = 1; host <= 8; host += 1) await rewritten.addBlock({ target: `203.0.113.${host}`, reason: 'other' });
    await rewritten.close();
    expect(await verifyLedger(folder, { verifierKey, checkpoint })).toMatchObject({
      verified: false,
      problems: [{ code: 'CheckpointFork' }],
    });
  });

  it('trusts the pinned key and not the one in the folder', async () => {
    await rm(folder, { recursive: true });
    await (await AutoblockerLedger.open({ folder, time: 'events' })).close();
    expect(await verifyLedger(folder)).toMatchObject({ verified: true });
    expect(await verifyLedger(folder, { verifierKey })).toMatchObject({ verified: false });
  });
});
