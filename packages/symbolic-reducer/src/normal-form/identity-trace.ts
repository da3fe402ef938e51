// The identities of functions that a normal form used, in the order in which a checker can apply them: of arguments before those of
// what they are arguments of. Multiples are reached by doubling, so n-fold angles take O(log n) steps.

import type { IdentityName } from '../certificate/index.js';
import {
  type ExpressionStore,
  type ExprId,
  type Factor,
  factorised,
  negativeSign,
  positiveSign,
  type Term,
} from '../expression/index.js';
import { absolute, denominatorOf, type Rational, rational, signOf } from '../numbers/index.js';

/** An identity applied everywhere. */
export interface TracedStep {
  /** Which. */
  readonly identity: IdentityName;
  /** What stands for its letters. */
  readonly arguments: readonly ExprId[];
}

/** Collects the steps, each once, where it is last needed: it must follow all that lead to what it replaces. */
export class IdentityTrace {
  readonly #store: ExpressionStore;
  readonly #steps = new Map<string, TracedStep>();

  constructor(store: ExpressionStore) {
    this.#store = store;
  }

  /** One step. */
  add(identity: IdentityName, ...operands: ExprId[]): void {
    const key = `${identity} ${operands.join(' ')}`;
    this.#steps.delete(key);
    this.#steps.set(key, { identity, arguments: operands });
  }

  /** All steps. */
  get steps(): readonly TracedStep[] {
    return [...this.#steps.values()];
  }

  /** A sum of parts, taken apart from the left: `join` says u and v for f(u + v). */
  parts(
    parts: readonly ExprId[],
    join: (u: ExprId, v: ExprId) => void,
    rest: (parts: readonly ExprId[]) => ExprId = (terms) => this.#store.sum(terms),
  ): void {
    for (let at = 0; at < parts.length - 1; at++) join(parts[at]!, rest(parts.slice(at + 1)));
  }

  /** That (u^2)^(p/2) is u^p, where u is not negative; nothing when it is no such power. */
  rootOfSquare(base: ExprId, exponent: ExprId): void {
    const store = this.#store;
    const root = store.valueOf(exponent);
    const [{ base: inner, exponent: times }, ...more] = store.factorsOf(base) as [Factor, ...Factor[]];
    const value = store.valueOf(times);
    if (more.length > 0 || root === undefined || denominatorOf(root) !== 2n) return;
    if (typeof value !== 'number' || value % 2 !== 0 || (store.signs(inner) & negativeSign) !== 0) return;
    this.add('root-of-square', store.power(inner, store.number(value / 2)));
  }

  /** What the builder takes out of a root: numbers and what else is positive. */
  root(base: ExprId, exponent: Rational): void {
    const store = this.#store;
    const order = store.number(rational(1n, denominatorOf(exponent)));
    const terms = store.termsOf(base);
    if (terms.length !== 1) return;
    const [{ term, coefficient }] = terms as [Term];
    const outside: Factor[] = factorised(absolute(coefficient)).map(([prime, times]) => ({
      base: store.number(rational(prime)),
      exponent: store.number(times),
    }));
    const inside: ExprId[] = signOf(coefficient) < 0 ? [store.minusOne] : [];
    for (const factor of store.factorsOf(term)) {
      const isPositive = store.signs(factor.base) === positiveSign;
      if (factor.base === store.one) continue;
      if (isPositive) outside.push(factor);
      else inside.push(store.power(factor.base, factor.exponent));
    }
    const powers = outside.map((factor) => store.power(factor.base, factor.exponent));
    const parts = inside.length === 0 ? powers : [...powers, store.product(inside)];
    const join = (u: ExprId, v: ExprId) => this.add('power-of-positive-factor', u, v, order);
    this.parts(parts, join, (rest) => store.product(rest));
    for (const { base: inner, exponent: times } of outside) {
      if (times !== store.one) this.add('power-of-power', inner, times, order);
      else if (store.functionOf(inner) === 'exp') this.add('power-of-exponential', store.child(inner, 0), order);
    }
  }

  /** A multiple of a unit, halved until the unit is left; `times` at least 1. */
  multiples(unit: ExprId, times: number, join: (u: ExprId, v: ExprId) => void): void {
    for (let left = times; left > 1; ) {
      const half = Math.floor(left / 2);
      const of = (count: number) => this.#store.scale(unit, rational(BigInt(count)));
      if (left % 2 === 1) {
        join(of(left - 1), unit);
        left--;
      } else {
        join(of(half), of(half));
        left = half;
      }
    }
  }
}
