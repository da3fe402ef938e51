// What the providers of activities are given.

import type { Clock } from '@tenstrip/shared-core';
import type { Configuration, Secrets } from './substitution.js';

/** A function that an experiment may name. */
export type ActivityFunction = (arguments_: Readonly<Record<string, unknown>>, context: ActivityContext) => unknown;

/** What such a function is given besides its arguments. */
export interface ActivityContext {
  readonly configuration: Configuration;
  /** The groups of secrets that the activity asked for. */
  readonly secrets: Secrets;
  /** Aborts when the activity's time is over or the experiment stops. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** What a program said. */
export interface ProgramAnswer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, or until the signal aborts. */
export type ProgramRunner = (
  program: string,
  args: readonly string[],
  input: string,
  signal: AbortSignal,
) => Promise<ProgramAnswer>;

/** What an experiment may reach. */
export interface ProviderAllowance {
  /** Web servers, as `host:port`; `true`: any; a function: those for which it does not reject. Default `true`. */
  readonly http?: boolean | readonly string[] | ((host: string, port: number) => Promise<void>);
  /** Programs as an experiment names them; `true`: any; a function: it runs them, python3 too. Default `true`. */
  readonly process?: boolean | readonly string[] | ProgramRunner;
  /** Functions of Python modules, by python3. Default `true`. */
  readonly python?: boolean;
  /** Functions by module and name. Default: none. */
  readonly modules?: Readonly<Record<string, Readonly<Record<string, ActivityFunction>>>>;
}

/** What one call of a provider needs. */
export interface ProviderCall {
  readonly configuration: Configuration;
  readonly secrets: Secrets;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly allow: ProviderAllowance;
  /** Aborts when the activity's time is over or the experiment stops. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}
