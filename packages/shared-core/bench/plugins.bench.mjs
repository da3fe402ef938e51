// A typed plugin call beside what it replaces: p-limit and the same two zod parses by hand. Ours has everything on: a
// governor with every limit, span, count, log line (disabled at `warn`) and statistics. A strip's own concurrency limit
// adds the turn of its own p-limit; that is printed without a target.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { definePlugin, defineStrip, PluginRegistry, ResourceGovernor } from '@tenstrip/shared-core';
import pLimit from 'p-limit';
import { z } from 'zod';

const input = z.object({
  actor: z.string().min(1),
  port: z.number().int().min(1).max(65_535),
  failures: z.number().nonnegative(),
  isInternal: z.boolean(),
  scenario: z.enum(['ssh-guessing', 'web-scanning', 'path-traversal']),
});
const output = z.object({
  actor: z.string(),
  score: z.number(),
  isBlocked: z.boolean(),
  reason: z.string(),
  untilMs: z.number().int(),
});

/** The work of both sides: a few operations on the fields. */
function judge({ actor, port, failures, isInternal, scenario }) {
  const score = isInternal ? 0 : failures * (port === 22 ? 2 : 1);
  return { actor, score, isBlocked: score > 10, reason: scenario, untilMs: 1000 * score };
}

const judging = definePlugin({
  name: 'judge-actor',
  summary: 'Judges an actor by its failures',
  input,
  output,
  execute: judge,
});
const judgeStrip = defineStrip({
  name: 'judge',
  version: 1,
  summary: 'Judges actors',
  options: z.object({}),
  plugins: [judging],
  open: () => undefined,
});

const everyLimit = {
  cpuPercent: 100_000,
  ramBytes: 1e12,
  ioOpsPerSecond: 1e9,
  ioBytesPerSecond: 1e12,
  maxConcurrency: 64,
  maxQueue: 10_000,
  deadlineMs: 60_000,
};
const scenarios = input.shape.scenario.options;
const events = Array.from({ length: 1000 }, (_, index) => ({
  actor: `192.0.2.${index % 256}`,
  port: index % 3 === 0 ? 22 : 443,
  failures: index % 17,
  isInternal: index % 7 === 0,
  scenario: scenarios[index % scenarios.length],
}));

async function total(calls, call) {
  let sum = 0;
  for (let index = 0; index < calls; index++) {
    const { score, isBlocked } = await call(events[index % events.length]);
    sum += score + (isBlocked ? 1 : 0);
  }
  return sum;
}

/** As {@link total}, with 32 calls at a time. */
async function inFlight(calls, call) {
  const parts = await Promise.all(Array.from({ length: 32 }, () => total(calls / 32, call)));
  return parts.reduce((sum, part) => sum + part, 0);
}

function workload(name, run, { stripLimits = {}, target = { atMost: 2 } } = {}) {
  return {
    workload: name,
    size: '96,000 calls',
    metric: 'cpu',
    ...(target && { target }),
    async prepare({ quick }) {
      const calls = quick ? 32_000 : 96_000;
      const governor = new ResourceGovernor(everyLimit);
      const registry = new PluginRegistry({ governor });
      const { call } = await registry.mount(judgeStrip, {}, stripLimits);
      const limit = pLimit(64);
      const byHand = (event) => {
        const checked = input.parse(event);
        return limit(() => output.parse(judge(checked)));
      };
      return {
        ours: { run: () => run(calls, call.judgeActor) },
        peer: { name: 'p-limit + zod', version: pLimitVersion(), run: () => run(calls, byHand) },
        check(ours, peer) {
          if (ours !== peer) throw new Error(`sums differ: ${ours} and ${peer}`);
          return 'the same sum over all outputs';
        },
        async dispose() {
          await registry[Symbol.asyncDispose]();
          await governor.close();
        },
      };
    },
  };
}

function pLimitVersion() {
  const entry = createRequire(import.meta.url).resolve('p-limit');
  return JSON.parse(readFileSync(new URL('package.json', `file://${entry}`), 'utf8')).version;
}

/** @type {import('../../../tools/bench/workload.mjs').Workload[]} */
export default [
  workload('typed plugin call, 5 fields in and out, one after the other', total),
  workload('typed plugin call, 5 fields in and out, 32 in flight', inFlight),
  workload('typed plugin call, 32 in flight, the strip limited as well', inFlight, {
    stripLimits: { maxConcurrency: 64 },
    target: null,
  }),
];
