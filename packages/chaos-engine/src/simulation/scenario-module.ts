// A scenario by the name of its module, for threads: a function cannot be sent to one.

import { TenstripError } from '@tenstrip/shared-core';
import type { History } from '../checking/index.js';
import type { ChaosErrorCode } from '../errors/index.js';
import type { Scenario } from './world.js';

/** Where a scenario is. */
export interface ScenarioModule {
  /** A URL, as `import.meta.url` is one, of a module that Node can load as it is. */
  readonly module: string;
  /** The name under which it exports the scenario. Default `default`. */
  readonly scenario?: string;
  /** The name under which it exports a function that looks at the history of a world (see {@link WorldOptions.check}). Default none. */
  readonly check?: string;
}

/** What a module has. @internal */
export interface LoadedScenario {
  readonly scenario: Scenario;
  readonly check: ((history: History) => string | undefined) | undefined;
}

/** @throws TenstripError `OptionsInvalid` @internal */
export async function loadScenario({ module, scenario = 'default', check }: ScenarioModule): Promise<LoadedScenario> {
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = (await import(new URL(module).href)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw unusable(`${module} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  for (const name of [scenario, ...(check === undefined ? [] : [check])]) {
    if (typeof exported[name] !== 'function') throw unusable(`${module} exports no function ${name}`);
  }
  return {
    scenario: exported[scenario] as Scenario,
    check: check === undefined ? undefined : (exported[check] as LoadedScenario['check']),
  };
}

function unusable(issue: string, cause?: unknown): TenstripError<ChaosErrorCode> {
  return new TenstripError<ChaosErrorCode>('OptionsInvalid', `the scenario cannot be used: ${issue}`, {
    details: { issues: [issue] },
    ...(cause !== undefined && { cause }),
  });
}
