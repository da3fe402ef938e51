import { cpSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SegmentedLog } from '../../../src/durable-log/index.js';
import { collect, newFolder } from '../../unit/durable-log/log-folders.js';

type Step =
  | { readonly append: readonly Uint8Array[] }
  | { readonly reopen: true }
  /** A crash that keeps this share of the bytes after the last but one commit. */
  | { readonly crash: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ append: fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ reopen: fc.constant(true as const) }) },
  { weight: 2, arbitrary: fc.record({ crash: fc.double({ min: 0, max: 1, noNaN: true }) }) },
);

const open = (folder: string) => SegmentedLog.open(folder, { durability: 'os', segmentBytes: 1_024 });

function lastSegment(folder: string): string {
  return join(folder, 'records', readdirSync(join(folder, 'records')).at(-1)!);
}

test('a journal is the list of its records, through crashes that lose at most the last commit', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      let folder = newFolder();
      let log = await open(folder);
      let model: Uint8Array[] = [];
      for (const now of steps) {
        if ('append' in now) {
          const numbers = await Promise.all(now.append.map((record) => log.append(record)));
          expect(numbers).toEqual(now.append.map((_, at) => model.length + at));
          model.push(...now.append);
        } else if ('reopen' in now) {
          await log[Symbol.asyncDispose]();
          log = await open(folder);
          expect(log.recovered).toEqual({ records: model.length, bytesCut: 0 });
        } else {
          const kept = model.length;
          const file = lastSegment(folder);
          const safe = statSync(file).size;
          const torn = [new Uint8Array(50).fill(1), new Uint8Array(0), new Uint8Array(30).fill(2)];
          await Promise.all(torn.map((record) => log.append(record)));
          const crashed = newFolder();
          cpSync(folder, crashed, { recursive: true });
          await log[Symbol.asyncDispose]();
          const last = lastSegment(crashed);
          const start = last.endsWith(file.slice(-24)) ? safe : 64; // the torn commit may have started a segment
          truncateSync(last, Math.floor(start + now.crash * (statSync(last).size - start)));
          folder = crashed;
          log = await open(folder);
          const { records } = log.recovered;
          expect(records).toBeGreaterThanOrEqual(kept);
          model = [...model, ...torn].slice(0, records);
        }
        expect((await collect(log.records())).map(hex)).toEqual(model.map(hex));
      }
      const from = Math.floor(model.length / 2);
      expect((await collect(log.records(from))).map(hex)).toEqual(model.slice(from).map(hex));
      await log[Symbol.asyncDispose]();
    }),
    { numRuns: 60 },
  );
}, 60_000);

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
