// Pending timers of one clock: a binary heap by (due time, order of scheduling). Each timer knows its place, so that
// disposing one costs O(log n) as adding does; a timer added in order of due time costs O(1).

/** A callback that waits for its time in a {@link TimerQueue}. */
export class Timer implements Disposable {
  readonly dueMs: number;
  readonly sequence: number;
  readonly keepAlive: boolean;
  readonly callback: () => void;
  /** Where it stands in the heap; -1 when fired or disposed. */
  place = -1;
  readonly #queue: TimerQueue;

  constructor(queue: TimerQueue, dueMs: number, sequence: number, keepAlive: boolean, callback: () => void) {
    this.#queue = queue;
    this.dueMs = dueMs;
    this.sequence = sequence;
    this.keepAlive = keepAlive;
    this.callback = callback;
  }

  [Symbol.dispose](): void {
    this.#queue.remove(this);
  }
}

/** Timers by due time; those due at once come out in the order in which they were added. */
export class TimerQueue {
  readonly #heap: Timer[] = [];
  readonly #onChange: () => void;
  #sequence = 0;
  #keptAlive = 0;

  /** `onChange` is called after a timer was added or removed. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** How many timers somebody waits for. */
  get keptAlive(): number {
    return this.#keptAlive;
  }

  /** When the first timer is due; `Infinity` when there is none. */
  get nextDueMs(): number {
    return this.#heap.length === 0 ? Number.POSITIVE_INFINITY : this.#heap[0]!.dueMs;
  }

  add(dueMs: number, callback: () => void, keepAlive: boolean): Timer {
    const timer = new Timer(this, dueMs, this.#sequence++, keepAlive, callback);
    if (keepAlive) this.#keptAlive++;
    this.#heap.push(timer);
    this.#rise(timer, this.#heap.length - 1);
    this.#onChange();
    return timer;
  }

  remove(timer: Timer): void {
    if (timer.place < 0) return;
    this.#takeOut(timer);
    this.#onChange();
  }

  /** Takes out the first timer if it is due at `nowMs`. */
  takeDue(nowMs: number): Timer | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.dueMs > nowMs) return undefined;
    this.#takeOut(first);
    return first;
  }

  #takeOut(timer: Timer): void {
    const hole = timer.place;
    const last = this.#heap.pop()!;
    if (last !== timer) {
      this.#rise(last, hole);
      this.#sink(last, last.place);
    }
    timer.place = -1;
    if (timer.keepAlive) this.#keptAlive--;
  }

  #rise(timer: Timer, from: number): void {
    let place = from;
    while (place > 0) {
      const parent = this.#heap[(place - 1) >> 1]!;
      if (!isBefore(timer, parent)) break;
      this.#put(parent, place);
      place = (place - 1) >> 1;
    }
    this.#put(timer, place);
  }

  #sink(timer: Timer, from: number): void {
    const heap = this.#heap;
    let place = from;
    for (let child = 2 * place + 1; child < heap.length; child = 2 * place + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, timer)) break;
      this.#put(heap[child]!, place);
      place = child;
    }
    this.#put(timer, place);
  }

  #put(timer: Timer, place: number): void {
    this.#heap[place] = timer;
    timer.place = place;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence);
}
