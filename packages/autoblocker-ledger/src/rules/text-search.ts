// All texts of a list that stand in another, in one pass over it: Aho and Corasick, "Efficient string matching" (CACM 1975).
// O(length) whatever the list, plus the finds. The states that are met most, which are those near the start, have a row of a
// table each, so that a character is one load; the others search for it.

interface State {
  readonly next: Map<number, number>;
  fail: number;
  /** Numbers of the texts that end here. */
  readonly found: number[];
  /** The nearest shorter state at which a text ends; 0 for none. */
  ending: number;
}

/** Entries of all rows together: 4 MiB. */
const maximumCells = 2 ** 20;
const nothing: readonly number[] = [];

/** An automaton for a list of texts, none of them empty. */
export class TextSearch {
  readonly #states: State[] = [newState()];
  /** By state: where each class of characters leads. */
  readonly #rows: (Int32Array | undefined)[] = [];
  /** Of Latin-1 characters: 0 for those that stand in no text. */
  readonly #classes = new Uint16Array(256);
  /** How many classes there are. */
  #width = 1;

  constructor(texts: readonly string[]) {
    for (const [number, text] of texts.entries()) this.#states[this.#path(text)]!.found.push(number);
    for (const text of texts) {
      for (let index = 0; index < text.length; index += 1) {
        const unit = text.charCodeAt(index);
        if (unit > 255 || this.#classes[unit] !== 0) continue;
        this.#classes[unit] = this.#width;
        this.#width += 1;
      }
    }
    this.#link();
  }

  /** The numbers of the texts that stand in `text`, each perhaps several times. */
  findIn(text: string): readonly number[] {
    const [states, rows, classes] = [this.#states, this.#rows, this.#classes];
    let found: number[] | undefined;
    let at = 0;
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      const row = rows[at];
      at = row === undefined || unit > 255 ? this.#step(at, unit) : row[classes[unit]!]!;
      if (at === 0) continue;
      for (let end = at; end !== 0; end = states[end]!.ending) {
        const ended = states[end]!.found;
        if (ended.length === 0) continue;
        found ??= [];
        found.push(...ended);
      }
    }
    return found ?? nothing;
  }

  #step(from: number, unit: number): number {
    for (let at = from; ; at = this.#states[at]!.fail) {
      const next = this.#states[at]!.next.get(unit);
      if (next !== undefined) return next;
      if (at === 0) return 0;
    }
  }

  #path(text: string): number {
    let at = 0;
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      let next = this.#states[at]!.next.get(unit);
      if (next === undefined) {
        next = this.#states.length;
        this.#states.push(newState());
        this.#states[at]!.next.set(unit, next);
      }
      at = next;
    }
    return at;
  }

  /** Breadth first: a state fails to the longest proper end of its path that is a path too. */
  #link(): void {
    const queue = [...this.#states[0]!.next.values()];
    this.#fillRow(0, new Int32Array(this.#width));
    for (const [place, at] of queue.entries()) {
      const { fail } = this.#states[at]!;
      const rowOfFail = this.#rows[fail];
      const hasRoom = (place + 2) * this.#width <= maximumCells;
      if (rowOfFail !== undefined && hasRoom) this.#fillRow(at, rowOfFail.slice());
      for (const [unit, next] of this.#states[at]!.next) {
        const state = this.#states[next]!;
        state.fail = this.#step(fail, unit);
        state.ending = this.#states[state.fail]!.found.length > 0 ? state.fail : this.#states[state.fail]!.ending;
        queue.push(next);
      }
    }
  }

  /** The row of a state: where it does not go on, it does what the state does that it fails to. */
  #fillRow(at: number, row: Int32Array): void {
    for (const [unit, next] of this.#states[at]!.next) if (unit < 256) row[this.#classes[unit]!] = next;
    this.#rows[at] = row;
  }
}

function newState(): State {
  return { next: new Map(), fail: 0, found: [], ending: 0 };
}
