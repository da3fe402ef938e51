// A ledger that finds no room when it is made: what it could not write does not stand in the way of a second try. And one whose
// disk fills up while it runs: it goes on with what is in force, takes nothing new, and goes on with all when there is room.

import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createLogger, ResourceGovernor } from '@tenstrip/shared-core';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { smallDisk } from '../../../../../tools/test-disk.mjs';
import { AutoblockerLedger, EnforcementLoop } from '../../../src/index.js';

const disk = smallDisk(256 << 10);

it.skipIf(!disk.available)('can be opened once there is room, wherever the room ended before', async () => {
  const codes = new Set<unknown>();
  for (let free = 0; free <= 10; free += 1) {
    const folder = join(disk.folder, `ledger-${free}`);
    mkdirSync(folder);
    disk.fill(free);
    const refusal = await AutoblockerLedger.open({ folder })
      .then((ledger) => ledger.close())
      .catch((error: unknown) => error);
    if (refusal !== undefined) {
      expect(refusal).toMatchObject({ name: 'TenstripError' });
      codes.add((refusal as { code: string }).code);
    }
    disk.makeRoom();
    const ledger = await AutoblockerLedger.open({ folder });
    expect((await ledger.verify()).verified).toBe(true);
    await ledger.close();
    expect(readdirSync(folder).sort()).toEqual(['log', 'signing.key', 'verifier.key']);
    rmSync(folder, { recursive: true });
  }
  expect(codes).toContain('SigningKeyInvalid');
});

describe.skipIf(!disk.available)('a disk that fills up', () => {
  const folder = join(disk.folder, 'running');
  const root = mkdtempSync(join(tmpdir(), 'full-disk-'));
  const elsewhere = join(root, 'auth.log');
  afterAll(() => rmSync(root, { recursive: true }));
  const refusal = { name: 'TenstripError', code: 'LogUnavailable', retryable: true };
  beforeEach(() => {
    disk.makeRoom();
    for (const path of [folder, elsewhere]) rmSync(path, { recursive: true, force: true });
  });

  const block = (ledger: AutoblockerLedger, target: string) =>
    ledger.addBlock({ target, reason: 'test', durationMs: 3_600_000 });
  const answers = async (ledger: AutoblockerLedger) => {
    const all: unknown[] = [];
    for await (const { id, target, from, until, evidence, extensions, state } of ledger.query())
      all.push({ id, target, from, until, evidence, extensions, state });
    return all;
  };

  it('leaves in force what is, takes nothing new, and writes what waits once there is room', async () => {
    const enforced = new Set<string>();
    let ledger = await AutoblockerLedger.open({ folder });
    const first = await block(ledger, '203.0.113.0');
    await using loop = new EnforcementLoop({
      ledger,
      enforcer: {
        name: 'test',
        expiresByItself: true,
        plan: () => '',
        apply: async ({ replace, add, remove }) => {
          if (replace) enforced.clear();
          for (const { network } of add) enforced.add(network);
          for (const network of remove) enforced.delete(network);
        },
      },
    }).start();
    await loop.caughtUp();

    disk.fill(0);
    let refused = 0;
    for (let host = 1; refused === 0; host += 1) {
      const { size } = ledger;
      const acknowledged = await block(ledger, `203.0.113.${host}`).then(
        () => true,
        (error: unknown) => {
          expect(error).toMatchObject({ ...refusal, details: { waiting: 1 } });
          return false;
        },
      );
      if (!acknowledged) refused = host;
      expect(ledger.size).toBe(size + 1n);
    }
    const { size } = ledger;
    expect(ledger.durableSize).toBe(size - 1n);
    await expect(block(ledger, '198.51.100.1')).rejects.toMatchObject(refusal);
    await expect(ledger.ingest([])).rejects.toMatchObject(refusal);
    await expect(ledger.revoke(firstId(first), { code: 'mistake' })).rejects.toMatchObject(refusal);
    expect(ledger.size).toBe(size);
    expect(ledger.statistics().unwritten).toMatchObject({ entries: 1, refusal: { code: 'LogUnavailable' } });

    expect(ledger.isBlocked('203.0.113.0')).toMatchObject({ state: 'active' });
    expect(ledger.isBlocked('198.51.100.1')).toBeUndefined();
    expect(await ledger.explain(firstId(first))).toMatchObject({ decision: { state: 'active' } });
    expect(await ledger.prove(firstId(first))).toContain('c2sp.org/tlog-proof');
    await loop.caughtUp();
    expect(loop.health()).toMatchObject({ state: 'running', behind: 0n });
    expect(enforced).toContain('203.0.113.0/32');
    expect(enforced).not.toContain(`203.0.113.${refused}/32`);

    disk.makeRoom();
    await block(ledger, '198.51.100.1');
    expect(ledger.durableSize).toBe(ledger.size);
    expect(ledger.statistics().unwritten).toEqual({ entries: 0, refusal: undefined });
    await loop.caughtUp();
    expect(enforced).toContain(`203.0.113.${refused}/32`);
    expect((await ledger.verify()).verified).toBe(true);
    const before = await answers(ledger);
    await ledger.close();
    ledger = await AutoblockerLedger.open({ folder });
    expect(await answers(ledger)).toEqual(before);
    expect(before).toHaveLength(refused + 2);
    await ledger.close();
  });

  it('stops who follows a log at its place, and lets it go on; a crash meanwhile loses and doubles nothing', async () => {
    const attacker = (host: number) =>
      Array.from({ length: 6 }, (_, second) => {
        const time = new Date(Date.UTC(2026, 10, 23, 8, host, second)).toISOString();
        return `${time} web sshd[1]: Failed password for root from 203.0.113.${host} port 4 ssh2\n`;
      }).join('');
    writeFileSync(elsewhere, attacker(0));
    const warnings: string[] = [];
    const logger = createLogger({ name: 'test', destination: { write: (line) => void warnings.push(line) } });
    await using governor = new ResourceGovernor({ name: 'test', logger });
    const options = { folder, time: 'events', governor } as const;
    const ledger = await AutoblockerLedger.open(options);
    const stop = new AbortController();
    let lines = 0;
    const following = ledger.follow([elsewhere], {
      signal: stop.signal,
      onProgress: (progress) => {
        lines = progress.lines;
      },
    });
    await expect.poll(() => ledger.isBlocked('203.0.113.0'), { timeout: 10_000 }).toBeDefined();
    disk.fill(0);
    let hosts = 1;
    const isStalled = () => ledger.statistics().unwritten.refusal !== undefined;
    for (; !isStalled(); hosts += 1) {
      appendFileSync(elsewhere, attacker(hosts));
      const known = () => ledger.isBlocked(`203.0.113.${hosts}`) !== undefined;
      await expect.poll(() => known() || isStalled(), { timeout: 10_000 }).toBe(true);
    }
    const { size } = ledger;
    const seen = lines;
    appendFileSync(elsewhere, attacker(hosts));
    await setTimeout(600);
    expect([ledger.size, lines]).toEqual([size, seen]);
    expect(ledger.isBlocked('203.0.113.0')).toBeDefined();
    expect(ledger.isBlocked(`203.0.113.${hosts}`)).toBeUndefined();
    await expect(ledger.readLogs([elsewhere])).rejects.toMatchObject(refusal);

    // What a crash at this moment would leave.
    const image = join(root, 'image');
    cpSync(folder, image, { recursive: true });
    await using after = await AutoblockerLedger.open({ ...options, folder: image });
    await after.readLogs([elsewhere]);

    expect(warnings[0]).toContain('reading waits for room on the disk of the ledger');
    expect(warnings.length).toBeLessThan(10);
    disk.makeRoom();
    await expect.poll(() => ledger.isBlocked(`203.0.113.${hosts}`), { timeout: 10_000 }).toBeDefined();
    stop.abort();
    expect(await following).toMatchObject({ lines: 6 * (hosts + 1), decided: hosts + 1 });
    expect((await ledger.verify()).verified).toBe(true);
    const before = await answers(ledger);
    expect(before).toHaveLength(hosts + 1);
    const facts = (all: readonly unknown[]) => all.map((one) => ({ ...(one as object), id: undefined }));
    expect(facts(await answers(after))).toEqual(facts(before));
    await ledger.close();
    await using again = await AutoblockerLedger.open(options);
    expect(await again.readLogs([elsewhere])).toMatchObject({ lines: 0, decided: 0 });
    expect(await answers(again)).toEqual(before);
  }, 60_000);
});

function firstId(outcome: Awaited<ReturnType<AutoblockerLedger['addBlock']>>): bigint {
  if (outcome.kind !== 'decided') throw new Error(outcome.kind);
  return outcome.decision.id;
}
