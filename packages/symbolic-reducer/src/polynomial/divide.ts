// Exact division by a heap of the products of quotient and divisor (Monagan and Pearce, "Sparse polynomial division using a heap",
// 2011): O(q d log d) steps for q terms of the quotient and d of the divisor, and it ends at the first term that cannot be.

import type { Budget } from '../budget/index.js';
import { bitsOf, type Coefficients, firstOf, grown, integersOf, layOut, productWeight } from './coefficients.js';
import type { Packing } from './packing.js';
import { ProductHeap } from './product-heap.js';
import type { Monomials, Terms } from './terms.js';

/** A quotient as it grows; also the right factor of the heap. */
class Quotient implements Monomials {
  keys = new Float64Array(16);
  low: Float64Array<ArrayBuffer> | undefined;
  doubles = new Float64Array(16);
  integers: bigint[] = [];
  count = 0;

  constructor(words: 1 | 2) {
    if (words === 2) this.low = new Float64Array(16);
  }

  push(key: number, low: number, double: number): void {
    if (this.count === this.keys.length) {
      this.keys = grown(this.keys);
      this.doubles = grown(this.doubles);
      if (this.low !== undefined) this.low = grown(this.low);
    }
    this.keys[this.count] = key;
    if (this.low !== undefined) this.low[this.count] = low;
    this.doubles[this.count++] = double;
  }
}

/**
 * The quotient, or undefined when the division has a remainder. Both have one packing, which holds one more than the dividend's
 * degrees in every variable, so that a difference of monomials that borrows shows.
 *
 * @param degrees of the quotient in each variable, not negative
 */
export function divideByHeap(
  dividend: Terms,
  divisor: Terms,
  degrees: ArrayLike<number>,
  budget: Budget,
): Terms | undefined {
  if (dividend.coefficients instanceof Float64Array && divisor.coefficients instanceof Float64Array) {
    if (dividend.low === undefined && dividend.count <= MOST_SMALL && divisor.count <= MOST_SMALL) {
      const quotient = divideSmall(dividend, divisor, degrees, budget);
      if (quotient !== 'overflow') return quotient;
    }
    const quotient = divideDoubles(dividend, divisor, degrees, budget);
    if (quotient !== 'overflow') return quotient;
  }
  return divideIntegers(dividend, divisor, degrees, budget);
}

/** Terms of a dividend and of a divisor for which what is left of the one is kept sorted, without a heap. */
const MOST_SMALL = 16;
/** Terms that what is left may have meanwhile. */
const MOST_LEFT = 64;

const leftKeys = new Float64Array(MOST_LEFT);
const leftValues = new Float64Array(MOST_LEFT);
const quotientKeys = new Float64Array(MOST_LEFT);
const quotientValues = new Float64Array(MOST_LEFT);

/** Division as by hand, of few terms in one word; 'overflow' where a coefficient or what is left becomes too large for it. */
function divideSmall(
  dividend: Terms,
  divisor: Terms,
  degrees: ArrayLike<number>,
  budget: Budget,
): Terms | undefined | 'overflow' {
  const { packing } = dividend;
  const from = dividend.coefficients as Float64Array;
  const by = divisor.coefficients as Float64Array;
  // What is left lies in descending order from `first` to `end`.
  let first = 0;
  let end = dividend.count;
  let count = 0;
  for (let term = 0; term < end; term++) {
    leftKeys[term] = dividend.keys[term]!;
    leftValues[term] = from[term]!;
  }
  while (first < end) {
    const value = leftValues[first]!;
    const key = leftKeys[first++]! - divisor.keys[0]!;
    if (value === 0) continue;
    const coefficient = value / by[0]!;
    if (!Number.isInteger(coefficient) || coefficient * by[0]! !== value) return undefined;
    if (!divides(key, packing, degrees)) return undefined;
    budget.step(divisor.count);
    if (count === MOST_LEFT) return 'overflow';
    quotientKeys[count] = key;
    quotientValues[count++] = coefficient;
    let place = first;
    for (let term = 1; term < divisor.count; term++) {
      const wanted = key + divisor.keys[term]!;
      const change = coefficient * by[term]!;
      if (Math.abs(change) >= 2 ** 52) return 'overflow';
      while (place < end && leftKeys[place]! > wanted) place++;
      if (place < end && leftKeys[place] === wanted) {
        leftValues[place]! -= change;
        if (Math.abs(leftValues[place]!) >= 2 ** 52) return 'overflow';
        continue;
      }
      if (end === MOST_LEFT) return 'overflow';
      for (let at = end++; at > place; at--) {
        leftKeys[at] = leftKeys[at - 1]!;
        leftValues[at] = leftValues[at - 1]!;
      }
      leftKeys[place] = wanted;
      leftValues[place] = -change;
    }
  }
  budget.requireTerms(count);
  return {
    ...{ packing, count, low: undefined },
    ...{ keys: firstOf(quotientKeys, count), coefficients: firstOf(quotientValues, count) },
  };
}

/** Whether a difference of monomials in one word is one, of these degrees at most. */
function divides(key: number, packing: Packing, degrees: ArrayLike<number>): boolean {
  if (key < 0) return false;
  for (let variable = 0; variable < packing.variables; variable++) {
    const shifted = Math.floor(key / packing.scale[variable]!);
    const radix = packing.radix[variable]!;
    if (shifted - Math.floor(shifted / radix) * radix > degrees[variable]!) return false;
  }
  return true;
}

function divideDoubles(
  dividend: Terms,
  divisor: Terms,
  degrees: ArrayLike<number>,
  budget: Budget,
): Terms | undefined | 'overflow' {
  const { packing } = dividend;
  const from = dividend.coefficients as Float64Array;
  const by = divisor.coefficients as Float64Array;
  const quotient = new Quotient(packing.words);
  const heap = new ProductHeap(tailOf(divisor), quotient);
  const lead = by[0]!;
  let next = 0;
  for (;;) {
    const side = compareSides(dividend, next, heap);
    if (side === undefined) return termsOf(packing, quotient, quotient.doubles.slice(0, quotient.count));
    let key = 0;
    let low = 0;
    let value = 0;
    if (side <= 0) {
      key = dividend.keys[next]!;
      low = dividend.low === undefined ? 0 : dividend.low[next]!;
      value = from[next++]!;
    }
    if (side >= 0) {
      const count = heap.next();
      key = heap.key;
      low = heap.low;
      budget.step(count);
      let size = Math.abs(value);
      for (let index = 0; index < count; index++) {
        const product = by[heap.rows[index]! + 1]! * quotient.doubles[heap.columns[index]!]!;
        value -= product;
        size += Math.abs(product);
      }
      // Below this every partial sum was exact.
      if (size >= 2 ** 53) return 'overflow';
    }
    if (value === 0) continue;
    const coefficient = value / lead;
    if (!Number.isInteger(coefficient) || coefficient * lead !== value) return undefined;
    if (!pushMonomial(quotient, key, low, coefficient, divisor, packing, degrees)) return undefined;
    budget.step();
    budget.requireTerms(quotient.count);
    heap.wake();
  }
}

function divideIntegers(
  dividend: Terms,
  divisor: Terms,
  degrees: ArrayLike<number>,
  budget: Budget,
): Terms | undefined {
  const { packing } = dividend;
  const from = integersOf(dividend.coefficients);
  const by = integersOf(divisor.coefficients);
  const quotient = new Quotient(packing.words);
  const heap = new ProductHeap(tailOf(divisor), quotient);
  const lead = by[0]!;
  const weight = productWeight(bitsOf(from), bitsOf(by));
  let next = 0;
  for (;;) {
    const side = compareSides(dividend, next, heap);
    if (side === undefined) return termsOf(packing, quotient, layOut(quotient.integers));
    let key = 0;
    let low = 0;
    let value = 0n;
    if (side <= 0) {
      key = dividend.keys[next]!;
      low = dividend.low === undefined ? 0 : dividend.low[next]!;
      value = from[next++]!;
    }
    if (side >= 0) {
      const count = heap.next();
      key = heap.key;
      low = heap.low;
      for (let index = 0; index < count; index++) {
        budget.step(weight);
        value -= by[heap.rows[index]! + 1]! * quotient.integers[heap.columns[index]!]!;
      }
    }
    if (value === 0n) continue;
    const coefficient = value / lead;
    if (coefficient * lead !== value) return undefined;
    if (!pushMonomial(quotient, key, low, 0, divisor, packing, degrees)) return undefined;
    quotient.integers.push(coefficient);
    budget.step(weight);
    budget.requireTerms(quotient.count);
    heap.wake();
  }
}

/** Which has the larger monomial: negative the dividend, positive the heap, 0 both; undefined when both are at their end. */
function compareSides(dividend: Terms, next: number, heap: ProductHeap): number | undefined {
  if (next < dividend.count) {
    return heap.compareNext(dividend.keys[next]!, dividend.low === undefined ? 0 : dividend.low[next]!);
  }
  return heap.compareNext(-1, 0) < 0 ? undefined : 1;
}

/** Appends the monomial over the divisor's first, or gives false where that does not divide it. */
function pushMonomial(
  quotient: Quotient,
  key: number,
  low: number,
  double: number,
  divisor: Terms,
  packing: Packing,
  degrees: ArrayLike<number>,
): boolean {
  const keyLeft = key - divisor.keys[0]!;
  const lowLeft = divisor.low === undefined ? 0 : low - divisor.low[0]!;
  if (keyLeft < 0 || lowLeft < 0) return false;
  for (let variable = 0; variable < packing.variables; variable++) {
    const shifted = Math.floor((packing.wordOf[variable] === 0 ? keyLeft : lowLeft) / packing.scale[variable]!);
    const radix = packing.radix[variable]!;
    if (shifted - Math.floor(shifted / radix) * radix > degrees[variable]!) return false;
  }
  quotient.push(keyLeft, lowLeft, double);
  return true;
}

/** All terms but the first. */
function tailOf(terms: Terms): Monomials {
  return { keys: terms.keys.subarray(1), low: terms.low?.subarray(1), count: terms.count - 1 };
}

function termsOf(packing: Packing, quotient: Quotient, coefficients: Coefficients): Terms {
  const { count } = quotient;
  return { packing, count, keys: quotient.keys.slice(0, count), low: quotient.low?.slice(0, count), coefficients };
}
