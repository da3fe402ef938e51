// The terms of a polynomial as columns: the monomials' words, in descending order, and the coefficients.

import type { Coefficients } from './coefficients.js';
import type { Packing } from './packing.js';

/** Monomials in descending order; `low` is the second word, where there is one. */
export interface Monomials {
  readonly keys: Float64Array;
  readonly low: Float64Array | undefined;
  readonly count: number;
}

/** Terms in descending order, none of them zero. Nobody writes to the arrays once they are here. */
export interface Terms extends Monomials {
  readonly packing: Packing;
  readonly coefficients: Coefficients;
}

/** The same terms in another packing, which must hold their exponents. The order stays: all packings are lexicographic. */
export function repack(terms: Terms, packing: Packing): Terms {
  if (terms.packing.equals(packing)) return terms;
  const { count, coefficients } = terms;
  const keys = new Float64Array(count);
  const low = packing.words === 2 ? new Float64Array(count) : undefined;
  for (let variable = 0; variable < packing.variables; variable++) {
    if (terms.packing.widths[variable] === 0) continue;
    const exponents = terms.packing.exponents(variable, terms.keys, terms.low, count);
    const words = packing.wordOf[variable] === 0 ? keys : low!;
    const scale = packing.scale[variable]!;
    for (let term = 0; term < count; term++) words[term]! += exponents[term]! * scale;
  }
  return { packing, count, keys, low, coefficients };
}
