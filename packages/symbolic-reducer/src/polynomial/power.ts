// Powers by the multinomial theorem: where the terms' monomials combine to few equal ones, each term of the power is made once,
// in O(1) operations, instead of being summed up from the products of smaller powers.

import type { Budget } from '../budget/index.js';
import { integersOf } from './coefficients.js';
import { Packing } from './packing.js';
import { repack, type Terms } from './terms.js';

/** Terms of a power that are not sorted yet. */
export interface PowerTerms {
  readonly packing: Packing;
  readonly keys: Float64Array;
  readonly low: Float64Array | undefined;
  readonly coefficientAt: (index: number) => bigint;
}

/** An upper bound of a power's terms: the ways to choose with repetition, and the box of its degrees. */
export function predictedPowerTerms(terms: number, degrees: Float64Array, exponent: number): number {
  return Math.min(choices(terms, exponent), boxOf(degrees, exponent));
}

function boxOf(degrees: Float64Array, exponent: number): number {
  return degrees.reduce((box, degree) => box * (degree * exponent + 1), 1);
}

/** C(terms + exponent - 1, exponent), rounded. */
function choices(terms: number, exponent: number): number {
  let count = 1;
  for (let index = 1; index < terms; index++) {
    count = (count * (exponent + index)) / index;
    if (count > Number.MAX_SAFE_INTEGER) return count;
  }
  return Math.round(count);
}

/** The terms of a power, or undefined where too many of them would have equal monomials. */
export function powerBySums(
  base: Terms,
  degrees: Float64Array,
  exponent: number,
  budget: Budget,
): PowerTerms | undefined {
  const { count } = base;
  const total = choices(count, exponent);
  if (count > 16 || total > 4_096 || total > 2 * boxOf(degrees, 1)) return undefined;
  const packing = base.packing.holds(degrees) ? base.packing : Packing.for(degrees);
  const terms = repack(base, packing);
  const powers = integersOf(terms.coefficients).map((coefficient) => powersUpTo(coefficient, exponent));
  const keys = new Float64Array(total);
  const low = packing.words === 2 ? new Float64Array(total) : undefined;
  const coefficients: bigint[] = [];
  // Depth first over how often each term is taken; `parts` holds binomial(left, taken) * coefficient^taken, multiplied up.
  const binomials = binomialRows(exponent);
  const visit = (term: number, left: number, key: number, word: number, part: bigint): void => {
    if (term === count - 1) {
      keys[coefficients.length] = key + left * terms.keys[term]!;
      if (low !== undefined) low[coefficients.length] = word + left * terms.low![term]!;
      coefficients.push(part * powers[term]![left]!);
      budget.step();
      return;
    }
    for (let taken = left; taken >= 0; taken--) {
      const factor = binomials[left]![taken]! * powers[term]![taken]!;
      const lowWord = low === undefined ? 0 : word + taken * terms.low![term]!;
      visit(term + 1, left - taken, key + taken * terms.keys[term]!, lowWord, part * factor);
    }
  };
  visit(0, exponent, 0, 0, 1n);
  return { packing, keys, low, coefficientAt: (index) => coefficients[index]! };
}

function powersUpTo(value: bigint, exponent: number): bigint[] {
  const powers = [1n];
  for (let index = 0; index < exponent; index++) powers.push(powers[index]! * value);
  return powers;
}

function binomialRows(exponent: number): bigint[][] {
  const rows: bigint[][] = [[1n]];
  for (let row = 1; row <= exponent; row++) {
    const above = rows[row - 1]!;
    rows.push(Array.from({ length: row + 1 }, (_, index) => (above[index - 1] ?? 0n) + (above[index] ?? 0n)));
  }
  return rows;
}
