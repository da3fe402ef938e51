// Which decision ends next: a binary heap by time. A decision that was extended stands twice; the reader drops the stale one.

/** Ids by end, earliest first. O(log n) to add and to take. */
export class ExpiryQueue<Id = bigint> {
  readonly #ends: number[] = [];
  readonly #ids: Id[] = [];

  /** The earliest end; `Infinity` when there is none. */
  get nextEnd(): number {
    return this.#ends.length === 0 ? Number.POSITIVE_INFINITY : this.#ends[0]!;
  }

  add(end: number, id: Id): void {
    let child = this.#ends.push(end) - 1;
    this.#ids.push(id);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (this.#ends[parent]! <= this.#ends[child]!) return;
      this.#swap(parent, child);
      child = parent;
    }
  }

  /** Takes what ends at `now` or before. */
  *take(now: number): Generator<{ readonly id: Id; readonly end: number }> {
    while (this.#ends.length > 0 && this.#ends[0]! <= now) {
      const [end, id] = [this.#ends[0]!, this.#ids[0]!];
      this.#removeFirst();
      yield { id, end };
    }
  }

  #removeFirst(): void {
    const [end, id] = [this.#ends.pop()!, this.#ids.pop()!];
    if (this.#ends.length === 0) return;
    [this.#ends[0], this.#ids[0]] = [end, id];
    for (let parent = 0; ; ) {
      const left = parent * 2 + 1;
      if (left >= this.#ends.length) return;
      const right = left + 1;
      const child = right < this.#ends.length && this.#ends[right]! < this.#ends[left]! ? right : left;
      if (this.#ends[parent]! <= this.#ends[child]!) return;
      this.#swap(parent, child);
      parent = child;
    }
  }

  #swap(one: number, other: number): void {
    [this.#ends[one], this.#ends[other]] = [this.#ends[other]!, this.#ends[one]!];
    [this.#ids[one], this.#ids[other]] = [this.#ids[other]!, this.#ids[one]!];
  }
}
