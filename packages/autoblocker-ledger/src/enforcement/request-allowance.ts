// How many requests a throttled target has left: a token bucket for each decision, refilled evenly, full at first.

/** Decisions whose buckets are kept; the one that was used longest ago goes first, and starts full again. */
const maxBuckets = 10_000;

/** Requests left, by decision. */
export class RequestAllowance {
  readonly #perMinute: number;
  /** Least recently used first. */
  readonly #buckets = new Map<bigint, { readonly left: number; readonly at: number }>();

  /** @throws RangeError when `perMinute` is not an integer from 1 to 1,000,000. */
  constructor(perMinute: number) {
    if (!Number.isInteger(perMinute) || perMinute < 1 || perMinute > 1_000_000) {
      throw new RangeError(`throttledPerMinute is ${perMinute}; give an integer from 1 to 1,000,000`);
    }
    this.#perMinute = perMinute;
  }

  /** Takes one request at `now`; 0 when there was one, else how many milliseconds until there is. */
  take(decision: bigint, now: number): number {
    const before = this.#buckets.get(decision) ?? { left: this.#perMinute, at: now };
    const msPerRequest = 60_000 / this.#perMinute;
    const passedMs = Math.max(0, now - before.at);
    const left = Math.min(this.#perMinute, before.left + passedMs / msPerRequest);
    this.#buckets.delete(decision);
    this.#buckets.set(decision, { left: left < 1 ? left : left - 1, at: now });
    if (this.#buckets.size > maxBuckets) this.#buckets.delete(this.#buckets.keys().next().value!);
    return left < 1 ? Math.ceil((1 - left) * msPerRequest) : 0;
  }
}
