// How large an expansion becomes, before anything of it is made: from the leaves up through the shared graph, each node once, in doubles
// that saturate. Sizes are upper bounds by three counts (products of terms, the box of the degrees, all monomials up to the total degree)
// that a sum whose terms do not cancel reaches; what functions, roots and symbolic powers expand to is not looked into. O(nodes).

import { type Budget, keepShape } from '../budget/index.js';
import { ExpressionStore, type ExprId, postorder } from '../expression/index.js';
import { isInteger, numeratorOf, type Rational } from '../numbers/index.js';
import { bitLengthOf } from '../polynomial/index.js';

/** Of a polynomial, about. */
interface Size {
  readonly terms: number;
  /** The degree in each of the first variables; the others are in `total` only. */
  readonly degrees: Float64Array;
  readonly total: number;
  /** log2 of the sum of the absolute values of the coefficients. */
  readonly norm: number;
}

/** Of a quotient: the factors of its denominator are nodes of the expression, with multiplicities. */
interface QuotientSize {
  readonly above: Size;
  readonly below: ReadonlyMap<ExprId, number>;
}

/** What an expansion takes, about. */
export interface PredictedSize {
  /** Terms of the largest polynomial. */
  readonly terms: number;
  /** The same, where a coefficient of b bits counts as b / 1,024 terms if that is more than one. */
  readonly weight: number;
  /** Bits of the largest coefficient. */
  readonly bits: number;
  /** Steps of the checker, which multiplies term by term. At least a third of them are taken where nothing cancels. */
  readonly proofSteps: number;
}

/** Variables whose degrees are kept apart. */
const maxDegrees = 16;
/** Parts that a prediction looks at: what is larger is not predicted, and refused when it is made. */
const maxNodes = 50_000;
const maxFactors = 256;
/** What has a lower sum of coefficients, as a power of 2, is not looked at more closely. */
const smallHeight = 10;
/** Of the checker, for each factor of a term that it reads. */
const stepsOfFactor = 8;
/** Bits of a coefficient that take the place of a term. */
const bitsOfTerm = 1_024;

/** Predicts sizes of the expressions of one question. */
export class SizePrediction {
  readonly #store: ExpressionStore;
  readonly #sizes = new Map<ExprId, QuotientSize>();
  readonly #variables = new Map<string, number>();
  readonly #none = new Float64Array(maxDegrees);
  #count = 0;
  #terms = 0;
  #weight = 0;
  #bits = 0;
  #proofSteps = 0;

  constructor(store: ExpressionStore) {
    this.#store = store;
  }

  /** Sizes of the expansion of some expressions; `undefined` where they are certainly small, or have too many parts to say. */
  of(roots: readonly ExprId[]): PredictedSize | undefined {
    const order = postorder(this.#store, roots);
    if (order.length > maxNodes || !this.#mayBeLarge(order)) return undefined;
    for (const id of order) {
      const size = this.#sizeOf(id);
      if (size === undefined) return undefined;
      this.#sizes.set(id, size);
    }
    for (const root of roots) {
      // The result is written out, and read by the checker.
      const { terms, total } = this.#sizes.get(root)!.above;
      this.#proofSteps += terms * Math.min(total, this.#count) * stepsOfFactor;
    }
    return { terms: this.#terms, weight: this.#weight, bits: this.#bits, proofSteps: this.#proofSteps };
  }

  /** Quickly: sums of absolute values of coefficients, above and below the bar, are at least the numbers of terms. */
  #mayBeLarge(order: readonly ExprId[]): boolean {
    const store = this.#store;
    const [above, below] = [new Map<ExprId, number>(), new Map<ExprId, number>()];
    for (const id of order) {
      let [top, bottom] = [0, 0];
      const kind = store.kindOf(id);
      if (kind === 'number') top = heightOf(store.numberAt(id));
      else if (kind === 'product') {
        for (let at = 0; at < store.childCount(id); at += 2) {
          const [base, value] = [store.child(id, at), store.valueOf(store.child(id, at + 1))];
          const times = value === undefined || !isInteger(value) ? 0 : Number(numeratorOf(value));
          top += Math.max(times * above.get(base)!, -times * below.get(base)!);
          bottom += Math.max(times * below.get(base)!, -times * above.get(base)!);
        }
      } else if (kind === 'sum') {
        for (let at = 0; at < store.childCount(id); at += 2) {
          top = Math.max(top, above.get(store.child(id, at))! + heightOf(store.numberAt(store.child(id, at + 1))));
          bottom += below.get(store.child(id, at))!;
        }
        top += bottom + Math.log2(store.childCount(id));
      }
      if (!(top + bottom <= smallHeight)) return true;
      above.set(id, top);
      below.set(id, bottom);
    }
    return false;
  }

  #sizeOf(id: ExprId): QuotientSize | undefined {
    const store = this.#store;
    switch (store.kindOf(id)) {
      case 'number':
        return whole(this.#constant(store.numberAt(id)));
      case 'sum':
        return this.#sum(id);
      case 'product':
        return this.#product(id);
      default:
        return whole(this.#variable(`${id}`));
    }
  }

  #constant(value: Rational): Size {
    return { terms: 1, degrees: this.#none, total: 0, norm: heightOf(value) };
  }

  #variable(key: string): Size {
    let index = this.#variables.get(key);
    if (index === undefined) {
      index = this.#count++;
      this.#variables.set(key, index);
    }
    const degrees = this.#none.slice();
    if (index < maxDegrees) degrees[index] = 1;
    return { terms: 1, degrees, total: 1, norm: 0 };
  }

  #sum(id: ExprId): QuotientSize | undefined {
    const store = this.#store;
    const below = new Map<ExprId, number>();
    // What was added up so far, and its denominator multiplied out.
    let above: Size | undefined;
    let denominator = this.#constant(1);
    for (const { term, coefficient } of store.termsOf(id)) {
      const size = this.#sizes.get(term)!;
      let part = this.#times(size.above, this.#constant(coefficient));
      const isDisjoint = ![...size.below.keys()].some((factor) => below.has(factor));
      const missing = isDisjoint ? denominator : this.#missing(below, size.below);
      const added = this.#missing(size.below, below);
      part = this.#times(part, missing);
      above = above === undefined ? part : this.#plus(this.#times(above, added), part);
      denominator = this.#noted(this.#times(denominator, added));
      for (const [factor, times] of size.below) below.set(factor, Math.max(times, below.get(factor) ?? 0));
      if (below.size > maxFactors) return undefined;
    }
    return { above: this.#noted(above!), below };
  }

  /** What a denominator has and another has not, multiplied out. */
  #missing(of: ReadonlyMap<ExprId, number>, from: ReadonlyMap<ExprId, number>): Size {
    const proofSteps = this.#proofSteps;
    let product = this.#constant(1);
    for (const [factor, times] of of) {
      const missing = times - (from.get(factor) ?? 0);
      if (missing > 0) product = this.#times(product, this.#power(this.#sizes.get(factor)!.above, missing));
    }
    // It is multiplied out already where it stands.
    this.#proofSteps = proofSteps;
    return product;
  }

  #product(id: ExprId): QuotientSize | undefined {
    const store = this.#store;
    let above: Size = this.#constant(1);
    const below = new Map<ExprId, number>();
    for (const { base, exponent } of store.factorsOf(id)) {
      const value = store.valueOf(exponent);
      if (value === undefined || !isInteger(value)) {
        above = this.#times(above, this.#variable(`${base}^${exponent}`));
        continue;
      }
      const size = this.#sizes.get(base)!;
      const times = Number(numeratorOf(value));
      if (times >= 0) {
        above = this.#times(above, this.#power(size.above, times));
        for (const [factor, count] of size.below) below.set(factor, (below.get(factor) ?? 0) + count * times);
      } else {
        below.set(base, (below.get(base) ?? 0) - times);
        this.#power(size.above, -times);
        for (const [factor, count] of size.below)
          above = this.#times(above, this.#power(this.#sizes.get(factor)!.above, -times * count));
      }
    }
    return below.size > maxFactors ? undefined : { above: this.#noted(above), below };
  }

  #plus(a: Size, b: Size): Size {
    const [low, high] = a.norm < b.norm ? [a.norm, b.norm] : [b.norm, a.norm];
    const degrees = a.degrees.map((degree, index) => Math.max(degree, b.degrees[index]!));
    const total = Math.max(a.total, b.total);
    const norm = high < Number.MAX_VALUE ? high + Math.log2(1 + 2 ** (low - high)) : high;
    return { terms: Math.min(a.terms + b.terms, this.#monomials(degrees, total)), degrees, total, norm };
  }

  #times(a: Size, b: Size): Size {
    if (isOne(a)) return b;
    if (isOne(b)) return a;
    const degrees = a.degrees.map((degree, index) => degree + b.degrees[index]!);
    const total = a.total + b.total;
    const norm = a.norm + b.norm;
    if (a.terms > 1 || b.terms > 1)
      this.#proofSteps += a.terms * b.terms * (2 + Math.min(total, this.#count) / 4 + norm / 64);
    return { terms: Math.min(a.terms * b.terms, this.#monomials(degrees, total)), degrees, total, norm };
  }

  #power(base: Size, exponent: number): Size {
    if (exponent === 1 || isOne(base)) return base;
    if (exponent === 0) return this.#constant(1);
    const at = (times: number): Size => {
      const degrees = base.degrees.map((degree) => degree * times);
      const total = base.total * times;
      const terms = Math.min(choices(base.terms, times), this.#monomials(degrees, total));
      return { terms, degrees, total, norm: base.norm * times };
    };
    const power = at(exponent);
    if (base.terms === 1) return this.#noted(power);
    // As the checker does it: by squaring, the result and the square besides.
    let done = 0;
    for (let times = 1; times <= exponent && this.#proofSteps < Number.MAX_VALUE; times *= 2) {
      const square = at(times);
      if (Math.floor(exponent / times) % 2 === 1) {
        if (done > 0) this.#proofSteps += at(done).terms * square.terms * (2 + power.norm / 64);
        done += times;
      }
      if (2 * times <= exponent) this.#proofSteps += square.terms ** 2 * (2 + square.norm / 32);
    }
    return this.#noted(power);
  }

  /** All monomials within the degrees, and within the total degree. */
  #monomials(degrees: Float64Array, total: number): number {
    if (this.#count > maxDegrees) return choices(this.#count + 1, total);
    let box = 1;
    let variables = 0;
    for (const degree of degrees) {
      box *= degree + 1;
      if (degree > 0) variables++;
    }
    return Math.min(box, choices(variables + 1, total));
  }

  #noted(size: Size): Size {
    // The largest coefficient is at least the mean.
    const bits = size.terms < Number.MAX_VALUE ? Math.max(0, size.norm - Math.log2(size.terms)) : 0;
    this.#bits = Math.max(this.#bits, bits);
    this.#terms = Math.max(this.#terms, size.terms);
    this.#weight = Math.max(this.#weight, size.terms * Math.max(1, bits / bitsOfTerm));
    return size;
  }
}

/**
 * Refuses an expansion that is predicted to be larger than a budget allows.
 *
 * @throws TenstripError `BudgetExceeded`, with the predicted number
 */
export function requireSize(size: PredictedSize | undefined, budget: Budget): void {
  if (size === undefined) return;
  budget.requireTerms(Math.round(size.terms));
  budget.requireTerms(Math.round(size.weight));
  budget.requireBits(Math.round(size.bits));
}

function whole(above: Size): QuotientSize {
  return { above, below: new Map() };
}

function isOne({ terms, total, norm }: Size): boolean {
  return terms === 1 && total === 0 && norm === 0;
}

/** log2 of the larger of numerator and denominator. */
function heightOf(value: Rational): number {
  if (typeof value === 'number') return value === 0 ? 0 : Math.log2(Math.abs(value));
  return Math.max(0, bitsOf(value.numerator), bitsOf(value.denominator));
}

function bitsOf(value: bigint): number {
  const size = Math.abs(Number(value));
  return size < Number.MAX_VALUE ? Math.log2(size) : bitLengthOf(value) - 2;
}

/** C(terms + exponent - 1, exponent): the terms of a power, and the monomials of degree at most `exponent` in `terms - 1` variables. */
function choices(terms: number, exponent: number): number {
  let count = 1;
  const least = Math.min(terms - 1, exponent);
  const sum = terms - 1 + exponent;
  for (let index = 1; index <= least; index++) {
    count = (count * (sum - least + index)) / index;
    if (count > 2 ** 200) return count;
  }
  return count;
}

keepShape(new SizePrediction(new ExpressionStore()));
