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

/** What an experiment may reach. */
export interface ProviderAllowance {
  /** Web servers, as `host:port`; `true`: any. Default `true`. */
  readonly http?: boolean | readonly string[];
  /** Programs as an experiment names them; `true`: any. Default `true`. */
  readonly process?: boolean | readonly string[];
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
