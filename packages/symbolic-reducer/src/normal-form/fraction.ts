// Fractions of polynomials. Denominators are brought together by their greatest common divisor; what numerator and denominator share
// is cancelled only when that is asked for, and told.

import type { Budget } from '../budget/index.js';
import { reducerError } from '../errors/index.js';
import { gcdOf, gcdWithCofactors, Packing, Polynomial } from '../polynomial/index.js';

/** A quotient of polynomials in the same variables; the denominator is not 0 as a polynomial. */
export interface Fraction {
  readonly numerator: Polynomial;
  readonly denominator: Polynomial;
}

/** Arithmetic of fractions in a number of variables. */
export class FractionField {
  /** How many variables. */
  readonly variables: number;
  readonly #budget: Budget;
  readonly #one: Polynomial;

  constructor(variables: number, budget: Budget) {
    this.variables = variables;
    this.#budget = budget;
    this.#one = Polynomial.constant(variables, 1n);
  }

  /** An integer over an integer. */
  constant(numerator: bigint, denominator = 1n): Fraction {
    return {
      numerator: numerator === 1n ? this.#one : Polynomial.constant(this.variables, numerator),
      denominator: denominator === 1n ? this.#one : Polynomial.constant(this.variables, denominator),
    };
  }

  /** A polynomial, as a fraction. */
  whole(numerator: Polynomial): Fraction {
    return { numerator, denominator: this.#one };
  }

  /** A power of a variable; of any sign. */
  variable(index: number, exponent = 1): Fraction {
    if (exponent === 1 && this.variables <= 26) {
      const packing = Packing.even(this.variables);
      const key = new Float64Array(1).fill(packing.scale[index]!);
      return this.whole(Polynomial.fromKeys(packing, key, new Float64Array(1).fill(1), 1));
    }
    const exponents = new Array<number>(this.variables).fill(0);
    exponents[index] = Math.abs(exponent);
    const power = Polynomial.fromTerms(this.variables, [{ exponents, coefficient: 1n }]);
    return exponent < 0 ? { numerator: this.#one, denominator: power } : this.whole(power);
  }

  /** a + b, over the least common denominator. */
  add(a: Fraction, b: Fraction): Fraction {
    if (a.numerator.isZero) return b;
    if (b.numerator.isZero) return a;
    this.#budget.turn();
    this.#count(a);
    this.#count(b);
    if (a.denominator.equals(b.denominator)) {
      return { numerator: a.numerator.add(b.numerator, this.#budget), denominator: a.denominator };
    }
    if (a.denominator.isConstant && b.denominator.isConstant) {
      const [p, q] = [a.denominator.leadingCoefficient, b.denominator.leadingCoefficient];
      const shared = gcdOf(p, q);
      const numerator = a.numerator.scale(q / shared).add(b.numerator.scale(p / shared), this.#budget);
      return { numerator, denominator: Polynomial.constant(this.variables, (p / shared) * q) };
    }
    const { left, right } = gcdWithCofactors(a.denominator, b.denominator, this.#budget);
    const numerator = this.#times(a.numerator, right).add(this.#times(b.numerator, left), this.#budget);
    return { numerator, denominator: this.#times(a.denominator, right) };
  }

  /** a - b. */
  subtract(a: Fraction, b: Fraction): Fraction {
    return this.add(a, { numerator: b.numerator.negate(), denominator: b.denominator });
  }

  /** a * b, as it comes. */
  multiply(a: Fraction, b: Fraction): Fraction {
    return {
      numerator: this.#times(a.numerator, b.numerator),
      denominator: this.#times(a.denominator, b.denominator),
    };
  }

  /** Contents and common multiples of long coefficients are long work: Euclid's takes time by the square of their length. */
  #count({ numerator, denominator }: Fraction): void {
    for (const polynomial of [numerator, denominator]) {
      if (polynomial.columns.coefficients instanceof Float64Array) continue;
      const words = Math.ceil(polynomial.bits / 64);
      this.#budget.step(polynomial.termCount * (1 + words + Math.floor(words ** 2 / 16)));
    }
  }

  #times(a: Polynomial, b: Polynomial): Polynomial {
    this.#budget.turn();
    if (a.isOne) return b;
    return b.isOne ? a : a.multiply(b, this.#budget);
  }

  /**
   * a to a whole power.
   *
   * @throws TenstripError `DomainError` for a power of 0 that is not positive; `BudgetExceeded` before an expansion that is too large
   */
  power(a: Fraction, exponent: number): Fraction {
    if (exponent === 1) return a;
    if (exponent <= 0 && a.numerator.isZero) {
      throw reducerError('DomainError', `a division by what is 0 for all values (0^${exponent})`, {
        operation: 'power',
      });
    }
    const size = Math.abs(exponent);
    const numerator = a.numerator.power(size, this.#budget);
    const denominator = a.denominator.power(size, this.#budget);
    return exponent < 0 ? { numerator: denominator, denominator: numerator } : { numerator, denominator };
  }

  /**
   * The fraction in lowest terms, with a positive leading coefficient below, and what was cancelled: 1 when that is a number.
   */
  cancel(a: Fraction): { readonly fraction: Fraction; readonly cancelled: Polynomial } {
    this.#count(a);
    if (a.numerator.isZero) {
      return { fraction: this.constant(0n), cancelled: a.denominator.primitivePart() };
    }
    if (a.denominator.isConstant) {
      const below = a.denominator.leadingCoefficient;
      if (below === 1n) return { fraction: a, cancelled: this.#one };
      const shared = gcdOf(a.numerator.content(this.#budget), below) * (below < 0n ? -1n : 1n);
      return {
        fraction: {
          numerator: a.numerator.divideScalar(shared),
          denominator: Polynomial.constant(this.variables, below / shared),
        },
        cancelled: this.#one,
      };
    }
    const whole = a.numerator.divideExact(a.denominator, this.#budget);
    if (whole !== undefined) return { fraction: this.whole(whole), cancelled: a.denominator.primitivePart() };
    const { gcd, left, right } = gcdWithCofactors(a.numerator, a.denominator, this.#budget);
    const fraction =
      right.leadingCoefficient < 0n
        ? { numerator: left.negate(), denominator: right.negate() }
        : { numerator: left, denominator: right };
    return { fraction, cancelled: gcd.isConstant ? this.#one : gcd.primitivePart() };
  }
}
