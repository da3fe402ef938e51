import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Budget } from '../../../src/budget/index.js';
import { Polynomial } from '../../../src/polynomial/index.js';
import { multiplyByKernel } from '../../../src/polynomial/kernel.js';
import { multiplyByHeap, productBound } from '../../../src/polynomial/multiply.js';
import { Packing } from '../../../src/polynomial/packing.js';
import { repack } from '../../../src/polynomial/terms.js';
import { families, productOf, referenceOf, shapesOf } from './reference.js';

/** A product by each way of making it, from one packing that holds it. */
function products(a: Polynomial, b: Polynomial): { heap: Polynomial; kernel: Polynomial | undefined } {
  const degrees = a.degrees.map((degree, variable) => degree + b.degrees[variable]!);
  const packing = Packing.for(degrees);
  const [left, right] = [repack(a.columns, packing), repack(b.columns, packing)];
  const bound = productBound(left.coefficients, right.coefficients);
  const kernel = multiplyByKernel(left, right, degrees, bound, new Budget());
  return {
    heap: new Polynomial(multiplyByHeap(left, right, bound, new Budget())),
    kernel: kernel === undefined ? undefined : new Polynomial(kernel),
  };
}

describe('the kernels for products', () => {
  it('agree with each other and with maps of BigInt, for dense and sparse factors and every layout', () => {
    const shapes = shapesOf({
      variables: [1, 2, 3, 4, 7],
      maxDegree: [1, 2, 5, 40, 1_000],
      maxTerms: [1, 5, 40],
      bits: [1, 20, 31, 52, 62],
    });
    let byKernel = 0;
    fc.assert(
      fc.property(families(2, shapes), ([a, b]) => {
        fc.pre(!a!.isZero && !b!.isZero);
        const { heap, kernel } = products(a!, b!);
        expect(referenceOf(heap)).toEqual(productOf(referenceOf(a!), referenceOf(b!)));
        if (kernel === undefined) return;
        byKernel++;
        expect(kernel.equals(heap)).toBe(true);
        expect([...kernel.terms()]).toEqual([...heap.terms()]);
      }),
      { numRuns: 400 },
    );
    // Only packings of more than 64 bits may be refused among these.
    expect(byKernel).toBeGreaterThan(200);
  });

  it('add up exactly where sums cancel down to nothing, at every size of coefficients', () => {
    const power = fc.integer({ min: 0, max: 62 });
    fc.assert(
      fc.property(power, power, fc.integer({ min: 1, max: 30 }), (p, q, terms) => {
        // (c x^n + ... + c) (x - 1) has two terms only.
        const c = 2n ** BigInt(p) - 1n;
        const d = 2n ** BigInt(q);
        // Beyond, sums in doubles would not tell the multiple of 2^64, and the kernel declines.
        fc.pre(c > 0n && p + q <= 106);
        const row = Array.from({ length: terms }, (_, exponent) => ({ exponents: [exponent, 0], coefficient: c }));
        const all = Polynomial.fromTerms(2, row);
        const difference = Polynomial.fromTerms(2, [
          { exponents: [1, 0], coefficient: d },
          { exponents: [0, 0], coefficient: -d },
        ]);
        const { heap, kernel } = products(all, difference);
        const expected = Polynomial.fromTerms(2, [
          { exponents: [terms, 0], coefficient: c * d },
          { exponents: [0, 0], coefficient: -c * d },
        ]);
        expect(heap.equals(expected)).toBe(true);
        expect(kernel?.equals(expected)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('agree on products large enough to be written in many pieces', () => {
    const sum = (weights: number[], degrees = [1, 1, 1, 1]) =>
      Polynomial.fromTerms(4, [
        ...weights.map((weight, variable) => ({
          exponents: degrees.map((degree, other) => (other === variable ? degree : 0)),
          coefficient: BigInt(weight),
        })),
        { exponents: [0, 0, 0, 0], coefficient: 1n },
      ]);
    const a = sum([1, -2, 3, 1], [1, 2, 3, 5]).power(8);
    const b = sum([5, 1, -1, 2], [5, 3, 2, 1]).power(8);
    const { heap, kernel } = products(a, b);
    expect(heap.termCount).toBeGreaterThan(20_000);
    expect(kernel!.equals(heap)).toBe(true);
    const dense = sum([1, 1, 1, 1]).substitute(1, Polynomial.variable(4, 0)).power(12);
    const again = products(dense, dense);
    expect(again.kernel!.equals(again.heap)).toBe(true);
  });
});
