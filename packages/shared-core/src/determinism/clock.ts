// Time as a value that is handed in. Engines never read the real clock themselves, so a test or a simulation can.
import { addAbortListener, removeAbortListener } from './abort-listeners.js';

/** Source of time. Durations and deadlines use {@link Clock.monotonicMs}; dates use {@link Clock.now}. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC; may step when the machine's clock is set. */
  now(): number;
  /** Milliseconds that never go back, from an arbitrary start. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. Keeps the process alive meanwhile. */
  sleep(ms: number, options?: { signal?: AbortSignal }): Promise<void>;
  /** Calls back once after `delayMs` unless disposed before. Does not keep the process alive unless asked to. */
  schedule(delayMs: number, callback: () => void, options?: ScheduleOptions): Disposable;
}

/** How a callback is scheduled. */
export interface ScheduleOptions {
  /** Somebody waits for this callback: the process stays alive, and idle virtual time moves on to it. Default `false`. */
  keepAlive?: boolean;
}

/** What a clock of this module schedules by; {@link sleepOn} builds `sleep` from it. */
type Schedule = Clock['schedule'];

/** `sleep` in terms of `schedule`: the timer and the abort listener are both gone when it settles. */
export function sleepOn(schedule: Schedule, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const timer = schedule(
      ms,
      () => {
        if (signal !== undefined) removeAbortListener(signal, onAbort);
        resolve();
      },
      { keepAlive: true },
    );
    const onAbort = (): void => {
      timer[Symbol.dispose]();
      reject(signal?.reason);
    };
    if (signal !== undefined) addAbortListener(signal, onAbort);
  });
}

/** The instant `delayMs` after `nowMs`; a negative delay is none. @throws RangeError when `delayMs` is not a number. */
export function dueAfter(nowMs: number, delayMs: number): number {
  if (typeof delayMs !== 'number' || Number.isNaN(delayMs)) {
    throw new RangeError(`the delay is ${String(delayMs)}; give a number of milliseconds`);
  }
  return nowMs + Math.max(0, delayMs);
}
