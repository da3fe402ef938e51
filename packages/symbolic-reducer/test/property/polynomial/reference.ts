// Polynomials as maps from exponents to BigInt: the slow and plain way, for comparison; and random polynomials.

import fc from 'fast-check';
import { Polynomial } from '../../../src/polynomial/index.js';

/** Coefficients by exponents, joined by commas. */
export type Reference = ReadonlyMap<string, bigint>;

export function referenceOf(polynomial: Polynomial): Reference {
  return new Map([...polynomial.terms()].map(({ exponents, coefficient }) => [exponents.join(), coefficient]));
}

export function sumOf(a: Reference, b: Reference, sign = 1n): Reference {
  const sum = new Map(a);
  for (const [key, value] of b) accumulate(sum, key, sign * value);
  return sum;
}

export function productOf(a: Reference, b: Reference): Reference {
  const product = new Map<string, bigint>();
  for (const [left, x] of a) {
    const exponents = left.split(',').map(Number);
    for (const [right, y] of b) {
      const other = right.split(',').map(Number);
      accumulate(product, exponents.map((exponent, index) => exponent + other[index]!).join(), x * y);
    }
  }
  return product;
}

function accumulate(map: Map<string, bigint>, key: string, value: bigint): void {
  const sum = (map.get(key) ?? 0n) + value;
  if (sum === 0n) map.delete(key);
  else map.set(key, sum);
}

/** What a random polynomial may look like. */
export interface Shape {
  readonly variables: number;
  readonly maxDegree: number;
  readonly maxTerms: number;
  readonly bits: number;
}

/** Shapes from dense and small to exponents that need two words and coefficients that need BigInt. */
const shapes: fc.Arbitrary<Shape> = shapesOf({
  variables: [1, 2, 3, 5, 9],
  maxDegree: [1, 3, 6, 200, 1_500],
  maxTerms: [1, 3, 8, 20],
  bits: [2, 8, 30, 52, 62, 130],
}).filter(({ variables, maxDegree }) => variables * Math.ceil(Math.log2(3 * maxDegree + 1)) <= 90);

/** A random polynomial; terms may cancel, so it may be 0. */
export function polynomials({ variables, maxDegree, maxTerms, bits }: Shape): fc.Arbitrary<Polynomial> {
  const term = fc.record({
    exponents: fc.array(fc.integer({ min: 0, max: maxDegree }), { minLength: variables, maxLength: variables }),
    coefficient: fc.bigInt({ min: -(2n ** BigInt(bits)), max: 2n ** BigInt(bits) }),
  });
  return fc.array(term, { maxLength: maxTerms }).map((terms) => Polynomial.fromTerms(variables, terms));
}

/** Several polynomials in the same variables. */
export function families(count: number, among = shapes): fc.Arbitrary<Polynomial[]> {
  return among.chain((shape) => fc.array(polynomials(shape), { minLength: count, maxLength: count }));
}

/** Shapes out of these choices. */
export function shapesOf(choices: { readonly [Key in keyof Shape]: readonly number[] }): fc.Arbitrary<Shape> {
  return fc.record({
    variables: fc.constantFrom(...choices.variables),
    maxDegree: fc.constantFrom(...choices.maxDegree),
    maxTerms: fc.constantFrom(...choices.maxTerms),
    bits: fc.constantFrom(...choices.bits),
  });
}
