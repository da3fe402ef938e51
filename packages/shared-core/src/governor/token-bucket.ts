// A token bucket (Turner, 1986): tokens flow in at a rate up to a burst and are taken out by work. It may be charged
// after the fact, into debt, for what can only be measured once it was used. Every step is O(1) arithmetic.

/** Tokens that come back with time. */
export class TokenBucket {
  /** Tokens per millisecond. */
  readonly ratePerMs: number;
  /** The most tokens that it holds. */
  readonly burst: number;
  readonly #deepestDebt: number;
  #tokens: number;
  #filledAtMs: number;

  /** @param deepestDebt how far below zero {@link charge} can take it. */
  constructor(ratePerMs: number, burst: number, nowMs: number, deepestDebt = 0) {
    this.ratePerMs = ratePerMs;
    this.burst = burst;
    this.#deepestDebt = deepestDebt;
    this.#tokens = burst;
    this.#filledAtMs = nowMs;
  }

  /** Tokens there at `nowMs`; negative in debt. */
  available(nowMs: number): number {
    if (nowMs > this.#filledAtMs) {
      this.#tokens = Math.min(this.burst, this.#tokens + (nowMs - this.#filledAtMs) * this.ratePerMs);
      this.#filledAtMs = nowMs;
    }
    return this.#tokens;
  }

  /** Whether `amount` is there; a rounding error of a billionth of the burst is forgiven. */
  has(amount: number, nowMs: number): boolean {
    return this.available(nowMs) + this.burst * 1e-9 >= amount;
  }

  /** Takes `amount`, which {@link has} said is there. */
  take(amount: number): void {
    this.#tokens -= amount;
  }

  /** Puts back what was taken and not used; never above the burst, so no window ever gives more than it might. */
  giveBack(amount: number, nowMs: number): void {
    this.#tokens = Math.min(this.burst, this.available(nowMs) + amount);
  }

  /** Takes what was used already, into debt if need be. */
  charge(amount: number, nowMs: number): void {
    this.#tokens = Math.max(-this.#deepestDebt, this.available(nowMs) - amount);
  }

  /** Milliseconds until `amount` is there. */
  waitMs(amount: number, nowMs: number): number {
    return Math.max(0, (amount - this.available(nowMs)) / this.ratePerMs);
  }
}
