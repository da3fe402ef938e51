import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Polynomial } from '../../../src/polynomial/index.js';
import { families, productOf, referenceOf, shapesOf, sumOf } from './reference.js';

describe('polynomials', () => {
  it('add, subtract and multiply as maps of BigInt do', () => {
    fc.assert(
      fc.property(families(2), ([a, b]) => {
        const x = referenceOf(a!);
        const y = referenceOf(b!);
        expect(referenceOf(a!.add(b!))).toEqual(sumOf(x, y));
        expect(referenceOf(a!.subtract(b!))).toEqual(sumOf(x, y, -1n));
        expect(referenceOf(a!.multiply(b!))).toEqual(productOf(x, y));
      }),
      { numRuns: 300 },
    );
  });

  it('are a commutative ring', () => {
    fc.assert(
      fc.property(families(3), ([a, b, c]) => {
        expect(a!.add(b!).equals(b!.add(a!))).toBe(true);
        expect(a!.multiply(b!).equals(b!.multiply(a!))).toBe(true);
        expect(
          a!
            .multiply(b!)
            .multiply(c!)
            .equals(a!.multiply(b!.multiply(c!))),
        ).toBe(true);
        expect(a!.multiply(b!.add(c!)).equals(a!.multiply(b!).add(a!.multiply(c!)))).toBe(true);
        expect(a!.subtract(a!).isZero).toBe(true);
        expect(a!.negate().add(a!).isZero).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('give their terms in one order, whatever order they came in', () => {
    const shuffled = families(1).chain(([a]) =>
      fc.tuple(fc.constant(a!), fc.shuffledSubarray([...a!.terms()], { minLength: a!.termCount })),
    );
    fc.assert(
      fc.property(shuffled, ([a, terms]) => {
        const again = Polynomial.fromTerms(a.variables, terms);
        expect(again.equals(a)).toBe(true);
        expect([...again.terms()]).toEqual([...a.terms()]);
      }),
    );
  });

  it('undo a multiplication by an exact division', () => {
    fc.assert(
      fc.property(families(2), ([a, b]) => {
        fc.pre(!b!.isZero);
        expect(a!.multiply(b!).divideExact(b!)?.equals(a!)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('divide exactly only where the quotient multiplies back', () => {
    const small = shapesOf({ variables: [1, 2], maxDegree: [2], maxTerms: [3], bits: [2] });
    fc.assert(
      fc.property(families(2, small), ([a, b]) => {
        fc.pre(!b!.isZero);
        const quotient = a!.divideExact(b!);
        if (quotient !== undefined) expect(quotient.multiply(b!).equals(a!)).toBe(true);
        const beside = a!.multiply(b!).add(Polynomial.constant(a!.variables, 1n));
        if (!b!.isConstant) expect(beside.divideExact(b!)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('raise to powers as repeated products do', () => {
    const small = shapesOf({ variables: [1, 2, 4], maxDegree: [1, 4, 900], maxTerms: [1, 2, 4, 6], bits: [2, 20, 70] });
    fc.assert(
      fc.property(families(1, small), fc.integer({ min: 0, max: 7 }), ([a], exponent) => {
        let product = Polynomial.constant(a!.variables, 1n);
        for (let factor = 0; factor < exponent; factor++) product = product.multiply(a!);
        expect(a!.power(exponent).equals(product)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('divide with remainder by one variable', () => {
    const small = shapesOf({ variables: [1, 2, 3], maxDegree: [2, 4], maxTerms: [2, 4], bits: [2, 10] });
    fc.assert(
      fc.property(families(2, small), ([a, b]) => {
        fc.pre(!b!.isZero);
        const { multiplier, quotient, remainder } = a!.pseudoDivide(b!, 0);
        expect(multiplier.degree(0)).toBe(0);
        expect(multiplier.multiply(a!).equals(quotient.multiply(b!).add(remainder))).toBe(true);
        expect(remainder.isZero || remainder.degree(0) < b!.degree(0)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('are derived by the product rule', () => {
    fc.assert(
      fc.property(families(2), ([a, b]) => {
        for (let variable = 0; variable < a!.variables; variable++) {
          const left = a!.multiply(b!).derivative(variable);
          const right = a!
            .derivative(variable)
            .multiply(b!)
            .add(a!.multiply(b!.derivative(variable)));
          expect(left.equals(right)).toBe(true);
        }
      }),
    );
  });

  it('are mapped to integers by a homomorphism, and substitution agrees with evaluation', () => {
    const small = shapesOf({ variables: [2], maxDegree: [2, 5], maxTerms: [1, 6], bits: [3, 60] });
    const value = fc.bigInt({ min: -50n, max: 50n });
    fc.assert(
      fc.property(families(3, small), fc.tuple(value, value), ([a, b, c], point) => {
        const at = (p: Polynomial) => p.evaluate(point);
        expect(at(a!.multiply(b!))).toBe(at(a!) * at(b!));
        expect(at(a!.add(b!))).toBe(at(a!) + at(b!));
        expect(at(a!.substitute(1, c!))).toBe(a!.evaluate([point[0], at(c!)]));
      }),
      { numRuns: 200 },
    );
  });
});
