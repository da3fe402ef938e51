// The tables in memory are a fold over the log: a ledger that is opened again answers as the one that wrote it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AutoblockerLedger } from '../../../src/index.js';
import { ExpiryQueue } from '../../../src/ledger/expiry-queue.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replay-'));
});
afterEach(() => rm(folder, { recursive: true }));

const targets = ['203.0.113.1', '203.0.113.2', '203.0.113.0/24', '2001:db8::1', '2001:db8::/48'];
const step = fc.oneof(
  fc.record({
    do: fc.constant('block' as const),
    target: fc.constantFrom(...targets),
    minutes: fc.integer({ min: 1, max: 300 }),
    rule: fc.boolean(),
    at: fc.nat(600),
  }),
  fc.record({ do: fc.constant('revoke' as const), nth: fc.nat(10) }),
  fc.record({ do: fc.constantFrom('allow' as const, 'disallow' as const), network: fc.constantFrom(...targets) }),
);

const start = Date.UTC(2026, 10, 23);

/** All that can be asked of a ledger. */
function answers(ledger: AutoblockerLedger): unknown {
  const { buckets: _, actors: __, ...statistics } = ledger.statistics();
  const moments = [0, 60, 200, 600, 1200].map((minute) => start + minute * 60_000);
  return {
    statistics,
    actors: ledger.actors(),
    allowed: ledger.allowList(),
    blocked: targets.flatMap((target) =>
      moments.map((at) => ledger.isBlocked(target, 'ssh', Math.max(at, ledger.now))),
    ),
  };
}

describe('a ledger that is opened again', () => {
  it('answers as the one that wrote it', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
        run += 1;
        const options = { folder: join(folder, String(run)), time: 'events' as const, durability: 'os' as const };
        await using live = await AutoblockerLedger.open(options);
        const ids: bigint[] = [];
        for (const one of steps) {
          if (one.do === 'block') {
            const time = start + one.at * 60_000;
            const wish = { target: one.target, reason: 'test', time, durationMs: one.minutes * 60_000 };
            const outcome = await live.addBlock({ ...wish, origin: one.rule ? 'scenario' : 'person' });
            if (outcome.kind === 'decided') ids.push(outcome.decision.id);
          } else if (one.do === 'revoke') {
            const id = ids[one.nth % Math.max(1, ids.length)];
            if (id !== undefined) await live.revoke(id, { code: 'mistake' });
          } else if (one.do === 'allow') await live.allow(one.network);
          else await live.disallow(one.network);
        }
        const expected = answers(live);
        await live.close();
        await using again = await AutoblockerLedger.open(options);
        expect(answers(again)).toEqual(expected);
      }),
      { numRuns: process.env.TENSTRIP_FULL === '1' ? 1000 : 40 },
    );
  }, 120_000);
});

describe('ExpiryQueue', () => {
  it('gives up what has ended, in order, and only that', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100)), fc.array(fc.nat(120)), (ends, moments) => {
        const queue = new ExpiryQueue();
        for (const [id, end] of ends.entries()) queue.add(end, BigInt(id));
        let left = ends.map((end, id) => ({ end, id: BigInt(id) }));
        for (const now of moments.sort((a, b) => a - b)) {
          const taken = [...queue.take(now)];
          expect(taken.map(({ end }) => end)).toEqual(
            left
              .filter(({ end }) => end <= now)
              .map(({ end }) => end)
              .sort((a, b) => a - b),
          );
          left = left.filter(({ end }) => end > now);
        }
      }),
    );
  });
});
