// Controls look on, before and after each part of an experiment, and may interrupt it. What fails in them fails alone.

import type { DeclaredControl, Experiment } from './experiment.js';
import type { Configuration, Secrets } from './substitution.js';

/** Which part of an experiment. */
export type ControlLevel = 'experiment' | 'hypothesis' | 'method' | 'rollback' | 'activity';

/** What a control is told. */
export interface ControlMoment {
  readonly level: ControlLevel;
  /** The experiment, the hypothesis or the activity. */
  readonly subject: unknown;
  readonly experiment: Experiment;
  readonly configuration: Configuration;
  readonly secrets: Secrets;
  /** What became of it, afterwards. */
  readonly state?: unknown;
  /** What the experiment says to this control. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Stops the experiment; its journal says `interrupted`. */
  interrupt(reason: string): void;
}

/** Looks on. */
export interface ExperimentControl {
  /** Told before a part begins. */
  before?(moment: ControlMoment): void | Promise<void>;
  /** Told after it, with what became of it. */
  after?(moment: ControlMoment): void | Promise<void>;
}

interface AppliedControl {
  readonly control: ExperimentControl;
  readonly scope: 'before' | 'after' | undefined;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** The controls of one experiment. */
export class Controls {
  readonly #experiment: Experiment;
  readonly #given: readonly ExperimentControl[];
  readonly #modules: Readonly<Record<string, ExperimentControl>>;
  readonly #failed: (error: unknown) => void;

  constructor(
    experiment: Experiment,
    given: readonly ExperimentControl[],
    modules: Readonly<Record<string, ExperimentControl>>,
    failed: (error: unknown) => void,
  ) {
    this.#experiment = experiment;
    this.#given = given;
    this.#modules = modules;
    this.#failed = failed;
  }

  /** Names of modules that the experiment declares and nobody handed in. */
  missing(): string[] {
    const { controls = [], method, rollbacks = [], 'steady-state-hypothesis': hypothesis } = this.#experiment;
    const parts = [hypothesis ?? {}, ...(hypothesis?.probes ?? []), ...method, ...rollbacks];
    const declared = [...controls, ...parts.flatMap((part) => part.controls ?? [])];
    return declared.flatMap(({ provider }) =>
      provider === undefined || Object.hasOwn(this.#modules, provider.module) ? [] : [provider.module],
    );
  }

  /** Tells those that look at a part. */
  async apply(
    scope: 'before' | 'after',
    own: readonly DeclaredControl[] | undefined,
    moment: Omit<ControlMoment, 'arguments' | 'experiment'>,
  ): Promise<void> {
    for (const applied of this.#of(moment.level, own ?? [])) {
      if (applied.scope !== undefined && applied.scope !== scope) continue;
      try {
        await applied.control[scope]?.({ ...moment, experiment: this.#experiment, arguments: applied.arguments });
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  /** Those of the whole experiment, unless they say `automatic: false`, and then those of the part itself. */
  #of(level: ControlLevel, own: readonly DeclaredControl[]): AppliedControl[] {
    const top = this.#experiment.controls ?? [];
    const named = own.map((one) => (one.ref === undefined ? one : (top.find(({ name }) => name === one.ref) ?? one)));
    const names = new Set(named.map(({ name }) => name));
    const automatic = top.filter(
      ({ name, automatic: says }) => !names.has(name) && (level === 'experiment' || says !== false),
    );
    const declared = [...automatic, ...named].flatMap(({ provider, scope }) => {
      const control = provider === undefined ? undefined : this.#modules[provider.module];
      return control === undefined ? [] : [{ control, scope, arguments: provider?.arguments ?? {} }];
    });
    return [...this.#given.map((control) => ({ control, scope: undefined, arguments: {} })), ...declared];
  }
}
