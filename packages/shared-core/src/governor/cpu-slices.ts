// Which operation used the CPU. On one thread only one runs at a time, so the time between two looks at the clock
// belongs to whoever ran: the operation that looks now, or the one that looked before. Wall time is an upper bound
// (the thread may have slept or lost its core), the process's CPU time is another; the smaller one is charged.
import type { UsageMeter } from './usage-meter.js';

/** What one operation has used and not yet been charged for. */
export interface Slice {
  /** Wall milliseconds. */
  sliceMs: number;
  /** Checkpoints that may pass before the next look at the clock. */
  countdown: number;
  /** How many that were at the last look. */
  stride: number;
}

/** Light work looks at the clock every so many checkpoints. */
const longestStride = 8;
/** Work whose checkpoints are farther apart than this looks at the clock at each. */
const heavyMs = 0.02;

/** Divides the time of one thread among operations. */
export class CpuSlices {
  readonly #meter: UsageMeter;
  /** Who looked last; `undefined` makes everyone look at the next checkpoint. */
  current: Slice | undefined;
  #markMs: number;
  /** Wall milliseconds of all operations that were not charged yet. */
  #pendingMs = 0;
  /** CPU time of the process that is charged, or was nobody's. */
  #settledMicros: number;

  constructor(meter: UsageMeter, nowMs: number) {
    this.#meter = meter;
    this.#markMs = nowMs;
    this.#settledMicros = meter.cpuMicros();
  }

  /**
   * `slice` starts to run, or goes on after a wait; whoever ran until now is charged up to here. `nowMs` may lie before
   * the last look; gives when it began.
   */
  begin(slice: Slice, nowMs: number): number {
    const beginMs = Math.max(nowMs, this.#markMs);
    if (this.current !== undefined) this.#add(this.current, beginMs - this.#markMs);
    this.#markMs = beginMs;
    this.current = slice;
    slice.countdown = 0;
    slice.stride = 1;
    return beginMs;
  }

  /** `slice` runs and looks at the clock. */
  look(slice: Slice, nowMs: number): void {
    const passedMs = nowMs - this.#markMs;
    const others = this.current === slice ? 0 : this.#shareOfCurrent(passedMs);
    this.#add(slice, passedMs - others);
    if (this.current === slice) this.#adapt(slice, passedMs);
    this.#markMs = nowMs;
    this.current = slice;
    slice.countdown = slice.stride - 1;
  }

  /** `slice` stops running: it waits, or has ended. */
  leave(slice: Slice, nowMs: number): void {
    this.look(slice, nowMs);
    this.current = undefined;
  }

  /** The CPU microseconds of `slice` since it was last settled; asks the kernel (about 1 µs). */
  settle(slice: Slice): number {
    const usedMicros = this.#meter.cpuMicros();
    const micros = Math.min(slice.sliceMs * 1000, Math.max(0, usedMicros - this.#settledMicros));
    this.#pendingMs -= slice.sliceMs;
    slice.sliceMs = 0;
    this.#settledMicros = Math.max(this.#settledMicros + micros, usedMicros - this.#pendingMs * 1000);
    return micros;
  }

  /** As {@link settle} for a slice too short to ask the kernel: its wall time. */
  settleShort(slice: Slice): number {
    const micros = slice.sliceMs * 1000;
    this.#pendingMs -= slice.sliceMs;
    slice.sliceMs = 0;
    this.#settledMicros += micros;
    return micros;
  }

  /** Other threads of the process used `micros`, charged by themselves: no operation of this thread did. */
  settledElsewhere(micros: number): void {
    this.#settledMicros += micros;
  }

  /** What the operation that looked last ran on, before it gave way without a look: an estimate by its own pace. */
  #shareOfCurrent(passedMs: number): number {
    const { current } = this;
    if (current === undefined) return 0;
    const unseen = current.stride - 1 - current.countdown;
    const estimateMs = Math.min(passedMs, (unseen * heavyMs) / longestStride);
    this.#add(current, estimateMs);
    return estimateMs;
  }

  #adapt(slice: Slice, passedMs: number): void {
    slice.stride = passedMs < heavyMs * slice.stride ? longestStride : 1;
  }

  #add(slice: Slice, ms: number): void {
    slice.sliceMs += ms;
    this.#pendingMs += ms;
  }
}
