// Matching modulo associativity and commutativity. Sums and products are flat and sorted already; a pattern's parts are tried against the
// target's in every order, with one rest, until a bound on tries. Recursion is as deep as the pattern, which is small.

import type { ExpressionStore, ExprId, Factor, Term } from '../expression/index.js';
import { divide, signOf } from '../numbers/index.js';

/** What stands for the letters of a pattern. */
export type Substitution = ReadonlyMap<ExprId, ExprId>;

/** A place where a pattern matches: with what, and what of a sum or product is left over. */
export interface Match {
  /** What stands for the letters. */
  readonly substitution: Substitution;
  /** Terms or factors of the target that are not part of the match: the number 0 or 1 when there are none. */
  readonly rest: ExprId;
}

const maxTries = 10_000;

/** Finds where a pattern matches a node. */
export class Matcher {
  readonly #store: ExpressionStore;
  readonly #letters: ReadonlySet<ExprId>;
  #tries = 0;

  constructor(store: ExpressionStore, letters: ReadonlySet<ExprId>) {
    this.#store = store;
    this.#letters = letters;
  }

  /**
   * The first match of a pattern at a node that `accept` takes; `undefined` when there is none within 10,000 tries. At the top a
   * sum or product may have more parts than the pattern.
   */
  first(pattern: ExprId, target: ExprId, accept: (match: Match) => boolean): Match | undefined {
    this.#tries = 0;
    const store = this.#store;
    let found: Match | undefined;
    const take = (substitution: Substitution, rest: ExprId) => {
      const match = { substitution, rest };
      if (!accept(match)) return false;
      found = match;
      return true;
    };
    const kind = store.kindOf(pattern);
    if (kind === 'sum' && store.kindOf(target) === 'sum') {
      this.#sum(store.termsOf(pattern), store.termsOf(target), new Map(), (bindings, rest) =>
        take(bindings, store.linearCombination(rest)),
      );
    } else if (kind === 'product' && (store.kindOf(target) === 'product' || store.kindOf(target) === 'call')) {
      this.#product(store.factorsOf(pattern), store.factorsOf(target), new Map(), (bindings, rest) =>
        take(bindings, this.#multiplied(rest)),
      );
    } else {
      const none = kind === 'sum' ? store.zero : store.one;
      this.#match(pattern, target, new Map(), (bindings) => take(bindings, none));
    }
    return found;
  }

  #multiplied(factors: readonly Factor[]): ExprId {
    const powers = factors.map(({ base, exponent }) => this.#store.power(base, exponent));
    return powers.length === 0 ? this.#store.one : this.#store.product(powers);
  }

  #match(pattern: ExprId, target: ExprId, bindings: Substitution, next: (bindings: Substitution) => boolean): boolean {
    const store = this.#store;
    if (++this.#tries > maxTries) return false;
    if (this.#letters.has(pattern)) return this.#bind(pattern, target, bindings, next);
    switch (store.kindOf(pattern)) {
      case 'call': {
        if (store.functionOf(target) !== store.functionOf(pattern)) return false;
        return this.#arguments(store.childrenOf(pattern), store.childrenOf(target), bindings, next);
      }
      case 'product':
        return this.#product(
          store.factorsOf(pattern),
          this.#factorsWithCoefficient(target),
          bindings,
          (found, rest) => rest.length === 0 && next(found),
        );
      case 'sum':
        return this.#sum(
          store.termsOf(pattern),
          store.termsOf(target),
          bindings,
          (found, rest) => rest.length === 0 && next(found),
        );
      default:
        return pattern === target && next(bindings);
    }
  }

  #bind(letter: ExprId, value: ExprId, bindings: Substitution, next: (bindings: Substitution) => boolean): boolean {
    const bound = bindings.get(letter);
    if (bound !== undefined) return bound === value && next(bindings);
    return next(new Map(bindings).set(letter, value));
  }

  #arguments(
    patterns: readonly ExprId[],
    targets: readonly ExprId[],
    bindings: Substitution,
    next: (bindings: Substitution) => boolean,
  ): boolean {
    if (patterns.length !== targets.length) return false;
    const [first, ...more] = patterns;
    if (first === undefined) return next(bindings);
    return targets.some((target, at) =>
      this.#match(first, target, bindings, (found) =>
        this.#arguments(
          more,
          targets.filter((_, other) => other !== at),
          found,
          next,
        ),
      ),
    );
  }

  /** 3*x^2 as the factors 3 and x^2. */
  #factorsWithCoefficient(target: ExprId): Factor[] {
    const store = this.#store;
    const terms = store.termsOf(target);
    if (terms.length !== 1 || store.kindOf(target) === 'number') return store.factorsOf(target);
    const { term, coefficient } = terms[0]!;
    const factors = store.factorsOf(term);
    return coefficient === 1 ? factors : [{ base: store.number(coefficient), exponent: store.one }, ...factors];
  }

  /** Letters that stand alone are bound last: the last of them to all that is left, when nothing may be left over. */
  #product(
    patterns: readonly Factor[],
    targets: readonly Factor[],
    bindings: Substitution,
    next: (bindings: Substitution, rest: readonly Factor[]) => boolean,
  ): boolean {
    const store = this.#store;
    if (++this.#tries > maxTries) return false;
    const isPlain = ({ base, exponent }: Factor) =>
      exponent === store.one && this.#letters.has(base) && !bindings.has(base);
    const pattern = patterns.find((factor) => !isPlain(factor)) ?? patterns[0];
    if (pattern === undefined) return next(bindings, targets);
    const others = patterns.filter((factor) => factor !== pattern);
    const tried = targets.some((target, at) => {
      const left = targets.filter((_, other) => other !== at);
      const go = (found: Substitution) => this.#product(others, left, found, next);
      if (pattern.exponent === store.one && this.#letters.has(pattern.base)) {
        return this.#bind(pattern.base, store.power(target.base, target.exponent), bindings, go);
      }
      return this.#match(pattern.base, target.base, bindings, (found) =>
        this.#match(pattern.exponent, target.exponent, found, go),
      );
    });
    if (tried || others.length > 0 || !isPlain(pattern) || targets.length < 2) return tried;
    return this.#bind(pattern.base, this.#multiplied(targets), bindings, (found) => next(found, []));
  }

  #sum(
    patterns: readonly Term[],
    targets: readonly Term[],
    bindings: Substitution,
    next: (bindings: Substitution, rest: readonly Term[]) => boolean,
  ): boolean {
    const store = this.#store;
    if (++this.#tries > maxTries) return false;
    const isPlain = ({ term }: Term) => this.#letters.has(term) && !bindings.has(term);
    const pattern = patterns.find((term) => !isPlain(term)) ?? patterns[0];
    if (pattern === undefined) return next(bindings, targets);
    const others = patterns.filter((term) => term !== pattern);
    const tried = targets.some((target, at) => {
      const left = targets.filter((_, other) => other !== at);
      const go = (found: Substitution) => this.#sum(others, left, found, next);
      const ratio = divide(target.coefficient, pattern.coefficient);
      if (this.#letters.has(pattern.term))
        return this.#bind(pattern.term, store.scale(target.term, ratio), bindings, go);
      if (ratio === 1) return this.#match(pattern.term, target.term, bindings, go);
      return (
        store.kindOf(pattern.term) === 'product' &&
        this.#match(pattern.term, store.scale(target.term, ratio), bindings, go)
      );
    });
    if (tried || others.length > 0 || !isPlain(pattern) || targets.length < 2) return tried;
    if (signOf(pattern.coefficient) === 0) return false;
    const all = store.linearCombination(
      targets.map(({ term, coefficient }) => ({ term, coefficient: divide(coefficient, pattern.coefficient) })),
    );
    return this.#bind(pattern.term, all, bindings, (found) => next(found, []));
  }
}
