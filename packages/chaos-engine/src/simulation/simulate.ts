// One world from a seed: patch, run to the end inside one turn of the event loop, put everything back.

import { type OperationContext, TenstripError } from '@tenstrip/shared-core';
import type { History } from '../checking/index.js';
import type { ChaosErrorCode } from '../errors/index.js';
import { everyDecision, type TakenDecisions } from './decisions.js';
import type { PlannedFault, SwarmOptions } from './fault-plan.js';
import { textOf } from './history.js';
import { preciseIsFree, type ResourceWatch, resourceName, watchResources } from './leak-detector.js';
import { type Driver, drive, drivers } from './microtask-driver.js';
import { compileAtOnce } from './patched-forbidden.js';
import { claimThread } from './running-world.js';
import { Patch, patchRuntime } from './runtime-patch.js';
import { CallEvent, eventCode } from './sim-event.js';
import type { LinkFaults } from './sim-network.js';
import { SimImmediate, SimTimeout } from './sim-timers.js';
import type { TraceStep } from './step-log.js';
import type { Strategy } from './strategies.js';
import { encodeTrace, type Trace } from './trace.js';
import { type NodeCrash, type Scenario, type SimFailure, World } from './world.js';
import { checkSettings, type WorldSettings } from './world-options.js';

/** What a world is made of; every field but the seed has a default. */
export interface WorldOptions {
  /** Decides everything that is left to chance. */
  readonly seed: number | bigint | string;
  /** Added to virtual time by `Date`, milliseconds since 1970. Default 2026-01-01T00:00:00Z. */
  readonly epochMs?: number;
  /** Events until `WorldExhausted`. Default 10,000,000. */
  readonly maxEvents?: number;
  /** Virtual time until `WorldExhausted`, milliseconds. Default a day. */
  readonly maxVirtualMs?: number;
  /** Operations that the history holds until `WorldExhausted`. Default 1,000,000. */
  readonly maxHistory?: number;
  /** What every link is like. Default 0.5 ms one way and no faults, or what the swarm draws. */
  readonly network?: Partial<LinkFaults>;
  /** How the order of events is explored. Default plain, or what the swarm draws. */
  readonly strategy?: Strategy;
  /** Faults at given moments. */
  readonly faults?: readonly PlannedFault[];
  /** Draws faults, links and strategy from the seed. */
  readonly swarm?: SwarmOptions;
  /** A node's crash does not fail the world; it is reported all the same. Default false. */
  readonly allowCrashes?: boolean;
  /** Looks at the history once the world is over; a text, or what it throws, says what is wrong with it. */
  readonly check?: (history: History) => string | undefined;
  /** Look below the patch too (see `Nondeterminism`); before Node 24 a world that left something behind is run twice. Default true. */
  readonly watchResources?: boolean;
  /** How the world is driven; all give the same trace. Default `auto`. */
  readonly driver?: Driver;
  /** The operation that this is part of: a world of many events stops between two of them when it is cancelled. */
  readonly context?: OperationContext;
  /** Stops a world of many events between two of them. */
  readonly signal?: AbortSignal;
}

/** How a world went. */
export interface SimResult<T> {
  /** What the scenario gave, when nothing failed. */
  readonly value?: T;
  readonly failure?: SimFailure;
  readonly events: number;
  /** Virtual time, milliseconds. */
  readonly virtualMs: number;
  /** 16 hexadecimal digits over all events, bytes and records: equal for equal runs. */
  readonly traceHash: string;
  /** What `world.record` recorded, as `checkLinearizable` takes it. */
  readonly history: History;
  readonly crashes: readonly NodeCrash[];
  /** Operations, faults and what did not go plainly, the last 4,096. */
  readonly steps: readonly TraceStep[];
  /** This world in one string, for `replay`. */
  readonly trace: string;
}

/** A run of one world, with what shrinking needs. @internal */
export interface WorldRun<T> extends SimResult<T> {
  readonly taken: readonly TakenDecisions[];
  readonly faultIds: readonly string[];
  /** Why the world is worthless, or came to a bound. */
  readonly thrown: TenstripError<ChaosErrorCode> | undefined;
}

/** What is done around every world. @internal */
export interface WorldRunOptions
  extends Pick<WorldOptions, 'check' | 'watchResources' | 'driver' | 'context' | 'signal'> {
  readonly observer?: NonNullable<World['observer']>;
}

/** Options of a world, taken apart. @internal */
export function splitOptions(options: Omit<WorldOptions, 'seed'>): { settings: WorldSettings; run: WorldRunOptions } {
  const { check, watchResources: watched, driver, context, signal, ...settings } = options;
  if (check !== undefined && typeof check !== 'function') throw unusable('check', check, 'a function of the history');
  assertDriver(driver);
  return {
    settings: checkSettings(settings),
    run: {
      ...(check && { check }),
      ...(watched !== undefined && { watchResources: watched }),
      ...(driver && { driver }),
      ...(context && { context }),
      ...(signal && { signal }),
    },
  };
}

/**
 * Runs `scenario` in a world of virtual time in which `seed` decides everything: timers, `Date`, chance, `node:net`, `node:http`,
 * undici and `fetch` are the world's. Failures of the scenario are in the result.
 *
 * The world runs inside one turn of the event loop: nothing else happens in this thread meanwhile. One with a context or a signal lets
 * others have the thread about every 20 ms, and rejects with what the context or the signal gives as the reason when it was cancelled.
 *
 * @throws TenstripError `OptionsInvalid`; `WorldBusy` when this thread runs a simulation; `Nondeterminism` when code reached the real
 *   machine; `WorldExhausted` when a bound was met or nothing can happen any more (`details.bound`)
 */
export async function simulate<T>(options: WorldOptions, scenario: Scenario<T>): Promise<SimResult<T>> {
  assertScenario(options, scenario);
  const { seed, ...rest } = options;
  const { settings, run } = splitOptions(rest);
  const trace: Trace = { ...wholeWorld, scenario: scenario.name, seed: seedText(seed), settings };
  using simulator = await Simulator.open();
  const { taken: _, faultIds: __, thrown, ...result } = await simulator.run(trace, scenario, run);
  if (thrown !== undefined) throw thrown;
  return result;
}

/** @throws TenstripError `OptionsInvalid` @internal */
export function assertDriver(driver: unknown): void {
  if (driver === undefined || drivers.includes(driver as Driver)) return;
  throw unusable('driver', driver, drivers.join(', '));
}

/** @throws TenstripError `OptionsInvalid` @internal */
export function assertScenario(options: unknown, scenario: unknown): void {
  assertObject('options', options, 'an object');
  if (typeof scenario !== 'function') throw unusable('scenario', scenario, 'a function of the world');
}

/** @throws TenstripError `OptionsInvalid` @internal */
export function assertObject(name: string, value: unknown, wanted: string): void {
  if (typeof value !== 'object' || value === null) throw unusable(name, value, wanted);
}

function unusable(name: string, value: unknown, wanted: string): TenstripError<ChaosErrorCode> {
  const issues = [`${name}: give ${wanted}`];
  return new TenstripError<ChaosErrorCode>('OptionsInvalid', `${name} is ${String(value)}; give ${wanted}`, {
    details: { issues },
  });
}

/** What every world begins with: no fault is left out and every draw counts. @internal */
export const wholeWorld = { faults: undefined, moved: {}, mask: everyDecision } as const;

/** A seed as text that tells 7 from '7'. @internal */
export function seedText(seed: number | bigint | string): string {
  if (typeof seed === 'string') return `s${seed}`;
  if (typeof seed === 'bigint' || Number.isFinite(seed)) return `n${seed}`;
  throw new TenstripError<ChaosErrorCode>(
    'OptionsInvalid',
    `the seed is ${String(seed)}; give a finite number, a bigint or a text`,
    {
      details: { issues: ['seed'] },
    },
  );
}

/** This thread, patched for worlds one after the other; everything is put back when it is disposed. @internal */
export class Simulator implements Disposable {
  readonly #thread: Disposable;
  readonly #patch: Disposable;

  private constructor(thread: Disposable, patch: Disposable) {
    this.#thread = thread;
    this.#patch = patch;
  }

  /** @throws TenstripError `WorldBusy` */
  static async open(): Promise<Simulator> {
    const thread = claimThread();
    try {
      await warmUp();
      return new Simulator(thread, patchRuntime());
    } catch (error) {
      thread[Symbol.dispose]();
      throw error;
    }
  }

  /** Runs the world of a trace. */
  async run<T>(trace: Trace, scenario: Scenario<T>, options: WorldRunOptions): Promise<WorldRun<T>> {
    const watch = options.watchResources ?? true;
    const { world, precise, leftBehind } = await runOnce(trace, scenario, options, watch && preciseIsFree);
    const isSuspicious = leftBehind.length > 0 || isDeadlock(world);
    if (!watch || precise || !isSuspicious) return resultOf<T>(world, trace, options);
    const again = await runOnce(trace, scenario, options, true);
    if (again.world.outcome?.kind === 'error' || leftBehind.length === 0)
      return resultOf<T>(again.world, trace, options);
    again.world.nondeterminism(leftBehind.map(resourceName).join(', '), '');
    return resultOf<T>(again.world, trace, options);
  }

  [Symbol.dispose](): void {
    this.#patch[Symbol.dispose]();
    this.#thread[Symbol.dispose]();
  }
}

interface WatchedWorld {
  readonly world: World;
  readonly precise: boolean;
  readonly leftBehind: readonly string[];
}

async function runOnce(
  trace: Trace,
  scenario: Scenario,
  options: WorldRunOptions,
  precise: boolean,
): Promise<WatchedWorld> {
  const world = new World(trace);
  if (options.observer) world.observer = options.observer;
  let watch: ResourceWatch | undefined;
  const cancellation = cancellationOf(world, options, () => watch);
  let leftBehind: string[] = [];
  try {
    await drive(options.driver ?? 'auto', world, (inPlace) => {
      // By turns the machine may come back while the world runs.
      if (options.watchResources ?? true) watch = watchResources(precise || !inPlace);
      world.begin(scenario);
    });
    cancellation.throwIfCancelled();
    leftBehind = watch?.precise === false ? watch.leftBehind() : [];
  } finally {
    watch?.[Symbol.dispose]();
  }
  return { world, precise: watch?.precise ?? precise, leftBehind };
}

/** Has the world make way now and then where somebody may cancel it. */
function cancellationOf(
  world: World,
  { context, signal }: WorldRunOptions,
  watch: () => ResourceWatch | undefined,
): { throwIfCancelled(): void } {
  let cancelled: { readonly reason: unknown } | undefined;
  if (context !== undefined || signal !== undefined) {
    let lastMs = nowOfNode();
    const looked = async (): Promise<void> => {
      try {
        // A turn of the event loop, or nobody could have cancelled it.
        await new Promise((resolve) => setImmediateOfNode(resolve));
        signal?.throwIfAborted();
        await context?.checkpoint();
      } catch (reason) {
        cancelled = { reason };
        world.abandon();
      }
      lastMs = nowOfNode();
    };
    world.makeWay = () => {
      if (cancelled !== undefined || nowOfNode() - lastMs < makeWayEveryMs) return undefined;
      // What reached the machine unseen must not come back before the world is over and it is found.
      const seen = watch();
      return seen?.precise === false && seen.leftBehind().length > 0 ? undefined : looked();
    };
  }
  return {
    throwIfCancelled() {
      if (cancelled !== undefined) throw cancelled.reason;
    },
  };
}

const makeWayEveryMs = 20;
// The functions of the machine: these run while a patch is in place.
const nowOfNode = performance.now.bind(performance);
const setImmediateOfNode = setImmediate;

function isDeadlock({ outcome }: World): boolean {
  return outcome?.kind === 'error' && outcome.error.details.bound === 'deadlock';
}

function resultOf<T>(world: World, trace: Trace, options: WorldRunOptions): WorldRun<T> {
  const outcome = world.outcome!;
  let failure = outcome.kind === 'failure' ? outcome.failure : undefined;
  if (outcome.kind === 'value') {
    failure = checked(world.history, options);
  }
  const traceHash = world.digest;
  return {
    ...(outcome.kind === 'value' && failure === undefined && { value: outcome.value as T }),
    ...(failure !== undefined && { failure }),
    events: world.events,
    virtualMs: world.nowMs,
    traceHash,
    history: world.history,
    crashes: world.crashes,
    steps: world.log.steps(),
    trace: encodeTrace(trace, traceHash),
    taken: world.decisions.taken(),
    faultIds: world.faultIds,
    thrown: outcome.kind === 'error' ? outcome.error : undefined,
  };
}

/** As with invariants, what the check throws is what it found. */
function checked(history: History, { check }: WorldRunOptions): SimFailure | undefined {
  try {
    const problem = check?.(history);
    return problem === undefined ? undefined : { kind: 'check', name: 'check', message: problem };
  } catch (error) {
    return { kind: 'check', name: 'check', message: textOf(error), error };
  }
}

let warm: Promise<void> | undefined;
/** V8 forgets the shape of objects of which none is alive, and the code that it compiled for them: a small world stays, so that a
 * simulation after a full collection of garbage is as fast as one before it. */
const kept: World[] = [];

function smallWorld(): World {
  const world = new World({ ...wholeWorld, scenario: '', seed: seedText(0), settings: checkSettings({}) });
  for (let ms = 200; ms > 0; ms--) SimTimeout.start(world.scenario, () => {}, ms / 2, false);
  for (let event = 0; event < 150; event++) {
    world.step();
    world.drained();
  }
  world.plan(new CallEvent(world.scenario, eventCode.internal, () => {}), 0);
  world.plan(new SimImmediate(world.scenario, () => {}, []), 0);
  return world;
}

/** Loads what Node makes late, as that would reach the machine inside the world: streams of output, `structuredClone`, `fetch`. */
function warmUp(): Promise<void> {
  if (kept.length === 0) kept.push(smallWorld());
  warm ??= (async () => {
    void process.stdout;
    void process.stderr;
    structuredClone({});
    if (typeof fetch !== 'function') return;
    using patch = new Patch();
    compileAtOnce(patch);
    await (await fetch('data:,')).text();
    // What a module began when it was loaded comes to its end in the next turns; a world would have it later the first time.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediateOfNode(resolve));
  })();
  return warm;
}
