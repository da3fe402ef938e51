// Drives a virtual clock by itself: whenever the event loop has nothing left to do, time jumps to the next timer.
// The same idea as the paused clock of Rust's tokio. An idle moment is a turn of the event loop: microtasks are done.
import type { VirtualClock } from './virtual-clock.js';

/**
 * Moves `clock` on when all is idle, as long as somebody waits: a sleeper, or `isWaitedFor()`. A timer for which nobody
 * waits (a heartbeat) does not make time run for ever.
 *
 * @internal
 */
export class IdleAdvance {
  readonly #clock: VirtualClock;
  readonly #isWaitedFor: () => boolean;
  #planned = false;

  constructor(clock: VirtualClock, isWaitedFor: () => boolean) {
    this.#clock = clock;
    this.#isWaitedFor = isWaitedFor;
    clock.observe(() => this.wake());
  }

  /** Looks whether there is a reason to move on; to be called when `isWaitedFor()` became true. */
  wake(): void {
    if (this.#planned || !this.#hasReason()) return;
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      if (this.#hasReason()) this.#clock.step();
      this.wake();
    });
  }

  #hasReason(): boolean {
    const { timers, awaited } = this.#clock.pending;
    return timers > 0 && !this.#clock.held && (awaited > 0 || this.#isWaitedFor());
  }
}
