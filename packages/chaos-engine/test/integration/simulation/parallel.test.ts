// Several threads find what one finds.
import { explore, exploreInParallel } from '@tenstrip/chaos-engine';
import { describe, expect, it } from 'vitest';

const module = new URL('parallel-scenarios.mjs', import.meta.url).href;
const { dice, forgetful, isSmall } = await import(module);

describe.each([1, 3])('an exploration by %i threads', (workers) => {
  it('reports the failure that one thread finds, shrunk alike', async () => {
    const options = { worlds: 500, swarm: { kinds: ['process.kill'] }, allowCrashes: true } as const;
    const alone = await explore(options, forgetful);
    expect(alone.failure).toBeDefined();
    expect(alone.worlds).toBeGreaterThan(16);
    expect(await exploreInParallel({ ...options, workers }, { module, scenario: 'forgetful' })).toEqual(alone);
  });

  it('finds the lowest of many seeds that fail a check, from any seed on', async () => {
    for (const firstSeed of [0, 5000]) {
      const options = { firstSeed, worlds: 2000, swarm: false } as const;
      const alone = await explore({ ...options, check: isSmall }, dice);
      const together = await exploreInParallel({ ...options, workers }, { module, scenario: 'dice', check: 'isSmall' });
      expect(together).toEqual(alone);
    }
  });

  it('counts all worlds where none fails', async () => {
    const options = { worlds: 100, swarm: false } as const;
    const alone = await explore(options, dice);
    expect(await exploreInParallel({ ...options, workers }, { module, scenario: 'dice' })).toEqual(alone);
  });
});

describe('a parallel exploration', () => {
  it('ends with its signal, though its threads are within a world', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 300);
    const limits = { maxEvents: 1e9, maxVirtualMs: 1e12, swarm: false, signal: controller.signal, workers: 2 } as const;
    await expect(exploreInParallel(limits, { module, scenario: 'never' })).rejects.toThrow('enough');
  });

  it('refuses what cannot be loaded, and numbers of threads that are none', async () => {
    const invalid = { code: 'OptionsInvalid' };
    await expect(exploreInParallel({}, { module, scenario: 'absent' })).rejects.toMatchObject(invalid);
    await expect(exploreInParallel({}, { module: `${module}.absent` })).rejects.toMatchObject(invalid);
    await expect(exploreInParallel({}, { module: 'no url' })).rejects.toMatchObject(invalid);
    for (const workers of [0, 1.5, 257, Number.NaN]) {
      await expect(exploreInParallel({ workers }, { module, scenario: 'dice' })).rejects.toMatchObject(invalid);
    }
  });
});
