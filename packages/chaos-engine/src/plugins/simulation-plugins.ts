// The simulation's plugins. Scenarios are functions and come in the mount options under names; calls name them, and all else is
// JSON. A simulation is deterministic by itself: without a seed of the caller's it takes one from the operation's chance.

import { definePlugin, type PluginContext, TenstripError } from '@tenstrip/shared-core';
import { z } from 'zod';
import type { History } from '../checking/index.js';
import type { ChaosErrorCode } from '../errors/index.js';
import {
  explore,
  formatSteps,
  replay,
  type Scenario,
  type SimResult,
  simulate,
  type WorldOptions,
  worldSettingsSchema,
} from '../simulation/index.js';

/** A scenario as it is mounted. */
export interface NamedScenario {
  readonly scenario: Scenario;
  /** Looks at the history once a world is over; a text says what is wrong with it. */
  readonly check?: (history: History) => string | undefined;
}

/** The scenarios by their names. */
export interface SimulationService {
  readonly scenarios: Readonly<Record<string, NamedScenario>>;
}

type ServiceContext = PluginContext<SimulationService>;

const nameSchema = z.string().min(1).max(256);
const seedSchema = z.union([z.number(), z.string().max(1024)]);

const failureSchema = z.object({ kind: z.string(), name: z.string(), message: z.string() });

const resultSchema = z.object({
  /** What the scenario gave, as JSON. */
  value: z.unknown(),
  failure: failureSchema.optional(),
  events: z.number(),
  virtualMs: z.number(),
  traceHash: z.string(),
  crashes: z.array(z.object({ node: z.string(), atMs: z.number(), message: z.string() })),
  history: z.array(
    z.object({
      process: z.union([z.string(), z.number()]),
      operation: z.unknown(),
      result: z.unknown().optional(),
      call: z.number(),
      return: z.number().optional(),
      outcome: z.enum(['ok', 'fail', 'unknown']),
    }),
  ),
  story: z.string(),
  trace: z.string(),
});

export const simulatePlugin = definePlugin({
  name: 'simulate',
  summary: 'Runs a scenario in one seeded world of virtual time',
  input: z.object({
    scenario: nameSchema,
    seed: seedSchema.optional(),
    settings: worldSettingsSchema.partial().optional(),
  }),
  output: resultSchema,
  async execute({ scenario, seed, settings }, context: ServiceContext) {
    const { scenario: run, check } = scenarioNamed(context, scenario);
    const options = { ...settings, seed: seed ?? context.random.uint32(), context, ...(check && { check }) };
    return plainResult(await simulate(options as WorldOptions, run));
  },
});

export const explorePlugin = definePlugin({
  name: 'explore',
  summary: 'Runs a scenario in world after world until one fails, and shrinks that one to a short trace',
  input: z.object({
    scenario: nameSchema,
    /** Default: drawn from the operation's chance. */
    firstSeed: z
      .number()
      .int()
      .min(0)
      .max(2 ** 52)
      .optional(),
    worlds: z.number().int().min(1).max(1_000_000).default(1000),
    shrinkWorlds: z.number().int().min(0).max(100_000).default(500),
    settings: worldSettingsSchema.partial().optional(),
  }),
  output: z.object({
    worlds: z.number(),
    events: z.number(),
    failure: failureSchema
      .extend({
        seed: z.number(),
        trace: z.string(),
        originalTrace: z.string(),
        faults: z.array(z.string()),
        decisions: z.number(),
        story: z.string(),
        shrinkWorlds: z.number(),
      })
      .optional(),
  }),
  async execute({ scenario, firstSeed, worlds, shrinkWorlds, settings }, context: ServiceContext) {
    const { scenario: run, check } = scenarioNamed(context, scenario);
    const { failure, ...report } = await explore(
      {
        ...(settings as Omit<WorldOptions, 'seed'>),
        firstSeed: firstSeed ?? context.random.uint32(),
        worlds,
        shrinkWorlds,
        context,
        ...(check && { check }),
      },
      run,
    );
    if (failure === undefined) return report;
    const { error: _, steps: __, faults, ...plain } = failure;
    return { ...report, failure: { ...plain, faults: [...faults] } };
  },
});

export const replayPlugin = definePlugin({
  name: 'replay',
  summary: 'Runs the world of a trace again',
  input: z.object({ scenario: nameSchema, trace: z.string().max(2 ** 24) }),
  output: resultSchema.extend({ reproduced: z.boolean(), nodeOfTrace: z.number() }),
  async execute({ scenario, trace }, context: ServiceContext) {
    const { scenario: run, check } = scenarioNamed(context, scenario);
    const again = await replay(trace, run, { context, ...(check && { check }) });
    return { ...plainResult(again), reproduced: again.reproduced, nodeOfTrace: again.nodeOfTrace };
  },
});

function scenarioNamed({ service: { scenarios } }: ServiceContext, name: string): NamedScenario {
  if (Object.hasOwn(scenarios, name)) return scenarios[name]!;
  const known = Object.keys(scenarios).join(', ') || 'none';
  throw new TenstripError<ChaosErrorCode>(
    'OptionsInvalid',
    `no scenario is mounted as ${name}; mounted: ${known}; give it in the mount option scenarios`,
    { details: { issues: [`scenario: ${name}`] } },
  );
}

function plainResult(run: SimResult<unknown>): z.input<typeof resultSchema> {
  const { failure } = run;
  return {
    value: json(run.value),
    ...(failure && { failure: { kind: failure.kind, name: failure.name, message: failure.message } }),
    events: run.events,
    virtualMs: run.virtualMs,
    traceHash: run.traceHash,
    crashes: run.crashes.map(({ node, atMs, error }) => ({ node, atMs, message: String(error) })),
    history: run.history.map((each) => ({ ...each, operation: json(each.operation), result: json(each.result) })),
    story: formatSteps(run.steps),
    trace: run.trace,
  };
}

/** A value as it is in JSON; bigints as text, and nothing as `null`. */
function json(value: unknown): unknown {
  const text = JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part));
  return text === undefined ? null : JSON.parse(text);
}
