import { describe, expect, it } from 'vitest';
import { IdleAdvance, VirtualClock } from '../../../src/determinism/index.js';

describe('VirtualClock', () => {
  it('starts where it is told, and moves only when it is told', async () => {
    const clock = new VirtualClock(1_700_000_000_000);
    expect([clock.now(), clock.monotonicMs()]).toEqual([1_700_000_000_000, 0]);
    await clock.advance(250);
    expect([clock.now(), clock.monotonicMs()]).toEqual([1_700_000_000_250, 250]);
  });

  it('lets what one timer set in motion settle before the next one fires', async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    const walk = async (name: string): Promise<void> => {
      for (let step = 1; step <= 2; step++) {
        await clock.sleep(10);
        seen.push(`${name}${step}@${clock.monotonicMs()}`);
        await Promise.resolve();
        seen.push(`${name} after ${step}`);
      }
    };
    const walks = [walk('a'), walk('b')];
    await clock.advance(20);
    await Promise.all(walks);
    expect(seen).toEqual([
      ...['a1@10', 'a after 1', 'b1@10', 'b after 1'],
      ...['a2@20', 'a after 2', 'b2@20', 'b after 2'],
    ]);
  });

  it('waits with advancing while time is held', async () => {
    const clock = new VirtualClock();
    let fired = false;
    clock.schedule(5, () => {
      fired = true;
    });
    const first = clock.hold();
    const second = clock.hold();
    const moved = clock.advance(10);
    await new Promise((resolve) => setImmediate(resolve));
    first[Symbol.dispose]();
    first[Symbol.dispose](); // a hold counts once
    await new Promise((resolve) => setImmediate(resolve));
    expect([fired, clock.monotonicMs()]).toEqual([false, 0]);
    second[Symbol.dispose]();
    await moved;
    expect([fired, clock.monotonicMs()]).toEqual([true, 10]);
  });

  it('rejects a sleep with the reason of its signal, and forgets the timer', async () => {
    const clock = new VirtualClock();
    const abort = new AbortController();
    const slept = clock.sleep(10, { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(slept).rejects.toThrow('enough');
    await expect(clock.sleep(10, { signal: abort.signal })).rejects.toThrow('enough');
    expect(clock.pending.timers).toBe(0);
  });

  it('refuses time that does not move forward, and delays that are no number', () => {
    const clock = new VirtualClock();
    expect(() => clock.advance(-1)).toThrow(RangeError);
    expect(() => clock.advance(Number.POSITIVE_INFINITY)).toThrow(RangeError);
    expect(() => clock.schedule(Number.NaN, () => {})).toThrow(RangeError);
    expect(() => new VirtualClock(Number.NaN)).toThrow(RangeError);
  });

  it('goes on when a callback throws: advance rejects with its error', async () => {
    const clock = new VirtualClock();
    clock.schedule(1, () => {
      throw new Error('on purpose');
    });
    await expect(clock.advance(5)).rejects.toThrow('on purpose');
    await clock.advance(5);
    expect(clock.monotonicMs()).toBe(6);
  });
});

describe('idle advance', () => {
  it('jumps to the next sleeper when all is idle', async () => {
    const clock = new VirtualClock();
    new IdleAdvance(clock, () => false);
    await clock.sleep(86_400_000);
    expect(clock.monotonicMs()).toBe(86_400_000);
  });

  it('does not run on for a heartbeat that nobody waits for', async () => {
    const clock = new VirtualClock();
    new IdleAdvance(clock, () => false);
    let beats = 0;
    const beat = (): void => {
      beats++;
      clock.schedule(10, beat);
    };
    clock.schedule(10, beat);
    await clock.sleep(35);
    expect(beats).toBe(3);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect([beats, clock.monotonicMs()]).toEqual([3, 35]);
  });
});
