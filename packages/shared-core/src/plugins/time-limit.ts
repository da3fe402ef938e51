// A limit to how long a strip's own code may keep others waiting.
import type { Clock } from '../determinism/index.js';

/** Where and how long to wait. */
export interface TimeLimit {
  readonly clock: Clock;
  readonly limitMs: number;
  /** Whether the process stays alive until then. */
  readonly keepAlive: boolean;
}

/** What `work` comes to; `late()` is thrown instead when it takes longer than the limit. The work itself goes on then. */
export function withinTime<T>(
  { clock, limitMs, keepAlive }: TimeLimit,
  work: Promise<T>,
  late: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.schedule(limitMs, () => reject(late()), { keepAlive });
    work.then(resolve, reject).finally(() => timer[Symbol.dispose]());
  });
}

/** What `work` comes to; what `stopped()` throws instead when `signal` aborts first. */
export function unlessAborted<T>(signal: AbortSignal, work: Promise<T>, stopped: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      try {
        stopped();
        reject(signal.reason);
      } catch (error) {
        reject(error);
      }
    };
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
