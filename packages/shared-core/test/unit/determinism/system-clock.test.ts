import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/determinism/index.js';

/** Timers that Node holds; the test runner has some of its own. */
function timeouts(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
}

describe('systemClock', () => {
  it('never calls back before its time, and in order of time', async () => {
    const startMs = systemClock.monotonicMs();
    const fired: number[] = [];
    await Promise.all(
      [9, 1, 5, 1].map(async (ms) => {
        await systemClock.sleep(ms);
        fired.push(ms);
        expect(systemClock.monotonicMs() - startMs).toBeGreaterThanOrEqual(ms);
      }),
    );
    expect(fired).toEqual([1, 1, 5, 9]);
  });

  it('holds one timer however many are scheduled, and none that keeps the process alive unasked', () => {
    const before = timeouts();
    const scheduled = Array.from({ length: 1000 }, (_, index) => systemClock.schedule(60_000 + index, () => {}));
    expect(timeouts()).toBe(before); // not listed: it does not keep the process alive
    const awaited = systemClock.schedule(60_000, () => {}, { keepAlive: true });
    expect(timeouts()).toBe(before + 1);
    awaited[Symbol.dispose]();
    expect(timeouts()).toBe(before);
    for (const timer of scheduled) timer[Symbol.dispose]();
  });

  it('waits longer than one timer of Node can', () => {
    using timer = systemClock.schedule(2 ** 40, () => expect.unreachable('it fired at once'));
    expect(timer).toBeDefined();
  });

  it('tells the time of the machine', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1000);
  });

  it('does not call back what was disposed', async () => {
    const timer = systemClock.schedule(1, () => expect.unreachable('it was disposed'));
    timer[Symbol.dispose]();
    timer[Symbol.dispose]();
    await systemClock.sleep(5);
  });
});
