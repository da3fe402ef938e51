import { PluginRegistry, ResourceGovernor, testing } from '@tenstrip/shared-core';
import { expect, it } from 'vitest';
import { symbolicReducerStrip } from '../../src/strip.js';

it('counts through the registry and refuses a key too many', async () => {
  await using registry = new PluginRegistry({ governor: new ResourceGovernor(testing(1)) });
  const mounted = await registry.mount(symbolicReducerStrip, { maxKeys: 2 });
  expect(await mounted.call.count({ keys: ['a', 'b', 'a'] })).toEqual({ distinct: 2 });
  expect(await mounted.call.mostFrequent({ limit: 1 })).toEqual({ counts: [{ key: 'a', count: 2 }] });
  await expect(mounted.call.count({ keys: ['c'] })).rejects.toMatchObject({ code: 'TallyFull' });
});
