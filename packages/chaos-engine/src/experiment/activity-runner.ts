// Does the activities of an experiment, one at a time: calls what provides it within its time, measures against a tolerance what it gave,
// and keeps what came of it as the journal holds it. The order in which they come is experiment-run's.

import { type Clock, histogram } from '@tenstrip/shared-core';
import { ActivityFailure, failureText } from './activity-failure.js';
import { callJavascript, callPython } from './code-providers.js';
import type { Activity, Experiment, Provider } from './experiment.js';
import type { ExperimentFaults, RolloutSteps } from './experiment-faults.js';
import type { ActivityRun } from './experiment-journal.js';
import { callHttp } from './http-provider.js';
import { callProcess } from './process-provider.js';
import type { ProviderAllowance, ProviderCall } from './provider-context.js';
import { substitute } from './substitution.js';
import { withinTolerance } from './tolerance.js';

/** What is left out in a dry run. */
export type DryLevel = 'probes' | 'actions' | 'activities' | 'pause';

/** What activities need of the experiment that they are part of. */
export interface ActivityScene {
  readonly experiment: Experiment;
  readonly clock: Clock;
  /** Filled in while it runs: what is asked dynamically comes later. */
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly allow: ProviderAllowance;
  readonly dry: DryLevel | undefined;
  readonly faults: ExperimentFaults;
  /** Does something with the controls of an activity around it. */
  controlled(activity: Activity, body: () => Promise<unknown>): Promise<void>;
  /** What a rollout may ask and do. */
  steps(signal: AbortSignal): RolloutSteps;
  /** Tells what begins, or ended. */
  tell(progress: { readonly activity: string; readonly status?: ActivityRun['status'] }): void;
}

const activityMs = histogram('tenstrip.chaos-engine.activity_duration', 'ms');

/** How long a pattern or a path of a tolerance may take, in milliseconds. */
const toleranceLimitMs = 1000;

/** Does activities. */
export class ActivityRunner {
  readonly #scene: ActivityScene;

  constructor(scene: ActivityScene) {
    this.#scene = scene;
  }

  /** Does one activity and keeps what came of it. Never rejects. */
  async run(listed: Activity, signal: AbortSignal, runs: ActivityRun[]): Promise<ActivityRun> {
    const activity = this.referred(listed);
    const { name = '', type = 'action' } = activity;
    const dry = activity.dry ?? this.#scene.dry;
    const isDry = dry === 'activities' || dry === `${type}s`;
    const pauses = this.#filled(activity.pauses ?? {}) as { before?: number; after?: number };
    const pausing = async (seconds: number | undefined): Promise<void> => {
      if (seconds !== undefined && !isDry && dry !== 'pause')
        await pause(this.#scene.clock, Number(seconds) * 1000, signal);
    };
    const run: ActivityRun = { activity, output: null, start: '', status: 'succeeded', end: '', duration: 0 };
    await this.#scene.controlled(activity, async () => {
      await pausing(pauses.before);
      const startedAt = this.#scene.clock.monotonicMs();
      run.start = new Date(this.#scene.clock.now()).toISOString();
      runs.push(run);
      this.#scene.tell({ activity: name });
      try {
        signal.throwIfAborted();
        if (!isDry) run.output = (await this.call(activity, signal)) ?? null;
      } catch (error) {
        run.status = 'failed';
        run.exception = [failureText(error)];
      }
      const tookMs = this.#scene.clock.monotonicMs() - startedAt;
      run.end = new Date(this.#scene.clock.now()).toISOString();
      run.duration = tookMs / 1000;
      activityMs.record(tookMs, { type, status: run.status });
      this.#scene.tell({ activity: name, status: run.status });
      await pausing(pauses.after);
      return run;
    });
    return run;
  }

  /** Whether what a probe measured is within its tolerance; said in its run too. */
  async isMet(probe: Activity, run: ActivityRun, signal: AbortSignal): Promise<boolean> {
    const { dry } = this.#scene;
    run.tolerance_met = run.status === 'succeeded';
    if (run.status === 'failed' || dry === 'probes' || dry === 'activities') return run.tolerance_met;
    const tolerance = typeof probe.tolerance === 'string' ? this.#filled(probe.tolerance) : probe.tolerance;
    try {
      const { met, why } = await withinTolerance(tolerance, run.output, {
        configuration: this.#scene.configuration,
        secrets: this.#scene.secrets,
        limitMs: toleranceLimitMs,
        probe: (rule, value) => this.#askTolerance(rule, value, signal),
      });
      run.tolerance_met = met;
      if (why !== undefined) run.tolerance_reason = why;
    } catch (error) {
      run.tolerance_met = false;
      run.tolerance_reason = failureText(error);
    }
    return run.tolerance_met;
  }

  #askTolerance(rule: Readonly<Record<string, unknown>>, value: unknown, signal: AbortSignal): Promise<unknown> {
    const probe = rule as Activity;
    const provider = probe.provider as Provider;
    const given = (provider as { arguments?: unknown }).arguments;
    const arguments_ = { ...(typeof given === 'object' ? given : {}), value };
    return this.call({ ...probe, provider: { ...provider, arguments: arguments_ } as Provider }, signal);
  }

  /** Calls a provider within its time. */
  async call(activity: Activity, outer: AbortSignal): Promise<unknown> {
    const timeoutMs = this.#timeoutMs(activity);
    const own = new AbortController();
    const onAbort = (): void => own.abort(outer.reason);
    if (outer.aborted) onAbort();
    outer.addEventListener('abort', onAbort, { once: true });
    const tooLong = (): void => own.abort(new ActivityFailure(`it took longer than ${timeoutMs} ms`));
    const timer = this.#scene.clock.schedule(timeoutMs, tooLong, { keepAlive: true });
    const aborted = new Promise<never>((_, reject) => {
      own.signal.addEventListener('abort', () => reject(own.signal.reason), { once: true });
    });
    aborted.catch(() => {});
    try {
      return await Promise.race([this.#provided(activity, own.signal), aborted]);
    } finally {
      timer[Symbol.dispose]();
      outer.removeEventListener('abort', onAbort);
    }
  }

  #provided({ name = '', provider }: Activity, signal: AbortSignal): Promise<unknown> {
    const call: ProviderCall = {
      configuration: this.#scene.configuration,
      secrets: this.#scene.secrets,
      env: this.#scene.env,
      allow: this.#scene.allow,
      signal,
      clock: this.#scene.clock,
    };
    switch (provider?.type) {
      case 'http':
        return callHttp(provider, call);
      case 'process':
        return callProcess(provider, call);
      case 'python':
        return callPython(provider, call);
      case 'javascript':
        return callJavascript(provider, call);
      case 'tenstrip':
        return this.#scene.faults.act(name, this.#filled(provider) as typeof provider, this.#scene.steps(signal));
      default:
        return Promise.reject(new ActivityFailure('it has no provider'));
    }
  }

  #timeoutMs({ provider, timeout, name }: Activity): number {
    const { activityTimeoutMs, rollout, maximumDurationMs } = this.#scene.experiment['x-tenstrip'];
    const own = this.#filled((provider as { timeout?: unknown } | undefined)?.timeout ?? timeout);
    if (own === undefined || own === null) {
      // A rollout holds as long as it says.
      const holds =
        provider?.type === 'tenstrip' ? rollout.reduce((sum, { holdMs }) => sum + holdMs + activityTimeoutMs, 0) : 0;
      return Math.min(activityTimeoutMs + holds, maximumDurationMs);
    }
    const seconds = (Array.isArray(own) ? own : [own]).reduce<number>((sum, one) => sum + Number(one), 0);
    if (Number.isFinite(seconds)) return seconds * 1000;
    throw new ActivityFailure(`the time of ${name} is no number of seconds: ${JSON.stringify(own)}`);
  }

  /** The activity itself, or the one that it refers to. */
  referred(activity: Activity): Activity {
    if (activity.ref === undefined) return activity;
    const { method, rollbacks = [], 'steady-state-hypothesis': hypothesis } = this.#scene.experiment;
    const all = [...(hypothesis?.probes ?? []), ...method, ...rollbacks];
    return all.find(({ ref, name }) => ref === undefined && name === activity.ref) ?? activity;
  }

  #filled(value: unknown): unknown {
    return substitute(value, this.#scene.configuration, this.#scene.secrets);
  }
}

/** Ends early, and without an error, when one of the signals aborts. */
export async function pause(clock: Clock, ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  const own = new AbortController();
  const onAbort = (): void => own.abort();
  for (const signal of signals) {
    if (signal.aborted) return;
    signal.addEventListener('abort', onAbort, { once: true });
  }
  await clock.sleep(ms, { signal: own.signal }).catch(() => {});
  for (const signal of signals) signal.removeEventListener('abort', onAbort);
}
