// The timers of a proxy, on the governor's clock, which keeps one timer of the system for all of them.

import { type Clock, systemClock } from '@tenstrip/shared-core';

/** How exact delays are: `timer` as the system's timers are (below 1 ms late), `exact` by spinning through the last millisecond. */
export type Precision = 'timer' | 'exact';

/** The system's timers fire up to so much late. */
const latenessMs = 1.2;

/** Callbacks at times. */
export class Alarms {
  readonly #clock: Clock;
  readonly #spins: boolean;

  constructor(clock: Clock, precision: Precision) {
    this.#clock = clock;
    // Virtual time does not move while somebody spins.
    this.#spins = precision === 'exact' && clock === systemClock;
  }

  /** Milliseconds that never go back. */
  now(): number {
    return this.#clock.monotonicMs();
  }

  /** Calls back once it is `dueMs`, unless disposed before. */
  at(dueMs: number, callback: () => void): Disposable {
    const delayMs = dueMs - this.now();
    if (!this.#spins) return this.#clock.schedule(delayMs, callback);
    let timer = this.#clock.schedule(Math.max(0, delayMs - latenessMs), () => spin());
    const spin = (): void => {
      if (this.now() >= dueMs) {
        callback();
        return;
      }
      const immediate = setImmediate(spin);
      timer = { [Symbol.dispose]: () => clearImmediate(immediate) };
    };
    return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
  }
}
