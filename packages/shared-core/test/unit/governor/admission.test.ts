import { describe, expect, it } from 'vitest';
import { type Permit, ResourceGovernor, ungoverned } from '../../../src/governor/index.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A promise and the call that resolves it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('admission', () => {
  it('runs at most maxConcurrency at once, and starts the rest in the order of their calls', async () => {
    const governor = new ResourceGovernor({ maxConcurrency: 3 });
    const started: number[] = [];
    let running = 0;
    let most = 0;
    const calls = Array.from({ length: 20 }, (_, index) =>
      governor.run(`call ${index}`, async () => {
        started.push(index);
        most = Math.max(most, ++running);
        for (let step = 0; step <= index % 3; step++) await turn();
        running--;
        return index;
      }),
    );
    expect(governor.statistics()).toMatchObject({ running: 3, waiting: 17 });
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(started).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(most).toBe(3);
    expect(governor.statistics()).toMatchObject({ admitted: 20, completed: 20, running: 0, waiting: 0 });
  });

  it('checks every node up to the root', async () => {
    const governor = new ResourceGovernor({ maxConcurrency: 3 });
    const a = governor.child('a', { maxConcurrency: 2 });
    const b = governor.child('b', { maxConcurrency: 2 });
    const held = [a, a, a, b, b].map((node) => node.acquire());
    await turn();
    expect([a, b, governor].map((node) => node.statistics().running)).toEqual([2, 1, 3]);
    (await held[0]!)[Symbol.dispose]();
    await turn();
    // The third of `a` and the second of `b` wait for the one slot; `b` has had fewer.
    expect([a, b, governor].map((node) => node.statistics().running)).toEqual([1, 2, 3]);
    for (const permit of [held[1]!, held[3]!]) (await permit)[Symbol.dispose]();
    for (const permit of [held[2]!, held[4]!]) (await permit)[Symbol.dispose]();
    expect(governor.statistics()).toMatchObject({ running: 0, waiting: 0, completed: 5 });
  });

  it('shares the slots of a parent by weight', async () => {
    const governor = new ResourceGovernor({ maxConcurrency: 1 });
    const weights = [1, 2, 5];
    const order: number[] = [];
    const calls = weights.flatMap((weight) => {
      const child = governor.child('sibling', { weight });
      return Array.from({ length: 100 }, () => child.run('one', async () => void order.push(weight)));
    });
    await Promise.all(calls);
    const firstEighty = order.slice(0, 80);
    for (const weight of weights) {
      const share = firstEighty.filter((seen) => seen === weight).length / 80;
      expect(Math.abs(share - weight / 8)).toBeLessThan(0.03);
    }
  });

  it('refuses what finds the queue full, at the node that is full, and nothing that need not wait', async () => {
    const governor = new ResourceGovernor({ maxConcurrency: 1, maxQueue: 2 });
    const child = governor.child('child');
    using _held = await governor.acquire();
    const waiting = [child.run('a', () => 1), governor.run('b', () => 2)];
    await expect(child.run('c', () => 3)).rejects.toMatchObject({
      code: 'QueueFull',
      retryable: true,
      details: { governor: 'governor', operation: 'c', waiting: 2, maxQueue: 2 },
    });
    expect(governor.statistics()).toMatchObject({ refused: 1, waiting: 2 });
    _held[Symbol.dispose]();
    expect(await Promise.all(waiting)).toEqual([1, 2]);
    const noQueue = new ResourceGovernor({ maxQueue: 0, maxConcurrency: 1 });
    expect(await noQueue.run('free', () => 4)).toBe(4);
  });

  it('gives tryAcquire a permit at once or not at all', async () => {
    const governor = new ResourceGovernor({ maxConcurrency: 2 });
    const permits = [governor.tryAcquire(), governor.tryAcquire(), governor.tryAcquire()];
    expect(permits.map((permit) => permit !== undefined)).toEqual([true, true, false]);
    const waiting = governor.acquire();
    permits[0]![Symbol.dispose]();
    expect(governor.tryAcquire()).toBeUndefined(); // the one that waited came first
    (await waiting)[Symbol.dispose]();
    permits[1]![Symbol.dispose]();
    permits[1]![Symbol.dispose](); // disposing twice gives one slot back
    expect(governor.statistics()).toMatchObject({ running: 0, admitted: 3, completed: 3, refused: 0 });
    await turn();
    const again = [governor.tryAcquire(), governor.tryAcquire()] as Permit[];
    expect(governor.tryAcquire()).toBeUndefined();
    for (const permit of again) permit[Symbol.dispose]();
  });

  it('runs nested work under the permit of its parent, so that it cannot wait for itself', async () => {
    const governor = new ResourceGovernor({ maxConcurrency: 1 });
    const result = await governor.run('outer', (outer) =>
      outer.run('middle', (middle) => middle.run('inner', () => governor.statistics().running)),
    );
    expect(result).toBe(1);
    expect(governor.statistics()).toMatchObject({ admitted: 3, completed: 3 });
  });

  it('gives work of a background context a permit of its own', async () => {
    const governor = new ResourceGovernor({ maxConcurrency: 1 });
    const background = governor.context({ name: 'flusher' });
    const held = await governor.acquire();
    const flushed = background.run('flush', () => governor.statistics().running);
    expect(governor.statistics()).toMatchObject({ waiting: 1 });
    held[Symbol.dispose]();
    expect(await flushed).toBe(1);
  });

  it('ends an operation whose body throws, with the error that it threw', async () => {
    const governor = new ResourceGovernor({ maxConcurrency: 1 });
    await expect(governor.run('sync', () => Promise.reject(new Error('on purpose')))).rejects.toThrow('on purpose');
    await expect(
      governor.run('sync', () => {
        throw new Error('at once');
      }),
    ).rejects.toThrow('at once');
    expect(await governor.run('next', () => 'runs')).toBe('runs');
    expect(governor.statistics()).toMatchObject({ failed: 2, completed: 1, running: 0 });
  });

  it('starts what waited before what is called in the moment in which it is let in', async () => {
    for (const maxConcurrency of [1, Number.POSITIVE_INFINITY]) {
      const governor = new ResourceGovernor({ maxConcurrency });
      governor.pause();
      const started: string[] = [];
      const early = governor.run('early', () => started.push('early'));
      governor.resume();
      const late = governor.run('late', () => started.push('late'));
      await Promise.all([early, late]);
      expect(started).toEqual(['early', 'late']);
    }
  });
});

describe('ungoverned', () => {
  it('has no limit, never pauses and never closes', async () => {
    ungoverned.pause();
    await ungoverned.close(0);
    const { opened, open } = gate();
    const calls = Array.from({ length: 1000 }, (_, index) => ungoverned.run('call', () => opened.then(() => index)));
    open();
    expect((await Promise.all(calls)).length).toBe(1000);
    expect(ungoverned.state).toBe('running');
    expect(ungoverned.context()).toBe(ungoverned.context());
    expect(ungoverned.context().signal.aborted).toBe(false);
    expect(ungoverned.io({ ops: 1e9, bytes: 1e12 })).toBeUndefined();
  });
});
