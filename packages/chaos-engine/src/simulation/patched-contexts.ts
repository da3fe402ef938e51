// Asynchronous contexts in a world. Promises carry them by themselves; what the world plans has to: as soon as a world uses an
// `AsyncLocalStorage` at all, timers and connections run in the context in which they were made, as Node's do.

import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import type { AnyFunction, Patch } from './runtime-patch.js';
import type { World } from './world.js';

/** Notices the first use of a context in a world; until then nothing is captured. */
export function patchContexts(patch: Patch): void {
  for (const key of ['run', 'enterWith'] as const) {
    patch.wrap(
      AsyncLocalStorage.prototype,
      key,
      (world, original) =>
        function (this: unknown, ...given: never[]) {
          world.usesContexts = true;
          return original.apply(this, given);
        } as AnyFunction,
    );
  }
}

/** `callback` in the context of now, in a world that uses contexts. */
export function inContext<F extends (...given: never[]) => unknown>(world: World, callback: F): F {
  return world.usesContexts ? (AsyncResource.bind(callback as unknown as () => void) as unknown as F) : callback;
}
