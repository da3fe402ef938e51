// `Date`, the timer functions and `performance` of a deterministic guest, made over its virtual time.
import { inspect, promisify } from 'node:util';
import type { VirtualTimers } from './virtual-timers.js';

const RealDate = Date;

/** A `Date` whose "now" is virtual. Dates made from values are as ever; the real constructor cannot be reached from them. */
export function virtualDate(timers: VirtualTimers): DateConstructor {
  function VirtualDate(...args: unknown[]): unknown {
    if (new.target === undefined) return new RealDate(timers.nowMs).toString();
    const made = args.length === 0 ? [timers.nowMs] : args;
    return Reflect.construct(RealDate, made, new.target);
  }
  Object.defineProperties(VirtualDate, {
    name: { value: 'Date' },
    length: { value: 7 },
    prototype: { value: RealDate.prototype, writable: false },
    now: { value: () => timers.nowMs },
    parse: { value: RealDate.parse },
    UTC: { value: RealDate.UTC },
  });
  Object.defineProperty(RealDate.prototype, 'constructor', { value: VirtualDate });
  return VirtualDate as unknown as DateConstructor;
}

/** A timer as Node gives it: an object that can be cleared, and that a number or a string stands for. */
class VirtualTimeout {
  readonly #sequence: number;
  readonly #cancel: (sequence: number) => void;

  constructor(sequence: number, cancel: (sequence: number) => void) {
    this.#sequence = sequence;
    this.#cancel = cancel;
  }

  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
  close(): this {
    this.#cancel(this.#sequence);
    return this;
  }
  [Symbol.toPrimitive](): number {
    return this.#sequence;
  }
  [inspect.custom](): string {
    return `Timeout ${this.#sequence}`;
  }
}

type Callback = (...args: unknown[]) => void;

/** The functions of `node:timers`. */
export function virtualTimerFunctions(timers: VirtualTimers) {
  const cancel = (sequence: number) => timers.cancel(sequence);
  const setTimeout = (callback: Callback, delayMs?: unknown, ...args: unknown[]) =>
    new VirtualTimeout(timers.schedule(nodeDelay(delayMs), checked(callback, args)), cancel);
  const setImmediate = (callback: Callback, ...args: unknown[]) =>
    new VirtualTimeout(timers.schedule(0, checked(callback, args)), cancel);
  const setInterval = (callback: Callback, delayMs?: unknown, ...args: unknown[]) => {
    const fire = checked(callback, args);
    // One number for the whole interval: clearing it clears whichever firing comes next.
    let current = 0;
    const again = () => {
      current = timers.schedule(nodeDelay(delayMs), () => {
        again();
        fire();
      });
    };
    again();
    return new VirtualTimeout(current, () => timers.cancel(current));
  };
  const clear = (timer: unknown) => {
    if (timer instanceof VirtualTimeout) timer.close();
    else if (typeof timer === 'number' || typeof timer === 'string') timers.cancel(Number(timer));
  };
  Object.defineProperty(setTimeout, promisify.custom, { value: sleeper(timers, nodeDelay) });
  Object.defineProperty(setImmediate, promisify.custom, {
    value: (value: unknown) => sleeper(timers, () => 0)(0, value),
  });
  return { setTimeout, setInterval, setImmediate, clearTimeout: clear, clearInterval: clear, clearImmediate: clear };
}

/** The functions of `node:timers/promises` that wait once. */
export function virtualTimerPromises(timers: VirtualTimers) {
  const setTimeout = sleeper(timers, nodeDelay);
  const immediate = sleeper(timers, () => 0);
  return {
    setTimeout,
    setImmediate: (value?: unknown, options?: { signal?: AbortSignal }) => immediate(0, value, options),
    scheduler: Object.freeze({
      wait: (ms: unknown, options?: { signal?: AbortSignal }) => setTimeout(ms, undefined, options),
      yield: () => immediate(0),
    }),
  };
}

/** `performance` with the clock and nothing else. */
export function virtualPerformance(timers: VirtualTimers): object {
  return Object.freeze({
    now: () => timers.monotonicMs,
    get timeOrigin() {
      return timers.nowMs - timers.monotonicMs;
    },
    toJSON: () => ({}),
  });
}

function sleeper(timers: VirtualTimers, delayOf: (delay: unknown) => number) {
  return (delayMs?: unknown, value?: unknown, { signal }: { signal?: AbortSignal } = {}) =>
    new Promise<unknown>((fulfil, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        timers.cancel(sequence);
        reject(signal?.reason);
      };
      const sequence = timers.schedule(delayOf(delayMs), () => {
        signal?.removeEventListener('abort', onAbort);
        fulfil(value);
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
}

/** Node's delay: 1 ms for what is not in 1 to 2^31 - 1. */
function nodeDelay(delayMs: unknown): number {
  const delay = Number(delayMs);
  return delay >= 1 && delay <= 2 ** 31 - 1 ? Math.trunc(delay) : 1;
}

function checked(callback: Callback, args: unknown[]): () => void {
  if (typeof callback !== 'function')
    throw new TypeError(`a timer's callback must be a function, not ${inspect(callback)}`);
  return () => callback(...args);
}
