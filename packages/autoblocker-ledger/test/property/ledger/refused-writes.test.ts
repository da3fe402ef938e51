// A log that refuses now and then, while others record and flush: what is on disk in the end are all entries, in the order in which they
// were recorded, each at the index that it was given; and what was acknowledged was on disk then.

import { createSigner } from '@tenstrip/shared-core/crypto';
import { LogWriter } from '@tenstrip/shared-core/durable-log';
import { TenstripError } from '@tenstrip/shared-core/errors';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BlockLedger } from '../../../src/ledger/index.js';
import { decodeEntry } from '../../../src/ledger/ledger-entry.js';

/** `record`: so many entries. `flush`: without waiting for it. `settle`: waits for all flushes. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('record' as const), count: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant('flush' as const), count: fc.constant(0) }),
  fc.record({ kind: fc.constant('settle' as const), count: fc.constant(0) }),
);

it('keeps order and indexes over refusals, and acknowledges nothing that is not on disk', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.array(fc.boolean(), { maxLength: 40 }),
      async (steps, refusals) => {
        const entropy = (length: number) => new Uint8Array(length).fill(7);
        await using log = await LogWriter.open({
          folder: 'memory:',
          origin: 'test/refused',
          signer: createSigner(entropy(32)),
        });
        const outcomes = [...refusals];
        const refusing = {
          reader: log.reader,
          appendAll: async (entries: Parameters<LogWriter['appendAll']>[0]) => {
            if (outcomes.shift() === true) throw new TenstripError('LogUnavailable', 'no room', { retryable: true });
            return log.appendAll(entries);
          },
        } as unknown as LogWriter;
        const ledger = await BlockLedger.open({ log: refusing, verifierKey: 'test', entropy });
        let recorded = 0;
        const flushes: Promise<unknown>[] = [];
        const flush = async () => {
          const size = ledger.size;
          try {
            await ledger.flush();
            expect(ledger.durableSize).toBeGreaterThanOrEqual(size);
          } catch (error) {
            expect(error).toMatchObject({ code: 'LogUnavailable', retryable: true });
          }
        };
        for (const { kind, count } of steps) {
          if (kind === 'flush') flushes.push(flush());
          if (kind === 'settle') await Promise.all(flushes.splice(0));
          for (let more = 0; more < count; more += 1) {
            const batch = String(recorded);
            const fact = { time: recorded, recordedAt: 0, events: 1 };
            expect(ledger.record({ class: 'event-batch', fact, personal: { batch } })).toBe(BigInt(recorded));
            recorded += 1;
          }
        }
        await Promise.all(flushes);
        outcomes.length = 0;
        await ledger.flush();
        expect([ledger.durableSize, ledger.waitingCount, ledger.refusal]).toEqual([BigInt(recorded), 0, undefined]);
        let index = 0n;
        for await (const stored of log.reader.entries(0n, ledger.durableSize)) {
          expect(decodeEntry(index, stored)).toMatchObject({
            fact: { time: Number(index) },
            personal: { batch: String(index) },
          });
          index += 1n;
        }
        expect(index).toBe(BigInt(recorded));
      },
    ),
    { numRuns: process.env.TENSTRIP_FULL === '1' ? 2000 : 100 },
  );
});
