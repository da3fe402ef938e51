// The arithmetic of a leaky bucket: it leaks steadily, each event adds one, and one above the capacity overflows.
// As CrowdSec's leaky scenarios, on event time. Time that goes back leaks nothing, and nothing ever leaks twice.

/**
 * The level of a bucket after one more event: events that have not leaked out, with fractions. `level`: the one before, 0 of an
 * empty bucket; `elapsedMs`: since the latest event that was poured, below 0 when this one is older.
 */
export function poured(level: number, elapsedMs: number, leakSpeedMs: number): number {
  return elapsedMs <= 0 ? level + 1 : Math.max(0, level - elapsedMs / leakSpeedMs) + 1;
}

/** Whether a bucket of this level overflows: a hair is allowed for the rounding of fractions. */
export function overflows(level: number, capacity: number): boolean {
  return level > capacity + 1e-9;
}

/** How long a bucket lives after the last event, in milliseconds: the time in which a full one leaks empty, and one more. */
export function bucketLifeMs(capacity: number, leakSpeedMs: number): number {
  return (capacity + 1) * leakSpeedMs;
}
