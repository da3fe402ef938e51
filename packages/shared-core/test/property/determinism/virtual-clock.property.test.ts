import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/determinism/index.js';

const timers = fc.array(
  fc.record({ delayMs: fc.nat(50), disposedAtMs: fc.option(fc.nat(50), { nil: undefined }), again: fc.nat(3) }),
  { maxLength: 30 },
);

describe('VirtualClock', () => {
  it('fires by (time, order of scheduling), whatever the steps in which it is moved', async () => {
    await fc.assert(
      fc.asyncProperty(
        timers,
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 8 }),
        async (asked, steps) => {
          const clock = new VirtualClock();
          const fired: [atMs: number, id: number][] = [];
          const scheduled = asked.map(({ delayMs }, id) =>
            clock.schedule(delayMs, () => fired.push([clock.monotonicMs(), id])),
          );
          const dropped = asked.map(({ disposedAtMs }) => disposedAtMs !== undefined && disposedAtMs % 2 === 0);
          scheduled.forEach((timer, id) => {
            if (dropped[id]) timer[Symbol.dispose]();
          });
          for (const step of steps) await clock.advance(step);
          const endMs = steps.reduce((sum, step) => sum + step, 0);
          const expected = asked
            .map(({ delayMs }, id): [number, number] => [delayMs, id])
            .filter(([delayMs, id]) => delayMs <= endMs && !dropped[id])
            .sort(([timeA, idA], [timeB, idB]) => timeA - timeB || idA - idB);
          expect(fired).toEqual(expected);
          expect(clock.monotonicMs()).toBe(endMs);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('shows every callback its own due time, also those that callbacks schedule', async () => {
    await fc.assert(
      fc.asyncProperty(timers, async (asked) => {
        const clock = new VirtualClock();
        const late: number[] = [];
        let pending = 0;
        const plan = (delayMs: number, again: number): void => {
          const dueMs = clock.monotonicMs() + delayMs;
          pending++;
          clock.schedule(delayMs, () => {
            pending--;
            if (clock.monotonicMs() !== dueMs) late.push(dueMs);
            if (again > 0) plan(delayMs, again - 1);
          });
        };
        for (const { delayMs, again } of asked) plan(delayMs, again);
        await clock.advance(200);
        expect([late, pending, clock.pending.timers]).toEqual([[], 0, 0]);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps timers in order under any sequence of adding and disposing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(100), fc.boolean(), fc.nat(200)), { maxLength: 200 }),
        async (moves) => {
          const clock = new VirtualClock();
          const alive = new Map<number, { dueMs: number; timer: Disposable }>();
          const fired: number[] = [];
          moves.forEach(([delayMs, isDisposal, pick], id) => {
            const ids = [...alive.keys()];
            const victim = ids[pick % Math.max(1, ids.length)];
            if (isDisposal && victim !== undefined) {
              alive.get(victim)!.timer[Symbol.dispose]();
              alive.delete(victim);
            } else {
              alive.set(id, { dueMs: delayMs, timer: clock.schedule(delayMs, () => fired.push(id)) });
            }
          });
          const expected = [...alive].sort(([a, x], [b, y]) => x.dueMs - y.dueMs || a - b).map(([id]) => id);
          await clock.advance(100);
          expect(fired).toEqual(expected);
        },
      ),
      { numRuns: 50 },
    );
  });
});
