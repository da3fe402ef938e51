// Time in a world: timers, `Date`, `performance`, `process.hrtime`, `AbortSignal.timeout`, `Temporal.Now`; all follow the clock of the
// process that is running.

import os from 'node:os';
import { performance } from 'node:perf_hooks';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';
import { inContext } from './patched-contexts.js';
import { activeWorld } from './running-world.js';
import type { AnyFunction, Patch } from './runtime-patch.js';
import { SimImmediate, SimTimeout, timeoutMs } from './sim-timers.js';
import type { World } from './world.js';

type Callback = (...given: unknown[]) => void;

/** Puts virtual time in place. */
export function patchTime(patch: Patch): void {
  patchTimers(patch);
  patchTimerPromises(patch);
  patchDate(patch);
  patchClocks(patch);
}

function patchTimers(patch: Patch): void {
  const both = (key: string, make: (original: AnyFunction) => AnyFunction): void => {
    patch.substitute(timers, key, make);
    patch.replace(globalThis, key, (timers as unknown as Record<string, unknown>)[key]);
  };
  // Written so that no list is made of what is given, as a rule: that is what a timer would cost most.
  const starting =
    (repeats: boolean) =>
    (original: AnyFunction): AnyFunction =>
      function (this: unknown, callback: Callback, ms?: unknown) {
        const world = activeWorld();
        // biome-ignore lint/complexity/noArguments: see above
        const all = arguments;
        if (world === undefined) return original.apply(this, all as unknown as never[]);
        let given: unknown[] | undefined;
        if (all.length > 2) {
          given = [];
          for (let place = 2; place < all.length; place++) given.push(all[place]);
        }
        return SimTimeout.start(world.current, inContext(world, checked(callback)), timeoutMs(ms), repeats, given);
      } as AnyFunction;
  both('setTimeout', starting(false));
  both('setInterval', starting(true));
  both(
    'setImmediate',
    (original) =>
      ((callback: Callback, ...given: unknown[]) => {
        const world = activeWorld();
        if (world === undefined) return original(...([callback, ...given] as never[]));
        const immediate = new SimImmediate(world.current, inContext(world, checked(callback)), given);
        world.plan(immediate, 0);
        return immediate;
      }) as AnyFunction,
  );
  for (const key of ['clearTimeout', 'clearInterval', 'clearImmediate']) {
    both(
      key,
      (original) =>
        ((timer: unknown) => {
          const isNumber = typeof timer === 'number' || typeof timer === 'string';
          const known = isNumber ? activeWorld()?.timerByNumber(Number(timer)) : timer;
          if (known instanceof SimTimeout || known instanceof SimImmediate) known[Symbol.dispose]();
          else original(timer as never);
        }) as AnyFunction,
    );
  }
  const sleep = (ms: number, value?: unknown, options?: WaitOptions): Promise<unknown> =>
    timersPromises.setTimeout(ms, value, options);
  const turn = (value?: unknown, options?: WaitOptions): Promise<unknown> =>
    timersPromises.setImmediate(value, options);
  patch.replace(timers.setTimeout, promisify.custom, sleep);
  patch.replace(timers.setImmediate, promisify.custom, turn);
}

interface WaitOptions {
  readonly signal?: AbortSignal;
  readonly ref?: boolean;
}

function patchTimerPromises(patch: Patch): void {
  patch.wrap(
    timersPromises,
    'setTimeout',
    (world) =>
      ((ms?: unknown, value?: unknown, options?: WaitOptions) => waited(world, ms, value, options)) as AnyFunction,
  );
  patch.wrap(
    timersPromises,
    'setImmediate',
    (world) => ((value?: unknown, options?: WaitOptions) => waited(world, undefined, value, options)) as AnyFunction,
  );
  patch.wrap(
    timersPromises,
    'setInterval',
    (world) =>
      ((ms?: unknown, value?: unknown, options?: WaitOptions) => ticks(world, ms, value, options)) as AnyFunction,
  );
  const scheduler = timersPromises.scheduler as unknown as object | undefined;
  if (scheduler === undefined) return;
  patch.wrap(
    scheduler,
    'wait',
    (world) => ((ms?: unknown, options?: WaitOptions) => waited(world, ms, undefined, options)) as AnyFunction,
  );
  patch.wrap(scheduler, 'yield', (world) => () => waited(world, undefined, undefined, undefined));
}

/** Resolves after `ms`, or in the next turn without one. */
function waited(
  world: World,
  ms: unknown,
  value: unknown,
  options: WaitOptions | undefined,
  immediate = ms === undefined,
): Promise<unknown> {
  const signal = options?.signal;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted(signal));
    const stop = (): void => {
      timer[Symbol.dispose]();
      reject(aborted(signal!));
    };
    const done = (): void => {
      signal?.removeEventListener('abort', stop);
      resolve(value);
    };
    const timer = immediate
      ? new SimImmediate(world.current, done, [])
      : SimTimeout.start(world.current, done, timeoutMs(ms), false, []);
    if (timer instanceof SimImmediate) world.plan(timer, 0);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

async function* ticks(
  world: World,
  ms: unknown,
  value: unknown,
  options: WaitOptions | undefined,
): AsyncGenerator<unknown> {
  const signal = options?.signal;
  if (signal?.aborted) throw aborted(signal);
  let due = 0;
  let wake = (): void => {};
  const timer = SimTimeout.start(
    world.current,
    () => {
      due++;
      wake();
    },
    timeoutMs(ms),
    true,
    [],
  );
  const stop = (): void => wake();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      if (due === 0 && !signal?.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (signal?.aborted) throw aborted(signal);
      for (; due > 0; due--) yield value;
    }
  } finally {
    timer.close();
    signal?.removeEventListener('abort', stop);
  }
}

function aborted(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}

function checked(callback: unknown): Callback {
  if (typeof callback === 'function') return callback as Callback;
  const error = new TypeError(`The "callback" argument must be of type function. Received ${String(callback)}`);
  throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
}

function patchDate(patch: Patch): void {
  const RealDate = Date;
  const realNow = Date.now;
  const now = (): number => {
    const world = activeWorld();
    return world === undefined ? realNow() : Math.floor(world.current.clock.now());
  };
  const patched = function (this: unknown, ...given: unknown[]): unknown {
    if (new.target === undefined) return new RealDate(now()).toString();
    return Reflect.construct(
      RealDate,
      given.length === 0 ? [now()] : given,
      new.target === patched ? RealDate : new.target,
    );
  };
  Object.defineProperties(patched, Object.getOwnPropertyDescriptors(RealDate));
  patch.replace(RealDate, 'now', now);
  Object.defineProperty(patched, 'now', { value: now, writable: true, configurable: true });
  patch.replace(RealDate.prototype, 'constructor', patched);
  patch.replace(globalThis, 'Date', patched);
  patchDateFormat(patch, now);
  const temporal = (
    globalThis as { Temporal?: { Now: object; Instant: { fromEpochMilliseconds(ms: number): TemporalInstant } } }
  ).Temporal;
  if (temporal === undefined) return;
  const instant = (): TemporalInstant => temporal.Instant.fromEpochMilliseconds(now());
  const zone = (given?: unknown): unknown => given ?? (temporal.Now as { timeZoneId(): string }).timeZoneId();
  const kinds: Record<string, (at: TemporalInstant, given: unknown) => unknown> = {
    instant: (at) => at,
    zonedDateTimeISO: (at, given) => at.toZonedDateTimeISO(zone(given)),
    plainDateTimeISO: (at, given) => at.toZonedDateTimeISO(zone(given)).toPlainDateTime(),
    plainDateISO: (at, given) => at.toZonedDateTimeISO(zone(given)).toPlainDate(),
    plainTimeISO: (at, given) => at.toZonedDateTimeISO(zone(given)).toPlainTime(),
  };
  for (const [key, of] of Object.entries(kinds)) {
    patch.wrap(temporal.Now, key, () => ((given?: unknown) => of(instant(), given)) as AnyFunction);
  }
}

/** `Intl.DateTimeFormat` without a date means the present. */
function patchDateFormat(patch: Patch, now: () => number): void {
  const { prototype } = Intl.DateTimeFormat;
  const format = Object.getOwnPropertyDescriptor(prototype, 'format')!.get!;
  patch.define(prototype, 'format', {
    enumerable: false,
    get(this: Intl.DateTimeFormat) {
      const bound = format.call(this) as (date?: unknown) => string;
      return activeWorld() === undefined ? bound : (date: unknown = now()) => bound(date);
    },
  });
  patch.wrap(
    prototype,
    'formatToParts',
    (_, original) =>
      function (this: unknown, date: unknown = now()) {
        return original.call(this, date as never);
      } as AnyFunction,
  );
}

interface TemporalInstant {
  toZonedDateTimeISO(zone: unknown): { toPlainDateTime(): unknown; toPlainDate(): unknown; toPlainTime(): unknown };
}

function patchClocks(patch: Patch): void {
  const monotonicMs = (world: World): number => world.current.clock.monotonicMs();
  patch.substitute(performance, 'now', (original) => () => {
    const world = activeWorld();
    return world === undefined ? original.call(performance) : monotonicMs(world);
  });
  const { timeOrigin } = performance;
  patch.define(performance, 'timeOrigin', { get: () => activeWorld()?.epochMs ?? timeOrigin });
  patch.wrap(
    performance,
    'mark',
    (world, original) =>
      ((name: string, options?: object) =>
        (original as unknown as typeof performance.mark).call(performance, name, {
          startTime: monotonicMs(world),
          ...options,
        })) as AnyFunction,
  );
  patch.wrap(performance, 'markResourceTiming', () => () => undefined);
  const hrtimeBigint = process.hrtime.bigint;
  patch.wrap(
    process,
    'hrtime',
    (world) =>
      ((since?: [number, number]) => {
        const nanoseconds =
          Math.round(monotonicMs(world) * 1e6) - (since === undefined ? 0 : since[0] * 1e9 + since[1]);
        return [Math.floor(nanoseconds / 1e9), nanoseconds - Math.floor(nanoseconds / 1e9) * 1e9];
      }) as AnyFunction,
  );
  patch.replace(process.hrtime, 'bigint', () => {
    const world = activeWorld();
    return world === undefined ? hrtimeBigint() : BigInt(Math.round(monotonicMs(world) * 1e6));
  });
  patch.wrap(process, 'uptime', (world) => () => monotonicMs(world) / 1000);
  patch.wrap(os, 'uptime', (world) => () => monotonicMs(world) / 1000);
  patch.wrap(os, 'hostname', (world) => () => world.current.name);
  for (const key of ['pid', 'ppid'] as const) {
    const real = process[key];
    patch.define(process, key, { get: () => activeWorld()?.current.index ?? real });
  }
  patchMeasures(patch);
  patch.wrap(
    AbortSignal,
    'timeout',
    (world) =>
      ((ms: number) => {
        const controller = new AbortController();
        SimTimeout.start(
          world.current,
          () => {
            controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
          },
          Math.max(0, Math.trunc(ms)),
          false,
          [],
        );
        return controller.signal;
      }) as AnyFunction,
  );
}

/** What is measured of the machine differs from run to run; in a world it is a constant. */
function patchMeasures(patch: Patch): void {
  const memory = { rss: 2 ** 26, heapTotal: 2 ** 25, heapUsed: 2 ** 24, external: 2 ** 20, arrayBuffers: 2 ** 16 };
  patch.wrap(process.memoryUsage, 'rss', () => () => memory.rss);
  patch.wrap(process, 'memoryUsage', () => () => ({ ...memory }));
  patch.wrap(process, 'cpuUsage', () => () => ({ user: 0, system: 0 }));
  patch.wrap(performance, 'eventLoopUtilization', () => () => ({ idle: 0, active: 0, utilization: 0 }));
  patch.wrap(os, 'freemem', () => () => 2 ** 30);
  patch.wrap(os, 'loadavg', () => () => [0, 0, 0]);
}
