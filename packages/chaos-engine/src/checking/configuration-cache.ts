// The configurations that a search has seen (Lowe, 2017): rows of equal length in one growing arena, found by open addressing.
// Rows are compared word by word, so a verdict never hangs on a hash.

/** A set of rows of `width` 32-bit words. */
export class ConfigurationCache {
  readonly #width: number;
  #rows: Int32Array;
  #table: Int32Array;
  #size = 0;

  constructor(width: number) {
    this.#width = width;
    this.#rows = new Int32Array(width * 64);
    this.#table = new Int32Array(256);
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#rows.byteLength + this.#table.byteLength;
  }

  /** Adds a row; `false` when it was there. O(width) */
  add(row: Int32Array): boolean {
    if (2 * this.#size >= this.#table.length) this.#rehash(4 * this.#table.length);
    const width = this.#width;
    const table = this.#table;
    const rows = this.#rows;
    const mask = table.length - 1;
    for (let at = hashOf(row, 0, width) & mask; ; at = (at + 1) & mask) {
      const found = table[at]!;
      if (found === 0) {
        table[at] = this.#append(row) + 1;
        return true;
      }
      let word = 0;
      for (let from = (found - 1) * width; word < width && rows[from + word] === row[word]; ) word++;
      if (word === width) return false;
    }
  }

  #append(row: Int32Array): number {
    const start = this.#size * this.#width;
    if (start + this.#width > this.#rows.length) {
      const grown = new Int32Array(2 * this.#rows.length);
      grown.set(this.#rows);
      this.#rows = grown;
    }
    this.#rows.set(row, start);
    return this.#size++;
  }

  #rehash(length: number): void {
    const table = new Int32Array(length);
    const mask = length - 1;
    for (let index = 0; index < this.#size; index++) {
      let at = hashOf(this.#rows, index * this.#width, this.#width) & mask;
      while (table[at] !== 0) at = (at + 1) & mask;
      table[at] = index + 1;
    }
    this.#table = table;
  }
}

/** A multiplicative hash with a finish in the manner of MurmurHash3. */
function hashOf(words: Int32Array, start: number, width: number): number {
  let hash = 0x9e3779b9 | 0;
  for (let index = start; index < start + width; index++) {
    hash = Math.imul(hash ^ words[index]!, 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
