// Many worlds of one scenario: seed after seed, each with a mix of faults of its own, until one fails; that one is made small. And the
// two that go with it: the same world again from one string, and the same world several times to see whether it is the same.

import { TenstripError, ungoverned } from '@tenstrip/shared-core';
import type { ChaosErrorCode } from '../errors/index.js';
import type { SwarmOptions } from './fault-plan.js';
import { failureOf, shrink } from './shrink.js';
import {
  assertDriver,
  assertScenario,
  type SimResult,
  Simulator,
  seedText,
  splitOptions,
  type WorldOptions,
  type WorldRun,
  type WorldRunOptions,
  wholeWorld,
} from './simulate.js';
import { formatSteps, type TraceStep } from './step-log.js';
import { decodeTrace, encodeTrace, type Trace } from './trace.js';
import type { Scenario, SimFailure } from './world.js';

/** How far an exploration is. */
export interface ExploreProgress {
  readonly phase: 'exploring' | 'shrinking';
  readonly worlds: number;
  readonly events: number;
}

/** What is explored; every field has a default. */
export interface ExploreOptions extends Omit<WorldOptions, 'seed' | 'swarm'> {
  /** The first seed; the others count up from it. Default 0. */
  readonly firstSeed?: number;
  /** So many worlds at most. Default 1000. */
  readonly worlds?: number;
  /** No new world after so much time of the context's clock, milliseconds. Default none. */
  readonly budgetMs?: number;
  /** What each seed draws. Default every kind of fault; `false` for none. */
  readonly swarm?: SwarmOptions | false;
  /** Worlds that shrinking may take; 0 to leave a failure as it is. Default 500. */
  readonly shrinkWorlds?: number;
  /** Told after each world. */
  readonly onProgress?: (progress: ExploreProgress) => void;
}

/** A failure that was found. */
export interface FoundFailure extends SimFailure {
  readonly seed: number;
  /** The smallest world found that fails so, in one string, for {@link replay}. */
  readonly trace: string;
  /** The world in which it was found. */
  readonly originalTrace: string;
  /** The faults that are left, planned ones by their place, drawn ones by kind and number. */
  readonly faults: readonly string[];
  /** Draws that are left. */
  readonly decisions: number;
  readonly steps: readonly TraceStep[];
  /** The steps as text. */
  readonly story: string;
  readonly shrinkWorlds: number;
}

/** What came of an exploration. */
export interface ExploreReport {
  readonly worlds: number;
  /** Of the worlds explored, those of shrinking not counted. */
  readonly events: number;
  /** The first failure, which is that of the lowest seed. */
  readonly failure?: FoundFailure;
}

/**
 * Runs a scenario in one world after the other until one fails, and shrinks that one.
 *
 * @throws TenstripError `OptionsInvalid`, `WorldBusy`, `Nondeterminism` (also when a world that failed fails otherwise the second time)
 */
export async function explore(options: ExploreOptions, scenario: Scenario): Promise<ExploreReport> {
  assertScenario(options, scenario);
  const { firstSeed = 0, worlds = 1000, budgetMs, shrinkWorlds = 500, context, signal, onProgress } = options;
  checkCounts({ firstSeed, worlds, shrinkWorlds, 'firstSeed + worlds': firstSeed + worlds });
  if (budgetMs !== undefined && budgetMs !== Number.POSITIVE_INFINITY) checkCounts({ budgetMs: Math.ceil(budgetMs) });
  const { settings, run: runOptions } = exploredSettings(options);
  const op = context ?? ungoverned.context({ name: 'explore' });
  const endMs = budgetMs === undefined ? Number.POSITIVE_INFINITY : op.clock.monotonicMs() + budgetMs;
  const pause = (): Promise<void> | undefined => {
    signal?.throwIfAborted();
    return op.checkpoint();
  };
  using simulator = await Simulator.open();
  let explored = 0;
  let events = 0;
  for (let index = 0; index < worlds; index++) {
    await pause();
    if (op.clock.monotonicMs() >= endMs) break;
    const seed = firstSeed + index;
    const trace: Trace = { ...wholeWorld, scenario: scenario.name, seed: seedText(seed), settings };
    const run = await simulator.run(trace, scenario, runOptions);
    explored++;
    events += run.events;
    const failure = failureOf(run);
    if (failure !== undefined) {
      await confirm(simulator, trace, run, scenario, runOptions);
      onProgress?.({ phase: 'shrinking', worlds: explored, events });
      const smallest = await shrink(simulator, { trace, run, failure }, scenario, runOptions, shrinkWorlds, pause);
      return { worlds: explored, events, failure: found(seed, run, smallest) };
    }
    if (run.thrown !== undefined) throw run.thrown;
    onProgress?.({ phase: 'exploring', worlds: explored, events });
  }
  return { worlds: explored, events };
}

/** What all worlds of an exploration have in common. @throws TenstripError `OptionsInvalid` @internal */
export function exploredSettings(options: ExploreOptions): ReturnType<typeof splitOptions> {
  const {
    firstSeed: _,
    worlds: __,
    budgetMs: ___,
    shrinkWorlds: ____,
    onProgress: _____,
    swarm = {},
    ...rest
  } = options;
  return splitOptions({ ...rest, ...(swarm !== false && { swarm }) } as WorldOptions);
}

/** How {@link replay} runs a world. */
export type ReplayOptions = Pick<WorldOptions, 'check' | 'watchResources' | 'driver' | 'context' | 'signal'>;

/** A world that was run again. */
export interface ReplayResult extends SimResult<unknown> {
  /** Whether it went exactly as when the trace was made. */
  readonly reproduced: boolean;
  /** The major version of Node under which the trace was made. */
  readonly nodeOfTrace: number;
  /** The steps as text. */
  readonly story: string;
}

/**
 * Runs the world of a trace again. Seed, settings, faults and draws are in the string; the code is `scenario`. A bound that the world
 * meets is a failure of kind `exhausted` here.
 *
 * @throws TenstripError `TraceInvalid`, also when the trace is one of a function of another name; `WorldBusy`; `Nondeterminism`
 */
export async function replay(trace: string, scenario: Scenario, options: ReplayOptions = {}): Promise<ReplayResult> {
  assertScenario(options, scenario);
  assertDriver(options.driver);
  const { traceHash, node, ...decoded } = decodeTrace(trace);
  if (decoded.scenario !== '' && scenario.name !== '' && decoded.scenario !== scenario.name) {
    const problem = `it is one of the scenario ${decoded.scenario}, and ${scenario.name} was given`;
    throw new TenstripError<ChaosErrorCode>('TraceInvalid', `this trace cannot be replayed: ${problem}`, {
      details: { problem },
    });
  }
  using simulator = await Simulator.open();
  const run = await simulator.run(decoded, scenario, options);
  const failure = failureOf(run);
  const { taken: _, faultIds: __, thrown, ...result } = run;
  if (thrown !== undefined && failure === undefined) throw thrown;
  return {
    ...result,
    ...(failure && { failure }),
    reproduced: run.traceHash === traceHash,
    nodeOfTrace: node,
    story: formatSteps(run.steps),
  };
}

/** Whether runs of one world were equal. */
export type DeterminismVerdict =
  | { readonly ok: true; readonly traceHash: string }
  | {
      readonly ok: false;
      /** Number of the event after which two runs differ, from 0. */
      readonly event: number;
      /** What that event was in the first run and in the other; `undefined` where a run was over. */
      readonly first: TraceStep | undefined;
      readonly other: TraceStep | undefined;
    };

/**
 * Runs one world `runs` times (default 10) and compares event by event: finds what nothing else sees, such as a `Date.now` that was
 * captured before. Keeps up to 1,000,000 events of the first run in memory.
 *
 * @throws TenstripError as {@link simulate}
 */
export async function verifyDeterminism(
  options: WorldOptions,
  scenario: Scenario,
  runs = 10,
): Promise<DeterminismVerdict> {
  assertScenario(options, scenario);
  checkCounts({ runs, 'runs - 2': runs - 2 });
  const { seed, ...rest } = options;
  const { settings, run } = splitOptions(rest);
  const trace: Trace = { ...wholeWorld, scenario: scenario.name, seed: seedText(seed), settings };
  using simulator = await Simulator.open();
  const first: ObservedEvent[] = [];
  const result = await simulator.run(trace, scenario, {
    ...run,
    observer: (...event) => first.length < 1e6 && first.push(event),
  });
  if (result.thrown !== undefined) throw result.thrown;
  for (let again = 1; again < runs; again++) {
    let count = 0;
    let divergence: { event: number; other: ObservedEvent | undefined } | undefined;
    const other = await simulator.run(trace, scenario, {
      ...run,
      observer: (...event) => {
        const expected = first[count];
        if (divergence === undefined && count < 1e6 && expected?.[3] !== event[3])
          divergence = { event: count, other: event };
        count++;
      },
    });
    if (divergence === undefined && other.traceHash === result.traceHash) continue;
    divergence ??= { event: count, other: undefined };
    return {
      ok: false,
      event: divergence.event,
      first: stepOf(first[divergence.event]),
      other: stepOf(divergence.other),
    };
  }
  return { ok: true, traceHash: result.traceHash };
}

type ObservedEvent = [atMs: number, node: string, code: number, hash: string];

function stepOf(event: ObservedEvent | undefined): TraceStep | undefined {
  return event && { atMs: event[0], node: event[1], text: `event ${eventNames[event[2]] ?? event[2]}` };
}

const eventNames = ['', 'timer', 'immediate', 'internal', 'message', 'segment', 'connection', 'fault', 'disk'];

/** A failure that does not come back would be shrunk to nonsense. */
async function confirm(
  simulator: Simulator,
  trace: Trace,
  run: WorldRun<unknown>,
  scenario: Scenario,
  options: WorldRunOptions,
): Promise<void> {
  const again = await simulator.run(trace, scenario, options);
  if (again.traceHash === run.traceHash) return;
  throw new TenstripError<ChaosErrorCode>(
    'Nondeterminism',
    `two runs of the seed ${trace.seed.slice(1)} differ (${run.traceHash} and ${again.traceHash}); verifyDeterminism tells where`,
    { details: { api: 'unknown', seed: trace.seed.slice(1) } },
  );
}

function found(
  seed: number,
  original: WorldRun<unknown>,
  { trace, run, failure, worlds }: { trace: Trace; run: WorldRun<unknown>; failure: SimFailure; worlds: number },
): FoundFailure {
  return {
    ...failure,
    seed,
    trace: encodeTrace({ ...trace, faults: run.faultIds }, run.traceHash),
    originalTrace: original.trace,
    faults: run.faultIds,
    decisions: run.taken.reduce((sum, { count }) => sum + count, 0),
    steps: run.steps,
    story: formatSteps(run.steps),
    shrinkWorlds: worlds,
  };
}

/** @throws TenstripError `OptionsInvalid` @internal */
export function checkCounts(counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) {
    if (Number.isSafeInteger(count) && count >= 0) continue;
    throw new TenstripError<ChaosErrorCode>('OptionsInvalid', `${name} is ${count}; give an integer from 0`, {
      details: { issues: [name] },
    });
  }
}
