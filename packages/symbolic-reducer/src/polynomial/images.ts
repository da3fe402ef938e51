// Images of polynomials modulo a prime: values of all variables but one, at one point or along a geometric sequence of points,
// where each further point costs one multiplication a term.

import type { Polynomial } from './polynomial.js';
import type { PrimeField } from './prime-field.js';

/** A polynomial modulo a prime, to be evaluated at many points in all variables but the main one. */
export class Image {
  /** The exponent of each variable in each term. */
  readonly exponents: readonly Float64Array[];
  readonly degrees: Float64Array;
  readonly #main: number;
  readonly #field: PrimeField;
  readonly #coefficients: Float64Array;
  readonly #values: Float64Array;
  readonly #ratios: Float64Array;

  constructor(polynomial: Polynomial, main: number, field: PrimeField) {
    const { packing, keys, low, count } = polynomial.columns;
    this.#main = main;
    this.#field = field;
    this.degrees = polynomial.degrees;
    this.exponents = Array.from({ length: packing.variables }, (_, variable) =>
      packing.exponents(variable, keys, low, count),
    );
    this.#coefficients = residuesOf(polynomial, field);
    this.#values = new Float64Array(count);
    this.#ratios = new Float64Array(count);
  }

  get termCount(): number {
    return this.#ratios.length;
  }

  /**
   * Goes to a point: each variable has its value, or else moves in a geometric sequence of its ratio, and is now at its first power.
   * The main variable has neither.
   */
  goTo(values: readonly (number | undefined)[], ratios: readonly (number | undefined)[]): void {
    this.#values.set(this.#coefficients);
    this.#ratios.fill(1);
    for (let variable = 0; variable < this.exponents.length; variable++) {
      if (variable === this.#main || this.degrees[variable] === 0) continue;
      const ratio = ratios[variable];
      multiplyByPowers(
        ratio === undefined ? this.#values : this.#ratios,
        this.exponents[variable]!,
        this.#powers(ratio ?? values[variable]!, this.degrees[variable]!),
        this.#field,
      );
    }
    if (ratios.some((ratio) => ratio !== undefined)) this.advance();
  }

  #powers(base: number, degree: number): Float64Array | number {
    if (degree > 4_096) return base;
    const powers = new Float64Array(degree + 1);
    powers[0] = 1;
    for (let exponent = 1; exponent <= degree; exponent++) {
      powers[exponent] = this.#field.multiply(powers[exponent - 1]!, base);
    }
    return powers;
  }

  /** Goes to the next point of the sequence. */
  advance(): void {
    const { prime, reciprocal } = this.#field;
    const values = this.#values;
    const ratios = this.#ratios;
    for (let term = 0; term < values.length; term++) {
      const product = values[term]! * ratios[term]!;
      const rest = product - Math.floor(product * reciprocal) * prime;
      values[term] = rest < 0 ? rest + prime : rest >= prime ? rest - prime : rest;
    }
  }

  /** The coefficients of the main variable's powers at the point, the constant first, into an array that is long enough. */
  write(target: Float64Array): void {
    const { prime } = this.#field;
    const powers = this.exponents[this.#main]!;
    target.fill(0, 0, this.degrees[this.#main]! + 1);
    for (let term = 0; term < powers.length; term++) {
      const sum = target[powers[term]!]! + this.#values[term]!;
      target[powers[term]!] = sum >= prime ? sum - prime : sum;
    }
  }

  /** The value at the point of a polynomial without the main variable. */
  value(): number {
    let sum = 0;
    for (const value of this.#values) {
      sum += value;
      if (sum >= this.#field.prime) sum -= this.#field.prime;
    }
    return sum;
  }
}

/** The coefficients modulo a prime. */
function residuesOf(polynomial: Polynomial, field: PrimeField): Float64Array {
  const { coefficients } = polynomial.columns;
  if (coefficients instanceof Float64Array) return coefficients.map((value) => field.residueOfDouble(value));
  return Float64Array.from(polynomial.coefficients(), (value) => field.residue(value));
}

/** Multiplies each value by the base's power; `powers` is a table of them, or the base. */
export function multiplyByPowers(
  values: Float64Array,
  exponents: Float64Array,
  powers: Float64Array | number,
  field: PrimeField,
): void {
  const { prime, reciprocal } = field;
  for (let term = 0; term < values.length; term++) {
    const exponent = exponents[term]!;
    if (exponent === 0) continue;
    const product = values[term]! * (typeof powers === 'number' ? field.power(powers, exponent) : powers[exponent]!);
    const rest = product - Math.floor(product * reciprocal) * prime;
    values[term] = rest < 0 ? rest + prime : rest >= prime ? rest - prime : rest;
  }
}
