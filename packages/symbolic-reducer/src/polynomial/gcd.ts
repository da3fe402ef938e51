// Greatest common divisors over the integers from images modulo primes: Brown's algorithm for the primes and the first variables
// ("On Euclid's algorithm and the computation of polynomial greatest common divisors", 1971), Zippel's sparse interpolation for what
// follows once it is known which terms there are ("Probabilistic algorithms for sparse polynomials", 1979). Luck decides only the time:
// images bound the degrees from above, and a candidate is the answer when it has these degrees and divides both exactly.

import { Budget } from '../budget/index.js';
import { Image, multiplyByPowers } from './images.js';
import { gcdOf, Polynomial, requirePolynomial } from './polynomial.js';
import { PointSequence, type PrimeField, primeFieldAt } from './prime-field.js';

/** A greatest common divisor with what it leaves of both. */
export interface GcdWithCofactors {
  /** Its leading coefficient is positive; 0 when both are 0. */
  readonly gcd: Polynomial;
  /** The first polynomial over the gcd; 0 when that is 0. */
  readonly left: Polynomial;
  /** The second polynomial over the gcd; 0 when that is 0. */
  readonly right: Polynomial;
}

/** How often interpolation starts anew before Euclid's algorithm, which needs no luck, takes over. */
const MAX_ATTEMPTS = 16;

/**
 * The greatest common divisor over the integers, contents included.
 *
 * @throws TenstripError `PolynomialInvalid` when the polynomials are in different numbers of variables; `BudgetExceeded`
 */
export function gcd(left: Polynomial, right: Polynomial, budget = new Budget()): Polynomial {
  return gcdWithCofactors(left, right, budget).gcd;
}

/**
 * The greatest common divisor and both exact quotients, which its verification gives for nothing.
 *
 * @throws as {@link gcd}
 */
export function gcdWithCofactors(left: Polynomial, right: Polynomial, budget = new Budget()): GcdWithCofactors {
  requirePolynomial(left);
  requirePolynomial(right);
  if (left.isZero || right.isZero) return withZero(left, right);
  const [a, b] = [splitMonomial(left, budget), splitMonomial(right, budget)];
  const content = gcdOf(a.content, b.content);
  const shared = a.exponents.map((exponent, variable) => Math.min(exponent, b.exponents[variable]!));
  const found = primitiveGcd(a.primitive, b.primitive, budget);
  const cofactor = (quotient: Polynomial, of: Split) =>
    byMonomial(
      quotient,
      of.content / content,
      of.exponents.map((exponent, variable) => exponent - shared[variable]!),
    );
  return {
    gcd: byMonomial(found.gcd, content, shared),
    left: cofactor(found.left, a),
    right: cofactor(found.right, b),
  };
}

/** A polynomial that is not 0: a number with the sign, a monomial, and what neither a number nor a variable divides. */
export interface Split {
  readonly content: bigint;
  readonly exponents: readonly number[];
  readonly primitive: Polynomial;
}

export function splitMonomial(polynomial: Polynomial, budget: Budget): Split {
  const size = polynomial.content(budget);
  const content = polynomial.leadingCoefficient < 0n ? -size : size;
  const exponents = polynomial.lowestExponents();
  const opposite = exponents.map((exponent) => -exponent);
  return { content, exponents, primitive: byMonomial(polynomial.divideScalar(content), 1n, opposite) };
}

function byMonomial(polynomial: Polynomial, coefficient: bigint, exponents: readonly number[]): Polynomial {
  return exponents.reduce(
    (product, exponent, variable) => product.multiplyByVariable(variable, exponent),
    polynomial.scale(coefficient),
  );
}

function withZero(left: Polynomial, right: Polynomial): GcdWithCofactors {
  const one = Polynomial.constant(left.variables, 1n);
  const other = left.add(right);
  if (other.isZero) return { gcd: other, left: other, right: other };
  const negative = other.leadingCoefficient < 0n;
  const unit = negative ? one.negate() : one;
  return {
    gcd: negative ? other.negate() : other,
    left: left.isZero ? left : unit,
    right: right.isZero ? right : unit,
  };
}

/** Of polynomials whose coefficients have no common divisor, that no variable divides and whose leading coefficients are positive. */
function primitiveGcd(a: Polynomial, b: Polynomial, budget: Budget): GcdWithCofactors {
  const one = Polynomial.constant(a.variables, 1n);
  const coprime = { gcd: one, left: a, right: b };
  if (a.isConstant || b.isConstant) return coprime;
  if (a.equals(b)) return { gcd: a, left: one, right: one };
  for (let variable = 0; variable < a.variables; variable++) {
    // What both have in common cannot contain a variable that only one has: it divides each of that one's coefficients.
    const inA = a.degrees[variable]! > 0;
    const inB = b.degrees[variable]! > 0;
    if (inA === inB) continue;
    return divided(
      a,
      b,
      inA ? gcdWithCoefficients(b, a, variable, budget) : gcdWithCoefficients(a, b, variable, budget),
      budget,
    )!;
  }
  const bounds = degreeBounds(a, b, budget);
  if (bounds.every((bound) => bound === 0)) return coprime;
  if (bounds.every((bound, variable) => bound === b.degrees[variable])) {
    const left = a.divideExact(b, budget);
    if (left !== undefined) return { gcd: b, left, right: one };
  }
  if (bounds.every((bound, variable) => bound === a.degrees[variable])) {
    const right = b.divideExact(a, budget);
    if (right !== undefined) return { gcd: a, left: one, right };
  }
  const main = mainVariable(a, b, bounds);
  return interpolatedGcd(a, b, main, bounds, budget) ?? divided(a, b, gcdByEuclid(a, b, main, budget), budget)!;
}

/** A divisor with both quotients, or undefined when it does not divide both. */
function divided(a: Polynomial, b: Polynomial, divisor: Polynomial, budget: Budget): GcdWithCofactors | undefined {
  if (divisor.isOne) return { gcd: divisor, left: a, right: b };
  const left = a.divideExact(divisor, budget);
  const right = left === undefined ? undefined : b.divideExact(divisor, budget);
  return left === undefined || right === undefined ? undefined : { gcd: divisor, left, right };
}

/** The gcd of one polynomial and all coefficients of another in a variable; primitive. */
function gcdWithCoefficients(start: Polynomial, of: Polynomial, variable: number, budget: Budget): Polynomial {
  const coefficients = of.coefficientsIn(variable).map(({ coefficient }) => coefficient);
  coefficients.sort((a, b) => a.termCount - b.termCount);
  let common = start.primitivePart(budget);
  for (const coefficient of coefficients) {
    if (common.isConstant) break;
    common = gcdWithCofactors(common, coefficient, budget).gcd.primitivePart(budget);
  }
  return common;
}

/**
 * Upper bounds of the gcd's degree in each variable: the degree of an image's gcd, where all other variables have values modulo a prime
 * at which neither polynomial's degree in the variable drops.
 */
function degreeBounds(a: Polynomial, b: Polynomial, budget: Budget): number[] {
  const bounds: number[] = [];
  const points = new PointSequence(1);
  for (let variable = 0; variable < a.variables; variable++) {
    let bound = Math.min(a.degrees[variable]!, b.degrees[variable]!);
    for (let attempt = 0; bound > 0 && attempt < 4; attempt++) {
      const field = primeFieldAt(attempt);
      const values = Array.from({ length: a.variables }, () => points.next(field));
      const degree = imageDegree(a, b, variable, values, field, budget);
      if (degree === undefined) continue;
      bound = Math.min(bound, degree);
      break;
    }
    bounds.push(bound);
  }
  return bounds;
}

/** The degree of the gcd of two images, or undefined where a degree drops. */
function imageDegree(
  a: Polynomial,
  b: Polynomial,
  variable: number,
  values: readonly number[],
  field: PrimeField,
  budget: Budget,
): number | undefined {
  const [left, right] = [a, b].map((polynomial) => {
    const image = new Image(polynomial, variable, field);
    image.goTo(values, []);
    const coefficients = new Float64Array(polynomial.degrees[variable]! + 1);
    image.write(coefficients);
    budget.step(polynomial.termCount);
    return coefficients;
  });
  if (left!.at(-1) === 0 || right!.at(-1) === 0) return undefined;
  return field.gcd(left!, left!.length - 1, right!, right!.length - 1, budget)[1];
}

/** The variable that stays in the images: one in which a leading coefficient is constant if there is one, then of low degree. */
function mainVariable(a: Polynomial, b: Polynomial, bounds: readonly number[]): number {
  let best = -1;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let variable = 0; variable < bounds.length; variable++) {
    if (bounds[variable] === 0) continue;
    const leads = [a, b].map((polynomial) => polynomial.coefficientOf(variable, polynomial.degree(variable)));
    const terms = leads.some((lead) => lead.isConstant) ? 0 : Math.min(...leads.map(({ termCount }) => termCount));
    const cost = terms * 1_000 + bounds[variable]!;
    if (cost < bestCost) {
      best = variable;
      bestCost = cost;
    }
  }
  return best;
}

/** Which terms a polynomial has, and their coefficients modulo a prime. */
interface Terms {
  /** Of each variable, each term's exponent. */
  readonly exponents: Float64Array[];
  readonly coefficients: Float64Array;
}

/** What an attempt ended with, when not with terms: an image had a higher degree than the gcd, or a lower one than was believed. */
type Unlucky = 'unlucky' | 'lower degree';

function interpolatedGcd(
  a: Polynomial,
  b: Polynomial,
  main: number,
  bounds: readonly number[],
  budget: Budget,
): GcdWithCofactors | undefined {
  const leads = [a, b].map((polynomial) => polynomial.coefficientOf(main, polynomial.degree(main)));
  const lead = gcdWithCofactors(leads[0]!, leads[1]!, budget).gcd;
  // A common divisor without the main variable divides the leading coefficients' gcd.
  const content = lead.isConstant
    ? Polynomial.constant(a.variables, 1n)
    : gcdWithCoefficients(gcdWithCoefficients(lead, a, main, budget), b, main, budget);
  const interpolation = new Interpolation(a, b, lead, main, bounds, budget);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const found = interpolation.attempt(attempt, (candidate) => {
      const primitive = lead.isConstant
        ? candidate.primitivePart(budget)
        : candidate.divideExact(gcdWithCoefficients(lead, candidate, main, budget), budget)!.primitivePart(budget);
      return divided(a, b, primitive.multiply(content, budget), budget);
    });
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Finds the multiple of the gcd whose leading coefficient in the main variable is `lead`: its images are those of the gcd with
 * leading coefficient 1, times the image of `lead`, so images of different points fit together.
 */
class Interpolation {
  readonly #a: Polynomial;
  readonly #b: Polynomial;
  readonly #lead: Polynomial;
  readonly #main: number;
  readonly #others: readonly number[];
  readonly #bounds: readonly number[];
  readonly #budget: Budget;
  readonly #points = new PointSequence(2);
  #degree: number;

  constructor(a: Polynomial, b: Polynomial, lead: Polynomial, main: number, bounds: readonly number[], budget: Budget) {
    this.#a = a;
    this.#b = b;
    this.#lead = lead;
    this.#main = main;
    this.#bounds = bounds;
    this.#budget = budget;
    this.#degree = bounds[main]!;
    this.#others = Array.from(bounds, (_, variable) => variable)
      .filter((variable) => variable !== main && a.degrees[variable]! > 0)
      .sort((x, y) => this.#degreeOf(x) - this.#degreeOf(y));
  }

  #degreeOf(variable: number): number {
    return this.#bounds[variable]! + this.#lead.degrees[variable]!;
  }

  /** One start with new points; `verify` turns the multiple, once it seems complete, into the gcd, or says that it is not. */
  attempt<Found>(number: number, verify: (candidate: Polynomial) => Found | undefined): Found | undefined {
    // Different primes for each attempt, so that none that is bad for this input comes back.
    let next = number * 64;
    const first = this.#firstImage(primeFieldAt(next++));
    if (typeof first === 'string') return undefined;
    const lifted = new Lift(first, primeFieldAt(next - 1));
    if (lifted.seemsComplete) {
      const found = verify(lifted.polynomial(this.#a.variables));
      if (found !== undefined) return found;
    }
    const maxPrimes = 4 + (Math.min(this.#a.bits, this.#b.bits) + this.#lead.bits + 3 * this.#totalDegree()) / 25;
    for (let misses = 0, primes = 1; primes < maxPrimes && misses < 8; ) {
      const field = primeFieldAt(next++);
      const image = this.#sparseImage(first, field);
      if (image === 'lower degree') return undefined;
      if (image === 'unlucky') {
        misses++;
        continue;
      }
      primes++;
      const changed = lifted.add(image, field);
      this.#budget.requireBits(26 * primes);
      if (changed) continue;
      return verify(lifted.polynomial(this.#a.variables));
    }
    return undefined;
  }

  #totalDegree(): number {
    return this.#bounds.reduce((sum, bound) => sum + bound, 0);
  }

  #images(field: PrimeField): Images {
    this.#budget.look();
    return new Images(this.#a, this.#b, this.#lead, this.#main, field, this.#budget);
  }

  /** Variable by variable: the image at one point, then interpolated in one variable after the other. */
  #firstImage(field: PrimeField): Terms | Unlucky {
    const images = this.#images(field);
    const { variables } = this.#a;
    const point = Array.from({ length: variables }, () => this.#points.next(field) as number | undefined);
    images.goTo(point, []);
    const start = this.#imageAt(images);
    if (typeof start === 'string') return start;
    let terms: Terms = nonZero(
      Array.from({ length: variables }, (_, variable) =>
        Float64Array.from(start, (_value, exponent) => (variable === this.#main ? exponent : 0)),
      ),
      start,
    );
    const done: number[] = [];
    for (const variable of this.#others) {
      const degree = this.#degreeOf(variable);
      if (degree > 0) {
        const lifted = this.#liftVariable(images, terms, point, done, variable, degree);
        if (typeof lifted === 'string') return lifted;
        terms = lifted;
      }
      done.push(variable);
    }
    return terms;
  }

  /** From the values of the coefficients at several values of a variable to their powers of it. */
  #liftVariable(
    images: Images,
    terms: Terms,
    point: readonly (number | undefined)[],
    done: readonly number[],
    variable: number,
    degree: number,
  ): Terms | Unlucky {
    const { field } = images;
    const nodes = new Float64Array(degree + 1);
    const rows = [terms.coefficients];
    nodes[0] = point[variable]!;
    const fixed = point.slice();
    for (const other of done) fixed[other] = undefined;
    for (let node = 1; node <= degree; node++) {
      do nodes[node] = this.#points.next(field);
      while (nodes.indexOf(nodes[node]!) < node);
      fixed[variable] = nodes[node]!;
      const row = this.#coefficientsAt(images, terms, fixed, done);
      if (typeof row === 'string') return row;
      rows.push(row);
    }
    const count = terms.coefficients.length;
    const exponents = terms.exponents.map(() => new Float64Array(count * (degree + 1)));
    const coefficients = new Float64Array(count * (degree + 1));
    const values = new Float64Array(degree + 1);
    for (let term = 0; term < count; term++) {
      rows.forEach((row, node) => {
        values[node] = row[term]!;
      });
      this.#budget.step(degree * degree);
      const powers = field.interpolate(nodes, values);
      for (let power = 0; power <= degree; power++) {
        const at = term * (degree + 1) + power;
        coefficients[at] = powers[power]!;
        exponents.forEach((of, other) => {
          of[at] = other === variable ? power : terms.exponents[other]![term]!;
        });
      }
    }
    return nonZero(exponents, coefficients);
  }

  /** With the terms known: their coefficients modulo another prime. */
  #sparseImage(terms: Terms, field: PrimeField): Terms | Unlucky {
    const images = this.#images(field);
    const fixed = new Array<number | undefined>(this.#a.variables).fill(undefined);
    const coefficients = this.#coefficientsAt(images, terms, fixed, this.#others);
    return typeof coefficients === 'string' ? coefficients : { exponents: terms.exponents, coefficients };
  }

  /**
   * The coefficients of the terms, as polynomials in the main variable and the `free` ones while the others are fixed: from images at the
   * powers of one point, as many as the most terms that share a power of the main variable.
   */
  #coefficientsAt(
    images: Images,
    terms: Terms,
    fixed: readonly (number | undefined)[],
    free: readonly number[],
  ): Float64Array | Unlucky {
    const { field } = images;
    const groups = groupsOf(terms.exponents[this.#main]!);
    const needed = [...groups.values()].reduce((most, { length }) => Math.max(most, length), 0);
    const ratios = new Array<number | undefined>(fixed.length).fill(undefined);
    for (const variable of free) ratios[variable] = this.#points.next(field);
    const nodes = new Float64Array(terms.coefficients.length).fill(1);
    for (const variable of free) {
      multiplyByPowers(nodes, terms.exponents[variable]!, ratios[variable]!, field);
    }
    for (const group of groups.values()) {
      if (new Set(group.map((term) => nodes[term])).size < group.length) return 'unlucky';
    }
    const rows: Float64Array[] = [];
    images.goTo(fixed, ratios);
    for (let index = 0; index < needed; index++) {
      this.#budget.look();
      if (index > 0) images.advance();
      const row = this.#imageAt(images);
      if (typeof row === 'string') return row;
      rows.push(row);
    }
    const coefficients = new Float64Array(terms.coefficients.length);
    for (const [exponent, group] of groups) {
      this.#budget.step(group.length * group.length);
      const values = Float64Array.from(group, (_, index) => rows[index]![exponent]!);
      const solved = field.solveVandermonde(
        Float64Array.from(group, (term) => nodes[term]!),
        values,
      );
      group.forEach((term, index) => {
        coefficients[term] = solved[index]!;
      });
    }
    return coefficients;
  }

  /** The gcd's image where the images are now, times the image of the leading coefficient: an array of its own. */
  #imageAt(images: Images): Float64Array | Unlucky {
    const image = images.gcd();
    if (image === undefined) return 'unlucky';
    const degree = image.length - 1;
    if (degree > this.#degree) return 'unlucky';
    if (degree < this.#degree) {
      this.#degree = degree;
      return 'lower degree';
    }
    return image;
  }
}

/** Both polynomials and the leading coefficient modulo one prime, at one point at a time. */
class Images {
  readonly field: PrimeField;
  readonly lead: Image;
  readonly #a: Image;
  readonly #b: Image;
  readonly #left: Float64Array;
  readonly #right: Float64Array;
  readonly #budget: Budget;

  constructor(a: Polynomial, b: Polynomial, lead: Polynomial, main: number, field: PrimeField, budget: Budget) {
    this.field = field;
    this.#a = new Image(a, main, field);
    this.#b = new Image(b, main, field);
    this.lead = new Image(lead, main, field);
    this.#left = new Float64Array(a.degrees[main]! + 1);
    this.#right = new Float64Array(b.degrees[main]! + 1);
    this.#budget = budget;
  }

  goTo(fixed: readonly (number | undefined)[], ratios: readonly (number | undefined)[]): void {
    for (const image of [this.#a, this.#b, this.lead]) image.goTo(fixed, ratios);
  }

  advance(): void {
    for (const image of [this.#a, this.#b, this.lead]) image.advance();
  }

  /** Undefined where a degree drops, or the leading coefficient vanishes. */
  gcd(): Float64Array | undefined {
    this.#budget.step(this.#a.termCount + this.#b.termCount);
    this.#a.write(this.#left);
    this.#b.write(this.#right);
    const lead = this.lead.value();
    const degreeA = this.#left.length - 1;
    const degreeB = this.#right.length - 1;
    if (lead === 0 || this.#left[degreeA] === 0 || this.#right[degreeB] === 0) return undefined;
    const [monic, degree] = this.field.gcd(this.#left, degreeA, this.#right, degreeB, this.#budget);
    const image = monic.slice(0, degree + 1);
    for (let power = 0; power <= degree; power++) image[power] = this.field.multiply(image[power]!, lead);
    return image;
  }
}

/** Coefficients modulo a growing product of primes, by the Chinese remainder theorem. */
class Lift {
  readonly #exponents: Float64Array[];
  #modulus: bigint;
  #values: bigint[];

  constructor(terms: Terms, field: PrimeField) {
    this.#exponents = terms.exponents;
    this.#modulus = BigInt(field.prime);
    this.#values = Array.from(terms.coefficients, (value) =>
      BigInt(value > field.prime / 2 ? value - field.prime : value),
    );
  }

  /** Whether all are far smaller than residues usually are. */
  get seemsComplete(): boolean {
    const limit = this.#modulus >> 6n;
    return this.#values.every((value) => value < limit && -value < limit);
  }

  /** Joins another image with the same terms. @returns whether any coefficient changed */
  add(terms: Terms, field: PrimeField): boolean {
    const inverse = field.inverse(field.residue(this.#modulus));
    const modulus = this.#modulus * BigInt(field.prime);
    const half = modulus / 2n;
    let changed = false;
    this.#values = this.#values.map((value, index) => {
      const rest = field.subtract(terms.coefficients[index]!, field.residue(value));
      if (rest === 0) return value;
      changed = true;
      const sum = value + this.#modulus * BigInt(field.multiply(rest, inverse));
      return sum > half ? sum - modulus : sum < -half ? sum + modulus : sum;
    });
    this.#modulus = modulus;
    return changed;
  }

  polynomial(variables: number): Polynomial {
    return Polynomial.fromTerms(
      variables,
      this.#values.map((coefficient, index) => ({ exponents: this.#exponents.map((of) => of[index]!), coefficient })),
    );
  }
}

function nonZero(exponents: Float64Array[], coefficients: Float64Array): Terms {
  const kept = coefficients.reduce((count, value) => count + (value === 0 ? 0 : 1), 0);
  if (kept === coefficients.length) return { exponents, coefficients };
  const present = (array: Float64Array) => array.filter((_, index) => coefficients[index] !== 0);
  return { exponents: exponents.map(present), coefficients: present(coefficients) };
}

function groupsOf(exponents: Float64Array): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  exponents.forEach((exponent, term) => {
    const group = groups.get(exponent);
    if (group === undefined) groups.set(exponent, [term]);
    else group.push(term);
  });
  return groups;
}

/** Euclid's algorithm over the polynomials in the other variables, on primitive parts: slow, and always right. */
export function gcdByEuclid(a: Polynomial, b: Polynomial, main: number, budget: Budget): Polynomial {
  const [contentA, primitiveA] = splitContent(a, main, budget);
  const [contentB, primitiveB] = splitContent(b, main, budget);
  let larger = primitiveA;
  let smaller = primitiveB;
  while (!smaller.isZero) {
    const { remainder } = larger.pseudoDivide(smaller, main, budget);
    larger = smaller;
    smaller = remainder.isZero ? remainder : splitContent(remainder, main, budget)[1];
  }
  const primitive = larger.degree(main) === 0 ? Polynomial.constant(a.variables, 1n) : larger.primitivePart(budget);
  return primitive.multiply(gcdWithCofactors(contentA, contentB, budget).gcd, budget).primitivePart(budget);
}

/** A polynomial's coefficients' gcd in a variable, and what is left. */
export function splitContent(polynomial: Polynomial, variable: number, budget: Budget): [Polynomial, Polynomial] {
  const coefficients = polynomial.coefficientsIn(variable).map(({ coefficient }) => coefficient);
  coefficients.sort((a, b) => a.termCount - b.termCount);
  let content = Polynomial.constant(polynomial.variables, 0n);
  for (const coefficient of coefficients) {
    content = gcdWithCofactors(content, coefficient, budget).gcd;
    if (content.isOne) break;
  }
  return [content, content.isOne ? polynomial : polynomial.divideExact(content, budget)!];
}
