// Timers in a world, with the surface of Node's `Timeout` and `Immediate`. `refresh` moves only a due time; the queue learns of it
// when the old one comes up, as Node's own timer lists do.

import { activeWorld } from './running-world.js';
import { eventCode, PlannedEvent, type SimEvent } from './sim-event.js';
import type { SimProcess } from './sim-process.js';

/** `setTimeout` takes at most this many milliseconds, as in Node. */
const longestMs = 2 ** 31 - 1;

/** What `setTimeout` makes of its second argument, as Node does: 1 for what is no delay, whole milliseconds. */
export function timeoutMs(delay: unknown): number {
  const ms = Number(delay);
  return ms >= 1 && ms <= longestMs ? Math.trunc(ms) : 1;
}

type Callback = (...given: unknown[]) => void;

const nothing: readonly unknown[] = [];

/** Numbers that stand for timers, and timers that belong to no node: both are rare. */
const numbers = new WeakMap<SimTimeout, number>();
const shared = new WeakSet<SimTimeout>();

/** What `setTimeout` and `setInterval` give in a world, which has no process to keep alive: whether a timer would is only remembered. */
export class SimTimeout implements SimEvent {
  owner: SimProcess;
  incarnation: number;
  cancelled = false;
  queued = false;
  notBeforeMs: number | undefined = undefined;
  readonly #callback: Callback;
  readonly #given: readonly unknown[];
  /** -1 once it was cleared. */
  #ms: number;
  readonly #repeats: boolean;
  #referenced = true;

  private constructor(owner: SimProcess, callback: Callback, ms: number, repeats: boolean, given: readonly unknown[]) {
    this.owner = owner;
    this.incarnation = owner.incarnation;
    this.#callback = callback;
    this.#ms = ms;
    this.#repeats = repeats;
    this.#given = given;
  }

  /** Plans `callback` after `ms` of its owner's clock, any number from 0. */
  static start(
    owner: SimProcess,
    callback: Callback,
    ms: number,
    repeats: boolean,
    given: readonly unknown[] = nothing,
  ): SimTimeout {
    const { world } = owner;
    // One timer of undici's drives the timeouts of all its users in a thread; it belongs to no node and outlives them.
    const isShared = ms === 499 && callback.name === 'onTick';
    const timer = new SimTimeout(isShared ? world.scenario : owner, callback, ms, repeats, given);
    if (isShared) {
      shared.add(timer);
      world.sharedTimers.add(timer);
    }
    world.planTimer(timer, ms);
    return timer;
  }

  get code(): number {
    return eventCode.timer;
  }

  fire(): void {
    if (this.#repeats) this.owner.world.planTimer(this, this.#ms);
    if (this.#given.length === 0) this.#callback();
    else this.#callback(...this.#given);
  }

  /** Starts it anew from now, unless it was cleared; one of a world that is over or of a process that died belongs to whoever refreshes it. */
  refresh(): this {
    const world = activeWorld();
    if (world === undefined || this.#ms === -1) return this;
    if (this.owner.world !== world) {
      this.owner = this.owner === this.owner.world.scenario ? world.scenario : world.current;
      this.incarnation = this.owner.incarnation;
      this.queued = false;
      this.cancelled = false;
      if (shared.has(this)) world.sharedTimers.add(this);
    } else if (this.incarnation !== this.owner.incarnation) {
      this.owner = world.current;
      this.incarnation = this.owner.incarnation;
    }
    this.notBeforeMs = undefined;
    if (!this.queued) world.planTimer(this, this.#ms);
    else {
      if (this.cancelled) world.revive(this);
      this.notBeforeMs = world.timerDueMs(this.owner, this.#ms);
    }
    return this;
  }

  ref(): this {
    this.#referenced = true;
    return this;
  }

  unref(): this {
    this.#referenced = false;
    return this;
  }

  hasRef(): boolean {
    return this.#referenced;
  }

  /** Whether it will fire. */
  get pending(): boolean {
    return this.queued && !this.cancelled;
  }

  /** Clears it for good, as `clearTimeout` does. */
  close(): this {
    this.owner.world.cancel(this);
    this.#ms = -1;
    return this;
  }

  [Symbol.toPrimitive](): number {
    let number = numbers.get(this);
    if (number === undefined) {
      number = this.owner.world.numberTimer(this);
      numbers.set(this, number);
    }
    return number;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What `setImmediate` gives in a world. */
export class SimImmediate extends PlannedEvent {
  readonly code = eventCode.immediate;
  readonly #callback: Callback;
  readonly #given: readonly unknown[];
  #referenced = true;

  constructor(owner: SimProcess, callback: Callback, given: readonly unknown[]) {
    super(owner);
    this.#callback = callback;
    this.#given = given;
  }

  fire(): void {
    this.#callback(...this.#given);
  }

  ref(): this {
    this.#referenced = true;
    return this;
  }

  unref(): this {
    this.#referenced = false;
    return this;
  }

  hasRef(): boolean {
    return this.#referenced;
  }

  [Symbol.dispose](): void {
    this.owner.world.cancel(this);
  }
}
