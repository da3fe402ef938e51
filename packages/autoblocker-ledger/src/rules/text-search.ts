// All texts of a list that stand in another, in one pass over it: Aho and Corasick, "Efficient string matching" (CACM 1975).
// O(length) whatever the list, plus the finds.

interface State {
  readonly next: Map<number, number>;
  fail: number;
  /** Numbers of the texts that end here. */
  readonly found: number[];
  /** The nearest shorter state at which a text ends; 0 for none. */
  ending: number;
}

const nothing: readonly number[] = [];

/** An automaton for a list of texts, none of them empty. */
export class TextSearch {
  readonly #states: State[] = [newState()];

  constructor(texts: readonly string[]) {
    for (const [number, text] of texts.entries()) this.#states[this.#path(text)]!.found.push(number);
    this.#link();
  }

  /** The numbers of the texts that stand in `text`, each perhaps several times. */
  findIn(text: string): readonly number[] {
    const states = this.#states;
    let found: number[] | undefined;
    let at = 0;
    for (let index = 0; index < text.length; index += 1) {
      at = this.#step(at, text.charCodeAt(index));
      for (let end = at; end !== 0; end = states[end]!.ending) {
        found ??= [];
        found.push(...states[end]!.found);
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
    for (const at of queue) {
      for (const [unit, next] of this.#states[at]!.next) {
        const fail = this.#step(this.#states[at]!.fail, unit);
        const state = this.#states[next]!;
        state.fail = fail;
        state.ending = this.#states[fail]!.found.length > 0 ? fail : this.#states[fail]!.ending;
        queue.push(next);
      }
    }
  }
}

function newState(): State {
  return { next: new Map(), fail: 0, found: [], ending: 0 };
}
