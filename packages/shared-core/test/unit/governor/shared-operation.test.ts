import { describe, expect, it } from 'vitest';
import { ResourceGovernor, testing, workerOperation } from '../../../src/governor/index.js';
import { SimulatedMachine } from './simulated-machine.js';

describe('a shared operation', () => {
  it('is told when it is stopped, also without a checkpoint on the governing side', async () => {
    const governor = new ResourceGovernor();
    const abort = new AbortController();
    await governor
      .run({ name: 'shared', signal: abort.signal }, async (op) => {
        const worker = workerOperation(structuredClone(op.share()));
        expect(worker.stopped).toBeUndefined();
        worker.checkpoint();
        abort.abort();
        expect(worker.stopped).toBe('aborted');
        expect(() => worker.checkpoint()).toThrow(expect.objectContaining({ code: 'OperationAborted' }));
        throw op.signal.reason;
      })
      .catch(() => {});
    expect(governor.statistics()).toMatchObject({ aborted: 1 });
  });

  it('ends with its operation', async () => {
    const governor = new ResourceGovernor();
    const shared = await governor.run('shared', (op) => op.share());
    expect(workerOperation(shared).stopped).toBe('aborted');
  });

  it('draws from the seed in deterministic mode, apart for each share', async () => {
    const draw = (): Promise<number[]> =>
      new ResourceGovernor(testing(3)).run('shared', (op) =>
        [op.share(), op.share()].map((shared) => workerOperation(shared).random.uint32()),
      );
    const [first, second] = [await draw(), await draw()];
    expect(second).toEqual(first);
    expect(first[0]).not.toBe(first[1]);
  });

  it('has a clock that starts at the moment of sharing in deterministic mode', async () => {
    const governor = new ResourceGovernor(testing(3));
    await governor.run('shared', async (op) => {
      await op.clock.sleep(1234);
      const { clock } = workerOperation(op.share());
      expect(clock.now()).toBe(op.clock.now());
      await clock.sleep(60_000);
      expect(clock.now()).toBe(61_234);
      expect(op.clock.now()).toBe(1234);
    });
  });

  it('adds what its threads used to its node, and holds them while a CPU cap is in debt', async () => {
    const machine = new SimulatedMachine();
    const governor = new ResourceGovernor({ clock: machine, meter: machine });
    const child = governor.child('child', { cpuPercent: 50 });
    await child.run('shared', async (op) => {
      const { memory } = op.share();
      const held = new Int32Array(memory, 0, 2);
      const busyMicros = new BigInt64Array(memory);
      await machine.advance(20);
      expect(Atomics.load(held, 1)).toBe(0);
      Atomics.add(busyMicros, 1, 60_000n); // 60 ms at 50 percent: 10 ms were there, 50 are owed
      await machine.advance(10);
      expect([Atomics.load(held, 1), Atomics.load(busyMicros, 1)]).toEqual([1, 0n]);
      await machine.advance(120);
      expect(Atomics.load(held, 1)).toBe(0);
      governor.pause();
      expect(Atomics.load(held, 1)).toBe(1);
      governor.resume();
      expect(Atomics.load(held, 1)).toBe(0);
      Atomics.add(busyMicros, 1, 5000n);
    });
    expect(child.statistics().cpuMicros).toBeCloseTo(65_000, 0);
    expect(machine.timers).toBe(0);
  });
});
