// A map of texts to texts for some ten entries, of which every line of a log makes three. A list that is searched from its
// start takes a third of the memory and of the time of a `Map`, as long as names are interned: then each comparison is one
// of pointers. Long ones get an index.

/** So many entries are searched without an index. */
const longestList = 32;

/** `name` as the engine keeps names of properties: equal names are one and the same string. */
export function internedName(name: string): string {
  return Object.keys({ [name]: 0 })[0]!;
}

/** What a `Map<string, string>` does, as far as rules need it, in the order in which keys came. */
export class StringMap implements Iterable<[string, string]> {
  /** Keys and values in turn. */
  #list: string[] = [];
  #index: Map<string, number> | undefined;

  constructor(entries: Iterable<readonly [string, string]> = []) {
    for (const [key, value] of entries) this.set(key, value);
  }

  get size(): number {
    return this.#list.length >> 1;
  }

  get(key: string): string | undefined {
    const at = this.#find(key);
    return at < 0 ? undefined : this.#list[at + 1];
  }

  has(key: string): boolean {
    return this.#find(key) >= 0;
  }

  set(key: string, value: string): this {
    const at = this.#find(key);
    if (at >= 0) {
      this.#list[at + 1] = value;
      return this;
    }
    this.#index?.set(key, this.#list.length);
    this.#list.push(key, value);
    if (this.#index === undefined && this.size > longestList) this.#makeIndex();
    return this;
  }

  /** Fills an empty map: each name, which are all different, with the text at its place, or "". */
  fill(names: readonly string[], texts: readonly (string | undefined)[], places: readonly number[]): void {
    const list: string[] = [];
    for (let at = 0; at < names.length; at += 1) list.push(names[at]!, texts[places[at]!] ?? '');
    this.#list = list;
    if (names.length > longestList) this.#makeIndex();
  }

  *values(): Generator<string> {
    for (let at = 1; at < this.#list.length; at += 2) yield this.#list[at]!;
  }

  *[Symbol.iterator](): Generator<[string, string]> {
    for (let at = 0; at < this.#list.length; at += 2) yield [this.#list[at]!, this.#list[at + 1]!];
  }

  #find(key: string): number {
    if (this.#index !== undefined) return this.#index.get(key) ?? -1;
    const list = this.#list;
    for (let at = 0; at < list.length; at += 2) if (list[at] === key) return at;
    return -1;
  }

  #makeIndex(): void {
    this.#index = new Map();
    for (let at = 0; at < this.#list.length; at += 2) this.#index.set(this.#list[at]!, at);
  }
}

/** Whether a value is a map to a rule. */
export function isMap(value: unknown): value is StringMap | ReadonlyMap<unknown, unknown> {
  return value instanceof StringMap || value instanceof Map;
}
