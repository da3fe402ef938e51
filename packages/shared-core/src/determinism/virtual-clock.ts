// Time that moves only when it is told to: the clock of simulations and of tests. What is due fires in the order
// (time, order of scheduling), and everything that one callback set in motion settles before the next one fires.
import { type Clock, dueAfter, type ScheduleOptions, sleepOn } from './clock.js';
import { type Timer, TimerQueue } from './timer-queue.js';

/** A {@link Clock} moved by hand with {@link VirtualClock.advance}. */
export class VirtualClock implements Clock {
  readonly #startMs: number;
  readonly #timers = new TimerQueue(() => this.#onChange());
  #elapsedMs = 0;
  #holds = 0;
  #released: { promise: Promise<void>; resolve: () => void } | undefined;
  #advancing: Promise<void> = Promise.resolve();
  #onChange: () => void = () => {};

  /** @param startMs what `now()` says at first, milliseconds since 1970. Default 0. */
  constructor(startMs = 0) {
    if (!Number.isFinite(startMs)) throw new RangeError(`startMs is ${startMs}; give a finite number of milliseconds`);
    this.#startMs = startMs;
  }

  /** Milliseconds since 1970: the start plus what has passed. */
  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  /** Milliseconds since the start. */
  monotonicMs(): number {
    return this.#elapsedMs;
  }

  sleep(ms: number, options?: { signal?: AbortSignal }): Promise<void> {
    return sleepOn(this.schedule.bind(this), ms, options?.signal);
  }

  schedule(delayMs: number, callback: () => void, options?: ScheduleOptions): Timer {
    return this.#timers.add(dueAfter(this.#elapsedMs, delayMs), callback, options?.keepAlive ?? false);
  }

  /**
   * Moves time on by `ms` and fires what is due on the way; microtasks settle before the first callback and after each.
   * While time is held it waits. Calls queue up behind each other.
   *
   * @throws RangeError when `ms` is negative or not finite.
   */
  advance(ms: number): Promise<void> {
    if (!(ms >= 0 && Number.isFinite(ms))) throw new RangeError(`ms is ${ms}; time moves forward by a finite amount`);
    const moved = this.#advancing.then(() => this.#moveTo(this.#elapsedMs + ms));
    this.#advancing = moved.catch(() => {});
    return moved;
  }

  /** Lets time stand still until the returned hold is disposed. Holds add up. */
  hold(): Disposable {
    this.#holds++;
    let holding = true;
    return {
      [Symbol.dispose]: () => {
        if (!holding) return;
        holding = false;
        if (--this.#holds > 0) return;
        this.#released?.resolve();
        this.#released = undefined;
        this.#onChange();
      },
    };
  }

  /** Whether time stands still. */
  get held(): boolean {
    return this.#holds > 0;
  }

  /** How many callbacks are pending, and how many of them somebody waits for. */
  get pending(): { timers: number; awaited: number } {
    return { timers: this.#timers.size, awaited: this.#timers.keptAlive };
  }

  /**
   * Jumps to the next due callback and calls it; `false` when none is due by `latestMs` or time is held.
   *
   * @internal
   */
  step(latestMs = Number.MAX_VALUE): boolean {
    if (this.held) return false;
    const timer = this.#timers.takeDue(latestMs);
    if (timer === undefined) return false;
    this.#elapsedMs = Math.max(this.#elapsedMs, timer.dueMs);
    timer.callback();
    return true;
  }

  /**
   * Calls `listener` when a timer came or went, or a hold ended.
   *
   * @internal
   */
  observe(listener: () => void): void {
    this.#onChange = listener;
  }

  async #moveTo(targetMs: number): Promise<void> {
    do {
      await settled();
      while (this.held) await this.#whenReleased();
    } while (this.step(targetMs));
    this.#elapsedMs = Math.max(this.#elapsedMs, targetMs);
  }

  #whenReleased(): Promise<void> {
    if (this.#released === undefined) {
      let resolve = (): void => {};
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.#released = { promise, resolve };
    }
    return this.#released.promise.then(settled);
  }
}

/** Resolves when all microtasks that are ready, and those that they make, have run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
