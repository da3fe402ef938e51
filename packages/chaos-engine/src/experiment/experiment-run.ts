// Runs an experiment: hypothesis, method, hypothesis, rollbacks, as Chaos Toolkit's library does (chaoslib/run.py tells the
// order and what each status means). One controller ends everything that runs; faults end first, rollbacks come last.

import { arch, hostname, platform, release } from 'node:os';
import { type Clock, counter, type OperationContext, span, ungoverned } from '@tenstrip/shared-core';
import { TenstripError } from '@tenstrip/shared-core/errors';
import { z } from 'zod';
import type { ChaosErrorCode } from '../errors/index.js';
import type { FaultSurface } from '../faults/index.js';
import { ActivityFailure, failureText } from './activity-failure.js';
import { ActivityRunner, type DryLevel, pause } from './activity-runner.js';
import { type ControlLevel, Controls, type ExperimentControl } from './controls.js';
import {
  type Activity,
  type DeclaredControl,
  drySchema,
  type Experiment,
  type HypothesisStrategy,
  parseExperiment,
  type RollbackStrategy,
  rollbackStrategySchema,
  strategySchema,
} from './experiment.js';
import { ExperimentFaults, type RolloutSteps } from './experiment-faults.js';
import type { ActivityRun, ExperimentJournal, ExperimentStatus, SteadyState } from './experiment-journal.js';
import type { ProviderAllowance } from './provider-context.js';
import { loadConfiguration, loadSecrets, SecretMask } from './substitution.js';

/** Where an experiment is. */
export type ExperimentPhase = 'loading' | 'before' | 'method' | 'after' | 'rollbacks' | 'ended';

/** Told while it runs. */
export interface ExperimentProgress {
  readonly phase: ExperimentPhase;
  /** The activity that begins, or ended with `status`. */
  readonly activity?: string;
  readonly status?: 'succeeded' | 'failed';
  /** Why it is being stopped. */
  readonly stopped?: string;
}

/** Options of {@link runExperiment}. */
export interface RunExperimentOptions {
  /** What `tenstrip` actions inject faults into: a host, or a simulated world. */
  readonly surface?: FaultSurface;
  /** What activities may reach. Default: web servers, programs and Python modules, and no functions of JavaScript. */
  readonly allow?: ProviderAllowance;
  readonly controls?: readonly ExperimentControl[];
  /** Controls that the experiment may name as modules. */
  readonly controlModules?: Readonly<Record<string, ExperimentControl>>;
  /** The environment that variables are read from and programs are given. Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Values that go before those of the experiment's configuration. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** Goes before what the experiment says in `runtime`. */
  readonly strategy?: HypothesisStrategy;
  readonly rollbacks?: RollbackStrategy;
  readonly dry?: DryLevel;
  /** How often the hypothesis is asked during the method, in milliseconds. Default 1000. */
  readonly hypothesisEveryMs?: number;
  /** The method ends when at least such a share of those askings is not met, in percent; `undefined`: never. */
  readonly failFastPercent?: number;
  /** Told what begins, what ended and why it is stopped; secrets are cut. */
  readonly onProgress?: (progress: ExperimentProgress) => void;
  readonly signal?: AbortSignal;
  readonly context?: OperationContext;
}

const ran = counter('tenstrip.chaos-engine.experiments', '{experiment}');
const breaches = counter('tenstrip.chaos-engine.guardrail_breaches', '{breach}');

/** Askings of the hypothesis during the method that the journal keeps: the first and the latest. */
const maximumDuring = 10_000;

/**
 * Runs an experiment to its end and tells what happened. Whatever goes wrong in it is in the journal; its faults are undone
 * before this resolves.
 *
 * @param source an experiment, JSON or YAML text, or what was read from it
 * @throws TenstripError `ExperimentInvalid`, `OptionsInvalid` before anything is done
 */
export async function runExperiment(source: unknown, options: RunExperimentOptions = {}): Promise<ExperimentJournal> {
  const experiment = parseExperiment(source);
  assertOptions(options);
  const run = new ExperimentRun(experiment, options);
  return span('tenstrip.chaos-engine.experiment', { title: experiment.title }, () => run.run());
}

const optionsSchema = z.looseObject({
  surface: z
    .custom<FaultSurface>(
      (given) => typeof (given as FaultSurface | null)?.inject === 'function',
      'must be a surface of faults',
    )
    .optional(),
  strategy: strategySchema.optional(),
  rollbacks: rollbackStrategySchema.optional(),
  dry: drySchema.optional(),
  hypothesisEveryMs: z.number().min(1).max(86_400_000).optional(),
  failFastPercent: z.number().min(0).max(100).optional(),
});

function assertOptions(options: RunExperimentOptions): void {
  const { error } = optionsSchema.safeParse(options);
  if (error === undefined) return;
  const issues = error.issues.map(({ path, message }) => `${path.map(String).join('.') || 'options'}: ${message}`);
  throw new TenstripError<ChaosErrorCode>('OptionsInvalid', `no experiment is run so: ${issues.join('; ')}.`, {
    details: { issues },
  });
}

class ExperimentRun {
  readonly #experiment: Experiment;
  readonly #options: RunExperimentOptions;
  readonly #op: OperationContext;
  readonly #clock: Clock;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #configuration: Record<string, unknown>;
  readonly #secrets: Record<string, unknown>;
  readonly #mask: SecretMask;
  readonly #controls: Controls;
  readonly #faults: ExperimentFaults;
  readonly #activities: ActivityRunner;
  readonly #stop = new AbortController();
  readonly #journal: ExperimentJournal;
  readonly #startedAt: number;
  #phase: ExperimentPhase = 'loading';
  #status: ExperimentStatus | undefined;
  /** Faults are undone as soon as it stops, while the rest winds up. */
  #reverting: Promise<void> = Promise.resolve();

  constructor(experiment: Experiment, options: RunExperimentOptions) {
    this.#experiment = experiment;
    this.#options = options;
    this.#op = options.context ?? ungoverned.context();
    this.#clock = options.surface?.clock ?? this.#op.clock;
    this.#env = options.env ?? process.env;
    this.#configuration = loadConfiguration(experiment.configuration ?? {}, this.#env, options.configuration);
    this.#secrets = loadSecrets(experiment.secrets ?? {}, this.#env);
    this.#mask = new SecretMask(this.#secrets);
    this.#controls = new Controls(experiment, options.controls ?? [], options.controlModules ?? {}, (error) =>
      this.#op.logger.warn({ error: failureText(error) }, 'a control failed'),
    );
    const missing = this.#controls.missing();
    if (missing.length > 0) {
      const issues = [`controls name the module ${missing[0]}, which was not handed in`];
      throw new TenstripError<ChaosErrorCode>('ExperimentInvalid', `${issues[0]}.`, { details: { issues } });
    }
    const random = options.surface?.random ?? this.#op.random;
    this.#faults = new ExperimentFaults(options.surface, experiment['x-tenstrip'], random, this.#clock);
    this.#activities = new ActivityRunner({
      experiment,
      clock: this.#clock,
      configuration: this.#configuration,
      secrets: this.#secrets,
      env: this.#env,
      allow: options.allow ?? {},
      dry: options.dry,
      faults: this.#faults,
      controlled: (activity, body) => this.#part('activity', activity, activity.controls, body),
      steps: (signal) => this.#steps(signal),
      tell: (progress) => this.#tell(progress),
    });
    this.#startedAt = this.#clock.monotonicMs();
    this.#journal = {
      'chaoslib-version': '@tenstrip/chaos-engine',
      platform: `${platform()}-${release()}-${arch()}`,
      node: hostname(),
      experiment,
      start: this.#now(),
      status: 'completed',
      deviated: false,
      steady_states: { before: null, after: null, during: [] },
      run: [],
      rollbacks: [],
      end: '',
      duration: 0,
      'x-tenstrip': {
        ...(options.dry === undefined ? {} : { dry: options.dry }),
        faults: [],
        notReverted: [],
        guardrails: [],
        score: null,
      },
    };
  }

  async run(): Promise<ExperimentJournal> {
    const { maximumDurationMs } = this.#experiment['x-tenstrip'];
    const onAbort = (): void => this.#stopFor('interrupted', 'it was aborted by its caller');
    const signals = [this.#options.signal, this.#options.context?.signal].filter((one) => one !== undefined);
    for (const signal of signals) {
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
    }
    const tooLong = (): void => this.#stopFor('aborted', `it took longer than ${maximumDurationMs} ms`);
    const timer = this.#clock.schedule(maximumDurationMs, tooLong, { keepAlive: true });
    try {
      await this.#loadDynamicConfiguration();
      await this.#part('experiment', this.#experiment, undefined, async () => {
        await this.#main();
        return this.#journal;
      });
    } finally {
      timer[Symbol.dispose]();
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
      await this.#faults.revertAll();
    }
    return this.#finished();
  }

  async #main(): Promise<void> {
    const { strategy = this.#experiment.runtime?.hypothesis?.strategy ?? 'default' } = this.#options;
    const probes = this.#experiment['steady-state-hypothesis']?.probes ?? [];
    const asks = (...when: readonly HypothesisStrategy[]): boolean => probes.length > 0 && when.includes(strategy);
    await this.#withGuardrails(async () => {
      let goOn = true;
      if (asks('default', 'before-method-only', 'continuously')) {
        this.#enter('before');
        const state = await this.#askHypothesis(this.#stop.signal);
        this.#journal.steady_states.before = state;
        goOn = state.steady_state_met;
        if (!goOn && !this.#stopped) this.#judge(state);
      }
      if (!goOn || this.#stopped) return;
      this.#enter('method');
      await this.#playMethod(asks('during-method-only', 'continuously'));
      if (this.#stopped || !asks('default', 'after-method-only', 'continuously')) return;
      this.#enter('after');
      const state = await this.#askHypothesis(this.#stop.signal);
      this.#journal.steady_states.after = state;
      if (!state.steady_state_met && !this.#stopped) {
        this.#journal.deviated = true;
        this.#judge(state);
      }
    });
    this.#enter('rollbacks');
    await this.#reverting;
    await this.#faults.revertAll();
    await this.#playRollbacks();
  }

  /** A hypothesis that is not met ends an experiment as `completed`, one that could not be asked as `failed`. */
  #judge({ probes }: SteadyState): void {
    this.#status = probes.some(({ status }) => status !== 'succeeded') ? 'failed' : 'completed';
  }

  async #playMethod(asksDuring: boolean): Promise<void> {
    const ended = new AbortController();
    const during = asksDuring ? this.#askContinuously(ended.signal) : Promise.resolve();
    await this.#part('method', this.#experiment, undefined, async () => {
      await this.#play(this.#experiment.method, this.#journal.run, this.#stop.signal, () => this.#halted);
      return this.#journal.run;
    });
    ended.abort();
    await during;
  }

  async #playRollbacks(): Promise<void> {
    const { rollbacks: strategy = this.#experiment.runtime?.rollbacks?.strategy ?? 'default' } = this.#options;
    const status = this.#stopped ?? this.#status;
    const plays = {
      always: true,
      never: false,
      default: status !== 'failed' && status !== 'interrupted',
      deviated: this.#journal.deviated,
    };
    if (!plays[strategy]) return;
    // They are played after a stop too, and only their own time ends them.
    const { signal } = new AbortController();
    await this.#part('rollback', this.#experiment, undefined, async () => {
      await this.#play(this.#experiment.rollbacks ?? [], this.#journal.rollbacks, signal, () => false);
      return this.#journal.rollbacks;
    });
  }

  /** One after the other; those in the background beside them, and waited for at the end. */
  async #play(
    activities: readonly Activity[],
    runs: ActivityRun[],
    signal: AbortSignal,
    halted: () => boolean,
  ): Promise<void> {
    const background: Promise<unknown>[] = [];
    for (const activity of activities) {
      if (halted()) break;
      const run = this.#activities.run(activity, signal, runs);
      if (this.#activities.referred(activity).background === true) background.push(run);
      else await run;
    }
    await Promise.all(background);
  }

  async #askContinuously(ended: AbortSignal): Promise<void> {
    const { hypothesisEveryMs = 1000, failFastPercent } = this.#options;
    const { during } = this.#journal.steady_states;
    let asked = 0;
    let unmet = 0;
    while (!ended.aborted && !this.#halted) {
      const state = await this.#askHypothesis(this.#stop.signal);
      if (this.#stopped) return;
      if (during.length >= maximumDuring) during.pop();
      during.push(state);
      asked++;
      if (!state.steady_state_met) unmet++;
      if (failFastPercent !== undefined && unmet > 0 && (unmet * 100) / asked >= failFastPercent) {
        this.#status = 'failed';
        return;
      }
      await pause(this.#clock, hypothesisEveryMs, ended, this.#stop.signal);
    }
  }

  async #askHypothesis(signal: AbortSignal): Promise<SteadyState> {
    const hypothesis = this.#experiment['steady-state-hypothesis'];
    const state: SteadyState = { steady_state_met: false, probes: [] };
    await this.#part('hypothesis', hypothesis, hypothesis?.controls, async () => {
      for (const probe of hypothesis?.probes ?? []) {
        const run = await this.#activities.run(probe, signal, state.probes);
        if (!(await this.#activities.isMet(this.#activities.referred(probe), run, signal))) return state;
      }
      state.steady_state_met = true;
      return state;
    });
    return state;
  }

  #steps(signal: AbortSignal): RolloutSteps {
    return {
      signal,
      hold: (ms) => pause(this.#clock, ms, signal),
      stop: (reason) => this.#stopFor('aborted', reason),
      steady: async () => {
        if ((this.#experiment['steady-state-hypothesis']?.probes ?? []).length === 0) return true;
        const state = await this.#askHypothesis(signal);
        this.#journal.steady_states.during.push(state);
        return state.steady_state_met;
      },
    };
  }

  /** Asks the guardrails before anything is done, and then beside it, until it ends. */
  async #withGuardrails(body: () => Promise<void>): Promise<void> {
    const { guardrails } = this.#experiment['x-tenstrip'];
    const ended = new AbortController();
    const watching: Promise<void>[] = [];
    for (const guardrail of guardrails) {
      const failures = (await this.#breaks(guardrail)) ? 1 : 0;
      if (failures >= guardrail.failures) this.#breach(guardrail.name ?? '');
      watching.push(this.#watch(guardrail, failures, ended.signal));
    }
    try {
      if (!this.#stopped) await body();
    } finally {
      ended.abort();
      await Promise.all(watching);
    }
  }

  async #watch(guardrail: Guardrail, before: number, ended: AbortSignal): Promise<void> {
    let failures = before;
    for (;;) {
      await pause(this.#clock, guardrail.everyMs, ended, this.#stop.signal);
      if (ended.aborted || this.#stopped) return;
      failures = (await this.#breaks(guardrail)) ? failures + 1 : 0;
      if (ended.aborted || this.#stopped) return;
      if (failures >= guardrail.failures) return this.#breach(guardrail.name ?? '');
    }
  }

  async #breaks(guardrail: Guardrail): Promise<boolean> {
    const runs: ActivityRun[] = [];
    const run = await this.#activities.run(guardrail as Activity, this.#stop.signal, runs);
    const breaks = !(await this.#activities.isMet(
      this.#activities.referred(guardrail as Activity),
      run,
      this.#stop.signal,
    ));
    const kept = this.#journal['x-tenstrip'].guardrails;
    if (breaks || kept.length < 100) kept.push(run);
    if (kept.length > maximumDuring) kept.shift();
    return breaks;
  }

  #breach(name: string): void {
    if (this.#stopped) return;
    breaches.add(1, { guardrail: name });
    this.#stopFor('aborted', `the guardrail ${JSON.stringify(name)} is not within its tolerance`);
  }

  /** Stops it, for the first reason given. */
  #stopFor(status: 'aborted' | 'interrupted', reason: string): void {
    if (this.#stopped) return;
    this.#status = status;
    this.#journal['x-tenstrip'].stopped = reason;
    this.#stop.abort(new ActivityFailure(reason));
    this.#reverting = this.#faults.revertAll();
    this.#tell({ stopped: reason });
  }

  get #stopped(): ExperimentStatus | undefined {
    return this.#stop.signal.aborted ? this.#status : undefined;
  }

  /** Whether no further activity begins. */
  get #halted(): boolean {
    return this.#stopped !== undefined || this.#status === 'failed';
  }

  async #part(
    level: ControlLevel,
    subject: unknown,
    own: readonly DeclaredControl[] | undefined,
    body: () => Promise<unknown>,
  ): Promise<void> {
    const moment = {
      level,
      subject,
      configuration: this.#configuration,
      secrets: this.#secrets,
      interrupt: (reason: string) => this.#stopFor('interrupted', reason),
    };
    await this.#controls.apply('before', own, moment);
    const state = await body();
    await this.#controls.apply('after', own, { ...moment, state });
  }

  /** Values of the configuration that are probes are asked once, before anything else. */
  async #loadDynamicConfiguration(): Promise<void> {
    for (const [key, value] of Object.entries(this.#configuration)) {
      if (typeof value !== 'object' || value === null || (value as Activity).type !== 'probe') continue;
      const probe = value as Activity;
      delete this.#configuration[key];
      try {
        const output = await this.#activities.call(probe, this.#stop.signal);
        const said = output as { status?: unknown; stdout?: string; body?: unknown };
        if (probe.provider?.type === 'process') {
          if (said.status === 0) this.#configuration[key] = said.stdout?.trim();
        } else this.#configuration[key] = probe.provider?.type === 'http' ? said.body : output;
      } catch (error) {
        this.#op.logger.warn({ key, error: failureText(error) }, 'a value of the configuration could not be asked');
      }
    }
  }

  #enter(phase: ExperimentPhase): void {
    this.#phase = phase;
    this.#tell({});
  }

  #tell(progress: Omit<ExperimentProgress, 'phase'>): void {
    this.#options.onProgress?.(this.#mask.mask({ phase: this.#phase, ...progress }));
  }

  #finished(): ExperimentJournal {
    const journal = this.#journal;
    const { before, after, during } = journal.steady_states;
    const asked = [before, ...during, after].filter((state) => state !== null);
    const met = asked.filter((state) => state.steady_state_met).length;
    journal.status = this.#status ?? 'completed';
    journal.end = this.#now();
    journal.duration = (this.#clock.monotonicMs() - this.#startedAt) / 1000;
    journal['x-tenstrip'].faults = this.#faults.runs;
    journal['x-tenstrip'].notReverted = this.#faults.notReverted;
    journal['x-tenstrip'].score = asked.length === 0 ? null : (met / asked.length) * 100;
    ran.add(1, { status: journal.status, deviated: String(journal.deviated) });
    this.#enter('ended');
    return this.#mask.mask(journal);
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}

type Guardrail = Experiment['x-tenstrip']['guardrails'][number];
