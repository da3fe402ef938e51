// The governed strip: plugin calls, translated into the engine's own. Thin on purpose; what the engine can do is in its own modules.

import { definePlugin, defineStrip, type PluginContext } from '@tenstrip/shared-core';
import { z } from 'zod';
import { Tally } from './tally/index.js';

const key = z.string().min(1).max(256);

const count = definePlugin({
  name: 'count',
  summary: 'Counts keys',
  input: z.object({ keys: z.array(key).max(10_000) }),
  output: z.object({ distinct: z.number().int() }),
  async execute({ keys }, op: PluginContext<Tally>) {
    for (const each of keys) {
      await op.checkpoint();
      op.service.add(each);
    }
    return { distinct: op.service.size };
  },
});

const mostFrequent = definePlugin({
  name: 'most-frequent',
  summary: 'The keys counted most often',
  input: z.object({ limit: z.number().int().min(1).max(1_000) }),
  output: z.object({ counts: z.array(z.object({ key, count: z.number().int() })) }),
  execute: ({ limit }, op: PluginContext<Tally>) => ({ counts: op.service.mostFrequent(limit) }),
});

/** Exact symbolic computation whose every reduction carries a proof, as a strip that a registry mounts and a governor holds. */
export const symbolicReducerStrip = defineStrip({
  name: 'symbolic-reducer',
  version: 1,
  summary: 'Exact symbolic computation whose every reduction carries a proof',
  options: z.object({ maxKeys: z.number().int().min(1).max(1_000_000).default(10_000) }),
  plugins: [count, mostFrequent],
  open: ({ maxKeys }) => new Tally(maxKeys),
});
