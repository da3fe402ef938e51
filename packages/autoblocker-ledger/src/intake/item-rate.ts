// How much each sender may send: a token bucket for each, refilled evenly, full at first.

/** Items that are left, by sender; senders are configured, so there are no more of them than that. */
export class ItemRate {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, { readonly left: number; readonly at: number }>();

  /** `leastBurst`: so many may always come at once, as long as the bucket is full. */
  constructor(perSecond: number, leastBurst: number) {
    this.#perSecond = perSecond;
    this.#burst = Math.max(perSecond, leastBurst);
  }

  /** Takes items at a time in milliseconds; 0 when they were there, else how many milliseconds until they are. */
  take(sender: string, items: number, now: number): number {
    const before = this.#buckets.get(sender) ?? { left: this.#burst, at: now };
    const refilled = (Math.max(0, now - before.at) * this.#perSecond) / 1000;
    const left = Math.min(this.#burst, before.left + refilled);
    const enough = left >= items;
    this.#buckets.set(sender, { left: enough ? left - items : left, at: now });
    return enough ? 0 : Math.ceil(((items - left) * 1000) / this.#perSecond);
  }
}
