// The faults of one experiment: chosen targets, blast radius, rollout in steps, and the end of all of them.

import type { Clock, RandomSource } from '@tenstrip/shared-core';
import { isTenstripError } from '@tenstrip/shared-core/errors';
import {
  type ActiveFault,
  type Fault,
  type FaultSurface,
  type FaultTarget,
  faultSchema,
  faultTargetSchema,
  targetName,
} from '../faults/index.js';
import { ActivityFailure, failureText } from './activity-failure.js';
import type { Experiment, Provider, TargetSelector } from './experiment.js';
import type { FaultRun } from './experiment-journal.js';

type FaultProvider = Extract<Provider, { type: 'tenstrip' }>;
type Limits = Experiment['x-tenstrip'];

const defaultTtlMs = 60_000;

/** What a fault in steps asks of the run that it is part of. */
export interface RolloutSteps {
  hold(ms: number): Promise<void>;
  /** Whether the hypothesis is met now. */
  steady(): Promise<boolean>;
  /** Ends the whole experiment. */
  stop(reason: string): void;
  readonly signal: AbortSignal;
}

interface Injected {
  readonly active: ActiveFault;
  readonly run: FaultRun;
  over: boolean;
}

/** The faults of one experiment. */
export class ExperimentFaults {
  readonly #surface: FaultSurface | undefined;
  readonly #limits: Limits;
  readonly #random: RandomSource;
  readonly #clock: Clock;
  readonly #injected: Injected[] = [];
  /** What could not be undone. */
  readonly notReverted: string[] = [];

  constructor(surface: FaultSurface | undefined, limits: Limits, random: RandomSource, clock: Clock) {
    this.#surface = surface;
    this.#limits = limits;
    this.#random = random;
    this.#clock = clock;
  }

  get runs(): FaultRun[] {
    return this.#injected.map(({ run }) => run);
  }

  /** Does what an action says, its variables put in. @throws ActivityFailure */
  async act(activity: string, provider: FaultProvider, steps: RolloutSteps): Promise<unknown> {
    if (provider.revert !== undefined) {
      const { revert } = provider;
      const before = this.#injected.filter(({ over }) => !over).length;
      await this.#revert(({ run }) => revert === '*' || run.activity === revert);
      return { reverted: before - this.#injected.filter(({ over }) => !over).length };
    }
    const surface = this.#surface;
    if (surface === undefined) throw new ActivityFailure('there is no surface to inject faults into');
    const fault = checked<Fault>(faultSchema, provider.fault, 'fault');
    const targets =
      provider.targets === undefined
        ? [checked<FaultTarget>(faultTargetSchema, provider.target, 'target')]
        : this.#chosen(provider.targets, await surface.targets(), activity);
    const ttlMs = provider.ttl === undefined ? defaultTtlMs : Number(provider.ttl) * 1000;
    const inject = async (target: FaultTarget): Promise<void> => {
      const active = await surface.inject(target, fault, { ttlMs, signal: steps.signal }).catch((error: unknown) => {
        const code = isTenstripError(error) ? `${error.code}: ` : '';
        throw new ActivityFailure(`${code}${failureText(error)}`);
      });
      this.#take(activity, active);
      // Whatever was stopped while it was being injected was stopped without it.
      if (steps.signal.aborted) await this.#revert(({ active: one }) => one === active);
    };
    await this.#inSteps(targets, inject, steps);
    const mine = this.#injected.filter(({ run, over }) => run.activity === activity && !over);
    return { faults: mine.map(({ run: { id, target } }) => ({ id, target })) };
  }

  /** Undoes everything that is active. Never rejects. */
  revertAll(): Promise<void> {
    return this.#revert(() => true);
  }

  async #inSteps(
    targets: readonly FaultTarget[],
    inject: (target: FaultTarget) => Promise<void>,
    { hold, steady, stop, signal }: RolloutSteps,
  ): Promise<void> {
    const { rollout } = this.#limits;
    if (rollout.length === 0 || targets.length < 2) {
      for (const target of targets) await inject(target);
      return;
    }
    let done = 0;
    for (const [index, step] of rollout.entries()) {
      const wanted = step.targets ?? Math.ceil((targets.length * (step.percent ?? 0)) / 100);
      const next = Math.min(targets.length, Math.max(done, wanted));
      for (const target of targets.slice(done, next)) await inject(target);
      done = next;
      await hold(step.holdMs);
      if (signal.aborted) return;
      if (!(await steady())) {
        const name = index === 0 ? 'the canary' : `step ${index + 1}`;
        const reason = `the rollout ended at ${name}, ${done} of ${targets.length} targets: the hypothesis is not met`;
        stop(reason);
        throw new ActivityFailure(reason);
      }
    }
  }

  #chosen({ sort, mode, value = 1 }: TargetSelector, all: readonly FaultTarget[], activity: string): FaultTarget[] {
    const candidates = all
      .filter((target) => sort in target)
      .toSorted((a, b) => (targetName(a) < targetName(b) ? -1 : 1));
    const random = this.#random.stream('targets', activity);
    for (let index = candidates.length - 1; index > 0; index--) {
      const other = random.integer(0, index);
      [candidates[index], candidates[other]] = [candidates[other], candidates[index]] as [FaultTarget, FaultTarget];
    }
    const counts = {
      one: 1,
      all: candidates.length,
      fixed: value,
      percent: Math.ceil((candidates.length * Math.min(value, 100)) / 100),
    };
    const count = counts[mode];
    if (candidates.length < Math.max(1, count)) {
      throw new ActivityFailure(`TargetUnknown: ${candidates.length} targets of sort ${sort} for ${count} wanted`);
    }
    const { targets = 4096, percent = 100 } = this.#limits.blastRadius;
    if (count > targets || count * 100 > percent * candidates.length) {
      const limit = count > targets ? `${targets} targets` : `${percent} %`;
      throw new ActivityFailure(`BlastRadiusExceeded: ${count} of ${candidates.length} targets > ${limit}`);
    }
    return candidates.slice(0, count);
  }

  #take(activity: string, active: ActiveFault): void {
    const { id, target, fault, endsAt } = active;
    const run: FaultRun = { id, activity, target, fault, start: this.#now(), end: new Date(endsAt).toISOString() };
    this.#injected.push({ active, run, over: false });
  }

  async #revert(which: (injected: Injected) => boolean): Promise<void> {
    for (const injected of this.#injected.toReversed()) {
      if (injected.over || !which(injected)) continue;
      injected.over = true;
      try {
        await injected.active.revert();
        if (this.#now() < injected.run.end) injected.run.end = this.#now();
      } catch (error) {
        this.notReverted.push(`${targetName(injected.run.target)}: ${failureText(error)}`);
      }
    }
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}

function checked<T>(
  schema: { safeParse(value: unknown): { data?: unknown; error?: Error } },
  value: unknown,
  what: string,
): T {
  const { data, error } = schema.safeParse(value);
  if (error !== undefined) throw new ActivityFailure(`this is no ${what}: ${JSON.stringify(value)}`);
  return data as T;
}
