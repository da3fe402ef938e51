// Makes time and chance of this process or thread the operation's: clock and timers are virtual, random numbers come from
// the call's seed, and whatever else would differ between two runs (the host's state, memory, other realms, thread pools)
// is refused by name. A refusal that the module swallows still fails the call.
import { createRequire, syncBuiltinESMExports } from 'node:module';
import type { CallWorld } from './protocol.js';
import { refuse } from './refusals.js';
import { SeededBytes } from './seeded-bytes.js';
import { virtualDate, virtualPerformance, virtualTimerFunctions, virtualTimerPromises } from './virtual-date.js';
import { VirtualTimers } from './virtual-timers.js';

const builtin = createRequire(import.meta.url) as (name: string) => Record<string, unknown>;

/** Functions by module that would show real time, real chance or the host. `'*'`: all of the module. */
const refused: Readonly<Record<string, '*' | readonly string[]>> = {
  'node:child_process': '*',
  'node:dgram': '*',
  'node:dns': '*',
  'node:inspector': '*',
  'node:os': '*',
  'node:v8': '*',
  'node:vm': '*',
  'node:worker_threads': ['Worker', 'receiveMessageOnPort', 'moveMessagePortToContext'],
  'node:perf_hooks': ['PerformanceObserver', 'createHistogram', 'monitorEventLoopDelay', 'Performance'],
  'node:timers/promises': ['setInterval'],
  'node:fs': [
    ...['stat', 'statSync', 'lstat', 'lstatSync', 'fstat', 'fstatSync', 'statfs', 'statfsSync'],
    ...['watch', 'watchFile', 'mkdtemp', 'mkdtempSync'],
  ],
  'node:fs/promises': ['stat', 'lstat', 'statfs', 'watch', 'mkdtemp'],
  // Asynchronous forms finish in the order of a thread pool.
  'node:zlib': [
    'deflate',
    'inflate',
    'gzip',
    'gunzip',
    'deflateRaw',
    'inflateRaw',
    'unzip',
    'brotliCompress',
    'brotliDecompress',
  ],
  'node:crypto': [
    ...['pbkdf2', 'scrypt', 'hkdf', 'generateKey', 'generateKeySync', 'generateKeyPair', 'generateKeyPairSync'],
    ...['generatePrime', 'generatePrimeSync', 'checkPrime', 'createDiffieHellman', 'createDiffieHellmanGroup'],
    ...['createECDH', 'getDiffieHellman', 'publicEncrypt', 'privateEncrypt', 'createSign', 'sign', 'secureHeapUsed'],
  ],
};
const refusedOfProcess = [
  'cpuUsage',
  'resourceUsage',
  'memoryUsage',
  'constrainedMemory',
  'availableMemory',
  'getActiveResourcesInfo',
];
const refusedOfConsole = ['time', 'timeEnd', 'timeLog', 'timeStamp', 'profile', 'profileEnd'];
const refusedGlobals = [
  'WeakRef',
  'FinalizationRegistry',
  'EventSource',
  'WebSocket',
  'fetch',
  'PerformanceObserver',
  'Performance',
];

/** What one deterministic guest has instead of real time and chance. */
export class DeterministicRealm {
  readonly #timers: VirtualTimers;
  #random = new SeededBytes(new Uint8Array(32));
  #violation: Error | undefined;

  private constructor(timers: VirtualTimers) {
    this.#timers = timers;
  }

  /** Replaces time and chance for good. @param requestsPending whether the host owes an answer */
  static async enter(requestsPending: () => boolean): Promise<DeterministicRealm> {
    const resources = process.getActiveResourcesInfo.bind(process);
    // File reads of `import()` are outside work too.
    const busy = () => requestsPending() || resources().some((name) => name.startsWith('FSReq'));
    const realm = new DeterministicRealm(new VirtualTimers(busy));
    // Node makes its web classes when they are first needed, newer Nodes while a module is loaded, and needs for it what
    // is refused below.
    void globalThis.Response;
    realm.#replaceTime();
    realm.#replaceChance();
    realm.#refuseTheRest();
    syncBuiltinESMExports();
    return realm;
  }

  /** The first thing that was refused in this call, whether the module caught the error or not. */
  get violation(): Error | undefined {
    return this.#violation;
  }

  throwIfViolated(): void {
    if (this.#violation !== undefined) throw this.#violation;
  }

  begin({ seed, nowMs, monotonicMs }: CallWorld): void {
    this.#random = new SeededBytes(seed);
    this.#timers.begin(nowMs, monotonicMs);
  }

  /** Ends the call; the virtual time that it took, in ms. */
  end(): number {
    this.#timers.end();
    this.throwIfViolated();
    return this.#timers.elapsedMs;
  }

  #replaceTime(): void {
    const timers = this.#timers;
    const functions = virtualTimerFunctions(timers);
    const performance = virtualPerformance(timers);
    replace(globalThis, { Date: virtualDate(timers), performance, ...functions });
    replace(builtin('node:timers'), functions);
    replace(builtin('node:timers/promises'), virtualTimerPromises(timers));
    replace(builtin('node:perf_hooks'), { performance });
    replace(AbortSignal, { timeout: abortAfter(timers) });
    const nanoseconds = () => BigInt(Math.round(timers.monotonicMs * 1e6));
    replace(process, {
      hrtime: Object.assign(hrtime(nanoseconds), { bigint: nanoseconds }),
      uptime: () => timers.monotonicMs / 1000,
    });
    defaultToVirtualNow(timers);
  }

  #replaceChance(): void {
    const fill = <T extends ArrayBufferView | ArrayBuffer>(target: T): T => {
      this.#random.fill(bytesOf(target));
      return target;
    };
    const fillPart = (target: ArrayBufferView, offset = 0, size?: number) => {
      fill(part(target, offset, size));
      return target;
    };
    const randomUUID = () => uuid(fill(new Uint8Array(16)));
    replace(Math, { random: () => this.#random.float() });
    const crypto = builtin('node:crypto');
    // One object behind `globalThis.crypto`, `webcrypto` and their functions in node:crypto.
    const web = globalThis.crypto;
    replace(Object.getPrototypeOf(web), { getRandomValues: fill, randomUUID });
    const subtle: object = Object.getPrototypeOf(web.subtle);
    for (const name of Object.getOwnPropertyNames(subtle)) {
      if (name !== 'constructor') this.#refuse(subtle, name, `crypto.subtle.${name}`);
    }
    const randomBytes = called((size: number) => Buffer.from(fill(new Uint8Array(size)).buffer));
    replace(crypto, {
      randomBytes,
      pseudoRandomBytes: randomBytes,
      prng: randomBytes,
      rng: randomBytes,
      randomUUID,
      randomFillSync: fillPart,
      randomFill: called(fillPart),
      randomInt: called((first: number, second?: number) => this.#random.integer(...range(first, second))),
    });
  }

  #refuseTheRest(): void {
    for (const [module, names] of Object.entries(refused)) {
      const owner = builtin(module);
      const functions = names === '*' ? Object.keys(owner).filter((name) => typeof owner[name] === 'function') : names;
      for (const name of functions) this.#refuse(owner, name, `${module.slice('node:'.length)}.${name}`);
    }
    for (const name of refusedOfProcess) this.#refuse(process, name, `process.${name}`);
    for (const name of refusedOfConsole) this.#refuse(console, name, `console.${name}`);
    for (const name of refusedGlobals) this.#refuse(globalThis, name, name);
    this.#refuse(Atomics, 'wait', 'Atomics.wait');
    this.#refuse(Atomics, 'waitAsync', 'Atomics.waitAsync');
  }

  #refuse(owner: object, name: string, attempted: string): void {
    refuse(owner, name, attempted, 'Nondeterminism', (error) => this.#noted(error));
  }

  #noted(error: Error): void {
    this.#violation ??= error;
  }
}

/** Puts `values` in place of what `owner` has by these names, for good. */
function replace(owner: object, values: object): void {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(owner, name, { value, writable: false, configurable: false, enumerable: true });
  }
}

/** A synchronous function that also takes a callback last, as those of node:crypto do; it is called before the next turn. */
function called<Args extends unknown[], T>(body: (...args: Args) => T): (...args: unknown[]) => T | undefined {
  return (...args) => {
    const callback = args.at(-1);
    if (typeof callback !== 'function') return body(...(args as Args));
    const value = body(...(args.slice(0, -1) as Args));
    process.nextTick(() => callback(null, value));
    return undefined;
  };
}

function abortAfter(timers: VirtualTimers): (ms: number) => AbortSignal {
  return (ms) => {
    const controller = new AbortController();
    timers.schedule(ms, () =>
      controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
    );
    return controller.signal;
  };
}

function hrtime(nanoseconds: () => bigint) {
  return (since?: [number, number]): [number, number] => {
    const past = since === undefined ? 0n : BigInt(since[0]) * 1_000_000_000n + BigInt(since[1]);
    const passed = nanoseconds() - past;
    return [Number(passed / 1_000_000_000n), Number(passed % 1_000_000_000n)];
  };
}

/** `Intl.DateTimeFormat` shows the real now when it is given no date. */
function defaultToVirtualNow(timers: VirtualTimers): void {
  const prototype = Intl.DateTimeFormat.prototype;
  const format = Object.getOwnPropertyDescriptor(prototype, 'format')?.get;
  const { formatToParts } = prototype;
  Object.defineProperty(prototype, 'format', {
    get(this: Intl.DateTimeFormat) {
      const real = format?.call(this) as (date: unknown) => string;
      return (date?: unknown) => real(date ?? timers.nowMs);
    },
  });
  replace(prototype, {
    formatToParts(this: Intl.DateTimeFormat, date?: Date | number) {
      return formatToParts.call(this, date ?? timers.nowMs);
    },
  });
}

function bytesOf(target: ArrayBufferView | ArrayBuffer): Uint8Array {
  return ArrayBuffer.isView(target)
    ? new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
    : new Uint8Array(target);
}

function part(target: ArrayBufferView, offset: number, size = bytesOf(target).length - offset): Uint8Array {
  return bytesOf(target).subarray(offset, offset + size);
}

function range(first: number, second?: number): [number, number] {
  const [minimum, maximum] = second === undefined ? [0, first] : [first, second];
  if (
    !Number.isSafeInteger(minimum) ||
    !Number.isSafeInteger(maximum) ||
    maximum <= minimum ||
    maximum - minimum >= 2 ** 48
  ) {
    throw new RangeError(
      `randomInt needs minimum < maximum with less than 2^48 between them, not ${minimum} and ${maximum}`,
    );
  }
  return [minimum, maximum];
}

/** A version 4 UUID (RFC 9562, section 5.4) of 16 random bytes. */
function uuid(bytes: Uint8Array): string {
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
