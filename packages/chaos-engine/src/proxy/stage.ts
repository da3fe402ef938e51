// One toxic at work on one direction of one connection. What comes in is a slice of what was read and the logical time at which it
// left the stage before; what goes out is a slice and the time at which it was to leave. Timers are late, logical times are
// not, so that a chain of delays is as exact as one.

import type { RandomSource } from '@tenstrip/shared-core';
import type { Alarms } from './alarms.js';
import type { Toxic } from './toxic.js';

/** Where slices go. */
export interface Outlet {
  push(slice: Buffer, atMs: number): void;
  end(atMs: number): void;
}

/** What a stage may do to the link that it works on. */
export interface StageHost {
  readonly alarms: Alarms;
  /** The sink takes nothing now: what would go out waits, and goes on when stages are told to. */
  readonly sinkFull: boolean;
  /** Milliseconds that never go back. */
  now(): number;
  /** So many bytes more are held (less, when negative). */
  hold(bytes: number): void;
  /** Bytes that came in will not go out. */
  drop(): void;
  /** Delivers what has left this stage, then closes the connection. */
  closeAfter(stage: Stage): void;
  /** Resets both sides at once. */
  reset(): void;
}

/** What links hold for a stage before the source is paused, where nothing has to be on its way for long. */
const briefly = 65_536;

/** A toxic at work. */
export abstract class Stage implements Outlet {
  next: Outlet;
  /** Bytes that it holds before the source is paused. */
  limit = briefly;
  /** Bytes that it holds. */
  held = 0;
  protected readonly host: StageHost;
  protected attributes: Readonly<Record<string, number>>;

  constructor(host: StageHost, next: Outlet, { attributes }: Toxic) {
    this.host = host;
    this.next = next;
    this.attributes = attributes;
  }

  abstract push(slice: Buffer, atMs: number): void;
  abstract end(atMs: number): void;

  /** Goes on with other attributes. */
  update(attributes: Readonly<Record<string, number>>): void {
    this.attributes = attributes;
  }

  /** Whether it holds back what the sink does not take; else the source waits for the sink. */
  get waits(): boolean {
    return false;
  }

  /** The sink takes more again. */
  goOn(): void {}

  /** Its toxic goes: lets out what it holds. */
  leave(): void {}

  /** The connection is gone. */
  dispose(): void {}
}

interface Waiting {
  /** `undefined`: the end of the stream. */
  readonly slice: Buffer | undefined;
  readonly atMs: number;
  readonly releaseMs: number;
}

/** A stage in which slices wait, first in, first out, with one timer for the first. */
abstract class WaitingStage extends Stage {
  #queue: Waiting[] = [];
  #first = 0;
  #timer: Disposable | undefined;
  #armedForMs = Number.POSITIVE_INFINITY;
  /** The connection went, perhaps by what the slice before did further on. */
  #gone = false;

  /** Lets a slice go at a time, after those before it. */
  protected letGo(slice: Buffer | undefined, atMs: number, releaseMs: number): void {
    if (this.#gone) return;
    if (this.#first === this.#queue.length && releaseMs <= this.host.now() && !this.host.sinkFull) {
      this.#pass(slice, releaseMs);
      return;
    }
    this.#queue.push({ slice, atMs, releaseMs });
    if (slice !== undefined) this.#count(slice.length);
    this.#arm();
  }

  end(atMs: number): void {
    this.letGo(undefined, atMs, atMs);
  }

  /** Plans what waits anew, as if it came now; slices keep the times at which they came. */
  override update(attributes: Readonly<Record<string, number>>): void {
    this.attributes = attributes;
    const waiting = this.#takeAll();
    this.replan(waiting.reduce((bytes, { slice }) => bytes + (slice?.length ?? 0), 0));
    for (const { slice, atMs } of waiting) {
      if (slice === undefined) this.end(atMs);
      else this.push(slice, atMs);
    }
  }

  override get waits(): boolean {
    return true;
  }

  override goOn(): void {
    this.#fire();
  }

  /** Called before so many bytes come in again. */
  protected replan(_bytes: number): void {}

  override leave(): void {
    const nowMs = this.host.now();
    for (const { slice } of this.#takeAll()) this.#pass(slice, nowMs);
  }

  override dispose(): void {
    this.#gone = true;
    this.#takeAll();
  }

  #takeAll(): readonly Waiting[] {
    const waiting = this.#queue.slice(this.#first);
    this.#queue = [];
    this.#first = 0;
    this.#disarm();
    this.#count(-this.held);
    return waiting;
  }

  #arm(): void {
    const first = this.#queue[this.#first];
    if (first === undefined || first.releaseMs >= this.#armedForMs || this.host.sinkFull) return;
    this.#disarm();
    if (first.releaseMs === Number.POSITIVE_INFINITY) return;
    this.#armedForMs = first.releaseMs;
    this.#timer = this.host.alarms.at(first.releaseMs, () => this.#fire());
  }

  #disarm(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#armedForMs = Number.POSITIVE_INFINITY;
  }

  #fire(): void {
    this.#disarm();
    const nowMs = this.host.now();
    for (let first = this.#queue[this.#first]; first !== undefined && first.releaseMs <= nowMs; ) {
      if (this.host.sinkFull) break;
      this.#first++;
      if (first.slice !== undefined) this.#count(-first.slice.length);
      this.#pass(first.slice, first.releaseMs);
      // Passing may have emptied the queue: a limit closes connections.
      first = this.#queue[this.#first];
    }
    if (this.#first > 64 && 2 * this.#first > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
    this.#arm();
  }

  #pass(slice: Buffer | undefined, releaseMs: number): void {
    if (slice === undefined) this.next.end(releaseMs);
    else this.next.push(slice, releaseMs);
  }

  #count(bytes: number): void {
    this.held += bytes;
    this.host.hold(bytes);
  }
}

class LatencyStage extends WaitingStage {
  readonly #random: RandomSource;
  #offset = 0;
  #lastMs = 0;

  constructor(host: StageHost, next: Outlet, toxic: Toxic, random: RandomSource, delayedBytes: number) {
    super(host, next, toxic);
    this.#random = random;
    this.limit = delayedBytes;
  }

  push(slice: Buffer, atMs: number): void {
    const { latency = 0, jitter = 0 } = this.attributes;
    // By the place in the stream, so that it does not matter how the kernel cut it before.
    const drawn = jitter > 0 ? this.#random.stream('jitter', this.#offset).integer(-jitter, jitter) : 0;
    this.#offset += slice.length;
    this.#lastMs = Math.max(this.#lastMs, atMs + Math.max(0, latency + drawn));
    this.letGo(slice, atMs, this.#lastMs);
  }

  override end(atMs: number): void {
    this.letGo(undefined, atMs, Math.max(this.#lastMs, atMs));
  }

  protected override replan(bytes: number): void {
    this.#offset -= bytes;
    this.#lastMs = 0;
  }
}

/** What a narrow link passes on at once: 100 ms of its rate. */
const burstMs = 100;

class BandwidthStage extends WaitingStage {
  #freeMs = 0;

  push(slice: Buffer, atMs: number): void {
    const { rate = 0 } = this.attributes; // KB a second are bytes a millisecond
    if (rate <= 0) {
      this.letGo(slice, atMs, Number.POSITIVE_INFINITY);
      return;
    }
    const most = rate * burstMs;
    for (let start = 0; start < slice.length; start += most) {
      const part = slice.length <= most ? slice : slice.subarray(start, start + most);
      this.#freeMs = Math.max(this.#freeMs, atMs) + part.length / rate;
      this.letGo(part, atMs, this.#freeMs);
    }
  }

  override end(atMs: number): void {
    const { rate = 0 } = this.attributes;
    const blocked = rate <= 0 && this.held > 0;
    this.letGo(undefined, atMs, blocked ? Number.POSITIVE_INFINITY : Math.max(this.#freeMs, atMs));
  }

  protected override replan(): void {
    this.#freeMs = this.host.now();
  }
}

class SlicerStage extends WaitingStage {
  readonly #random: RandomSource;
  #left = 0;
  #freeMs = 0;

  constructor(host: StageHost, next: Outlet, toxic: Toxic, random: RandomSource) {
    super(host, next, toxic);
    this.#random = random.stream('slices');
  }

  push(slice: Buffer, atMs: number): void {
    const { average_size: average = 0, size_variation: variation = 0, delay = 0 } = this.attributes;
    for (let start = 0; start < slice.length; ) {
      if (this.#left <= 0) {
        const varied = variation > 0 ? average + this.#random.integer(-variation, variation) : average;
        this.#left = average > 0 ? Math.max(1, varied) : slice.length - start;
      }
      const end = Math.min(slice.length, start + this.#left);
      this.#left -= end - start;
      const leavesMs = Math.max(this.#freeMs, atMs);
      this.#freeMs = leavesMs + Math.max(0, delay) / 1000;
      this.letGo(slice.subarray(start, end), atMs, leavesMs);
      start = end;
    }
  }

  override end(atMs: number): void {
    this.letGo(undefined, atMs, Math.max(this.#freeMs, atMs));
  }

  /** What waits is sliced already and keeps its cuts: the cuts of the future follow from the draws so far. */
  override update(attributes: Readonly<Record<string, number>>): void {
    this.leave();
    this.attributes = attributes;
    this.#freeMs = 0;
  }
}

class SlowCloseStage extends WaitingStage {
  push(slice: Buffer, atMs: number): void {
    this.letGo(slice, atMs, atMs);
  }

  override end(atMs: number): void {
    this.letGo(undefined, atMs, atMs + Math.max(0, this.attributes.delay ?? 0));
  }
}

class TimeoutStage extends Stage {
  readonly #sinceMs: number;
  #timer: Disposable | undefined;

  constructor(host: StageHost, next: Outlet, toxic: Toxic) {
    super(host, next, toxic);
    this.#sinceMs = host.now();
    this.#arm();
  }

  push(): void {
    this.host.drop();
  }

  end(): void {
    this.host.closeAfter(this);
  }

  override update(attributes: Readonly<Record<string, number>>): void {
    this.attributes = attributes;
    this.#arm();
  }

  /** Bytes are missing, or may be: nothing that came after them may pass. */
  override leave(): void {
    this.host.closeAfter(this);
  }

  override dispose(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #arm(): void {
    this.dispose();
    const { timeout = 0 } = this.attributes;
    if (timeout > 0) this.#timer = this.host.alarms.at(this.#sinceMs + timeout, () => this.host.closeAfter(this));
  }
}

class ResetPeerStage extends Stage {
  #sinceMs: number | undefined;
  #timer: Disposable | undefined;

  push(_slice: Buffer, atMs: number): void {
    this.host.drop();
    if (this.#sinceMs !== undefined) return;
    this.#sinceMs = atMs;
    this.#arm();
  }

  end(atMs: number): void {
    this.push(Buffer.alloc(0), atMs);
  }

  override update(attributes: Readonly<Record<string, number>>): void {
    this.attributes = attributes;
    if (this.#sinceMs !== undefined) this.#arm();
  }

  /** What began to be reset has lost bytes. */
  override leave(): void {
    if (this.#sinceMs !== undefined) this.host.reset();
  }

  override dispose(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #arm(): void {
    this.dispose();
    const dueMs = this.#sinceMs! + Math.max(0, this.attributes.timeout ?? 0);
    if (dueMs <= this.host.now()) this.host.reset();
    else this.#timer = this.host.alarms.at(dueMs, () => this.host.reset());
  }
}

class LimitDataStage extends Stage {
  #passed = 0;
  #closed = false;

  push(slice: Buffer, atMs: number): void {
    const left = this.#closed ? 0 : Math.max(0, (this.attributes.bytes ?? 0) - this.#passed);
    const part = slice.length <= left ? slice : slice.subarray(0, left);
    if (part.length < slice.length) this.host.drop();
    if (this.#closed) return;
    this.#passed += part.length;
    if (part.length > 0) this.next.push(part, atMs);
    if (part.length < left) return;
    this.#closed = true;
    this.host.closeAfter(this);
  }

  end(atMs: number): void {
    if (!this.#closed) this.next.end(atMs);
  }
}

class NoopStage extends Stage {
  push(slice: Buffer, atMs: number): void {
    this.next.push(slice, atMs);
  }

  end(atMs: number): void {
    this.next.end(atMs);
  }
}

/** What bounds and chance a stage is made with. */
export interface StageOptions {
  /** The toxic's own stream on this connection. */
  readonly random: RandomSource;
  /** Bytes that may be on their way through a delay. */
  readonly delayedBytes: number;
}

/** A toxic at work, in front of `next`. */
export function stageOf(host: StageHost, next: Outlet, toxic: Toxic, { random, delayedBytes }: StageOptions): Stage {
  switch (toxic.type) {
    case 'latency':
      return new LatencyStage(host, next, toxic, random, delayedBytes);
    case 'bandwidth':
      return new BandwidthStage(host, next, toxic);
    case 'slicer':
      return new SlicerStage(host, next, toxic, random);
    case 'slow_close':
      return new SlowCloseStage(host, next, toxic);
    case 'timeout':
      return new TimeoutStage(host, next, toxic);
    case 'reset_peer':
      return new ResetPeerStage(host, next, toxic);
    case 'limit_data':
      return new LimitDataStage(host, next, toxic);
    case 'noop':
      return new NoopStage(host, next, toxic);
  }
}
