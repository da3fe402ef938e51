// Exploring, replaying, and telling runs apart.
import { setTimeout as sleep } from 'node:timers/promises';
import { ResourceGovernor, testing } from '@tenstrip/shared-core';
import { describe, expect, it } from 'vitest';
import { explore, replay, simulate, verifyDeterminism, type World } from '../../../src/index.js';

async function dies(world: World): Promise<void> {
  world.node('a', () => {});
  world.node('b', () => {});
  world.invariant('a lives', () => world.nodes[0]!.state !== 'dead');
  await sleep(20_000);
}

describe('exploring', () => {
  it('gives the failure of the lowest seed, with nothing in its trace that could be left out', async () => {
    const { failure, worlds } = await explore({ worlds: 200 }, dies);
    expect(failure).toMatchObject({ kind: 'invariant', name: 'a lives', decisions: 0 });
    expect(failure!.seed).toBe(worlds - 1);
    expect(failure!.faults).toHaveLength(1);
    expect(failure!.faults[0]).toMatch(/^process\.kill/);
    for (let seed = 0; seed < failure!.seed; seed++) {
      expect((await simulate({ seed, swarm: {} }, dies)).failure).toBeUndefined();
    }
    expect((await simulate({ seed: failure!.seed, swarm: {} }, dies)).failure).toMatchObject({ name: 'a lives' });
  });

  it('ends after its worlds, its time, or by a signal', async () => {
    expect((await explore({ worlds: 3 }, () => 1)).worlds).toBe(3);
    expect((await explore({ budgetMs: 0 }, () => 1)).worlds).toBe(0);
    await expect(explore({ signal: AbortSignal.abort(new Error('enough')) }, () => 1)).rejects.toThrow('enough');
    const seen: number[] = [];
    await explore({ worlds: 3, onProgress: ({ worlds }) => seen.push(worlds) }, () => 1);
    expect(seen).toEqual([1, 2, 3]);
    await expect(explore({ worlds: -1 }, () => 1)).rejects.toMatchObject({ code: 'OptionsInvalid' });
  });

  it('takes a deadlock for a failure, and a leak for none', async () => {
    const { failure } = await explore({ worlds: 1, swarm: false }, () => new Promise(() => {}));
    expect(failure).toMatchObject({ kind: 'exhausted', name: 'deadlock' });
    expect((await replay(failure!.trace, () => new Promise(() => {}))).failure).toMatchObject({ name: 'deadlock' });
    const { readFile } = await import('node:fs/promises');
    await expect(explore({ worlds: 1 }, () => readFile('/etc/hosts'))).rejects.toMatchObject({
      code: 'Nondeterminism',
    });
  });

  it('refuses to shrink what does not come back', async () => {
    let runs = 0;
    const flaky = async (): Promise<void> => {
      await sleep(1);
      if (runs++ === 0) throw new Error('only the first time');
      await sleep(1);
    };
    await expect(explore({ worlds: 2 }, flaky)).rejects.toMatchObject({ code: 'Nondeterminism' });
  });

  it('runs in a deterministic governor, whose clock stands still meanwhile', async () => {
    const governor = new ResourceGovernor(testing('explore'));
    const report = await governor.run('explore', (op) => explore({ worlds: 5, budgetMs: 1, context: op }, () => 1));
    expect(report.worlds).toBe(5);
    await governor.close();
  });
});

describe('a trace', () => {
  it('brings back the same world', async () => {
    const seen = async (world: World): Promise<number[]> => {
      await sleep(world.random.float() * 100);
      return [Math.random(), performance.now()];
    };
    const run = await simulate({ seed: 5, swarm: {}, network: { jitterMs: 3 } }, seen);
    const again = await replay(run.trace, seen);
    expect(again.value).toEqual(run.value);
    expect(again.reproduced).toBe(true);
    expect(again.nodeOfTrace).toBe(Number(process.versions.node.split('.')[0]));
    expect((await replay(run.trace, () => 1)).reproduced).toBe(false);
  });

  it('is refused when it is changed, cut, or of another scenario', async () => {
    const { trace } = await simulate({ seed: 1 }, dies);
    const damaged = [
      trace.slice(0, -1),
      trace.slice(0, 20),
      trace.slice(1),
      `${trace.slice(0, 15)}A${trace.slice(16)}`,
      '',
      'chaos1.',
    ];
    for (const text of damaged.filter((each) => each !== trace)) {
      await expect(replay(text, dies), text).rejects.toMatchObject({ code: 'TraceInvalid' });
    }
    async function another(): Promise<void> {}
    await expect(replay(trace, another)).rejects.toMatchObject({ code: 'TraceInvalid' });
  });
});

describe('determinism', () => {
  const realNow = Date.now;

  it('is confirmed where it holds', async () => {
    expect(await verifyDeterminism({ seed: 1, swarm: {} }, dies)).toMatchObject({ ok: true });
  });

  it('is missed where a real clock was captured before, and the place is told', async () => {
    let turn = 0;
    const verdict = await verifyDeterminism({ seed: 1 }, async () => {
      await sleep(5);
      turn++;
      await sleep(turn === 2 ? 7 : 8); // what a captured clock would do, at will
      return realNow();
    });
    expect(verdict).toMatchObject({ ok: false, event: 2, first: { atMs: 13, node: 'scenario' }, other: { atMs: 12 } });
  });
});
