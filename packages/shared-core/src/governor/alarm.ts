// One timer for a whole gate, however many wait at it.
import type { Clock } from '../determinism/index.js';

/** Calls back at the earliest time that was asked for. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #timer: Disposable | undefined;
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings once after `delayMs`, and not at a time set before; `Infinity` is never. */
  set(delayMs: number, nowMs: number): void {
    const dueMs = nowMs + delayMs;
    if (dueMs === this.#dueMs) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#dueMs = dueMs;
    if (dueMs === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#clock.schedule(
      delayMs,
      () => {
        this.#timer = undefined;
        this.#dueMs = Number.POSITIVE_INFINITY;
        this.#ring();
      },
      { keepAlive: true },
    );
  }
}
