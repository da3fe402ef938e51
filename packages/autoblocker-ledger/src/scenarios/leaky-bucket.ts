// The arithmetic of a leaky bucket: it leaks steadily, each event adds one, and one above the capacity overflows.
// As CrowdSec's leaky scenarios, on event time. Time that goes back leaks nothing, and nothing ever leaks twice.

/** What a leaky bucket holds. */
export interface LeakyLevel {
  /** Events that have not leaked out, with fractions. */
  readonly level: number;
  /** The latest time poured at, in milliseconds. */
  readonly time: number;
}

/** A bucket after one more event at `time`; `undefined` stands for an empty one. */
export function pour(bucket: LeakyLevel | undefined, time: number, leakSpeedMs: number): LeakyLevel {
  if (bucket === undefined) return { level: 1, time };
  const elapsed = Math.max(0, time - bucket.time);
  return { level: Math.max(0, bucket.level - elapsed / leakSpeedMs) + 1, time: Math.max(bucket.time, time) };
}

/** Whether a bucket of this level overflows: a hair is allowed for the rounding of fractions. */
export function overflows(level: number, capacity: number): boolean {
  return level > capacity + 1e-9;
}

/** How long a bucket lives after the last event, in milliseconds: the time in which a full one leaks empty, and one more. */
export function bucketLifeMs(capacity: number, leakSpeedMs: number): number {
  return (capacity + 1) * leakSpeedMs;
}
