// Certificates of what is computed here: exact quotients, greatest common divisors and square-free decompositions, with the witnesses
// of coprimality that let a checker confirm them without finding them again.

import { Budget } from '../budget/index.js';
import type {
  CoprimalityWitness,
  GcdCertificate,
  MathJson,
  QuotientCertificate,
  SquareFreeCertificate,
} from '../certificate/index.js';
import { reducerError } from '../errors/index.js';
import { gcdWithCofactors } from './gcd.js';
import { Image } from './images.js';
import { type Polynomial, requirePolynomial } from './polynomial.js';
import { PointSequence, primeFieldAt } from './prime-field.js';
import { type SquareFreeDecomposition, squareFree } from './square-free.js';

/** Far more than are ever needed: a point fails with a probability of about the degree over 2^26. */
const MAX_POINTS = 100;

/** A polynomial as MathJSON, with these names for its variables. */
export function polynomialToMathJson(polynomial: Polynomial, names: readonly string[]): MathJson {
  checkNames(polynomial, names);
  const terms: MathJson[] = [];
  for (const { exponents, coefficient } of polynomial.terms()) {
    const factors: MathJson[] = [];
    if (coefficient !== 1n || exponents.every((exponent) => exponent === 0)) factors.push(integer(coefficient));
    exponents.forEach((exponent, variable) => {
      if (exponent > 0) factors.push(exponent === 1 ? names[variable]! : ['Power', names[variable]!, exponent]);
    });
    terms.push(factors.length === 1 ? factors[0]! : ['Multiply', ...factors]);
  }
  return terms.length === 0 ? 0 : terms.length === 1 ? terms[0]! : ['Add', ...terms];
}

function checkNames(polynomial: Polynomial, names: readonly string[]): void {
  requirePolynomial(polynomial);
  const isNames = Array.isArray(names) && names.every((name) => typeof name === 'string');
  if (isNames && names.length === polynomial.variables) return;
  const problem = `the names of the ${polynomial.variables} variables must be a list of as many texts`;
  throw reducerError('PolynomialInvalid', problem, { problem, value: names });
}

function integer(value: bigint): MathJson {
  const double = Number(value);
  return Number.isSafeInteger(double) ? double : { num: value.toString() };
}

/** The certificate of an exact quotient that was found. */
export function certifyQuotient(
  dividend: Polynomial,
  divisor: Polynomial,
  quotient: Polynomial,
  names: readonly string[],
): QuotientCertificate {
  const [a, b, q] = [dividend, divisor, quotient].map((polynomial) => polynomialToMathJson(polynomial, names));
  return { kind: 'quotient', dividend: a!, divisor: b!, quotient: q! };
}

/**
 * Finds a greatest common divisor and proves it.
 *
 * @param names of the variables; different, none of them beginning with `#`
 */
export function certifyGcd(
  left: Polynomial,
  right: Polynomial,
  names: readonly string[],
  budget = new Budget(),
): GcdCertificate {
  checkNames(left, names);
  const found = gcdWithCofactors(left, right, budget);
  const json = (polynomial: Polynomial) => polynomialToMathJson(polynomial, names);
  return {
    kind: 'gcd',
    left: json(left),
    right: json(right),
    gcd: json(found.gcd),
    leftCofactor: json(found.left),
    rightCofactor: json(found.right),
    witnesses: coprimalityWitnesses(found.left, found.right, names, budget),
  };
}

/**
 * Finds a square-free decomposition and proves it.
 *
 * @param names as for {@link certifyGcd}
 */
export function certifySquareFree(
  polynomial: Polynomial,
  names: readonly string[],
  budget = new Budget(),
): { readonly decomposition: SquareFreeDecomposition; readonly certificate: SquareFreeCertificate } {
  checkNames(polynomial, names);
  const decomposition = squareFree(polynomial, budget);
  const { content, factors } = decomposition;
  const witnesses: CoprimalityWitness[] = [];
  if (factors.length > 0) {
    const radical = factors.map(({ factor }) => factor).reduce((product, factor) => product.multiply(factor, budget));
    for (let variable = 0; variable < radical.variables; variable++) {
      if (radical.degree(variable) < 1) continue;
      witnesses.push(witnessFor(radical, radical.derivative(variable), variable, names, budget));
    }
  }
  const certificate: SquareFreeCertificate = {
    kind: 'square-free',
    polynomial: polynomialToMathJson(polynomial, names),
    content: integer(content),
    factors: factors.map(({ factor, multiplicity }) => ({ factor: polynomialToMathJson(factor, names), multiplicity })),
    witnesses,
  };
  return { decomposition, certificate };
}

/** A witness for each variable that occurs in both of two coprime polynomials. */
function coprimalityWitnesses(
  left: Polynomial,
  right: Polynomial,
  names: readonly string[],
  budget = new Budget(),
): CoprimalityWitness[] {
  const witnesses: CoprimalityWitness[] = [];
  for (let variable = 0; variable < left.variables; variable++) {
    if (left.degree(variable) < 1 || right.degree(variable) < 1) continue;
    witnesses.push(witnessFor(left, right, variable, names, budget));
  }
  return witnesses;
}

/** Searches for a prime and a point at which the images in the variable are coprime and neither degree drops. */
function witnessFor(
  left: Polynomial,
  right: Polynomial,
  variable: number,
  names: readonly string[],
  budget: Budget,
): CoprimalityWitness {
  const points = new PointSequence(3);
  for (let attempt = 0; attempt < MAX_POINTS; attempt++) {
    const field = primeFieldAt(attempt);
    const point = names.map(() => points.next(field));
    const [a, b] = [left, right].map((polynomial) => {
      const image = new Image(polynomial, variable, field);
      image.goTo(point, []);
      const coefficients = new Float64Array(polynomial.degrees[variable]! + 1);
      image.write(coefficients);
      budget.step(polynomial.termCount);
      return coefficients;
    });
    if (a!.at(-1) === 0 || b!.at(-1) === 0) continue;
    if (field.gcd(a!, a!.length - 1, b!, b!.length - 1, budget)[1] !== 0) continue;
    const used = (_: string, index: number) =>
      index !== variable && (left.degrees[index]! > 0 || right.degrees[index]! > 0);
    const values = names.map((name, index) => [name, point[index]!] as const);
    return {
      variable: names[variable]!,
      prime: field.prime,
      point: Object.fromEntries(values.filter(([name], index) => used(name, index))),
    };
  }
  throw new Error(`no point of ${MAX_POINTS} shows that polynomials are coprime in ${names[variable]}`);
}
