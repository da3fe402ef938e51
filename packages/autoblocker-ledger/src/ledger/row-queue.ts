// Which row ends next: a binary heap of row numbers, 4 bytes each, over ends that stand elsewhere. An end in the queue must
// not change without `reorder`. O(log n) to add and to take.

const chunkShift = 13;
const chunkMask = (1 << chunkShift) - 1;

/** Rows by end, earliest first. */
export class RowQueue {
  readonly #endOf: (row: number) => number;
  readonly #chunks: Int32Array[] = [];
  #size = 0;

  constructor(endOf: (row: number) => number) {
    this.#endOf = endOf;
  }

  add(row: number): void {
    if (this.#size >>> chunkShift === this.#chunks.length) this.#chunks.push(new Int32Array(1 << chunkShift));
    this.#size += 1;
    this.#set(this.#size - 1, row);
    this.#rise(this.#size - 1);
  }

  /** Takes a row that ends at `now` or before, the earliest; -1 when there is none. */
  take(now: number): number {
    if (this.#size === 0) return -1;
    const first = this.#get(0);
    if (this.#endOf(first) > now) return -1;
    this.#size -= 1;
    if (this.#size > 0) {
      this.#set(0, this.#get(this.#size));
      this.#sink(0);
    }
    if (this.#chunks.length > (this.#size >>> chunkShift) + 1) this.#chunks.pop();
    return first;
  }

  /** After an end in the queue came nearer. O(n). */
  reorder(): void {
    for (let place = (this.#size >>> 1) - 1; place >= 0; place -= 1) this.#sink(place);
  }

  #rise(from: number): void {
    const row = this.#get(from);
    const end = this.#endOf(row);
    let child = from;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = this.#get(parent);
      if (this.#endOf(above) <= end) break;
      this.#set(child, above);
      child = parent;
    }
    this.#set(child, row);
  }

  #sink(from: number): void {
    const row = this.#get(from);
    const end = this.#endOf(row);
    let parent = from;
    for (;;) {
      let child = parent * 2 + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#endOf(this.#get(child + 1)) < this.#endOf(this.#get(child))) child += 1;
      if (end <= this.#endOf(this.#get(child))) break;
      this.#set(parent, this.#get(child));
      parent = child;
    }
    this.#set(parent, row);
  }

  #get(place: number): number {
    return this.#chunks[place >>> chunkShift]![place & chunkMask]!;
  }

  #set(place: number, row: number): void {
    this.#chunks[place >>> chunkShift]![place & chunkMask] = row;
  }
}
