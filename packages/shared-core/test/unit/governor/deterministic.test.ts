import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/determinism/index.js';
import { type OperationContext, ResourceGovernor, testing } from '../../../src/governor/index.js';
import { SimulatedMachine } from './simulated-machine.js';

describe('a deterministic governor', () => {
  it('runs one operation at a time, in the order of submission over the whole tree', async () => {
    const governor = new ResourceGovernor({ ...testing(1), ioOpsPerSecond: 10 });
    const nodes = [governor, governor.child('a', { weight: 9 }), governor.child('b').child('c')];
    const order: number[] = [];
    let running = 0;
    const calls = Array.from({ length: 30 }, (_, index) =>
      nodes[(index * 7) % 3]!.run({ name: 'call', ioOps: index % 2 }, async (op) => {
        expect(++running).toBe(1);
        await op.clock.sleep(index % 4);
        order.push(index);
        running--;
      }),
    );
    await Promise.all(calls);
    expect(order).toEqual(Array.from({ length: 30 }, (_, index) => index));
  });

  it('moves its time on only when all is idle, and then at once', async () => {
    const governor = new ResourceGovernor(testing('time'));
    const seen = await governor.run('sleeps', async (op) => {
      const startMs = op.clock.monotonicMs();
      for (let step = 0; step < 1000; step++) await op.checkpoint();
      const afterWorkMs = op.clock.monotonicMs();
      await op.clock.sleep(86_400_000);
      return [afterWorkMs - startMs, op.clock.monotonicMs() - startMs];
    });
    expect(seen).toEqual([0, 86_400_000]);
  });

  it('holds its time during outside work, so that real latency decides nothing', async () => {
    const governor = new ResourceGovernor(testing('io'));
    const order: string[] = [];
    await governor.run('reads', async (op) => {
      const timer = op.clock.sleep(1).then(() => order.push('timer'));
      await op.io({ ops: 1 }, () => new Promise((resolve) => setTimeout(resolve, 20)));
      order.push('read');
      await timer;
    });
    expect(order).toEqual(['read', 'timer']);
  });

  it('keeps deadlines and I/O rates on virtual time', async () => {
    const governor = new ResourceGovernor({ ...testing('virtual'), ioOpsPerSecond: 1, ioBurstOps: 1 });
    const atMs = await governor.run('reads', async (op) => {
      for (let read = 0; read < 61; read++) await op.io({ ops: 1 });
      return op.clock.monotonicMs();
    });
    expect(Math.round(atMs)).toBe(60_000);
    const late = governor.run({ name: 'late', deadlineMs: 5000 }, async (op) => {
      await op.clock.sleep(10_000, { signal: op.signal });
    });
    await expect(late).rejects.toMatchObject({ code: 'DeadlineExceeded' });
    expect(Math.round(governor.clock.monotonicMs())).toBe(65_000);
  });

  it('decides nothing by what is measured', async () => {
    const machine = new SimulatedMachine();
    machine.resident = 2 ** 40;
    const governor = new ResourceGovernor({ ...testing(1), meter: machine, cpuPercent: 1, ramBytes: 1000 });
    const run = await governor.run({ name: 'works', reserveBytes: 999 }, async (op) => {
      for (let piece = 0; piece < 100; piece++) {
        machine.spend(100);
        await op.checkpoint();
      }
      return op.clock.monotonicMs();
    });
    expect(run).toBe(0);
    await expect(governor.run({ name: 'large', reserveBytes: 1001 }, () => 1)).rejects.toMatchObject({
      code: 'MemoryLimit',
    });
    expect(governor.statistics()).toMatchObject({ throttled: 0, cpuMicros: 10_000_000, residentBytes: 2 ** 40 });
  });

  it('takes random numbers and entropy from the seed, apart for each operation', async () => {
    const draw = async (seed: number): Promise<unknown[]> => {
      const governor = new ResourceGovernor(testing(seed));
      const body = (op: OperationContext) => [op.random.uint32(), [...op.entropy(8)], [...op.entropy(8)]];
      const child = governor.child('child');
      const drawn = [await governor.run('a', body), await governor.run('a', body), await child.run('a', body)];
      return [
        ...drawn,
        governor.random.uint32(),
        [...governor.entropy(4)],
        await governor.run('b', (op) => op.run('a', body)),
      ];
    };
    const first = await draw(5);
    expect(await draw(5)).toEqual(first);
    expect(await draw(6)).not.toEqual(first);
    expect(new Set(first.map((each) => JSON.stringify(each))).size).toBe(first.length);
    expect(first[3]).toBe(seededRandom(5).uint32());
  });

  it('gives the event loop its turns by count, so that parallel loops of a body interleave alike in every run', async () => {
    const interleaving = async (): Promise<string> => {
      const governor = new ResourceGovernor(testing(1));
      let log = '';
      const loop = async (op: OperationContext, name: string): Promise<void> => {
        for (let step = 0; step < 100; step++) {
          for (let spin = performance.now() + Math.random() / 10; performance.now() < spin; );
          log += name;
          await op.checkpoint();
        }
      };
      await governor.run('two loops', (op) => Promise.all([loop(op, 'a'), loop(op, 'b')]));
      return log;
    };
    expect(await interleaving()).toBe(await interleaving());
  });

  it('digests every decision: equal for equal runs, different for any difference', async () => {
    const digest = async (seed: number, sleepMs: number, name = 'call', fails = false): Promise<string> => {
      const governor = new ResourceGovernor({ ...testing(seed), maxQueue: 2 });
      const child = governor.child('child');
      const calls = [0, 1, 2, 3].map((index) =>
        child
          .run(`${name} ${index}`, async (op) => {
            await op.clock.sleep(sleepMs * op.random.integer(1, 5));
            if (fails && index === 1) throw new Error('on purpose');
          })
          .catch(() => {}),
      );
      await Promise.all(calls);
      expect(child.decisionDigest()).toBe(governor.decisionDigest());
      return governor.decisionDigest();
    };
    const base = await digest(1, 10);
    expect(base).toMatch(/^[0-9a-f]{64}$/);
    expect(await digest(1, 10)).toBe(base);
    const others = [
      await digest(2, 10),
      await digest(1, 11),
      await digest(1, 10, 'other'),
      await digest(1, 10, 'call', true),
    ];
    expect(new Set([base, ...others]).size).toBe(5);
    expect(new ResourceGovernor().decisionDigest()).toBe('');
  });

  it('uses a clock that it was given, and leaves it to its giver to move it', async () => {
    const machine = new SimulatedMachine();
    const governor = new ResourceGovernor({ ...testing(1), clock: machine });
    const slept = governor.run('sleeps', (op) => op.clock.sleep(5));
    await new Promise((resolve) => setImmediate(resolve));
    expect(machine.timers).toBe(1);
    await machine.advance(5);
    await slept;
  });
});
