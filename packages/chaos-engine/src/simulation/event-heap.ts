// Events by (time, order): a 4-ary heap over typed arrays, so that a comparison reads two neighbouring numbers and no object.
// O(log n) to push and to pop.

/** A priority queue by time in milliseconds, then by order. */
export class EventHeap<E> {
  #times = new Float64Array(64);
  #orders = new Float64Array(64);
  #events: (E | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The time of the first event; `size` must not be 0. */
  get firstMs(): number {
    return this.#times[0]!;
  }

  push(timeMs: number, order: number, event: E): void {
    if (this.#size === this.#times.length) this.#grow();
    this.#rise(this.#size++, timeMs, order, event);
  }

  /** Takes out the first event; `size` must not be 0. */
  pop(): E {
    const first = this.#events[0]!;
    const last = --this.#size;
    const event = this.#events[last]!;
    this.#events[last] = undefined;
    if (last > 0) this.#sink(this.#times[last]!, this.#orders[last]!, event);
    return first;
  }

  /** Takes out everything, in no order. */
  drainTo(take: (timeMs: number, order: number, event: E) => void): void {
    const size = this.#size;
    this.#size = 0;
    for (let place = 0; place < size; place++) take(this.#times[place]!, this.#orders[place]!, this.#events[place]!);
    this.#events.length = 0;
  }

  #rise(from: number, timeMs: number, order: number, event: E): void {
    const times = this.#times;
    const orders = this.#orders;
    const events = this.#events;
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 2;
      const parentMs = times[parent]!;
      if (parentMs < timeMs || (parentMs === timeMs && orders[parent]! <= order)) break;
      times[place] = parentMs;
      orders[place] = orders[parent]!;
      events[place] = events[parent];
      place = parent;
    }
    times[place] = timeMs;
    orders[place] = order;
    events[place] = event;
  }

  #sink(timeMs: number, order: number, event: E): void {
    const times = this.#times;
    const orders = this.#orders;
    const events = this.#events;
    const size = this.#size;
    let place = 0;
    for (let child = 1; child < size; child = 4 * place + 1) {
      let least = child;
      let leastMs = times[child]!;
      const end = Math.min(child + 4, size);
      for (let other = child + 1; other < end; other++) {
        const otherMs = times[other]!;
        if (otherMs < leastMs || (otherMs === leastMs && orders[other]! < orders[least]!)) {
          least = other;
          leastMs = otherMs;
        }
      }
      const leastOrder = orders[least]!;
      if (leastMs > timeMs || (leastMs === timeMs && leastOrder >= order)) break;
      times[place] = leastMs;
      orders[place] = leastOrder;
      events[place] = events[least];
      place = least;
    }
    times[place] = timeMs;
    orders[place] = order;
    events[place] = event;
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    const orders = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    orders.set(this.#orders);
    this.#times = times;
    this.#orders = orders;
  }
}
