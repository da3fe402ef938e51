import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Budget } from '../../../src/budget/index.js';
import { gcd, gcdByEuclid, gcdWithCofactors, Polynomial, squareFree } from '../../../src/polynomial/index.js';
import { families, polynomials, shapesOf } from './reference.js';

const shapes = shapesOf({ variables: [1, 2, 3, 4], maxDegree: [1, 3], maxTerms: [1, 3, 6], bits: [2, 20, 60, 200] });
const tiny = shapesOf({ variables: [1, 2, 3], maxDegree: [2], maxTerms: [3], bits: [3] });

describe('greatest common divisors', () => {
  it('contain a common factor, and leave cofactors that multiply back and have none', () => {
    fc.assert(
      fc.property(families(3, shapes), ([a, b, h]) => {
        const left = a!.multiply(h!);
        const right = b!.multiply(h!);
        const found = gcdWithCofactors(left, right);
        expect(found.gcd.multiply(found.left).equals(left)).toBe(true);
        expect(found.gcd.multiply(found.right).equals(right)).toBe(true);
        if (left.isZero && right.isZero) return;
        expect(found.gcd.leadingCoefficient > 0n).toBe(true);
        if (!h!.isZero) expect(found.gcd.divideExact(h!)).toBeDefined();
        expect(gcd(found.left, found.right).isOne).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("agree with Euclid's algorithm on primitive parts", () => {
    fc.assert(
      fc.property(families(3, tiny), ([a, b, h]) => {
        const left = a!.multiply(h!).primitivePart();
        const right = b!.multiply(h!).primitivePart();
        fc.pre(!left.isZero && !right.isZero);
        expect(gcdByEuclid(left, right, 0, new Budget()).equals(gcd(left, right).primitivePart())).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('are found where leading coefficients and terms vanish modulo the first primes', () => {
    // The largest primes below 2^26, with which the search begins.
    const primes = [67_108_859n, 67_108_837n, 67_108_819n];
    const shape = { variables: 3, maxDegree: 2, maxTerms: 4, bits: 3 };
    const family = fc.tuple(polynomials(shape), polynomials(shape), polynomials(shape), fc.constantFrom(...primes));
    fc.assert(
      fc.property(family, ([a, b, h, prime]) => {
        const lead = Polynomial.fromTerms(3, [{ exponents: [3, 3, 3], coefficient: prime }]);
        const factor = h.add(lead).add(Polynomial.constant(3, prime - 1n));
        const left = a.add(lead).multiply(factor);
        const right = b.add(lead.scale(2n)).multiply(factor);
        const found = gcdWithCofactors(left, right);
        expect(found.gcd.multiply(found.left).equals(left)).toBe(true);
        expect(found.gcd.divideExact(factor.primitivePart())).toBeDefined();
        expect(gcd(found.left, found.right).isOne).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

describe('square-free decompositions', () => {
  it('multiply back, and no factor shares a divisor with its derivatives or with another factor', () => {
    fc.assert(
      fc.property(families(3, tiny), ([a, b, c]) => {
        const polynomial = a!.multiply(b!.power(2)).multiply(c!.power(3));
        const { content, factors } = squareFree(polynomial);
        let product = Polynomial.constant(polynomial.variables, content);
        let radical = Polynomial.constant(polynomial.variables, 1n);
        for (const { factor, multiplicity } of factors) {
          product = product.multiply(factor.power(multiplicity));
          radical = radical.multiply(factor);
        }
        expect(product.equals(polynomial)).toBe(true);
        expect(new Set(factors.map(({ multiplicity }) => multiplicity)).size).toBe(factors.length);
        for (let variable = 0; variable < radical.variables; variable++) {
          if (radical.degree(variable) < 1) continue;
          const shared = gcdByEuclid(radical, radical.derivative(variable).primitivePart(), variable, new Budget());
          expect(shared.degree(variable)).toBe(0);
        }
      }),
      { numRuns: 150 },
    );
  });
});
