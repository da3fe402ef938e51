// Time as a value that is handed in. Engines never read the real clock themselves.

/** Source of time. Durations and deadlines use {@link Clock.monotonicMs}; dates use {@link Clock.now}. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC; may step when the machine's clock is set. */
  now(): number;
  /** Milliseconds that never go back, from an arbitrary start. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, options?: { signal?: AbortSignal }): Promise<void>;
  /** Calls back once after `delayMs` unless disposed before. Does not keep the process alive. */
  schedule(delayMs: number, callback: () => void): Disposable;
}
