// A process's clock in a world: the world's time, off by an offset and running fast or slow. It is the suite's `Clock`, and what
// `Date` and `performance` say in that process.

import type { Clock, ScheduleOptions } from '@tenstrip/shared-core';
import type { SimProcess } from './sim-process.js';
import { SimTimeout } from './sim-timers.js';
import { assertSkew } from './world-options.js';

/** Virtual time as one process sees it. */
export class SimClock implements Clock {
  readonly #owner: SimProcess;
  readonly #epochMs: number;
  #offsetMs = 0;
  /** Milliseconds of this clock in one of the world. */
  #rate = 1;
  #worldBaseMs = 0;
  #ownBaseMs = 0;

  constructor(owner: SimProcess, epochMs: number) {
    this.#owner = owner;
    this.#epochMs = epochMs;
  }

  now(): number {
    return this.#epochMs + this.#offsetMs + this.monotonicMs();
  }

  monotonicMs(): number {
    return this.#ownBaseMs + (this.#owner.world.nowMs - this.#worldBaseMs) * this.#rate;
  }

  /** How long `ms` of this clock are in the world. */
  worldMs(ms: number): number {
    return this.#rate === 1 ? ms : ms / this.#rate;
  }

  /** Puts the clock off by so much against the world's, and lets it run fast or slow from now on. Pending timers stay. @throws TenstripError `OptionsInvalid` */
  skew(offsetMs: number, driftPpm: number): void {
    assertSkew(offsetMs, driftPpm);
    this.#ownBaseMs = this.monotonicMs();
    this.#worldBaseMs = this.#owner.world.nowMs;
    this.#offsetMs = offsetMs;
    this.#rate = 1 + driftPpm / 1e6;
  }

  /** How the clock is off now. */
  get skewed(): { offsetMs: number; driftPpm: number } {
    return { offsetMs: this.#offsetMs, driftPpm: (this.#rate - 1) * 1e6 };
  }

  sleep(ms: number, options?: { signal?: AbortSignal }): Promise<void> {
    const signal = options?.signal;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = (): void => {
        timer[Symbol.dispose]();
        reject(signal?.reason);
      };
      const timer = this.schedule(ms, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  schedule(delayMs: number, callback: () => void, _options?: ScheduleOptions): Disposable {
    if (typeof delayMs !== 'number' || Number.isNaN(delayMs)) {
      throw new RangeError(`the delay is ${String(delayMs)}; give a number of milliseconds`);
    }
    return SimTimeout.start(this.#owner, callback, Math.max(0, delayMs), false, []);
  }
}
