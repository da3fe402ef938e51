// Powers by the multinomial theorem: where the terms' monomials combine to few equal ones, each term of the power is made once,
// in O(1) operations, instead of being summed up from the products of smaller powers.

import type { Budget } from '../budget/index.js';
import { bitsOf, integersOf, normOf, productWeight } from './coefficients.js';
import { Packing } from './packing.js';
import { repack, type Terms } from './terms.js';

/** Terms of a power that are not sorted yet. */
export interface PowerTerms {
  readonly packing: Packing;
  readonly keys: Float64Array;
  readonly low: Float64Array | undefined;
  readonly coefficients: Float64Array | bigint[];
}

/** The tables of binomials have this squared as their size. */
const MAX_EXPONENT = 128;

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
  if (count > 16 || exponent > MAX_EXPONENT || total > 4_096 || total > 2 * boxOf(degrees, 1)) return undefined;
  const packing = base.packing.holds(degrees) ? base.packing : Packing.for(degrees);
  const terms = repack(base, packing);
  const keys = new Float64Array(total);
  const low = packing.words === 2 ? new Float64Array(total) : undefined;
  budget.step(total);
  // No coefficient, nor any part of one, is larger than this.
  const bound = normOf(terms.coefficients) ** exponent;
  if (terms.coefficients instanceof Float64Array && bound < 2 ** 53) {
    const coefficients = new Float64Array(total);
    const factors = Array.from(terms.coefficients, (coefficient) => factorsOf(coefficient, exponent));
    expandDoubles(terms, factors, exponent, keys, low, coefficients);
    return { packing, keys, low, coefficients };
  }
  const coefficients = new Array<bigint>(total);
  const bits = bitsOf(terms.coefficients) * exponent;
  const weight = productWeight(bits, bits);
  const factors = integersOf(terms.coefficients).map((coefficient) =>
    bigFactorsOf(coefficient, exponent, weight, budget),
  );
  expandIntegers(terms, factors, exponent, keys, low, coefficients, () => budget.step(weight));
  return { packing, keys, low, coefficients };
}

/** Of a term: by what is left to take and how often it is taken, binomial(left, taken) * coefficient^taken. */
function factorsOf(coefficient: number, exponent: number): Float64Array[] {
  return binomialRows(exponent).map((row) => row.map((binomial, taken) => binomial * coefficient ** taken));
}

function bigFactorsOf(coefficient: bigint, exponent: number, weight: number, budget: Budget): bigint[][] {
  const powers = [1n];
  for (let index = 0; index < exponent; index++) powers.push(powers[index]! * coefficient);
  const rows: bigint[][] = [[1n]];
  for (let row = 1; row <= exponent; row++) {
    const above = rows[row - 1]!;
    rows.push(Array.from({ length: row + 1 }, (_, index) => (above[index - 1] ?? 0n) + (above[index] ?? 0n)));
  }
  return rows.map((row) => {
    budget.step(weight * (1 + (exponent >> 2)));
    return row.map((binomial, taken) => binomial * powers[taken]!);
  });
}

function binomialRows(exponent: number): Float64Array[] {
  const rows = [Float64Array.of(1)];
  for (let row = 1; row <= exponent; row++) {
    const above = rows[row - 1]!;
    rows.push(Float64Array.from({ length: row + 1 }, (_, index) => (above[index - 1] ?? 0) + (above[index] ?? 0)));
  }
  return rows;
}

/** Depth first over how often each term is taken, most of the largest first. */
function expandDoubles(
  terms: Terms,
  factors: readonly Float64Array[][],
  exponent: number,
  keys: Float64Array,
  low: Float64Array | undefined,
  coefficients: Float64Array,
): void {
  const last = terms.count - 1;
  let at = 0;
  const visit = (term: number, left: number, key: number, word: number, part: number): void => {
    if (term === last) {
      keys[at] = key + left * terms.keys[term]!;
      if (low !== undefined) low[at] = word + left * terms.low![term]!;
      coefficients[at++] = part * factors[term]![left]![left]!;
      return;
    }
    const row = factors[term]![left]!;
    for (let taken = left; taken >= 0; taken--) {
      const lowWord = low === undefined ? 0 : word + taken * terms.low![term]!;
      visit(term + 1, left - taken, key + taken * terms.keys[term]!, lowWord, part * row[taken]!);
    }
  };
  visit(0, exponent, 0, 0, 1);
}

function expandIntegers(
  terms: Terms,
  factors: readonly bigint[][][],
  exponent: number,
  keys: Float64Array,
  low: Float64Array | undefined,
  coefficients: bigint[],
  step: () => void,
): void {
  const last = terms.count - 1;
  let at = 0;
  const visit = (term: number, left: number, key: number, word: number, part: bigint): void => {
    if (term === last) {
      keys[at] = key + left * terms.keys[term]!;
      if (low !== undefined) low[at] = word + left * terms.low![term]!;
      coefficients[at++] = part * factors[term]![left]![left]!;
      step();
      return;
    }
    const row = factors[term]![left]!;
    for (let taken = left; taken >= 0; taken--) {
      const lowWord = low === undefined ? 0 : word + taken * terms.low![term]!;
      visit(term + 1, left - taken, key + taken * terms.keys[term]!, lowWord, part * row[taken]!);
    }
  };
  visit(0, exponent, 0, 0, 1n);
}
