// The strip: scenarios by name, JSON in and out, seeds from the governor.
import { setTimeout as sleep } from 'node:timers/promises';
import { PluginRegistry, ResourceGovernor, testing } from '@tenstrip/shared-core';
import { expect, it, vi } from 'vitest';
import { chaosStrip, type World } from '../../src/index.js';

const scenarios = {
  dice: {
    scenario: async (world: World) => {
      await sleep(5);
      return world.record('player', { throws: 1n }, () => world.random.integer(1, 1e9));
    },
  },
  dies: {
    scenario: async (world: World) => {
      world.node('a', () => {});
      world.invariant('a lives', () => world.nodes[0]!.state !== 'dead');
      await sleep(20_000);
    },
  },
  endless: {
    scenario: async () => {
      for (;;) await sleep(1);
    },
  },
  empty: {
    scenario: () => undefined,
    check: (history: readonly unknown[]) => (history.length === 0 ? 'nothing was recorded' : undefined),
  },
};

async function mounted<T>(use: (call: Awaited<ReturnType<typeof mount>>['call']) => Promise<T>): Promise<T> {
  const governor = new ResourceGovernor(testing('chaos'));
  const registry = new PluginRegistry({ governor });
  const strip = await mount(registry);
  try {
    return await use(strip.call);
  } finally {
    await registry[Symbol.asyncDispose]();
    await governor.close();
  }
}
const mount = (registry: PluginRegistry) => registry.mount(chaosStrip, { scenarios });

it('takes its seed from a deterministic governor, and so repeats itself', async () => {
  const run = () => mounted((call) => call.simulate({ scenario: 'dice' }));
  const first = await run();
  expect(await run()).toEqual(first);
  expect(first.history).toEqual([
    { process: 'player', operation: { throws: '1' }, result: first.value, call: 1, return: 2, outcome: 'ok' },
  ]);
  const seeded = await mounted((call) => call.simulate({ scenario: 'dice', seed: 1, settings: { epochMs: 0 } }));
  expect(seeded.value).not.toBe(first.value);
});

it('finds, shrinks and replays', async () => {
  await mounted(async (call) => {
    const { failure } = await call.explore({ scenario: 'dies', settings: { swarm: { kinds: ['process.kill'] } } });
    expect(failure).toMatchObject({ kind: 'invariant', name: 'a lives' });
    const again = await call.replay({ scenario: 'dies', trace: failure!.trace });
    expect(again).toMatchObject({ reproduced: true, failure: { name: 'a lives' }, story: failure!.story });
    expect((await call.simulate({ scenario: 'empty' })).failure).toMatchObject({ kind: 'check' });
  });
});

it('stops a world when its caller does not want it any more', async () => {
  await mounted(async (call) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 60);
    const settings = { maxEvents: 1e9, maxVirtualMs: 1e12 };
    const called = call.simulate({ scenario: 'endless', settings }, { signal: controller.signal });
    await expect(called).rejects.toMatchObject({ code: 'OperationAborted' });
    // The thread is free once the world is at its end, which the caller did not wait for.
    const next = await vi.waitFor(() => call.simulate({ scenario: 'dice', seed: 1 }), 5000);
    expect(next.value).toEqual(expect.any(Number));
  });
});

it('refuses a scenario that is not mounted', async () => {
  await mounted(async (call) => {
    await expect(call.simulate({ scenario: 'other' })).rejects.toMatchObject({ code: 'OptionsInvalid' });
    await expect(call.simulate({ scenario: 'dice', settings: { maxEvents: 0 } })).rejects.toMatchObject({
      code: 'PluginInputInvalid',
    });
  });
});

it('describes itself in JSON Schema', async () => {
  const registry = new PluginRegistry();
  await mount(registry);
  const [strip] = registry.describe().strips;
  expect(strip!.plugins.map(({ name }) => name)).toEqual([
    'simulate',
    'explore',
    'replay',
    'check-linearizability',
    'control-proxy',
    'run-experiment',
    'inject-fault',
    'revert-fault',
    'probe-host',
  ]);
  await registry[Symbol.asyncDispose]();
});
