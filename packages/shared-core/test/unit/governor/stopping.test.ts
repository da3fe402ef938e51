import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/determinism/index.js';
import { type OperationContext, ResourceGovernor } from '../../../src/governor/index.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs until it is stopped, a checkpoint a turn. */
async function endless(op: OperationContext): Promise<never> {
  for (;;) {
    await turn();
    await op.checkpoint();
  }
}

describe('abort', () => {
  it('rejects a waiting operation at once, with the reason as cause, and never starts it', async () => {
    const governor = new ResourceGovernor({ maxConcurrency: 1 });
    using _held = await governor.acquire();
    const abort = new AbortController();
    const waiting = governor.run({ name: 'waits', signal: abort.signal }, () => expect.unreachable('it was aborted'));
    const reason = new Error('changed my mind');
    abort.abort(reason);
    expect(governor.statistics()).toMatchObject({ waiting: 0, aborted: 1 });
    await expect(waiting).rejects.toMatchObject({ code: 'OperationAborted', cause: reason });
  });

  it('of a signal that was aborted before refuses the call', async () => {
    const governor = new ResourceGovernor();
    await expect(governor.run({ name: 'late', signal: AbortSignal.abort() }, () => 1)).rejects.toMatchObject({
      code: 'OperationAborted',
    });
    expect(governor.statistics()).toMatchObject({ admitted: 0, aborted: 1 });
  });

  it('reaches a running operation at its checkpoint, by stopped, by throwIfStopped and by its signal', async () => {
    const governor = new ResourceGovernor();
    const abort = new AbortController();
    const heard: unknown[] = [];
    const running = governor.run({ name: 'runs', signal: abort.signal }, async (op) => {
      op.signal.addEventListener('abort', () => heard.push(op.signal.reason));
      try {
        return await endless(op);
      } finally {
        heard.push(op.stopped);
        expect(() => op.throwIfStopped()).toThrow(expect.objectContaining({ code: 'OperationAborted' }));
      }
    });
    await turn();
    abort.abort();
    const error = await running.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'OperationAborted' });
    expect(heard).toEqual([error, 'aborted']);
  });

  it('turns the AbortError of what used the signal into the reason why it was stopped', async () => {
    const governor = new ResourceGovernor();
    const abort = new AbortController();
    const fetching = governor.run({ name: 'fetch', signal: abort.signal }, (op) => {
      return new Promise((_, reject) => {
        op.signal.addEventListener('abort', () => reject(new DOMException('This was aborted', 'AbortError')));
      });
    });
    abort.abort();
    await expect(fetching).rejects.toMatchObject({ code: 'OperationAborted' });
    expect(governor.statistics()).toMatchObject({ aborted: 1, failed: 0 });
  });

  it('reaches nested work, and nested work ends with the operation around it', async () => {
    const governor = new ResourceGovernor();
    const abort = new AbortController();
    const nested = governor.run({ name: 'outer', signal: abort.signal }, (op) => op.run('inner', endless));
    await turn();
    abort.abort();
    await expect(nested).rejects.toMatchObject({ code: 'OperationAborted' });
    let orphan: Promise<unknown> | undefined;
    await governor.run('outer', (op) => {
      orphan = op.run('forgotten', endless).catch((error: unknown) => error);
    });
    expect(await orphan).toMatchObject({ code: 'OperationAborted', message: expect.stringContaining('has ended') });
  });

  it('leaves no listener behind on a signal that outlives the operation', async () => {
    const listeners = new Set<unknown>();
    const { signal } = new AbortController();
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (type: string, listener: never) => {
      listeners.add(listener);
      add(type, listener);
    };
    signal.removeEventListener = (type: string, listener: never) => {
      listeners.delete(listener);
      remove(type, listener);
    };
    const governor = new ResourceGovernor({ maxConcurrency: 1, ioOpsPerSecond: 1000 });
    const calls = Array.from({ length: 20 }, () =>
      governor.run({ name: 'call', signal, ioOps: 1 }, async (op) => {
        expect(op.signal.aborted).toBe(false);
        await op.io({ ops: 1 });
      }),
    );
    expect(listeners.size).toBeGreaterThan(0);
    await Promise.all(calls);
    expect(listeners.size).toBe(0);
  });
});

describe('deadlines', () => {
  it('end a wait when they pass, and a body at its next checkpoint', async () => {
    const clock = new VirtualClock();
    const governor = new ResourceGovernor({ maxConcurrency: 1, deadlineMs: 100, clock });
    const held = await governor.acquire({ deadlineMs: 1000 });
    const waiting = governor.run({ name: 'waits', deadlineMs: 40 }, () => 1);
    const outcome = expect(waiting).rejects.toMatchObject({
      code: 'DeadlineExceeded',
      details: { operation: 'waits', deadlineMs: 40 },
    });
    await clock.advance(39);
    expect(governor.statistics().waiting).toBe(1);
    await clock.advance(1);
    await outcome;
    expect(held.op.stopped).toBeUndefined();
    await clock.advance(60); // the governor's 100 ms is shorter than what was asked for
    expect(held.op.stopped).toBe('deadline');
    expect(() => held.op.checkpoint()).toThrow(expect.objectContaining({ code: 'DeadlineExceeded' }));
    held[Symbol.dispose]();
    expect(clock.pending.timers).toBe(0);
  });

  it('of a parent and of the operation around hold for what is inside', async () => {
    const clock = new VirtualClock();
    const child = new ResourceGovernor({ deadlineMs: 50, clock }).child('child', { deadlineMs: 500 });
    const nested = child.run('outer', (outer) =>
      outer.run({ name: 'inner', deadlineMs: 400 }, async (inner) => {
        await clock.sleep(60, { signal: inner.signal });
      }),
    );
    const outcome = expect(nested).rejects.toMatchObject({ code: 'DeadlineExceeded' });
    await clock.advance(50);
    await outcome;
    expect(clock.monotonicMs()).toBe(50);
  });

  it('stop synchronous work that looks', () => {
    let nowMs = 0;
    const clock = new VirtualClock();
    clock.monotonicMs = () => nowMs;
    const op = new ResourceGovernor({ clock }).context({ name: 'loop', deadlineMs: 10 });
    let rounds = 0;
    while (op.stopped === undefined) {
      nowMs += 0.25;
      if (++rounds > 1000) break;
    }
    expect(rounds).toBeGreaterThanOrEqual(40);
    expect(rounds).toBeLessThan(60);
  });
});

describe('pause', () => {
  it('stops admission and running work at its next checkpoint, and what waits keeps its place', async () => {
    const governor = new ResourceGovernor({ maxConcurrency: 2 });
    const log: string[] = [];
    const running = governor.run('runs', async (op) => {
      for (let step = 0; step < 3; step++) {
        await turn();
        log.push(`step ${step}`);
        await op.checkpoint();
      }
    });
    await turn();
    await turn();
    governor.pause();
    expect(governor.state).toBe('paused');
    const steps = log.length;
    const waiting = ['a', 'b', 'c'].map((name) => governor.run(name, () => log.push(name)));
    for (let count = 0; count < 10; count++) await turn();
    expect(log.length).toBeLessThanOrEqual(steps + 1);
    expect(governor.tryAcquire()).toBeUndefined();
    expect(governor.statistics()).toMatchObject({ running: 1, waiting: 3 });
    governor.resume();
    await Promise.all([running, ...waiting]);
    expect(log.filter((name) => name.length === 1)).toEqual(['a', 'b', 'c']);
  });

  it('of a child holds that child alone; of a parent, all below', async () => {
    const governor = new ResourceGovernor();
    const [left, right] = [governor.child('left'), governor.child('right')];
    left.pause();
    const ofLeft = left.run('left', () => 'left');
    expect(await right.run('right', () => 'right')).toBe('right');
    governor.pause();
    left.resume();
    await turn();
    expect(governor.statistics()).toMatchObject({ waiting: 1 });
    governor.resume();
    expect(await ofLeft).toBe('left');
  });

  it('lets a paused operation be aborted and time out', async () => {
    const clock = new VirtualClock();
    const governor = new ResourceGovernor({ clock });
    const abort = new AbortController();
    const aborted = governor.run({ name: 'aborted', signal: abort.signal }, endless);
    const late = governor.run({ name: 'late', deadlineMs: 10 }, endless);
    governor.pause();
    await turn();
    await turn();
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'OperationAborted' });
    const outcome = expect(late).rejects.toMatchObject({ code: 'DeadlineExceeded' });
    await clock.advance(10);
    await outcome;
  });

  it('may be said twice', () => {
    const governor = new ResourceGovernor();
    governor.pause();
    governor.pause();
    governor.resume();
    governor.resume();
    expect(governor.state).toBe('running');
    expect(governor.tryAcquire()).toBeDefined();
  });
});

describe('close', () => {
  it('lets what runs and waits end, refuses new work, and resumes if paused', async () => {
    const governor = new ResourceGovernor({ maxConcurrency: 1 });
    const child = governor.child('child');
    governor.pause();
    const calls = ['a', 'b', 'c'].map((name) => child.run(name, () => turn().then(() => name)));
    const closing = governor.close();
    expect([governor.state, child.state]).toEqual(['closing', 'closing']);
    await expect(child.run('late', () => 1)).rejects.toMatchObject({ code: 'GovernorClosed' });
    expect(() => governor.tryAcquire()).toThrow(expect.objectContaining({ code: 'GovernorClosed' }));
    expect(() => governor.child('late')).toThrow(expect.objectContaining({ code: 'GovernorClosed' }));
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c']);
    await closing;
    await governor.close();
    expect([governor.state, child.state]).toEqual(['closed', 'closed']);
  });

  it('aborts at its deadline what has not ended, and leaves behind what does not listen', async () => {
    const clock = new VirtualClock();
    const governor = new ResourceGovernor({ maxConcurrency: 2, clock });
    const listens = governor.run('listens', endless).catch((error: { code: string }) => error.code);
    void governor.run('deaf', () => new Promise(() => {}));
    const waits = governor.run('waits', () => 1).catch((error: { code: string }) => error.code);
    let closed = false;
    const closing = governor.close(500).then(() => {
      closed = true;
    });
    await clock.advance(499);
    expect([closed, governor.statistics().running]).toEqual([false, 2]);
    await clock.advance(1);
    expect(await Promise.all([listens, waits])).toEqual(['OperationAborted', 'OperationAborted']);
    await clock.advance(1000);
    await closing;
    expect([governor.state, clock.pending.timers]).toEqual(['closed', 0]);
  });

  it('aborts background contexts when all else has ended', async () => {
    const governor = new ResourceGovernor();
    const plain = governor.context();
    const own = governor.context({ name: 'own', signal: new AbortController().signal });
    const signals = [plain.signal, own.signal];
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    await governor.close();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect([plain.stopped, own.stopped]).toEqual(['aborted', 'aborted']);
    expect(governor.context().signal.aborted).toBe(true);
  });

  it('of a child leaves its parent open, and the parent keeps what the child counted', async () => {
    const governor = new ResourceGovernor({ maxConcurrency: 3 });
    const child = governor.child('child');
    await child.run('one', () => 1);
    await child.close();
    expect(governor.statistics()).toMatchObject({ completed: 1, children: {}, runMs: { count: 1 } });
    expect(await governor.run('two', () => 2)).toBe(2);
    expect(governor.child('child').name).toBe('child');
    await using disposed = new ResourceGovernor();
    expect(disposed.state).toBe('running');
  });
});
