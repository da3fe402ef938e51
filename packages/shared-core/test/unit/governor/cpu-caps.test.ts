import { describe, expect, it } from 'vitest';
import { type OperationContext, ResourceGovernor } from '../../../src/governor/index.js';
import { SimulatedMachine } from './simulated-machine.js';

/** Works in pieces of `pieceMs` until `untilMs`; gives how much it got. */
function spin(machine: SimulatedMachine, pieceMs: number, untilMs: number) {
  return async (op: OperationContext): Promise<number> => {
    let workedMs = 0;
    while (machine.monotonicMs() < untilMs) {
      machine.spend(pieceMs);
      workedMs += pieceMs;
      await op.checkpoint();
    }
    return workedMs;
  };
}

describe('CPU caps', () => {
  it.each([20, 50, 80, 150])('hold a cooperative loop at %i percent', async (cpuPercent) => {
    const machine = new SimulatedMachine();
    const governor = new ResourceGovernor({ cpuPercent, clock: machine, meter: machine });
    const workedMs = await machine.runUntil(governor.run('spin', spin(machine, 0.3, 5000)));
    const percent = (workedMs / machine.monotonicMs()) * 100;
    expect(Math.abs(percent - Math.min(100, cpuPercent))).toBeLessThan(1);
    expect(governor.statistics().throttled > 0).toBe(cpuPercent < 100);
  });

  it('of a child hold the child alone', async () => {
    const machine = new SimulatedMachine();
    const governor = new ResourceGovernor({ clock: machine, meter: machine });
    const capped = governor.child('capped', { cpuPercent: 25 });
    const [ofCapped, ofFree] = await machine.runUntil(
      Promise.all([capped.run('spin', spin(machine, 0.2, 4000)), governor.run('spin', spin(machine, 0.2, 4000))]),
    );
    expect(Math.abs(ofCapped - 1000)).toBeLessThan(40);
    expect(ofFree).toBeGreaterThan(2900);
  });

  it('are shared by siblings in proportion to their weights', async () => {
    const machine = new SimulatedMachine();
    const governor = new ResourceGovernor({ cpuPercent: 60, clock: machine, meter: machine });
    const weights = [1, 2, 5];
    const worked = await machine.runUntil(
      Promise.all(
        weights.map((weight) => governor.child('sibling', { weight }).run('spin', spin(machine, 0.25, 5000))),
      ),
    );
    const total = worked.reduce((sum, ms) => sum + ms, 0);
    expect(Math.abs((total / machine.monotonicMs()) * 100 - 60)).toBeLessThan(1);
    worked.forEach((ms, index) => {
      expect(Math.abs(ms / total / (weights[index]! / 8) - 1)).toBeLessThan(0.05);
    });
  });

  it('hold operations of unlike pieces to equal time, not to equal turns', async () => {
    const machine = new SimulatedMachine();
    const governor = new ResourceGovernor({ cpuPercent: 80, clock: machine, meter: machine });
    const [fine, coarse] = await machine.runUntil(
      Promise.all([
        governor.child('fine').run('spin', spin(machine, 0.01, 3000)),
        governor.child('coarse').run('spin', spin(machine, 2, 3000)),
      ]),
    );
    expect(fine / coarse).toBeGreaterThan(0.9);
    expect(fine / coarse).toBeLessThan(1.1);
  });

  it('count what other threads of the process use', async () => {
    const machine = new SimulatedMachine();
    const governor = new ResourceGovernor({ cpuPercent: 100, clock: machine, meter: machine });
    const workedMs = await machine.runUntil(
      governor.run('spin', async (op) => {
        let ownMs = 0;
        while (machine.monotonicMs() < 2000) {
          machine.spend(0.3);
          machine.spendElsewhere(0.3);
          ownMs += 0.3;
          await op.checkpoint();
        }
        return ownMs;
      }),
    );
    expect(Math.abs(workedMs - 1000)).toBeLessThan(30);
  });

  it('do not charge an operation for waiting: neither for I/O nor for anything else', async () => {
    const machine = new SimulatedMachine();
    const child = new ResourceGovernor({ clock: machine, meter: machine }).child('child');
    await machine.runUntil(
      child.run('waits', async (op) => {
        for (let round = 0; round < 10; round++) {
          machine.spend(1);
          await op.io({ ops: 1 }, () => machine.sleep(50));
          await op.checkpoint();
          await machine.sleep(50);
          await op.checkpoint();
        }
      }),
    );
    expect(child.statistics().cpuMicros).toBeCloseTo(10_000, 3);
  });

  it('let the next one run when the one whose turn it is waits for something else', async () => {
    const machine = new SimulatedMachine();
    const governor = new ResourceGovernor({ cpuPercent: 50, clock: machine, meter: machine });
    let isOpen = false;
    const stuck = governor.run('waits for the other', async (op) => {
      while (!isOpen) {
        machine.spend(1);
        await op.checkpoint();
        await machine.sleep(1);
      }
    });
    const other = governor.run('opens', async (op) => {
      for (let piece = 0; piece < 100; piece++) {
        machine.spend(1);
        await op.checkpoint();
      }
      isOpen = true;
    });
    await machine.runUntil(Promise.all([stuck, other]));
    expect(isOpen).toBe(true);
  });

  it('hold short operations without a checkpoint too', async () => {
    const machine = new SimulatedMachine();
    const governor = new ResourceGovernor({ cpuPercent: 40, clock: machine, meter: machine });
    const worked = await machine.runUntil(
      (async () => {
        let workedMs = 0;
        while (machine.monotonicMs() < 3000) {
          await governor.run('short', () => machine.spend(0.5));
          workedMs += 0.5;
        }
        return workedMs;
      })(),
    );
    expect(Math.abs((worked / machine.monotonicMs()) * 100 - 40)).toBeLessThan(1);
  });

  it('owe at most 100 ms of the cap', async () => {
    const machine = new SimulatedMachine();
    const governor = new ResourceGovernor({ cpuPercent: 50, clock: machine, meter: machine });
    await machine.runUntil(
      governor.run('one long piece', async (op) => {
        machine.spend(10_000);
        await op.checkpoint();
      }),
    );
    expect(machine.monotonicMs()).toBeLessThanOrEqual(10_101);
    expect(machine.monotonicMs()).toBeGreaterThan(10_095);
  });
});

describe('the event loop', () => {
  it('gets a turn at least every 5 ms from work that never waits', async () => {
    const machine = new SimulatedMachine();
    const governor = new ResourceGovernor({ clock: machine, meter: machine });
    const turnsAtMs: number[] = [];
    let isOver = false;
    const watch = (): void => {
      turnsAtMs.push(machine.monotonicMs());
      if (!isOver) setImmediate(watch);
    };
    setImmediate(watch);
    await governor.run('loop', async (op) => {
      for (const pieceMs of [0.01, 0.1, 0.5, 1]) {
        for (let workedMs = 0; workedMs < 50; workedMs += pieceMs) {
          machine.spend(pieceMs);
          await op.checkpoint();
        }
      }
    });
    isOver = true;
    const gaps = turnsAtMs.slice(1).map((atMs, index) => atMs - turnsAtMs[index]!);
    expect(gaps.length).toBeGreaterThan(40);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(5);
  });

  it('is left alone where there is nothing to do: a checkpoint is undefined', async () => {
    const machine = new SimulatedMachine();
    const governor = new ResourceGovernor({ clock: machine, meter: machine });
    const waits = await governor.run('idle', (op) => Array.from({ length: 1000 }, () => op.checkpoint()));
    expect(waits.every((wait) => wait === undefined)).toBe(true);
  });
});
