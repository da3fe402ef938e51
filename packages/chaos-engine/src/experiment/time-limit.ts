// Synchronous work with a limit: V8 looks at it while a regular expression backtracks, so that a pattern of an experiment file
// cannot hang the engine. A few microseconds a call, and one context for all.

import { type Context, createContext, Script } from 'node:vm';

const script = new Script('work()');
let realm: Context | undefined;

/** The value of `work`, or `undefined` when it took longer. What it throws is thrown. */
export function timeLimited<T>(limitMs: number, work: () => T): { readonly value: T } | undefined {
  realm ??= createContext({});
  realm.work = work;
  try {
    return { value: script.runInContext(realm, { timeout: limitMs }) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  } finally {
    realm.work = undefined;
  }
}
