// The `env` capability: a frozen copy of the granted environment variables, taken when the handle is opened.
import type { Granted } from './capability-denied.js';

/** The granted variables that are set, where `within` grants them too. Without prototype: a name that was not granted is not there. */
type Environment = Readonly<Record<string, string>>;

export function openEnvironment(granted: Granted, within?: Environment): Environment {
  const source: Readonly<NodeJS.ProcessEnv> = within ?? process.env;
  const names = granted === true ? Object.keys(source) : granted;
  const environment: Record<string, string> = Object.create(null);
  for (const name of names) {
    const value = source[name];
    if (value !== undefined) environment[name] = value;
  }
  return Object.freeze(environment);
}
