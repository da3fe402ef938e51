import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/determinism/index.js';
import { ResourceGovernor } from '../../../src/governor/index.js';

describe('I/O limits', () => {
  it('let a burst through at once and the rest at the rate, in order', async () => {
    const clock = new VirtualClock();
    const governor = new ResourceGovernor({ ioOpsPerSecond: 100, ioBurstOps: 5, clock });
    const grantedAtMs: number[] = [];
    const waits = Array.from({ length: 25 }, async () => {
      await governor.io({ ops: 1 });
      grantedAtMs.push(clock.monotonicMs());
    });
    expect(clock.pending.timers).toBe(1); // however many wait
    await clock.advance(1000);
    await Promise.all(waits);
    expect(grantedAtMs.map(Math.round)).toEqual([
      ...[0, 0, 0, 0, 0],
      ...Array.from({ length: 20 }, (_, index) => 10 * (index + 1)),
    ]);
    expect(governor.statistics()).toMatchObject({ ioOps: 25, throttled: 20 });
    expect(clock.pending.timers).toBe(0);
  });

  it('save up in parts for a request above the burst, and keep their place in the queue', async () => {
    const clock = new VirtualClock();
    const governor = new ResourceGovernor({ ioBytesPerSecond: 1000, ioBurstBytes: 100, clock });
    const doneAtMs: [string, number][] = [];
    const ask = async (name: string, bytes: number): Promise<void> => {
      await governor.io({ bytes });
      doneAtMs.push([name, Math.round(clock.monotonicMs())]);
    };
    const asked = [ask('large', 1000), ask('small', 10)];
    await clock.advance(2000);
    await Promise.all(asked);
    expect(doneAtMs).toEqual([
      ['large', 900],
      ['small', 910],
    ]);
  });

  it('of every node up to the root hold at once', async () => {
    const clock = new VirtualClock();
    const governor = new ResourceGovernor({ ioOpsPerSecond: 100, ioBurstOps: 1, clock });
    const slow = governor.child('slow', { ioOpsPerSecond: 10, ioBurstOps: 1 });
    const fast = governor.child('fast');
    let ofSlow = 0;
    let ofFast = 0;
    const ask = async (node: ResourceGovernor, count: () => void): Promise<void> => {
      while (clock.monotonicMs() < 2000) {
        await node.io({ ops: 1 });
        count();
      }
    };
    const asking = [ask(slow, () => ofSlow++), ask(fast, () => ofFast++)];
    await clock.advance(2100);
    await Promise.all(asking);
    expect(ofSlow).toBeGreaterThanOrEqual(20);
    expect(ofSlow).toBeLessThanOrEqual(22);
    expect(ofSlow + ofFast).toBeGreaterThanOrEqual(200);
    expect(ofSlow + ofFast).toBeLessThanOrEqual(205);
  });

  it('are shared by siblings by weight, whatever the size of their requests', async () => {
    const clock = new VirtualClock();
    const governor = new ResourceGovernor({ ioBytesPerSecond: 100_000, ioBurstBytes: 2000, clock });
    const granted = [0, 0];
    const sizes = [100, 700];
    const asking = [1, 3].flatMap((weight, index) => {
      const child = governor.child('sibling', { weight });
      return Array.from({ length: 4 }, async () => {
        while (clock.monotonicMs() < 5000) {
          await child.io({ bytes: sizes[index]! });
          granted[index]! += sizes[index]!;
        }
      });
    });
    await clock.advance(6000);
    await Promise.all(asking);
    expect(granted[1]! / granted[0]!).toBeGreaterThan(2.8);
    expect(granted[1]! / granted[0]!).toBeLessThan(3.2);
  });

  it('hold an operation that names its cost before it starts, and it holds no slot meanwhile', async () => {
    const clock = new VirtualClock();
    const governor = new ResourceGovernor({ ioOpsPerSecond: 10, ioBurstOps: 1, maxConcurrency: 1, clock });
    const startedAtMs: Record<string, number> = {};
    const note = (name: string) => () => {
      startedAtMs[name] = Math.round(clock.monotonicMs());
    };
    const calls = [
      governor.run({ name: 'first', ioOps: 1 }, note('first')),
      governor.run({ name: 'second', ioOps: 1 }, note('second')),
    ];
    await calls[0];
    await governor.run('free', note('free'));
    await clock.advance(500);
    await Promise.all(calls);
    expect(startedAtMs).toEqual({ first: 0, free: 0, second: 100 });
    expect(governor.statistics().queueMs.max).toBeGreaterThan(99);
  });

  it('are given back by an operation that is aborted while it then waits for a slot', async () => {
    const clock = new VirtualClock();
    const governor = new ResourceGovernor({ ioOpsPerSecond: 1, ioBurstOps: 10, maxConcurrency: 1, clock });
    const abort = new AbortController();
    let release = (): void => {};
    const holder = governor.run('holder', () => new Promise<void>((resolve) => (release = resolve)));
    const waiting = governor.run({ name: 'waiting', ioOps: 10, signal: abort.signal }, () => 'ran');
    let served = false;
    const behind = (async () => {
      await governor.io({ ops: 10 });
      served = true;
    })();
    await clock.advance(1);
    expect(served).toBe(false);
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'OperationAborted' });
    await behind; // with no time gone by
    expect(governor.statistics().ioOps).toBe(10);
    release();
    await holder;
  });

  it('are given back by a request above the burst that is aborted while it saves up', async () => {
    const clock = new VirtualClock();
    const governor = new ResourceGovernor({ ioBytesPerSecond: 1000, ioBurstBytes: 100, clock });
    const abort = new AbortController();
    const large = governor.run({ name: 'large', ioBytes: 1000, signal: abort.signal }, () => 'ran');
    await clock.advance(500);
    const small = governor.io({ bytes: 100 });
    abort.abort();
    await expect(large).rejects.toMatchObject({ code: 'OperationAborted' });
    await small; // what was saved up in 500 ms is more than a burst
  });

  it('forget a request whose operation is aborted, at once, and serve the next', async () => {
    const clock = new VirtualClock();
    const governor = new ResourceGovernor({ ioOpsPerSecond: 10, ioBurstOps: 1, clock });
    const abort = new AbortController();
    await governor.io({ ops: 1 });
    const outcomes: string[] = [];
    const large = governor
      .run({ name: 'large', signal: abort.signal }, (op) => op.io({ ops: 1000 }))
      .catch((error: { code: string }) => outcomes.push(error.code));
    const small = governor.run('small', (op) => op.io({ ops: 1 })).then(() => outcomes.push('small'));
    await clock.advance(50);
    abort.abort();
    await large;
    expect(outcomes).toEqual(['OperationAborted']);
    await clock.advance(200);
    await small;
    expect(outcomes).toEqual(['OperationAborted', 'small']);
    expect(clock.pending.timers).toBe(0);
  });

  it('refuse more waiting requests than maxQueue', async () => {
    const clock = new VirtualClock();
    const governor = new ResourceGovernor({ ioOpsPerSecond: 10, ioBurstOps: 1, maxQueue: 2, clock });
    const granted = [governor.io({ ops: 1 }), governor.io({ ops: 1 }), governor.io({ ops: 1 })];
    expect(granted[0]).toBeUndefined();
    expect(() => governor.io({ ops: 1 })).toThrow(expect.objectContaining({ code: 'QueueFull' }));
    await expect(governor.io({ ops: 1 }, async () => 1)).rejects.toMatchObject({ code: 'QueueFull' });
    await clock.advance(1000);
    await Promise.all(granted);
  });

  it('give the result of the work, and its error', async () => {
    const governor = new ResourceGovernor();
    expect(await governor.io({ ops: 1, bytes: 10 }, async () => 'read')).toBe('read');
    await expect(governor.io({}, () => Promise.reject(new Error('EIO')))).rejects.toThrow('EIO');
    expect(governor.statistics()).toMatchObject({ ioOps: 1, ioBytes: 10 });
  });
});
