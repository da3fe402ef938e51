// Puts a world under code that does not know of it: members of the built-in modules and globals are replaced while a simulation runs,
// and put back as they were, whatever happened. `syncBuiltinESMExports` carries both to names that modules imported before.

import { syncBuiltinESMExports } from 'node:module';
import { patchChance } from './patched-chance.js';
import { patchContexts } from './patched-contexts.js';
import { patchForbidden } from './patched-forbidden.js';
import { patchNetwork } from './patched-network.js';
import { patchTime } from './patched-time.js';
import { activeWorld } from './running-world.js';
import type { World } from './world.js';

/** Any function. */
export type AnyFunction = (this: unknown, ...given: never[]) => unknown;

/** Functions that stand for others, by those: they stay from one patch to the next, and so does the code that V8 compiled for them and
 * for whoever calls them. */
const substitutes = new WeakMap<AnyFunction, AnyFunction>();

/** What was replaced, to be put back in the opposite order. */
export class Patch implements Disposable {
  readonly #restores: (() => void)[] = [];

  /** Replaces a member by a value. Members that cannot be replaced, and ones that are not there, are left as they are. */
  replace(target: object, key: PropertyKey, value: unknown): void {
    this.define(target, key, { value, writable: true });
  }

  /** Replaces a member by a function that looks each time whether a world's event is being run. */
  wrap(target: object, key: PropertyKey, simulated: (world: World, original: AnyFunction) => AnyFunction): void {
    const original = (target as Record<PropertyKey, unknown>)[key];
    if (typeof original !== 'function') return;
    this.replace(target, key, whileActive(original as AnyFunction, simulated));
  }

  /** As `wrap`, where a call must cost nothing: the function itself looks whether a world is active. It is made once for a function. */
  substitute(target: object, key: PropertyKey, make: (original: AnyFunction) => AnyFunction): void {
    const original = (target as Record<PropertyKey, AnyFunction>)[key]!;
    let made = substitutes.get(original);
    if (made === undefined) {
      made = make(original);
      substitutes.set(original, made);
    }
    this.replace(target, key, withPropertiesOf(original, made));
  }

  /** Replaces a member as a descriptor says. */
  define(target: object, key: PropertyKey, descriptor: PropertyDescriptor): void {
    const before = Object.getOwnPropertyDescriptor(target, key);
    if (before?.configurable === false) {
      if (before.writable !== true || !('value' in descriptor)) return;
      (target as Record<PropertyKey, unknown>)[key] = descriptor.value;
      this.#restores.push(() => {
        (target as Record<PropertyKey, unknown>)[key] = before.value;
      });
      return;
    }
    Object.defineProperty(target, key, { enumerable: before?.enumerable ?? true, ...descriptor, configurable: true });
    this.#restores.push(() => {
      if (before === undefined) Reflect.deleteProperty(target, key);
      else Object.defineProperty(target, key, before);
    });
  }

  /** Something else to do when all is put back. */
  atRestore(restore: () => void): void {
    this.#restores.push(restore);
  }

  [Symbol.dispose](): void {
    for (const restore of this.#restores.splice(0).reverse()) restore();
    syncBuiltinESMExports();
  }
}

/** A function that is `simulated` while a world's event is being run and `original` otherwise, with the original's properties. */
function whileActive(
  original: AnyFunction,
  simulated: (world: World, original: AnyFunction) => AnyFunction,
): AnyFunction {
  const patched = function (this: unknown, ...given: never[]): unknown {
    const world = activeWorld();
    const called = world === undefined ? original : simulated(world, original);
    if (new.target !== undefined) return Reflect.construct(called, given, new.target === patched ? called : new.target);
    return called.apply(this, given);
  };
  return withPropertiesOf(original, patched as AnyFunction);
}

/** `patched` with the name, the prototype and whatever else `original` carries (`util.promisify.custom`). */
function withPropertiesOf(original: AnyFunction, patched: AnyFunction): AnyFunction {
  for (const key of Reflect.ownKeys(original)) {
    const descriptor = Object.getOwnPropertyDescriptor(original, key)!;
    if (key === 'prototype') (patched as { prototype?: unknown }).prototype = descriptor.value;
    else if (key !== 'arguments' && key !== 'caller') Object.defineProperty(patched, key, descriptor);
  }
  return patched;
}

/** Puts everything in place, for any number of worlds one after the other. Dispose the patch to put all back. */
export function patchRuntime(): Patch {
  const patch = new Patch();
  try {
    patchTime(patch);
    patchChance(patch);
    patchNetwork(patch);
    patchForbidden(patch);
    patchContexts(patch);
    patchEnds(patch);
    syncBuiltinESMExports();
    return patch;
  } catch (error) {
    patch[Symbol.dispose]();
    throw error;
  }
}

/** A tick that throws would leave Node's stack of asynchronous contexts unbalanced when it is drained in place. */
function runTick(callback: (...given: unknown[]) => void, ...given: unknown[]): void {
  try {
    callback(...given);
  } catch (error) {
    const world = activeWorld();
    if (world === undefined) throw error;
    world.threw(error);
  }
}

/** Errors that nobody caught, and `process.exit`, are the matter of the node in which they happen. */
function patchEnds(patch: Patch): void {
  patch.wrap(
    process,
    'exit',
    (world) => ((code?: unknown) => world.exit(Number(code ?? process.exitCode ?? 0))) as AnyFunction,
  );
  patch.substitute(
    process,
    'nextTick',
    (original) =>
      ((callback: unknown, ...given: never[]) => {
        if (activeWorld() === undefined || typeof callback !== 'function') {
          return original.call(process, callback as never, ...given);
        }
        return given.length === 0
          ? original.call(process, runTick as never, callback as never)
          : original.call(process, runTick as never, callback as never, ...given);
      }) as AnyFunction,
  );
  patch.wrap(process, 'abort', (world) => () => world.exit(134));
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    const others = process.listeners(event as 'uncaughtException');
    const listener = (error: unknown, origin: never): void => {
      const world = activeWorld();
      if (world !== undefined) {
        world.threw(error);
        return;
      }
      if (others.length === 0) throw error;
      for (const other of others) other.call(process, error as Error, origin);
    };
    process.removeAllListeners(event);
    process.on(event as 'uncaughtException', listener as NodeJS.UncaughtExceptionListener);
    patch.atRestore(() => {
      process.removeListener(event, listener as NodeJS.UncaughtExceptionListener);
      for (const other of others) process.on(event as 'uncaughtException', other);
    });
  }
}
