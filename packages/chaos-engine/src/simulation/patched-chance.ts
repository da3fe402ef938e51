// Chance in a world: `Math.random`, and what `node:crypto` and WebCrypto draw, from streams of the process that is running. What the
// garbage collector decides is chance too: a weak reference holds while a world runs, and nothing is finalized.

import crypto from 'node:crypto';
import { activeWorld } from './running-world.js';
import type { AnyFunction, Patch } from './runtime-patch.js';
import { CallEvent, eventCode } from './sim-event.js';
import type { World } from './world.js';

/** Puts the seed's chance in place. */
export function patchChance(patch: Patch): void {
  const realRandom = Math.random;
  patch.replace(Math, 'random', () => activeWorld()?.current.chance.float() ?? realRandom());
  patchCrypto(patch);
  patchWebCrypto(patch);
  patchWeakReferences(patch);
}

type Done<T> = (problem: Error | null, value: T) => void;

function patchCrypto(patch: Patch): void {
  patch.wrap(
    crypto,
    'randomBytes',
    (world) =>
      ((size: number, done?: Done<Buffer>) => answered(world, fill(world, Buffer.alloc(size)), done)) as AnyFunction,
  );
  patch.wrap(
    crypto,
    'pseudoRandomBytes',
    (world) =>
      ((size: number, done?: Done<Buffer>) => answered(world, fill(world, Buffer.alloc(size)), done)) as AnyFunction,
  );
  patch.wrap(
    crypto,
    'randomFillSync',
    (world) =>
      ((buffer: ArrayBufferView, offset = 0, size?: number) => {
        fill(world, part(buffer, offset, size));
        return buffer;
      }) as AnyFunction,
  );
  patch.wrap(
    crypto,
    'randomFill',
    (world) =>
      ((buffer: ArrayBufferView, ...rest: unknown[]) => {
        const done = rest.pop() as Done<ArrayBufferView>;
        fill(world, part(buffer, (rest[0] as number | undefined) ?? 0, rest[1] as number | undefined));
        answered(world, buffer, done);
      }) as AnyFunction,
  );
  patch.wrap(
    crypto,
    'randomInt',
    (world) =>
      ((...given: unknown[]) => {
        const done = typeof given.at(-1) === 'function' ? (given.pop() as Done<number>) : undefined;
        const [first, second] = given as number[];
        const [low, high] = second === undefined ? [0, first!] : [first!, second];
        return answered(world, world.current.entropy.integer(low, high - 1), done);
      }) as AnyFunction,
  );
  patch.wrap(crypto, 'randomUUID', (world) => () => uuid(world));
}

function patchWebCrypto(patch: Patch): void {
  const { webcrypto } = crypto;
  patch.wrap(
    webcrypto,
    'getRandomValues',
    (world) =>
      ((view: ArrayBufferView) => {
        fill(world, part(view, 0, view.byteLength));
        return view;
      }) as AnyFunction,
  );
  patch.wrap(webcrypto, 'randomUUID', (world) => () => uuid(world));
  if (typeof crypto.getRandomValues === 'function') patch.replace(crypto, 'getRandomValues', webcrypto.getRandomValues);
}

function patchWeakReferences(patch: Patch): void {
  const { WeakRef: RealWeakRef, FinalizationRegistry: RealRegistry } = globalThis;
  class HeldReference {
    readonly #weak: WeakRef<WeakKey>;
    #held: WeakKey | undefined;
    constructor(held: WeakKey) {
      this.#weak = new RealWeakRef(held);
      this.#held = held;
      activeWorld()?.heldReferences.push(this);
    }
    deref(): unknown {
      return this.#held ?? this.#weak.deref();
    }
    release(): void {
      this.#held = undefined;
    }
  }
  class IdleRegistry {
    register(): void {}
    unregister(): boolean {
      return false;
    }
  }
  const choosing = (real: AnyFunction, simulated: unknown): unknown =>
    function (this: unknown, ...given: never[]) {
      return Reflect.construct(activeWorld() === undefined ? real : (simulated as AnyFunction), given);
    };
  patch.replace(globalThis, 'WeakRef', choosing(RealWeakRef as unknown as AnyFunction, HeldReference));
  patch.replace(globalThis, 'FinalizationRegistry', choosing(RealRegistry as unknown as AnyFunction, IdleRegistry));
}

function fill<T extends Uint8Array>(world: World, bytes: T): T {
  world.current.entropy.fill(bytes);
  return bytes;
}

/** Offset and size are in elements, as in `crypto.randomFill`. */
function part(view: ArrayBufferView, offset: number, size?: number): Uint8Array {
  const element = (view as Uint8Array).BYTES_PER_ELEMENT ?? 1;
  const begin = view.byteOffset + offset * element;
  const length = size === undefined ? view.byteLength - offset * element : Math.min(size * element, view.byteLength);
  return new Uint8Array(view.buffer as ArrayBuffer, begin, length);
}

/** An answer at once, or through a callback in an event of its own. */
function answered<T>(world: World, value: T, done: Done<T> | undefined): T | undefined {
  if (done === undefined) return value;
  world.plan(new CallEvent(world.current, eventCode.internal, () => done(null, value)), 0);
  return undefined;
}

/** A random UUID (RFC 9562, version 4). */
function uuid(world: World): string {
  const bytes = fill(world, Buffer.alloc(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
