// The pending events of a world by (time, order), in three tiers: a heap of what is next, slots of equal width for what comes after
// it, and an unsorted rest (a ladder queue: Tang, Goh, Thng, ACM TOMACS 15(3), 2005). When heap and slots are empty the rest is dealt
// into new slots, so wide that half of it or more finds one. An event moves only towards the heap: O(1) expected, O(log n) at worst.
// Few events stay in the heap altogether. A cancelled event stays until it comes up or until half of all are cancelled.

import { EventHeap } from './event-heap.js';

/** What a queue holds. */
export interface Cancellable {
  cancelled: boolean;
  /** Kept by the queue. */
  queued: boolean;
}

/** So many events are as fast in a heap alone; with fewer than a quarter of it at hand no slots are dealt. */
const heapAlone = 48;

/** A priority queue by time in milliseconds, then by order. */
export class EventQueue<E extends Cancellable> {
  readonly #heap = new EventHeap<E>();
  // Events in slots and in the rest: lists of cells, linked by index.
  #times = new Float64Array(0);
  #orders = new Float64Array(0);
  #next = new Int32Array(0);
  #cells: (E | undefined)[] = [];
  #cellsUsed = 0;
  #free = -1;
  /** The first cell of each slot. */
  #slots = new Int32Array(0);
  /** The slot that the heap holds; earlier ones are over. */
  #slot = 0;
  #slotCount = 1;
  /** Where slot 0 begins, and slots a millisecond: 0 while everything is in the heap. */
  #baseMs = 0;
  #perMs = 0;
  #rest = -1;
  #restCount = 0;
  #spillAt = heapAlone;
  #size = 0;
  #cancelled = 0;
  /** The time of the event popped last. */
  poppedMs = 0;

  /** Events that are pending, cancelled ones not counted. */
  get size(): number {
    return this.#size - this.#cancelled;
  }

  push(timeMs: number, order: number, event: E): void {
    event.queued = true;
    this.#size++;
    const slot = (timeMs - this.#baseMs) * this.#perMs;
    if (slot >= this.#slotCount) {
      this.#rest = this.#cell(timeMs, order, event, this.#rest);
      this.#restCount++;
      return;
    }
    const index = slot | 0;
    if (index > this.#slot) {
      this.#slots[index] = this.#cell(timeMs, order, event, this.#slots[index]!);
      return;
    }
    this.#heap.push(timeMs, order, event);
    if (this.#heap.size > this.#spillAt) this.#spill();
  }

  /** Takes out the first event that is not cancelled. */
  pop(): E | undefined {
    for (;;) {
      let event: E;
      if (this.#heap.size > 0) {
        this.poppedMs = this.#heap.firstMs;
        event = this.#heap.pop();
      } else {
        const cell = this.#nextSlot();
        if (cell === -1) {
          if (this.#restCount === 0) return undefined;
          this.#deal();
          continue;
        }
        this.poppedMs = this.#times[cell]!;
        event = this.#release(cell);
      }
      this.#size--;
      event.queued = false;
      if (!event.cancelled) return event;
      this.#cancelled--;
    }
  }

  /** Makes sure that an event does not come up; a second time changes nothing. */
  cancel(event: E): void {
    if (event.cancelled) return;
    event.cancelled = true;
    if (!event.queued) return;
    this.#cancelled++;
    if (this.#cancelled > 64 && this.#cancelled * 2 > this.#size) this.#spill();
  }

  /** Takes back a cancellation; the event must be queued still. */
  revive(event: E): void {
    event.cancelled = false;
    this.#cancelled--;
  }

  /** Goes on to the next slot that has something: gives the only cell of it, or brings more into the heap and gives the first. -1: none is left. */
  #nextSlot(): number {
    const slots = this.#slots;
    const count = this.#slotCount;
    for (let slot = this.#slot + 1; slot < count; slot++) {
      const first = slots[slot]!;
      if (first === -1) continue;
      slots[slot] = -1;
      this.#slot = slot;
      if (this.#next[first] === -1) return first;
      return this.#sorted(first);
    }
    this.#slot = count;
    return -1;
  }

  /** Brings all of a list but its earliest cell into the heap; gives that one. */
  #sorted(first: number): number {
    let earliest = first;
    for (let cell = this.#next[first]!; cell !== -1; cell = this.#next[cell]!) {
      const laterMs = this.#times[earliest]!;
      const timeMs = this.#times[cell]!;
      if (timeMs < laterMs || (timeMs === laterMs && this.#orders[cell]! < this.#orders[earliest]!)) earliest = cell;
    }
    for (let cell = first; cell !== -1; ) {
      const following = this.#next[cell]!;
      if (cell !== earliest) {
        const timeMs = this.#times[cell]!;
        const order = this.#orders[cell]!;
        this.#heap.push(timeMs, order, this.#release(cell));
      }
      cell = following;
    }
    return earliest;
  }

  /** Takes everything apart, leaves out what is cancelled, and deals anew. */
  #spill(): void {
    const keep = (timeMs: number, order: number, event: E): void => {
      this.#rest = this.#cell(timeMs, order, event, this.#rest);
      this.#restCount++;
    };
    this.#heap.drainTo(keep);
    for (let slot = this.#slot + 1; slot < this.#slotCount; slot++) {
      for (let cell = this.#slots[slot]!; cell !== -1; ) {
        const following = this.#next[cell]!;
        this.#next[cell] = this.#rest;
        this.#rest = cell;
        this.#restCount++;
        cell = following;
      }
    }
    this.#deal();
  }

  /** Deals the rest into slots; heap and slots must be empty. */
  #deal(): void {
    let count = 0;
    let firstMs = Number.POSITIVE_INFINITY;
    let sumMs = 0;
    let list = -1;
    for (let cell = this.#rest; cell !== -1; ) {
      const following = this.#next[cell]!;
      if (this.#cancelled > 0 && this.#cells[cell]!.cancelled) {
        this.#release(cell).queued = false;
        this.#size--;
        this.#cancelled--;
      } else {
        const timeMs = this.#times[cell]!;
        if (timeMs < firstMs) firstMs = timeMs;
        sumMs += timeMs;
        count++;
        this.#next[cell] = list;
        list = cell;
      }
      cell = following;
    }
    this.#rest = -1;
    this.#restCount = 0;
    // Twice the mean from the first on: half of them or more are earlier (Markov's inequality).
    const perMs = count / (2 * (sumMs / count - firstMs));
    const inSlots = count * 4 > heapAlone && perMs > 0 && perMs < Number.POSITIVE_INFINITY;
    this.#slot = 0;
    this.#slotCount = inSlots ? count : 1;
    this.#perMs = inSlots ? perMs : 0;
    this.#baseMs = inSlots ? firstMs : 0;
    if (this.#slots.length < this.#slotCount) this.#slots = new Int32Array(this.#slotCount * 2);
    this.#slots.fill(-1, 0, this.#slotCount);
    for (let cell = list; cell !== -1; ) {
      const following = this.#next[cell]!;
      const timeMs = this.#times[cell]!;
      const slot = (timeMs - this.#baseMs) * this.#perMs;
      if (slot >= this.#slotCount) {
        this.#next[cell] = this.#rest;
        this.#rest = cell;
        this.#restCount++;
      } else if (slot >= 1) {
        this.#next[cell] = this.#slots[slot | 0]!;
        this.#slots[slot | 0] = cell;
      } else {
        const order = this.#orders[cell]!;
        this.#heap.push(timeMs, order, this.#release(cell));
      }
      cell = following;
    }
    // Where most are close together the heap has them all: it is dealt again only when it has grown by as much again.
    this.#spillAt = Math.max(heapAlone, count, 2 * this.#heap.size);
  }

  #cell(timeMs: number, order: number, event: E, next: number): number {
    let cell = this.#free;
    if (cell !== -1) this.#free = this.#next[cell]!;
    else {
      if (this.#cellsUsed === this.#times.length) this.#growCells();
      cell = this.#cellsUsed++;
    }
    this.#times[cell] = timeMs;
    this.#orders[cell] = order;
    this.#next[cell] = next;
    this.#cells[cell] = event;
    return cell;
  }

  #release(cell: number): E {
    const event = this.#cells[cell]!;
    this.#cells[cell] = undefined;
    this.#next[cell] = this.#free;
    this.#free = cell;
    return event;
  }

  #growCells(): void {
    const length = Math.max(64, this.#times.length * 2);
    const times = new Float64Array(length);
    const orders = new Float64Array(length);
    const next = new Int32Array(length);
    times.set(this.#times);
    orders.set(this.#orders);
    next.set(this.#next);
    this.#times = times;
    this.#orders = orders;
    this.#next = next;
  }
}
