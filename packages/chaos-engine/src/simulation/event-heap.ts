// The pending events of a world by (time, order): a 4-ary heap over typed arrays, so that a comparison reads two neighbouring
// numbers and no object. A cancelled event stays until it comes up or until half of the heap is cancelled; O(log n) otherwise.

/** What a heap holds. */
export interface Cancellable {
  cancelled: boolean;
  /** Kept by the heap. */
  inHeap: boolean;
}

/** A priority queue by time in milliseconds, then by order. */
export class EventHeap<E extends Cancellable> {
  #times = new Float64Array(64);
  #orders = new Float64Array(64);
  #events: (E | undefined)[] = [];
  #size = 0;
  #cancelled = 0;
  /** The time of the event popped last. */
  poppedMs = 0;

  /** Events that are pending, cancelled ones not counted. */
  get size(): number {
    return this.#size - this.#cancelled;
  }

  push(timeMs: number, order: number, event: E): void {
    if (this.#size === this.#times.length) this.#grow();
    event.inHeap = true;
    this.#rise(this.#size++, timeMs, order, event);
  }

  /** Takes out the first event that is not cancelled. */
  pop(): E | undefined {
    while (this.#size > 0) {
      const first = this.#events[0]!;
      this.poppedMs = this.#times[0]!;
      this.#removeFirst();
      first.inHeap = false;
      if (!first.cancelled) return first;
      this.#cancelled--;
    }
    return undefined;
  }

  /** Makes sure that an event does not come up; a second time changes nothing. */
  cancel(event: E): void {
    if (event.cancelled) return;
    event.cancelled = true;
    if (!event.inHeap) return;
    this.#cancelled++;
    if (this.#cancelled > 64 && this.#cancelled * 2 > this.#size) this.#compact();
  }

  /** Takes back a cancellation; the event must be in the heap still. */
  revive(event: E): void {
    event.cancelled = false;
    this.#cancelled--;
  }

  #removeFirst(): void {
    const last = --this.#size;
    const event = this.#events[last]!;
    this.#events[last] = undefined;
    if (last > 0) this.#sink(0, this.#times[last]!, this.#orders[last]!, event);
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

  #sink(from: number, timeMs: number, order: number, event: E): void {
    const times = this.#times;
    const orders = this.#orders;
    const events = this.#events;
    const size = this.#size;
    let place = from;
    for (let child = 4 * place + 1; child < size; child = 4 * place + 1) {
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

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from]!;
    this.#orders[to] = this.#orders[from]!;
    this.#events[to] = this.#events[from];
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    const orders = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    orders.set(this.#orders);
    this.#times = times;
    this.#orders = orders;
  }

  /** Drops what is cancelled, and makes a heap of the rest from its last parent up (Floyd, 1964): O(n). */
  #compact(): void {
    let kept = 0;
    for (let place = 0; place < this.#size; place++) {
      const event = this.#events[place]!;
      if (event.cancelled) event.inHeap = false;
      else this.#move(place, kept++);
    }
    this.#events.length = kept;
    this.#size = kept;
    this.#cancelled = 0;
    for (let place = (kept - 2) >> 2; place >= 0; place--) {
      this.#sink(place, this.#times[place]!, this.#orders[place]!, this.#events[place]!);
    }
  }
}
