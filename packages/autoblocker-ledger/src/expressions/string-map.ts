// A map of texts to texts for some ten entries, of which every line of a log makes three. Lines of one kind set the same names
// in the same order, so that maps share their lists of names, as engines share the layouts of objects, and hold their texts
// only: a third of the memory of a `Map` and of its time, as long as names are interned, so that each comparison is one of
// pointers. Long ones have a `Map` of their own.

/** So many entries are searched without an index. */
const longestList = 32;
/** Names come from rules, but a rule may take one from a line: beyond so many lists, a map has its own. */
const maximumLayouts = 10_000;
let layoutCount = 0;
/** Room is made for so many entries more. */
const roomStep = 1;

/** The names of a map in the order in which they came. */
class Layout {
  readonly names: readonly string[];
  /** How much room maps needed that began with the same name: the next one takes as much at once. */
  readonly room: { entries: number };
  /** The layouts with one name more; the one asked for last is at hand. */
  readonly #next = new Map<string, Layout>();
  #lastName: string | undefined;
  #last: Layout | undefined;
  #lastExtension: Extension | undefined;

  constructor(names: readonly string[], room: { entries: number }) {
    this.names = names;
    this.room = room;
  }

  /** The layout with a name more, which it has not yet; `undefined` where no more are made. */
  with(name: string): Layout | undefined {
    if (this.#lastName === name) return this.#last;
    let next = this.#next.get(name);
    if (next === undefined) {
      if (this.names.length === longestList || layoutCount === maximumLayouts) return undefined;
      layoutCount += 1;
      next = new Layout([...this.names, name], this === empty ? { entries: 1 } : this.room);
      this.#next.set(name, next);
    }
    this.#lastName = name;
    this.#last = next;
    return next;
  }

  /** The layout with several names more; `undefined` where it has one of them, or no more are made. */
  withAll(names: readonly string[]): Layout | undefined {
    if (this.#lastExtension?.names === names) return this.#lastExtension.layout;
    let layout: Layout | undefined = this;
    for (const name of names) layout = layout?.names.includes(name) === false ? layout.with(name) : undefined;
    this.#lastExtension = { names, layout };
    return layout;
  }
}

/** Names that were added together, and what the layout was then; `undefined` where it is not one of all of them anew. */
interface Extension {
  readonly names: readonly string[];
  readonly layout: Layout | undefined;
}

const empty: Layout = new Layout([], { entries: 0 });
const noTexts: string[] = [];
/** Lists of so many empty places, to be copied. */
const emptyLists: readonly string[][] = Array.from({ length: longestList + 1 }, (_, length) => new Array(length));

/** What a `Map<string, string>` does, as far as rules need it, in the order in which keys came. */
export class StringMap implements Iterable<[string, string]> {
  #layout = empty;
  /** In the order of the layout's names; with room for more. */
  #texts = noTexts;
  /** Holds all where no layout does. */
  #own: Map<string, string> | undefined;

  constructor(entries?: Iterable<readonly [string, string]>) {
    if (entries !== undefined) for (const [key, value] of entries) this.set(key, value);
  }

  get size(): number {
    return this.#own?.size ?? this.#layout.names.length;
  }

  get(key: string): string | undefined {
    if (this.#own !== undefined) return this.#own.get(key);
    const at = this.#find(key);
    return at < 0 ? undefined : this.#texts[at];
  }

  has(key: string): boolean {
    return this.#own === undefined ? this.#find(key) >= 0 : this.#own.has(key);
  }

  set(key: string, value: string): this {
    if (this.#own !== undefined) {
      this.#own.set(key, value);
      return this;
    }
    const at = this.#find(key);
    if (at >= 0) this.#texts[at] = value;
    else this.#add(key, value);
    return this;
  }

  /** `set` of several names, each with the text at its place in `texts`, or with "". */
  setAll(names: readonly string[], texts: readonly (string | undefined)[], places: readonly number[]): void {
    const layout = this.#own === undefined ? this.#layout.withAll(names) : undefined;
    if (layout === undefined) {
      for (let at = 0; at < names.length; at += 1) this.set(names[at]!, texts[places[at]!] ?? '');
      return;
    }
    const from = this.#layout.names.length;
    this.#layout = layout;
    if (layout.names.length > this.#texts.length) this.#grow(layout);
    for (let at = 0; at < names.length; at += 1) this.#texts[from + at] = texts[places[at]!] ?? '';
  }

  /** Takes all out. The room stays, and the texts in it until others take their places. */
  clear(): void {
    this.#layout = empty;
    this.#own = undefined;
  }

  values(): IterableIterator<string> {
    return this.#own?.values() ?? this.#texts.slice(0, this.size).values();
  }

  *[Symbol.iterator](): Generator<[string, string]> {
    if (this.#own !== undefined) yield* this.#own;
    else for (const [at, name] of this.#layout.names.entries()) yield [name, this.#texts[at]!];
  }

  #find(key: string): number {
    const { names } = this.#layout;
    for (let at = 0; at < names.length; at += 1) if (names[at] === key) return at;
    return -1;
  }

  #add(key: string, value: string): void {
    const next = this.#layout.with(key);
    if (next === undefined) {
      this.#own = new Map(this);
      this.#own.set(key, value);
      this.#texts = noTexts;
      return;
    }
    const at = this.#layout.names.length;
    this.#layout = next;
    if (at === this.#texts.length) this.#grow(next);
    this.#texts[at] = value;
  }

  /** Makes room for the names of a layout, and for as many as maps like it had. */
  #grow({ names, room }: Layout): void {
    if (room.entries < names.length) room.entries = names.length + roomStep;
    // A copy and not a new array, of which V8 would learn that some live long: see PlainLine.
    const wider = emptyLists[Math.min(room.entries, longestList)]!.slice();
    for (let at = 0; at < this.#texts.length; at += 1) wider[at] = this.#texts[at]!;
    this.#texts = wider;
  }
}

/** Whether a value is a map to a rule. */
export function isMap(value: unknown): value is StringMap | ReadonlyMap<unknown, unknown> {
  return value instanceof StringMap || value instanceof Map;
}
