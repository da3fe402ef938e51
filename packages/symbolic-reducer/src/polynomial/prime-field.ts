// Arithmetic modulo primes below 2^26: a product of two residues is below 2^52, exact in a double, and its quotient by the prime
// is found by a multiplication with the inverse, off by one at most. Polynomials in one variable modulo a prime are arrays of
// residues, the constant first.

import type { Budget } from '../budget/index.js';

/** The residues modulo a prime. */
export class PrimeField {
  readonly prime: number;
  readonly reciprocal: number;

  constructor(prime: number) {
    this.prime = prime;
    this.reciprocal = 1 / prime;
  }

  multiply(a: number, b: number): number {
    const product = a * b;
    const rest = product - Math.floor(product * this.reciprocal) * this.prime;
    return rest < 0 ? rest + this.prime : rest >= this.prime ? rest - this.prime : rest;
  }

  subtract(a: number, b: number): number {
    return a >= b ? a - b : a - b + this.prime;
  }

  power(base: number, exponent: number): number {
    let result = 1;
    let square = base;
    for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
      if (left % 2 === 1) result = this.multiply(result, square);
      square = this.multiply(square, square);
    }
    return result;
  }

  /** Of a residue that is not 0, by Euclid's algorithm in 32 bits. */
  inverse(value: number): number {
    let remainder = this.prime | 0;
    let next = value | 0;
    let factor = 0;
    let nextFactor = 1;
    while (next !== 0) {
      const quotient = (remainder / next) | 0;
      const rest = (remainder - Math.imul(quotient, next)) | 0;
      remainder = next;
      next = rest;
      const restFactor = factor - quotient * nextFactor;
      factor = nextFactor;
      nextFactor = restFactor;
    }
    return factor < 0 ? factor + this.prime : factor;
  }

  /** The residue of any integer. */
  residue(integer: bigint): number {
    const rest = Number(integer % BigInt(this.prime));
    return rest < 0 ? rest + this.prime : rest;
  }

  /** The residue of an integer below 2^53. */
  residueOfDouble(integer: number): number {
    let rest = integer - Math.floor(integer * this.reciprocal) * this.prime;
    if (rest < 0) rest += this.prime;
    return rest >= this.prime ? rest - this.prime : rest;
  }

  /**
   * The greatest common divisor of two polynomials, with leading coefficient 1, by Euclid's algorithm. Both arrays are overwritten;
   * the result is in one of them.
   *
   * @returns the array, and the degree; degree -1 when both are 0
   */
  gcd(
    left: Float64Array,
    leftDegree: number,
    right: Float64Array,
    rightDegree: number,
    budget: Budget,
  ): [Float64Array, number] {
    const { prime, reciprocal } = this;
    let a = left;
    let b = right;
    let degreeA = trimmed(a, leftDegree);
    let degreeB = trimmed(b, rightDegree);
    if (degreeA < degreeB) [a, degreeA, b, degreeB] = [b, degreeB, a, degreeA];
    while (degreeB >= 0) {
      this.#makeMonic(b, degreeB);
      if (degreeB === 0) return [b, 0];
      while (degreeA >= degreeB) {
        const factor = a[degreeA]!;
        if (factor !== 0) {
          budget.step(degreeB);
          const shift = degreeA - degreeB;
          for (let index = 0; index < degreeB; index++) {
            const product = factor * b[index]!;
            let rest = a[shift + index]! - (product - Math.floor(product * reciprocal) * prime);
            if (rest < 0) rest += prime;
            else if (rest >= prime) rest -= prime;
            a[shift + index] = rest;
          }
        }
        degreeA--;
      }
      degreeA = trimmed(a, degreeA);
      [a, degreeA, b, degreeB] = [b, degreeB, a, degreeA];
    }
    if (degreeA >= 0) this.#makeMonic(a, degreeA);
    return [a, degreeA];
  }

  #makeMonic(polynomial: Float64Array, degree: number): void {
    const lead = polynomial[degree]!;
    if (lead === 1) return;
    const inverse = this.inverse(lead);
    for (let index = 0; index < degree; index++) polynomial[index] = this.multiply(polynomial[index]!, inverse);
    polynomial[degree] = 1;
  }

  /**
   * Solves `values[i - 1] = sum of result[s] * nodes[s]^i` for i from 1: a transposed Vandermonde system, in O(n^2) (Zippel,
   * "Interpolating polynomials from their values", 1990). Nodes are different and not 0.
   */
  solveVandermonde(nodes: Float64Array, values: Float64Array): Float64Array {
    const size = nodes.length;
    // The product of all (z - node), the constant first; then for each node that product without it, by synthetic division.
    const product = new Float64Array(size + 1);
    product[0] = 1;
    for (let count = 0; count < size; count++) {
      const node = nodes[count]!;
      for (let index = count + 1; index > 0; index--) {
        product[index] = this.subtract(product[index - 1]!, this.multiply(product[index]!, node));
      }
      product[0] = this.subtract(0, this.multiply(product[0]!, node));
    }
    const result = new Float64Array(size);
    for (let unknown = 0; unknown < size; unknown++) {
      const node = nodes[unknown]!;
      let quotient = 0;
      let value = 0;
      let sum = 0;
      for (let index = size - 1; index >= 0; index--) {
        quotient = this.#add(product[index + 1]!, this.multiply(quotient, node));
        value = this.#add(this.multiply(value, node), quotient);
        sum = this.#add(sum, this.multiply(quotient, values[index]!));
      }
      result[unknown] = this.multiply(sum, this.inverse(this.multiply(value, node)));
    }
    return result;
  }

  #add(a: number, b: number): number {
    const sum = a + b;
    return sum >= this.prime ? sum - this.prime : sum;
  }

  /** The coefficients of the polynomial with these values at these different nodes, by Newton's divided differences. */
  interpolate(nodes: Float64Array, values: Float64Array): Float64Array {
    const size = nodes.length;
    const differences = values.slice();
    for (let order = 1; order < size; order++) {
      for (let index = size - 1; index >= order; index--) {
        const rise = this.subtract(differences[index]!, differences[index - 1]!);
        const run = this.subtract(nodes[index]!, nodes[index - order]!);
        differences[index] = this.multiply(rise, this.inverse(run));
      }
    }
    const result = new Float64Array(size);
    for (let index = size - 1; index >= 0; index--) {
      for (let power = size - 1 - index; power > 0; power--) {
        result[power] = this.subtract(result[power - 1]!, this.multiply(result[power]!, nodes[index]!));
      }
      result[0] = this.#add(this.subtract(0, this.multiply(result[0]!, nodes[index]!)), differences[index]!);
    }
    return result;
  }
}

function trimmed(polynomial: Float64Array, degree: number): number {
  let top = degree;
  while (top >= 0 && polynomial[top] === 0) top--;
  return top;
}

const fields: PrimeField[] = [];

/** The fields of the primes below 2^26, from the largest downwards. */
export function primeFieldAt(index: number): PrimeField {
  while (fields.length <= index) {
    let candidate = (fields.at(-1)?.prime ?? 2 ** 26 + 1) - 2;
    while (!isPrime(candidate)) candidate -= 2;
    fields.push(new PrimeField(candidate));
  }
  return fields[index]!;
}

function isPrime(odd: number): boolean {
  for (let divisor = 3; divisor * divisor <= odd; divisor += 2) if (odd % divisor === 0) return false;
  return true;
}

/**
 * Points at which images are taken. They decide only how long a computation takes, never its result, so one fixed sequence serves:
 * the same call takes the same steps in every run (mulberry32).
 */
export class PointSequence {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A residue that is neither 0 nor 1. */
  next(field: PrimeField): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return 2 + (((mixed ^ (mixed >>> 14)) >>> 0) % (field.prime - 2));
  }
}
