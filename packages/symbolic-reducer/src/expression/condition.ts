// What must hold for an answer, beside what was assumed from the start.

import type { ExpressionStore, Factor } from './expression-store.js';
import { negativeSign, positiveSign, zeroSign } from './functions.js';
import type { ExprId } from './store.js';

/** A condition on the symbols. */
export interface Condition {
  /** How the expression compares with 0; `integer`: that it is a whole number. */
  readonly relation: 'nonzero' | 'positive' | 'nonnegative' | 'integer';
  /** The expression. */
  readonly expression: ExprId;
}

/**
 * What a text says of where it is defined: conditions, and powers with symbolic exponents that have a value (x^n has one for positive x, for
 * x = 0 and positive n, and for whole n where x is not 0).
 */
export interface DomainCondition {
  /** As of a {@link Condition}; `defined`: that it has a value. */
  readonly relation: Condition['relation'] | 'defined';
  /** The expression. */
  readonly expression: ExprId;
}

/** The signs that a relation leaves out; the others say nothing of signs. */
const excluded: Readonly<Partial<Record<DomainCondition['relation'], number>>> = {
  nonzero: zeroSign,
  positive: zeroSign | negativeSign,
  nonnegative: negativeSign,
};

/** Conditions, each once; those that follow from what is assumed are left out. */
export class ConditionSet<Kind extends DomainCondition = Condition> {
  readonly #store: ExpressionStore;
  readonly #conditions = new Map<string, Kind>();

  constructor(store: ExpressionStore) {
    this.#store = store;
  }

  /** One more. */
  add(relation: Kind['relation'], expression: ExprId): void {
    const signs = excluded[relation];
    if (relation === 'defined' && this.#isPositiveProduct(expression)) return;
    if (signs !== undefined && (this.#store.signs(expression) & signs) === 0) return;
    this.#conditions.set(`${relation} ${expression}`, { relation, expression } as Kind);
  }

  #isPositiveProduct(expression: ExprId): boolean {
    const isPositive = ({ base }: Factor) => this.#store.signs(base) === positiveSign;
    return this.#store.factorsOf(expression).every(isPositive);
  }

  /** All of a list. */
  addAll(conditions: Iterable<Kind>): void {
    for (const { relation, expression } of conditions) this.add(relation, expression);
  }

  /** All, in the order of structures. */
  list(): Kind[] {
    const list = [...this.#conditions.values()];
    if (list.length < 2) return list;
    return list.sort((a, b) => this.#store.compare(a.expression, b.expression) || (a.relation < b.relation ? -1 : 1));
  }

  /** Whether one of them can hold for no number, by sign. */
  get isContradictory(): boolean {
    return this.list().some(
      ({ relation, expression }) =>
        (this.#store.signs(expression) & (negativeSign | zeroSign | positiveSign) & ~(excluded[relation] ?? 0)) === 0,
    );
  }
}
