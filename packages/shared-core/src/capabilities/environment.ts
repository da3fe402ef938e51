// The `env` capability: a frozen copy of the granted environment variables, taken when the handle is opened.
import type { Granted } from './capability-denied.js';

/** The granted variables that are set. Without prototype: a name that was not granted is not there. */
export function openEnvironment(granted: Granted): Readonly<Record<string, string>> {
  const names = granted === true ? Object.keys(process.env) : granted;
  const environment: Record<string, string> = Object.create(null);
  for (const name of names) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return Object.freeze(environment);
}
