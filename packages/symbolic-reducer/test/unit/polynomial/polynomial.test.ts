import { describe, expect, it } from 'vitest';
import { Budget, gcd, Polynomial, squareFree } from '../../../src/index.js';

const variable = (index: number) => Polynomial.variable(3, index);
const number = (value: bigint) => Polynomial.constant(3, value);
const [x, y, z] = [variable(0), variable(1), variable(2)];
const sum = x.add(y).add(z).add(number(1n));

const terms = (polynomial: Polynomial) =>
  [...polynomial.terms()].map(({ exponents, coefficient }) => [coefficient, ...exponents]);

/** The code and details of what a call throws. */
function refusal(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    const { code, details } = error as { code: string; details: Record<string, unknown> };
    return { code, ...details };
  }
  return undefined;
}

describe('a polynomial', () => {
  it('gives its terms in lexicographic order', () => {
    const polynomial = Polynomial.fromTerms(2, [
      { exponents: [0, 3], coefficient: 5n },
      { exponents: [1, 0], coefficient: -1n },
      { exponents: [0, 3], coefficient: -3n },
      { exponents: [2, 2], coefficient: 0n },
    ]);
    expect(terms(polynomial)).toEqual([
      [-1n, 1, 0],
      [2n, 0, 3],
    ]);
    expect([polynomial.degree(0), polynomial.degree(1), polynomial.totalDegree]).toEqual([1, 3, 3]);
    expect(number(0n).degree(0)).toBe(-1);
  });

  it('takes exponents up to the room of two words, and refuses more', () => {
    const large = Polynomial.fromTerms(2, [{ exponents: [2 ** 52, 2 ** 52], coefficient: 1n }]);
    expect(terms(large)).toEqual([[1n, 2 ** 52, 2 ** 52]]);
    expect(refusal(() => large.multiply(large))).toMatchObject({ code: 'ExponentRange' });
    const many = () => Polynomial.fromTerms(20, [{ exponents: new Array(20).fill(100), coefficient: 1n }]);
    expect(refusal(many)).toEqual({ code: 'ExponentRange', bits: 140, allowed: 106 });
  });

  it('says what is wrong with what makes no polynomial', () => {
    const invalid = { code: 'PolynomialInvalid' };
    expect(refusal(() => Polynomial.fromTerms(2, [{ exponents: [1], coefficient: 1n }]))).toMatchObject(invalid);
    expect(refusal(() => Polynomial.fromTerms(1, [{ exponents: [-1], coefficient: 1n }]))).toMatchObject(invalid);
    expect(refusal(() => Polynomial.fromTerms(1, [{ exponents: [0.5], coefficient: 1n }]))).toMatchObject(invalid);
    expect(refusal(() => Polynomial.variable(3, 3))).toMatchObject(invalid);
    expect(refusal(() => x.add(Polynomial.variable(2, 0)))).toMatchObject(invalid);
    expect(refusal(() => x.power(-1))).toMatchObject(invalid);
    expect(refusal(() => x.evaluate([1n]))).toMatchObject(invalid);
    expect(refusal(() => x.divideExact(number(0n)))).toMatchObject({ code: 'DomainError' });
  });
});

describe('what others get wrong', () => {
  it('is right: gcd(x^2 - y^2, x^2 + 3xy + 2y^2) = x + y', () => {
    const left = x.power(2).subtract(y.power(2));
    const right = x.power(2).add(x.multiply(y).scale(3n)).add(y.power(2).scale(2n));
    expect(gcd(left, right).equals(x.add(y))).toBe(true);
  });

  it('is quick: (x+y+z+1)^4 and (x+1)^10 written out', () => {
    expect(sum.power(4).termCount).toBe(35);
    expect(terms(x.add(number(1n)).power(10)).map(([coefficient]) => Number(coefficient))).toEqual([
      1, 10, 45, 120, 210, 252, 210, 120, 45, 10, 1,
    ]);
  });

  it('takes a variable out at once, whatever its exponent', () => {
    const polynomial = Polynomial.fromTerms(2, [
      { exponents: [1_000_000_000, 3], coefficient: -6n },
      { exponents: [1_000_000_000, 2], coefficient: -6n },
    ]);
    const { content, factors } = squareFree(polynomial, new Budget({ maxSteps: 100_000 }));
    expect([content, factors.map(({ multiplicity }) => multiplicity)]).toEqual([-6n, [1, 2, 1_000_000_000]]);
    const [sum, y, x] = factors.map(({ factor }) => factor);
    expect(x!.equals(Polynomial.variable(2, 0)) && y!.equals(Polynomial.variable(2, 1))).toBe(true);
    expect(sum!.equals(y!.add(Polynomial.constant(2, 1n)))).toBe(true);
  });

  it('is decomposed: 2 (x + y)^3 (x - 1)', () => {
    const { content, factors } = squareFree(
      x
        .add(y)
        .power(3)
        .multiply(x.subtract(number(1n)))
        .scale(2n),
    );
    expect(content).toBe(2n);
    expect(factors.map(({ factor, multiplicity }) => [multiplicity, terms(factor)])).toEqual([
      [1, terms(x.subtract(number(1n)))],
      [3, terms(x.add(y))],
    ]);
  });
});

describe('a budget', () => {
  it('refuses an expansion by its predicted size, before any of it is made', () => {
    expect(refusal(() => sum.power(5_000))).toMatchObject({
      code: 'BudgetExceeded',
      limit: 'maxTerms',
      needed: '20858342501',
    });
    expect(refusal(() => x.scale(3n).power(2 ** 30))).toMatchObject({ code: 'BudgetExceeded', limit: 'maxBits' });
    const wide = sum.power(20).multiply(number(2n ** 3_000n));
    expect(refusal(() => wide.multiply(wide, new Budget({ maxBits: 4_000 })))).toMatchObject({ limit: 'maxBits' });
    expect(refusal(() => sum.power(9).multiply(sum.power(8), new Budget({ maxTerms: 500 })))).toMatchObject({
      limit: 'maxTerms',
    });
  });

  it('is looked at in every loop, so that a stopped operation ends soon', () => {
    const stop = new Error('stopped');
    let steps = 0;
    const budget = () => {
      steps = 0;
      return new Budget({
        operation: {
          stopped: undefined,
          throwIfStopped: () => {
            if (++steps >= 3) throw stop;
          },
        },
      });
    };
    const large = sum.power(18);
    const long = Polynomial.fromTerms(1, [
      { exponents: [40_000], coefficient: 3n },
      { exponents: [39_999], coefficient: 5n },
      { exponents: [0], coefficient: 7n },
    ]);
    const calls = [
      (limits: Budget) => large.multiply(large.add(x.power(30)), limits).multiply(large, limits),
      (limits: Budget) => large.multiply(large).divideExact(large, limits),
      (limits: Budget) => gcd(long, long.derivative(0).add(Polynomial.constant(1, 1n)), limits),
      (limits: Budget) => gcd(large.multiply(x.add(y)), large.multiply(x.subtract(y)).add(large), limits),
    ];
    for (const call of calls) {
      expect(() => call(budget())).toThrow(stop);
      expect(steps).toBe(3);
    }
  });
});

describe('the budget', () => {
  it('counts products of long coefficients by their length, so that an operation is stopped in time', () => {
    const stepsWith = (bits: bigint, use: (polynomial: Polynomial, budget: Budget) => unknown) => {
      const terms = Array.from({ length: 12 }, (_, at) => ({ exponents: [at], coefficient: 3n ** bits + BigInt(at) }));
      const budget = new Budget();
      use(Polynomial.fromTerms(1, terms), budget);
      return budget.steps;
    };
    const square = (polynomial: Polynomial, budget: Budget) => polynomial.multiply(polynomial, budget);
    expect(stepsWith(20_000n, square)).toBeGreaterThan(1_000 * stepsWith(20n, square));
    const divide = (polynomial: Polynomial, budget: Budget) =>
      polynomial.multiply(polynomial).divideExact(polynomial, budget);
    expect(stepsWith(20_000n, divide)).toBeGreaterThan(1_000 * stepsWith(20n, divide));
  });
});
