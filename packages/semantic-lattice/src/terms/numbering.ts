// Things by number, from 0 upwards, in the order of first use. Numbers of what nothing refers to any more are freed now and then, and
// given again: columns, indexes and generated code keep the numbers that they have. What was decoded lazily before a sweep goes on with
// the list of before.

/** Fresh numbers before a sweep is worth a look at all rows. */
const LEAST_FRESH = 4096;
/** Rows for each fresh number. */
const ROWS_A_NUMBER = 8;

/** A list in which numbers stand for things, each by its text. */
export class Numbering<T> {
  readonly #numbers = new Map<string, number>();
  #things: T[] = [];
  #free: number[] = [];
  /** Things that were left by the last sweep. */
  #left = 0;
  readonly #limit: number;
  readonly #refuse: (limit: number) => never;

  /** @param refuse throws, when there are more than `limit` things */
  constructor(limit: number, refuse: (limit: number) => never) {
    this.#limit = limit;
    this.#refuse = refuse;
  }

  /** Numbers are below it. */
  get size(): number {
    return this.#things.length;
  }

  /** Things that have a number. */
  get count(): number {
    return this.#numbers.size;
  }

  /** By number; another list after each sweep. */
  get things(): readonly T[] {
    return this.#things;
  }

  /** The number of a text, or -1. */
  find(text: string): number {
    return this.#numbers.get(text) ?? -1;
  }

  thing(number: number): T {
    return this.#things[number]!;
  }

  /** Gives a number to a thing that has none. */
  add(text: string, thing: T): number {
    if (this.count >= this.#limit) this.#refuse(this.#limit);
    const number = this.#free.pop() ?? this.#things.length;
    this.#numbers.set(text, number);
    this.#things[number] = thing;
    return number;
  }

  /** Whether so many things came since the last sweep that most may be gone; or half of those that there is room for. */
  isDue(rows: number): boolean {
    const fresh = this.count - this.#left;
    const many = Math.max(LEAST_FRESH, this.#left, rows / ROWS_A_NUMBER);
    return fresh >= Math.max(1, Math.min(many, (this.#limit - this.#left) / 2));
  }

  /** Frees the numbers that are not marked. */
  sweep(used: Uint8Array): void {
    const things: (T | undefined)[] = this.#things.slice();
    for (const [text, number] of this.#numbers) {
      if (used[number] === 1) continue;
      this.#numbers.delete(text);
      this.#free.push(number);
      things[number] = undefined;
    }
    this.#things = things as T[];
    this.#left = this.count;
  }
}
