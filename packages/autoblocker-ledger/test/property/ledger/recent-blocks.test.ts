import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RecentBlocks } from '../../../src/ledger/recent-blocks.js';

const block = fc.record({ time: fc.integer({ min: 0, max: 300_000 }), scenario: fc.constantFrom('a', 'b', 'c') });

it('counts the blocks of a minute as going through all of them does, in whatever order they came', () => {
  fc.assert(
    fc.property(
      fc.array(block, { maxLength: 60, size: 'max' }),
      fc.array(block, { maxLength: 20, size: 'max' }),
      (blocks, asked) => {
        const recent = new RecentBlocks();
        for (const { time, scenario } of blocks) recent.note(time, scenario);
        for (const { time, scenario } of asked) {
          const inMinute = blocks.filter((one) => one.time > time - 60_000 && one.time <= time);
          expect(recent.count(time)).toBe(inMinute.length);
          expect(recent.count(time, scenario)).toBe(inMinute.filter((one) => one.scenario === scenario).length);
        }
      },
    ),
  );
});

it('keeps the newest of very many', () => {
  const recent = new RecentBlocks();
  for (let time = 1; time <= 50_000; time += 1) recent.note(time, 'a');
  expect(recent.count(50_000)).toBeGreaterThanOrEqual(10_000);
  expect(recent.count(50_000)).toBeLessThanOrEqual(20_000);
});
