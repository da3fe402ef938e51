import { describe, expect, it } from 'vitest';
import { ResourceGovernor } from '../../../src/governor/index.js';
import { SimulatedMachine } from './simulated-machine.js';

const mib = 2 ** 20;

function governed(ramBytes: number): { machine: SimulatedMachine; governor: ResourceGovernor } {
  const machine = new SimulatedMachine();
  machine.resident = 100 * mib;
  return { machine, governor: new ResourceGovernor({ ramBytes, clock: machine, meter: machine }) };
}

describe('memory', () => {
  it('that was reserved and then allocated counts once', () => {
    const { machine, governor } = governed(200 * mib);
    using reservation = governor.reserve(80 * mib);
    machine.resident = 180 * mib; // it is allocated now
    machine.spend(200);
    using more = governor.reserve(20 * mib);
    expect(reservation.bytes + more.bytes).toBe(100 * mib);
    expect(() => governor.reserve(1)).toThrow(
      expect.objectContaining({
        code: 'MemoryLimit',
        retryable: true,
        details: { governor: 'governor', ramBytes: 200 * mib, usedBytes: 200 * mib, requestedBytes: 1 },
      }),
    );
  });

  it('that nobody reserved counts as well, and is sampled afresh before a refusal', async () => {
    const { machine, governor } = governed(200 * mib);
    machine.resident = 250 * mib;
    machine.spend(99); // the sample is not old enough to be taken again: nothing is refused by it
    expect(await governor.run('unseen', () => 'ran')).toBe('ran');
    machine.spend(1);
    await expect(governor.run('seen', () => 'ran')).rejects.toMatchObject({ code: 'MemoryLimit' });
    machine.resident = 120 * mib; // collected, a moment later
    expect(await governor.run('recovered', () => 'ran')).toBe('ran');
    expect(governor.statistics()).toMatchObject({ refused: 1, completed: 2 });
  });

  it('of a node bounds what is reserved in it and below it, whatever is resident', () => {
    const { machine, governor } = governed(10_000 * mib);
    machine.resident = 9000 * mib;
    const parent = governor.child('parent', { ramBytes: 100 });
    const child = parent.child('child', { ramBytes: 80 });
    using _other = parent.reserve(30);
    const held = child.reserve(60);
    expect(() => child.reserve(15)).toThrow(/100 in use at governor parent|of 100 in use at governor parent/);
    held.resize(70);
    expect(() => held.resize(71)).toThrow(expect.objectContaining({ code: 'MemoryLimit' }));
    expect(held.bytes).toBe(70);
    held.resize(0);
    expect(() => child.reserve(81)).toThrow(/of 80 in use at governor child/);
    expect(parent.statistics().reservedBytes).toBe(30);
    held[Symbol.dispose]();
    held[Symbol.dispose]();
    expect(parent.statistics().reservedBytes).toBe(30);
  });

  it('that an operation leaves reserved is given back at its end, and counted', async () => {
    const { governor } = governed(1000 * mib);
    let left: { resize(bytes: number): void; [Symbol.dispose](): void } | undefined;
    await governor.run({ name: 'leaves', reserveBytes: 5 }, (op) => {
      left = op.reserve(10);
      using _returned = op.reserve(20);
      expect(governor.statistics().reservedBytes).toBe(35);
    });
    expect(governor.statistics()).toMatchObject({ reservedBytes: 0, unreturnedReservations: 1 });
    left![Symbol.dispose]();
    expect(() => left!.resize(1)).toThrow(expect.objectContaining({ code: 'OperationAborted' }));
    expect(governor.statistics().reservedBytes).toBe(0);
  });

  it('reserved up front is held while the operation waits, and given back when it is refused or aborted', async () => {
    const governor = new ResourceGovernor({ ramBytes: 2 ** 40, maxConcurrency: 1, maxQueue: 1 });
    const abort = new AbortController();
    using _held = await governor.acquire();
    const waiting = governor.run({ name: 'waits', reserveBytes: 10, signal: abort.signal }, () => 1);
    expect(governor.statistics().reservedBytes).toBe(10);
    await expect(governor.run({ name: 'refused', reserveBytes: 7 }, () => 1)).rejects.toMatchObject({
      code: 'QueueFull',
    });
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'OperationAborted' });
    expect(governor.statistics()).toMatchObject({ reservedBytes: 0, waiting: 0, refused: 1, aborted: 1 });
  });
});
