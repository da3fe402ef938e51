// What must hold for an answer, beside what was assumed from the start.

import type { ExpressionStore } from './expression-store.js';
import { negativeSign, positiveSign, zeroSign } from './functions.js';
import type { ExprId } from './store.js';

/** A condition on the symbols. */
export interface Condition {
  /** How the expression compares with 0. */
  readonly relation: 'nonzero' | 'positive' | 'nonnegative';
  /** The expression. */
  readonly expression: ExprId;
}

/** The signs that a relation leaves out. */
const excluded = {
  nonzero: zeroSign,
  positive: zeroSign | negativeSign,
  nonnegative: negativeSign,
} as const;

/** Conditions, each once; those that follow from what is assumed are left out. */
export class ConditionSet {
  readonly #store: ExpressionStore;
  readonly #conditions = new Map<string, Condition>();

  constructor(store: ExpressionStore) {
    this.#store = store;
  }

  /** One more. */
  add(relation: Condition['relation'], expression: ExprId): void {
    if ((this.#store.signs(expression) & excluded[relation]) === 0) return;
    this.#conditions.set(`${relation} ${expression}`, { relation, expression });
  }

  /** All of a list. */
  addAll(conditions: Iterable<Condition>): void {
    for (const { relation, expression } of conditions) this.add(relation, expression);
  }

  /** All, in the order of structures. */
  list(): Condition[] {
    const list = [...this.#conditions.values()];
    if (list.length < 2) return list;
    return list.sort((a, b) => this.#store.compare(a.expression, b.expression) || (a.relation < b.relation ? -1 : 1));
  }

  /** Whether one of them can hold for no number, by sign. */
  get isContradictory(): boolean {
    return this.list().some(
      ({ relation, expression }) =>
        (this.#store.signs(expression) & (negativeSign | zeroSign | positiveSign) & ~excluded[relation]) === 0,
    );
  }
}
