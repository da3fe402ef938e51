// The machine's clock. However many callbacks are pending, Node sees one timer, armed for the first of them.
import { performance } from 'node:perf_hooks';
import { type Clock, dueAfter, type ScheduleOptions, sleepOn } from './clock.js';
import { type Timer, TimerQueue } from './timer-queue.js';

/** `setTimeout` takes at most this many milliseconds; a longer wait is armed again. */
const longestTimeoutMs = 2 ** 31 - 1;

class SystemClock implements Clock {
  readonly #timers = new TimerQueue(() => this.#arm());
  #timeout: NodeJS.Timeout | undefined;
  #armedForMs = Number.POSITIVE_INFINITY;
  #firing = false;

  now(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  sleep(ms: number, options?: { signal?: AbortSignal }): Promise<void> {
    return sleepOn(this.schedule.bind(this), ms, options?.signal);
  }

  schedule(delayMs: number, callback: () => void, options?: ScheduleOptions): Timer {
    return this.#timers.add(dueAfter(performance.now(), delayMs), callback, options?.keepAlive ?? false);
  }

  /** Arms the one timeout for the first timer. An armed timeout that is too early is left to fire: that is cheaper. */
  #arm(): void {
    if (this.#firing) return;
    const dueMs = this.#timers.nextDueMs;
    if (dueMs < this.#armedForMs) {
      clearTimeout(this.#timeout);
      const delayMs = Math.min(longestTimeoutMs, Math.max(1, Math.ceil(dueMs - performance.now())));
      this.#timeout = setTimeout(() => this.#fire(), delayMs);
      this.#armedForMs = dueMs;
    }
    if (this.#timers.keptAlive > 0) this.#timeout?.ref();
    else this.#timeout?.unref();
  }

  #fire(): void {
    this.#timeout = undefined;
    this.#armedForMs = Number.POSITIVE_INFINITY;
    this.#firing = true;
    const nowMs = performance.now();
    for (let timer = this.#timers.takeDue(nowMs); timer !== undefined; timer = this.#timers.takeDue(nowMs)) {
      runApart(timer.callback);
    }
    this.#firing = false;
    this.#arm();
  }
}

/** A callback that throws is an uncaught exception of its own, as with `setTimeout`; the other timers go on. */
function runApart(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    setImmediate(() => {
      throw error;
    });
  }
}

/** The real clock: `Date.now`, `performance.now`, and one timer for all that is scheduled. */
export const systemClock: Clock = new SystemClock();
