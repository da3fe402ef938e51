// Runs random plugin programs under deterministic governors and prints one line a program: its digest and its outputs.
import { definePlugin, defineStrip, PluginRegistry, ResourceGovernor, testing } from '@tenstrip/shared-core';
import { z } from 'zod';

/** A program is data: calls that are started together, each a list of steps. It is the same for the same seed. */
const step = z.object({
  kind: z.enum(['draw', 'sleep', 'checkpoint', 'entropy', 'nest', 'fail', 'add']),
  n: z.number(),
});

const steps = definePlugin({
  name: 'steps',
  summary: 'Does its steps and gives what came of them',
  input: z.object({ steps: z.array(step) }),
  output: z.array(z.union([z.number(), z.string()])),
  async execute({ steps: list }, op) {
    const results = [];
    for (const { kind, n } of list) {
      if (kind === 'draw') results.push(op.random.stream('draw', n).integer(0, 1e6));
      if (kind === 'sleep') await op.clock.sleep(n);
      if (kind === 'checkpoint') await op.checkpoint();
      if (kind === 'entropy') results.push(Buffer.from(op.entropy(4)).toString('hex'));
      if (kind === 'nest') results.push(JSON.stringify(await op.call('programs/add', { by: n })));
      if (kind === 'add') op.service.total += n;
      if (kind === 'fail') throw new RangeError(`asked to fail at ${n}`);
      results.push(op.clock.now());
    }
    return results;
  },
});

const add = definePlugin({
  name: 'add',
  summary: 'Adds',
  input: z.object({ by: z.number().max(900) }),
  output: z.object({ total: z.number() }),
  execute({ by }, { service }) {
    service.total += by;
    return { total: service.total };
  },
});

const strip = defineStrip({
  name: 'programs',
  version: 1,
  summary: 'Random programs',
  options: z.object({}),
  plugins: [steps, add],
  open: () => ({ total: 0 }),
});

/** Park and Miller's minimal standard generator: programs must not depend on what is tested. */
function generator(seed) {
  let state = (seed % 2147483646) + 1;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

function program(seed) {
  const below = generator(seed);
  const kinds = step.shape.kind.options;
  return Array.from({ length: 1 + below(5) }, () => ({
    steps: Array.from({ length: below(6) }, () => ({ kind: kinds[below(kinds.length)], n: below(1000) })),
  }));
}

async function run(seed) {
  const governor = new ResourceGovernor(testing(seed));
  const registry = new PluginRegistry({ governor });
  const { call } = await registry.mount(strip, {});
  const outcomes = await Promise.all(
    program(seed).map((input) => call.steps(input).catch((error) => `${error.code}: ${error.message}`)),
  );
  const digest = governor.decisionDigest();
  await registry[Symbol.asyncDispose]();
  return `${seed} ${digest} ${JSON.stringify(outcomes)}`;
}

const [first, count] = process.argv.slice(2).map(Number);
const lines = [];
for (let seed = first; seed < first + count; seed++) lines.push(await run(seed));
process.stdout.write(`${lines.join('\n')}\n`);
