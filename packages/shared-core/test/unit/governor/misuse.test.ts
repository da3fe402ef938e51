import { describe, expect, it } from 'vitest';
import { type OperationContext, type OperationSpec, ResourceGovernor } from '../../../src/governor/index.js';
import { SimulatedMachine } from './simulated-machine.js';

const wrong = <T>(value: unknown): T => value as T;
const invalid = expect.objectContaining({ code: 'GovernorLimitsInvalid' });
const aborted = expect.objectContaining({ code: 'OperationAborted' });

describe('a governor refuses', () => {
  it.each([[null], [5], ['a'], [[]]])('options that are no object: %j', (options) => {
    expect(() => new ResourceGovernor(wrong(options))).toThrow(invalid);
  });

  it('limits and names of a child that are none', () => {
    const governor = new ResourceGovernor();
    expect(() => governor.child('x', wrong(null))).toThrow(invalid);
    expect(() => governor.child(wrong(undefined))).toThrow(invalid);
  });

  it.each([
    [null],
    [undefined],
    [5],
    [{ ioOps: '5' }],
    [{ reserveBytes: '7' }],
    [{ deadlineMs: '1' }],
    [{ name: 7 }],
    [{ signal: {} }],
  ])('the specification %j of an operation, and counts nothing for it', async (spec) => {
    const governor = new ResourceGovernor({ ramBytes: 1 << 30 });
    await expect(governor.run(wrong<OperationSpec>(spec), () => 1)).rejects.toThrow(invalid);
    expect(governor.statistics()).toMatchObject({ ioOps: 0, reservedBytes: 0, running: 0, waiting: 0 });
  });

  it.each([[null], [5], [{ ioOps: -1 }], [{ deadlineMs: Number.NaN }]])(
    '%j of a permit, also while none is free',
    async (spec) => {
      const governor = new ResourceGovernor({ maxConcurrency: 1 });
      expect(() => governor.tryAcquire(wrong(spec))).toThrow(invalid);
      using _held = await governor.acquire();
      expect(() => governor.tryAcquire(wrong(spec))).toThrow(invalid);
    },
  );

  it.each([[null], [undefined], ['a'], [{ ops: -1 }]])('%j as a cost of I/O', (cost) => {
    expect(() => new ResourceGovernor().io(wrong(cost))).toThrow(invalid);
  });

  it('an operation without a body', async () => {
    const governor = new ResourceGovernor({ maxConcurrency: 1 });
    await expect(governor.run('nothing', wrong(undefined))).rejects.toThrow('give the function to run');
    expect(await governor.run('something', () => 1)).toBe(1);
  });

  it('an amount given as text, which would switch the cap off', () => {
    const governor = new ResourceGovernor({ ramBytes: 1 << 30 });
    expect(() => governor.reserve(wrong('5'))).toThrow(invalid);
    expect(governor.statistics().reservedBytes).toBe(0);
  });

  it('a deadline of close that is no number, and can be closed after it', async () => {
    const governor = new ResourceGovernor();
    expect(() => governor.close(Number.NaN)).toThrow(invalid);
    expect(governor.state).toBe('running');
    await governor.close();
    expect(governor.state).toBe('closed');
  });

  it('to share an operation that has ended', async () => {
    let ended: OperationContext | undefined;
    await new ResourceGovernor().run('short', (op) => {
      ended = op;
    });
    expect(() => ended?.share()).toThrow(aborted);
  });

  it('grants that are added to a policy after it was given', () => {
    const policy = { grants: { env: ['HOME'] as string[] } as Record<string, true | string[]> };
    const governor = new ResourceGovernor({ sandbox: policy });
    policy.grants['fs.read'] = true;
    policy.grants.env = true;
    expect(() => governor.use('fs.read')).toThrow(expect.objectContaining({ code: 'CapabilityDenied' }));
    expect(Object.keys(governor.use('env'))).not.toContain('PATH');
  });
});

describe('an operation that ends', () => {
  it('leaves no place in a queue, although a branch of it still waits there', async () => {
    const governor = new ResourceGovernor();
    let branch: Promise<void> | undefined;
    await governor.run('forked', async (op) => {
      governor.pause();
      branch = op.checkpoint(); // nobody awaits it before the body ends
    });
    await expect(branch).rejects.toThrow(aborted);
    governor.resume();
    const next = governor.run('next', async (op) => {
      await op.checkpoint();
      return 'went on';
    });
    expect(await next).toBe('went on');
    await governor.close();
  });

  it('counts as aborted when its permit is given back after the abort', async () => {
    const governor = new ResourceGovernor();
    const abort = new AbortController();
    {
      using permit = await governor.acquire({ signal: abort.signal });
      abort.abort();
      expect(() => permit.op.throwIfStopped()).toThrow(aborted);
    }
    expect(governor.statistics()).toMatchObject({ aborted: 1, completed: 0, running: 0 });
  });
});

describe('tryAcquire under a CPU cap', () => {
  it('gives nothing while others wait for the CPU, and takes no place among them', async () => {
    const machine = new SimulatedMachine();
    const governor = new ResourceGovernor({ cpuPercent: 10, clock: machine, meter: machine });
    const rounds: number[] = [];
    const loop = governor.run('loop', async (op) => {
      for (let round = 0; round < 20; round++) {
        machine.spend(5);
        await op.checkpoint();
        rounds.push(machine.monotonicMs());
      }
    });
    for (let step = 0; step < 200; step++) {
      governor.tryAcquire()?.[Symbol.dispose]();
      await machine.advance(10);
    }
    await loop;
    expect(rounds).toHaveLength(20);
    expect(governor.statistics()).toMatchObject({ running: 0, waiting: 0 });
  });
});

describe('what threads used', () => {
  it('is not charged a second time to the operation that awaits them', async () => {
    const machine = new SimulatedMachine();
    const governor = new ResourceGovernor({ clock: machine, meter: machine });
    const child = governor.child('child');
    await child.run('shared', async (op) => {
      const busyMicros = new BigInt64Array(op.share().memory);
      for (let step = 0; step < 100; step++) {
        machine.spend(10); // a thread's work: the process used it, this thread did not
        Atomics.add(busyMicros, 1, 10_000n);
        await machine.advance(4);
      }
    });
    expect(child.statistics().cpuMicros).toBeGreaterThanOrEqual(990_000);
    expect(child.statistics().cpuMicros).toBeLessThan(1_050_000);
  });
});
