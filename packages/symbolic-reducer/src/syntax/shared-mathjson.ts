// MathJSON with definitions for what is used more than once: a proof has the size of the shared graph, not of the tree. Nothing is nested
// more than a few dozen deep, so that every JSON printer can write it.

import type { MathJson } from '../certificate/index.js';
import type { ExpressionStore, ExprId } from '../expression/index.js';
import { postorder } from '../expression/index.js';
import { nodeJson } from './mathjson.js';

const maxNesting = 32;

/** Writes the expressions of one certificate; `#n` stands for the n-th definition. */
export class SharedMathJson {
  readonly #store: ExpressionStore;
  readonly #written = new Map<ExprId, MathJson>();
  readonly #definitions: MathJson[] = [];

  /**
   * @param roots all that will be asked for
   * @param instead how some expressions are written, whatever they are; what they are part of is no definition
   * @param look called now and then, and before long numbers are written
   */
  constructor(
    store: ExpressionStore,
    roots: readonly ExprId[],
    { instead = new Map(), look }: { instead?: ReadonlyMap<ExprId, MathJson>; look?: () => void } = {},
  ) {
    this.#store = store;
    const order = postorder(store, roots);
    const uses = new Map<ExprId, number>();
    for (const id of [...order.flatMap((id) => store.childrenOf(id)), ...roots]) uses.set(id, (uses.get(id) ?? 0) + 1);
    const nesting = new Map<ExprId, number>();
    const fixed = new Set<ExprId>(instead.keys());
    let count = 0;
    for (const id of order) {
      if (++count % 512 === 0 || (store.kindOf(id) === 'number' && typeof store.numberAt(id) !== 'number')) look?.();
      const json = instead.get(id) ?? nodeJson(store, id, this.#written);
      let depth = 0;
      for (const child of store.childrenOf(id)) {
        depth = Math.max(depth, nesting.get(child)!);
        if (fixed.has(child)) fixed.add(id);
      }
      const define =
        !fixed.has(id) &&
        Array.isArray(json) &&
        store.kindOf(id) !== 'number' &&
        (uses.get(id)! > 1 || depth >= maxNesting);
      nesting.set(id, define ? 0 : depth + 1);
      this.#written.set(id, define ? this.#define(json) : json);
    }
  }

  #define(json: MathJson): MathJson {
    this.#definitions.push(json);
    return `#${this.#definitions.length - 1}`;
  }

  /** The definitions. */
  get definitions(): readonly MathJson[] {
    return this.#definitions;
  }

  /** One of the expressions that were given. */
  of(id: ExprId): MathJson {
    return this.#written.get(id) ?? nodeJson(this.#store, id, this.#written);
  }
}
