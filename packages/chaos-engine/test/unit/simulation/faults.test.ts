// A world as a surface for faults: the same words as on a host, in virtual time.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Fault, simulate, type World } from '../../../src/index.js';

const alive =
  (name: string) =>
  (env: {
    send(to: string, message: string): void;
    onMessage(take: (message: string, from: string) => void): void;
    clock: { now(): number };
  }) => {
    env.onMessage(() => {});
    setInterval(() => env.send('observer', `${name} at ${env.clock.now()}`), 10);
  };

async function heard(fault: Fault, node = 'a'): Promise<number[]> {
  const run = await simulate({ seed: 1, epochMs: 0 }, async (world: World) => {
    let count = 0;
    world.node('observer', (env) => env.onMessage(() => count++));
    world.node('a', alive('a'));
    const during = async (): Promise<number> => {
      count = 0;
      await sleep(100);
      return count;
    };
    const before = await during();
    await using active = await world.faults.inject({ node }, fault, { ttlMs: 100 });
    expect(active.endsAt).toBe(200);
    const meanwhile = await during();
    await sleep(50);
    return [before, meanwhile, await during()];
  });
  expect(run.failure).toBeUndefined();
  return run.value!;
}

describe('a fault ends by itself after its time', () => {
  it.each<[Fault, number]>([
    [{ kind: 'process.kill', signal: 'SIGKILL' }, 0],
    [{ kind: 'process.pause' }, 0],
    [{ kind: 'network.partition', peers: ['observer'], oneWay: false }, 0],
    [{ kind: 'network.partition', peers: ['observer'], oneWay: true }, 0],
    [{ kind: 'network.link', peers: ['observer'], latencyMs: 0, jitterMs: 0, loss: 1, duplicate: 0, reorder: 0 }, 0],
    [{ kind: 'network.link', peers: ['observer'], latencyMs: 0, jitterMs: 0, loss: 0, duplicate: 1, reorder: 0 }, 20],
    [{ kind: 'clock.skew', offsetMs: 3_600_000, driftPpm: 0 }, 10],
  ])('%o', async (fault, meanwhile) => {
    const [before, during, after] = await heard(fault);
    expect(Math.abs(before! - 10)).toBeLessThanOrEqual(1);
    expect(Math.abs(during! - meanwhile)).toBeLessThanOrEqual(1);
    expect(Math.abs(after! - 10)).toBeLessThanOrEqual(1);
  });
});

describe('a world', () => {
  it('says what it can do, and refuses the rest', async () => {
    await simulate({ seed: 1 }, async ({ faults, node: _, ...world }) => {
      void world;
      const capabilities = await faults.capabilities();
      expect(capabilities['process.kill']).toEqual({ supported: true });
      expect(capabilities['memory.fill'].supported).toBe(false);
    });
    const refused = async (target: object, fault: object, ttlMs = 10): Promise<string | undefined> => {
      const run = await simulate({ seed: 1 }, async (world) => {
        world.node('a', () => {});
        expect(await world.faults.targets()).toEqual([{ node: 'a' }]);
        await world.faults.inject({ node: 'a' }, { kind: 'process.pause' }, { ttlMs: 1000 });
        await world.faults.inject(target as { node: string }, fault as Fault, { ttlMs });
      });
      return run.failure?.name;
    };
    expect(await refused({ node: 'a' }, { kind: 'cpu.burn', cores: 1 })).toBe('FaultUnsupported');
    expect(await refused({ node: 'b' }, { kind: 'process.kill' })).toBe('TargetUnknown');
    expect(await refused({ pid: 1 }, { kind: 'process.kill' })).toBe('TargetUnknown');
    expect(await refused({ node: 'a' }, { kind: 'process.pause' })).toBe('TargetBusy');
    expect(await refused({ node: 'a' }, { kind: 'process.explode' })).toBe('OptionsInvalid');
    expect(await refused({ node: 'a' }, { kind: 'process.kill' }, 0)).toBe('OptionsInvalid');
  });

  it('undoes everything at once, and a fault once', async () => {
    const run = await simulate({ seed: 1 }, async (world) => {
      world.node('a', () => {});
      const killed = await world.faults.inject(
        { node: 'a' },
        { kind: 'process.kill', signal: 'SIGKILL' },
        { ttlMs: 1e6 },
      );
      const states = [world.nodes[0]!.state];
      await world.faults.revertAll();
      states.push(world.nodes[0]!.state);
      world.kill('a');
      await killed.revert();
      return [...states, world.nodes[0]!.state];
    });
    expect(run.value).toEqual(['dead', 'running', 'dead']);
  });

  it('has faults at planned moments', async () => {
    const faults = [{ atMs: 50, forMs: 30, target: { node: 'a' }, fault: { kind: 'process.pause' } }] as const;
    const run = await simulate({ seed: 1, faults }, async (world) => {
      const states: string[] = [];
      world.node('a', () => {});
      for (let sample = 0; sample < 3; sample++) {
        await sleep(35);
        states.push(world.nodes[0]!.state);
      }
      return states;
    });
    expect(run.value).toEqual(['running', 'paused', 'running']);
    expect(run.steps.map(({ atMs, text }) => `${atMs} ${text}`)).toEqual([
      '50 paused',
      '50 process.pause begins',
      '80 process.pause ends',
      '80 resumed',
    ]);
  });
});
