// What a plugin call adds to the decision digest of a deterministic governor: canonical JSON (RFC 8785) of the path, the
// input, and the output or the code of the error. Two runs with equal digests had equal calls with equal results.
import { canonicalJson } from '../crypto/index.js';
import { isTenstripError } from '../errors/index.js';
import { type ResourceGovernor, recordDecision } from '../governor/index.js';

/** What a call came to. */
export type CallOutcome = { readonly output: unknown } | { readonly error: unknown };

/** Adds one call to `governor`'s digest. */
export function recordCall(governor: ResourceGovernor, path: string, input: unknown, outcome: CallOutcome): void {
  const result = 'output' in outcome ? jsonOf(outcome.output) : errorCode(outcome.error);
  recordDecision(governor, 'call', path, jsonOf(input), result);
}

function errorCode(error: unknown): string {
  return isTenstripError(error) ? error.code : 'PluginFailed';
}

/** Canonical JSON; a value that is not JSON (inputs and outputs should be) counts by its type alone. */
function jsonOf(value: unknown): string {
  try {
    return canonicalJson(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
