// Turns of the event loop, given by work that would otherwise never let timers and I/O run: `await undefined` does not.
// A thread has one event loop, so everything on one clock shares its turns, whatever tree of governors it belongs to.
import type { Clock } from '../determinism/index.js';

/** Work that never waits gives the event loop a turn after so long; the bound to keep is 5 ms. */
const everyMs = 3;

/** When the next turn is due, and the turn that is awaited. */
export class EventLoopTurns {
  readonly #clock: Clock;
  #dueMs: number;
  #turn: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#dueMs = clock.monotonicMs() + everyMs;
  }

  isDue(nowMs: number): boolean {
    return nowMs >= this.#dueMs;
  }

  /** The event loop had a turn, by whatever somebody waited for. */
  happened(nowMs: number): void {
    this.#dueMs = nowMs + everyMs;
  }

  /** Resolves after a turn; all who ask before it share one. */
  next(): Promise<void> {
    this.#turn ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#turn = undefined;
        this.happened(this.#clock.monotonicMs());
        resolve();
      });
    });
    return this.#turn;
  }
}

const turnsOfClock = new WeakMap<Clock, EventLoopTurns>();

/** The turns of everything that lives on `clock`. */
export function eventLoopTurns(clock: Clock): EventLoopTurns {
  let turns = turnsOfClock.get(clock);
  if (turns === undefined) {
    turns = new EventLoopTurns(clock);
    turnsOfClock.set(clock, turns);
  }
  return turns;
}
