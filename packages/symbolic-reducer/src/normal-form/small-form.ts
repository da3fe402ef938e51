// Normal forms of small rational expressions whose quotients come out whole, which most that people write are: a few symbols, terms and
// digits. Polynomials are plain arrays of keys and coefficients here, because making typed arrays costs more than such a sum takes.
// Where anything does not fit, the answer is that this is not for here, and nothing was done.

import { type Budget, keepShape } from '../budget/index.js';
import { type Condition, ConditionSet, ExpressionStore, type ExprId, kindCode } from '../expression/index.js';

/** Variables, terms of each polynomial, powers and nested sums that are small. */
const maxVariables = 4;
const maxTerms = 48;
const maxExponent = 8;
const maxDepth = 16;
/** Nodes that are looked at, shared ones as often as they occur. */
const maxVisits = 256;
/**
 * A key has a field of 7 bits for each exponent, the first variable's highest. Exponents are below 64: the highest bit of a field shows
 * when a difference borrowed.
 */
const fieldBits = 7;
const fieldMask = 127;
const maxDegree = 64;
const borrowBits = 0x8102040;

/** Terms with descending keys; coefficients are whole, below 2^53 and not 0. */
class SmallPolynomial {
  readonly keys: number[];
  readonly values: number[];
  /** At least its total degree. */
  readonly degree: number;

  constructor(keys: number[], values: number[], degree: number) {
    this.keys = keys;
    this.values = values;
    this.degree = degree;
  }
}

/** A result and what was cancelled on the way. */
export interface SmallForm {
  /** The expression. */
  readonly result: ExprId;
  /** What is not 0 where it holds. */
  readonly conditions: readonly Condition[];
}

/** The normal form of a small expression; `undefined` of any other. */
export function smallForm(store: ExpressionStore, root: ExprId, budget: Budget): SmallForm | undefined {
  if (!store.assumesNothing || budget.maxBits < 64 || budget.maxTerms < maxTerms) return undefined;
  const space = new SmallSpace(store);
  const polynomial = space.polynomialOf(root);
  if (polynomial === undefined) return undefined;
  budget.step(space.visits);
  return { result: space.expressionOf(polynomial), conditions: space.conditions() };
}

class SmallSpace {
  visits = 0;
  readonly #store: ExpressionStore;
  readonly #symbols: ExprId[] = [];
  #cancelled: SmallPolynomial[] | undefined;

  constructor(store: ExpressionStore) {
    this.#store = store;
  }

  polynomialOf(root: ExprId): SmallPolynomial | undefined {
    if (!this.#collectSymbols(root, 0)) return undefined;
    return this.#evaluate(root, 0);
  }

  /** The symbols in their order; false where there is anything else, or too much. */
  #collectSymbols(id: ExprId, depth: number): boolean {
    if (depth > maxDepth || ++this.visits > maxVisits) return false;
    const store = this.#store;
    const kind = store.kindCodeOf(id);
    if (kind === kindCode.number) return true;
    if (kind === kindCode.symbol) return this.#addSymbol(id);
    if (kind !== kindCode.sum && kind !== kindCode.product) return false;
    const count = store.childCount(id);
    if (count > 2 * maxTerms) return false;
    for (let at = 0; at < count; at += 2) {
      const child = store.child(id, at);
      if (child !== store.one && !this.#collectSymbols(child, depth + 1)) return false;
    }
    return true;
  }

  #addSymbol(id: ExprId): boolean {
    const symbols = this.#symbols;
    if (symbols.includes(id)) return true;
    if (symbols.length === maxVariables) return false;
    let place = symbols.length;
    symbols.push(id);
    for (; place > 0 && this.#store.compare(symbols[place - 1]!, id) > 0; place--) symbols[place] = symbols[place - 1]!;
    symbols[place] = id;
    return true;
  }

  #evaluate(id: ExprId, depth: number): SmallPolynomial | undefined {
    if (++this.visits > 2 * maxVisits) return undefined;
    const store = this.#store;
    switch (store.kindCodeOf(id)) {
      case kindCode.number: {
        const value = store.numberAt(id);
        if (typeof value !== 'number') return undefined;
        return value === 0 ? new SmallPolynomial([], [], 0) : new SmallPolynomial([0], [value], 0);
      }
      case kindCode.symbol:
        return new SmallPolynomial([this.#keyOf(id)], [1], 1);
      case kindCode.sum:
        return this.#sum(id, depth);
      default:
        return this.#product(id, depth);
    }
  }

  #keyOf(symbol: ExprId): number {
    return 1 << (fieldBits * (this.#symbols.length - 1 - this.#symbols.indexOf(symbol)));
  }

  #exponentIn(key: number, index: number): number {
    return (key >> (fieldBits * (this.#symbols.length - 1 - index))) & fieldMask;
  }

  #sum(id: ExprId, depth: number): SmallPolynomial | undefined {
    const store = this.#store;
    const keys: number[] = [];
    const values: number[] = [];
    let degree = 0;
    const count = store.childCount(id);
    for (let at = 0; at < count; at += 2) {
      const term = store.child(id, at);
      const coefficient = store.numberAt(store.child(id, at + 1));
      if (typeof coefficient !== 'number') return undefined;
      if (term === store.one) {
        if (!insert(keys, values, 0, coefficient)) return undefined;
        continue;
      }
      if (store.kindCodeOf(term) === kindCode.symbol) {
        if (!insert(keys, values, this.#keyOf(term), coefficient)) return undefined;
        if (degree === 0) degree = 1;
        continue;
      }
      const value = this.#evaluate(term, depth + 1);
      if (value === undefined) return undefined;
      for (let index = 0; index < value.keys.length; index++) {
        if (!insert(keys, values, value.keys[index]!, coefficient * value.values[index]!)) return undefined;
      }
      if (value.degree > degree) degree = value.degree;
    }
    compact(keys, values);
    return new SmallPolynomial(keys, values, degree);
  }

  #product(id: ExprId, depth: number): SmallPolynomial | undefined {
    const store = this.#store;
    let above: SmallPolynomial | undefined;
    let below: SmallPolynomial | undefined;
    const count = store.childCount(id);
    for (let at = 0; at < count; at += 2) {
      const exponent = store.valueOf(store.child(id, at + 1));
      if (typeof exponent !== 'number' || exponent === 0 || Math.abs(exponent) > maxExponent) return undefined;
      const base = this.#evaluate(store.child(id, at), depth + 1);
      if (base === undefined || base.keys.length === 0) return undefined;
      for (let times = Math.abs(exponent); times > 0; times--) {
        if (exponent > 0) above = above === undefined ? base : multiply(above, base);
        else below = below === undefined ? base : multiply(below, base);
        if (exponent > 0 ? above === undefined : below === undefined) return undefined;
      }
    }
    if (below === undefined) return above;
    if (above === undefined) return undefined;
    const quotient = this.#divide(above, below);
    if (quotient === undefined) return undefined;
    this.#cancelled ??= [];
    this.#cancelled.push(below);
    return quotient;
  }

  /** The quotient of a division without remainder. */
  #divide(dividend: SmallPolynomial, divisor: SmallPolynomial): SmallPolynomial | undefined {
    const keys = dividend.keys.slice();
    const values = dividend.values.slice();
    const quotient = new SmallPolynomial([], [], dividend.degree);
    const lead = divisor.values[0]!;
    for (let first = 0; first < keys.length; first++) {
      if (values[first] === 0) continue;
      const key = keys[first]! - divisor.keys[0]!;
      const value = values[first]! / lead;
      if (!Number.isInteger(value) || value * lead !== values[first] || key < 0 || (key & borrowBits) !== 0)
        return undefined;
      quotient.keys.push(key);
      quotient.values.push(value);
      for (let term = 1; term < divisor.keys.length; term++) {
        if (!insert(keys, values, key + divisor.keys[term]!, -value * divisor.values[term]!)) return undefined;
      }
    }
    return quotient;
  }

  /** What was divided by is not 0: that of its primitive part, or of the symbols when it has one term. */
  conditions(): readonly Condition[] {
    if (this.#cancelled === undefined) return [];
    const conditions = new ConditionSet(this.#store);
    for (const { keys, values, degree } of this.#cancelled) {
      if (keys.length === 1) {
        for (let index = 0; index < this.#symbols.length; index++) {
          if (this.#exponentIn(keys[0]!, index) > 0) conditions.add('nonzero', this.#symbols[index]!);
        }
        continue;
      }
      let content = 0;
      for (const value of values) content = gcdOf(content, Math.abs(value));
      if (values[0]! < 0) content = -content;
      const primitive = content === 1 ? values : values.map((value) => value / content);
      conditions.add('nonzero', this.expressionOf(new SmallPolynomial(keys, primitive, degree)));
    }
    return conditions.list();
  }

  expressionOf({ keys, values }: SmallPolynomial): ExprId {
    const store = this.#store;
    const symbols = this.#symbols;
    const parts: { term: ExprId; coefficient: number }[] = [];
    for (let at = 0; at < keys.length; at++) {
      const factors: ExprId[] = [];
      for (let index = 0; index < symbols.length; index++) {
        const exponent = this.#exponentIn(keys[at]!, index);
        if (exponent > 0) factors.push(symbols[index]!, exponent === 1 ? store.one : store.number(exponent));
      }
      let term = store.one;
      if (factors.length === 2 && factors[1] === store.one) term = factors[0]!;
      else if (factors.length > 0) term = store.intern(kindCode.product, factors);
      parts.push({ term, coefficient: values[at]! });
    }
    return store.linearCombination(parts);
  }
}

/** Adds a term at its place, from the end; false when a coefficient is too large or there are too many. */
function insert(keys: number[], values: number[], key: number, value: number): boolean {
  if (!Number.isSafeInteger(value)) return false;
  let place = keys.length;
  while (place > 0 && keys[place - 1]! < key) place--;
  if (place > 0 && keys[place - 1] === key) {
    const sum = values[place - 1]! + value;
    values[place - 1] = sum;
    return Number.isSafeInteger(sum);
  }
  if (keys.length === maxTerms) return false;
  keys.push(key);
  values.push(value);
  for (let at = keys.length - 1; at > place; at--) {
    keys[at] = keys[at - 1]!;
    values[at] = values[at - 1]!;
  }
  keys[place] = key;
  values[place] = value;
  return true;
}

/** Leaves out the terms that became 0. */
function compact(keys: number[], values: number[]): void {
  let kept = 0;
  for (let at = 0; at < keys.length; at++) {
    if (values[at] === 0) continue;
    keys[kept] = keys[at]!;
    values[kept++] = values[at]!;
  }
  while (keys.length > kept) {
    keys.pop();
    values.pop();
  }
}

function multiply(left: SmallPolynomial, right: SmallPolynomial): SmallPolynomial | undefined {
  const degree = left.degree + right.degree;
  if (degree >= maxDegree) return undefined;
  const keys: number[] = [];
  const values: number[] = [];
  for (let row = 0; row < left.keys.length; row++) {
    for (let column = 0; column < right.keys.length; column++) {
      const key = left.keys[row]! + right.keys[column]!;
      if (!insert(keys, values, key, left.values[row]! * right.values[column]!)) return undefined;
    }
  }
  compact(keys, values);
  return new SmallPolynomial(keys, values, degree);
}

function gcdOf(a: number, b: number): number {
  let left = a;
  let right = b;
  while (right !== 0) [left, right] = [right, left % right];
  return left;
}

keepShape(new SmallSpace(new ExpressionStore()));
keepShape(new ConditionSet(new ExpressionStore()));
keepShape(new SmallPolynomial([], [], 0));
