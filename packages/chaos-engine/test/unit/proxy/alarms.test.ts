import { systemClock, VirtualClock } from '@tenstrip/shared-core';
import { describe, expect, it } from 'vitest';
import { Alarms } from '../../../src/proxy/alarms.js';

describe.each(['timer', 'exact'] as const)('alarms by %s', (precision) => {
  it('are never early, and not called when they were disposed', async () => {
    using _ = keptAlive();
    const alarms = new Alarms(systemClock, precision);
    for (const delayMs of [0, 0.5, 1, 3, 7.3]) {
      const dueMs = alarms.now() + delayMs;
      let disposedOne = false;
      const disposed = alarms.at(dueMs, () => {
        disposedOne = true;
      });
      disposed[Symbol.dispose]();
      await new Promise<void>((resolve) => alarms.at(dueMs, resolve));
      expect(alarms.now()).toBeGreaterThanOrEqual(dueMs);
      expect(disposedOne).toBe(false);
    }
  });

  it('are not called when they are disposed in their last millisecond', async () => {
    using _ = keptAlive();
    const alarms = new Alarms(systemClock, precision);
    const dueMs = alarms.now() + 4;
    let called = false;
    const alarm = alarms.at(dueMs, () => {
      called = true;
    });
    while (alarms.now() < dueMs - 0.8) await new Promise((resolve) => setImmediate(resolve));
    const before = called;
    alarm[Symbol.dispose]();
    await new Promise((resolve) => setTimeout(resolve, 10));
    // On a busy machine it may have been called before; after the dispose it is not.
    expect(called).toBe(before);
  });

  it('follow virtual time', async () => {
    const clock = new VirtualClock();
    const alarms = new Alarms(clock, precision);
    let calledMs: number | undefined;
    alarms.at(25, () => {
      calledMs = alarms.now();
    });
    await clock.advance(24);
    expect(calledMs).toBeUndefined();
    await clock.advance(1);
    expect(calledMs).toBe(25);
  });
});

/** Alarms do not keep a process alive; a test has to. */
function keptAlive(): Disposable {
  const timer = setInterval(() => {}, 1000);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
