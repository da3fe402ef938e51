// Polynomials with integer coefficients in a fixed number of variables, immutable, in typed arrays: terms in descending
// lexicographic order of their exponents, 24 bytes a term at most while coefficients stay below 2^127.

import { Budget, keepShape } from '../budget/index.js';
import { reducerError } from '../errors/index.js';
import { bitLengthOf, bitsOf, coefficientAt, firstOf, heightOf, integersOf, layOut, TermSink } from './coefficients.js';
import { divideByHeap } from './divide.js';
import { multiplyTerms, productBound } from './multiply.js';
import { Packing } from './packing.js';
import { type PowerTerms, powerBySums, predictedPowerTerms } from './power.js';
import { repack, type Terms } from './terms.js';

/** One term: the exponent of each variable, and the coefficient. */
export interface PolynomialTerm {
  /** As many as the polynomial has variables, each at least 0. */
  readonly exponents: readonly number[];
  /** Not 0 in what a polynomial gives out. */
  readonly coefficient: bigint;
}

/** What a division with remainder by one variable gives: `multiplier * dividend = quotient * divisor + remainder`. */
export interface PseudoDivision {
  /** A power of the divisor's leading coefficient in the variable. */
  readonly multiplier: Polynomial;
  /** Undefined unless asked for. */
  readonly quotient: Polynomial;
  /** Of lower degree in the variable than the divisor. */
  readonly remainder: Polynomial;
}

/** A polynomial over the integers. Immutable. */
export class Polynomial {
  /** Its terms as columns, for kernels: nobody writes to them. @internal */
  readonly columns: Terms;
  #degrees: Float64Array | undefined;

  /** @internal */
  constructor(columns: Terms, degrees?: Float64Array) {
    this.columns = columns;
    if (columns.count > 0) this.#degrees = degrees;
  }

  /**
   * The sum of terms, in any order; terms with the same exponents are added up.
   *
   * @param variables how many
   * @throws TenstripError `PolynomialInvalid` for a wrong number of exponents, or one that is not a whole number from 0;
   *   `ExponentRange` when monomials do not fit in 106 bits
   */
  static fromTerms(variables: number, terms: Iterable<PolynomialTerm>): Polynomial {
    checkVariables(variables);
    if (typeof terms?.[Symbol.iterator] !== 'function') throw invalid('terms must be a list', terms);
    const list = [...terms];
    const degrees = new Float64Array(variables);
    for (const term of list) {
      if (!Array.isArray(term?.exponents)) throw invalid('a term must be { exponents, coefficient }', term);
      const { exponents, coefficient } = term;
      if (exponents.length !== variables) {
        throw invalid(`a term has ${exponents.length} exponents, of ${variables} variables`, exponents);
      }
      for (let variable = 0; variable < variables; variable++) {
        const exponent = exponents[variable]!;
        if (!Number.isSafeInteger(exponent) || exponent < 0) {
          throw invalid(`the exponent ${String(exponent)} is not a whole number from 0`, exponent);
        }
        degrees[variable] = Math.max(degrees[variable]!, exponent);
      }
      if (typeof coefficient !== 'bigint') throw invalid('a coefficient must be a bigint', coefficient);
    }
    const packing = Packing.for(degrees);
    const keys = new Float64Array(list.length);
    const low = new Float64Array(list.length);
    list.forEach(({ exponents }, index) => {
      for (let variable = 0; variable < variables; variable++) {
        const words = packing.words === 2 && packing.wordOf[variable] === 1 ? low : keys;
        words[index]! += exponents[variable]! * packing.scale[variable]!;
      }
    });
    return sorted(packing, keys, low, (index) => list[index]!.coefficient);
  }

  /**
   * Few terms with different monomials, in any order, whose exponents fit into the even packing, in one word; coefficients are whole
   * numbers below 2^53 and not 0. The arrays are sorted in place, and copied.
   *
   * @internal
   */
  static fromKeys(packing: Packing, keys: Float64Array, coefficients: Float64Array, count: number): Polynomial {
    for (let term = 1; term < count; term++) {
      const key = keys[term]!;
      const coefficient = coefficients[term]!;
      let place = term;
      for (; place > 0 && keys[place - 1]! < key; place--) {
        keys[place] = keys[place - 1]!;
        coefficients[place] = coefficients[place - 1]!;
      }
      keys[place] = key;
      coefficients[place] = coefficient;
    }
    return new Polynomial({
      ...{ packing, count, low: undefined },
      ...{ keys: firstOf(keys, count), coefficients: firstOf(coefficients, count) },
    });
  }

  /** A polynomial without variables' powers. */
  static constant(variables: number, value: bigint): Polynomial {
    checkVariables(variables);
    checkBigint(value);
    if (value === 1n && variables > 0 && variables <= 26) {
      const packing = Packing.even(variables);
      return new Polynomial({
        ...{ packing, count: 1, low: undefined },
        ...{ keys: new Float64Array(1), coefficients: new Float64Array(1).fill(1) },
      });
    }
    const packing = Packing.for(new Float64Array(variables));
    const count = value === 0n ? 0 : 1;
    const low = packing.words === 2 ? new Float64Array(count) : undefined;
    return new Polynomial({
      packing,
      count,
      keys: new Float64Array(count),
      low,
      coefficients: layOut(value === 0n ? [] : [value]),
    });
  }

  /**
   * One variable.
   *
   * @throws TenstripError `PolynomialInvalid` when there is none with this index
   */
  static variable(variables: number, index: number): Polynomial {
    checkVariables(variables);
    checkIndex(index, variables);
    const exponents = new Array<number>(variables).fill(0);
    exponents[index] = 1;
    return Polynomial.fromTerms(variables, [{ exponents, coefficient: 1n }]);
  }

  /** How many variables it is a polynomial in, whether they occur or not. */
  get variables(): number {
    return this.columns.packing.variables;
  }

  /** How many terms it has. */
  get termCount(): number {
    return this.columns.count;
  }

  /** Whether it is 0. */
  get isZero(): boolean {
    return this.columns.count === 0;
  }

  /** Whether no variable occurs in it. */
  get isConstant(): boolean {
    const { count, keys, low } = this.columns;
    // The monomial 1 has no bit set.
    return count === 0 || (count === 1 && keys[0] === 0 && (low === undefined || low[0] === 0));
  }

  /** Whether it is 1. */
  get isOne(): boolean {
    const { count, coefficients } = this.columns;
    return count === 1 && coefficients instanceof Float64Array && coefficients[0] === 1 && this.isConstant;
  }

  /** The coefficient of the lexicographically largest monomial; 0 of the polynomial 0. */
  get leadingCoefficient(): bigint {
    return this.isZero ? 0n : coefficientAt(this.columns.coefficients, 0);
  }

  /** The coefficient of the monomial 1. */
  get constantTerm(): bigint {
    const { count, coefficients } = this.columns;
    return hasConstantTerm(this.columns) ? coefficientAt(coefficients, count - 1) : 0n;
  }

  /** Bits of the largest absolute value among the coefficients. */
  get bits(): number {
    return bitsOf(this.columns.coefficients);
  }

  /** The terms, in descending lexicographic order of exponents. */
  *terms(): Generator<PolynomialTerm, void, undefined> {
    const fields = this.#fields();
    for (let term = 0; term < this.termCount; term++) {
      yield {
        exponents: fields.map((field) => field[term]!),
        coefficient: coefficientAt(this.columns.coefficients, term),
      };
    }
  }

  /** The coefficients, in the order of the terms. */
  coefficients(): readonly bigint[] {
    return integersOf(this.columns.coefficients);
  }

  /** The highest exponent of a variable; -1 of the polynomial 0. */
  degree(index: number): number {
    checkIndex(index, this.variables);
    return this.isZero ? -1 : this.degrees[index]!;
  }

  /** The highest exponent of each variable; nobody writes to it. All 0 for the polynomial 0. */
  get degrees(): Float64Array {
    if (this.#degrees === undefined) {
      const { packing, keys, low, count } = this.columns;
      this.#degrees = packing.extremes(keys, low, count, false);
    }
    return this.#degrees;
  }

  /** The lowest exponent of each variable over all terms. */
  lowestExponents(): number[] {
    const { packing, keys, low, count } = this.columns;
    return Array.from(packing.extremes(keys, low, count, true));
  }

  /** The highest sum of a term's exponents; -1 of the polynomial 0. */
  get totalDegree(): number {
    if (this.isZero) return -1;
    const fields = this.#fields();
    let highest = 0;
    for (let term = 0; term < this.termCount; term++) {
      let sum = 0;
      for (const field of fields) sum += field[term]!;
      highest = Math.max(highest, sum);
    }
    return highest;
  }

  #fields(): Float64Array[] {
    const { packing, keys, low, count } = this.columns;
    return Array.from({ length: this.variables }, (_, variable) => packing.exponents(variable, keys, low, count));
  }

  /** Whether both have the same variables and terms. O(terms). */
  equals(other: Polynomial): boolean {
    if (this === other) return true;
    if (this.variables !== other.variables || this.termCount !== other.termCount) return false;
    if (this.isZero) return true;
    const a = this.columns;
    const b = other.columns;
    if (a.coefficients.length !== b.coefficients.length) return false;
    if (a.coefficients.constructor !== b.coefficients.constructor) return false;
    for (let index = 0; index < a.coefficients.length; index++) {
      if (a.coefficients[index] !== b.coefficients[index]) return false;
    }
    const [left, right] = a.packing.equals(b.packing) ? [a, b] : aligned(this, other, maxima(this, other));
    for (let term = 0; term < left.count; term++) {
      if (left.keys[term] !== right.keys[term]) return false;
      if (left.low !== undefined && left.low[term] !== right.low![term]) return false;
    }
    return true;
  }

  /** The sum. O(terms). */
  add(other: Polynomial, budget = new Budget()): Polynomial {
    return this.#combine(other, 1, budget);
  }

  /** The difference. O(terms). */
  subtract(other: Polynomial, budget = new Budget()): Polynomial {
    return this.#combine(other, -1, budget);
  }

  #combine(other: Polynomial, sign: 1 | -1, budget: Budget): Polynomial {
    checkSameVariables(this, other);
    if (other.isZero) return this;
    if (this.isZero) return sign === 1 ? other : other.negate();
    const [left, right] = aligned(this, other, maxima(this, other));
    const sink = new TermSink(left.packing.words);
    const small = left.coefficients instanceof Float64Array && right.coefficients instanceof Float64Array;
    if (small) {
      addDoubles(left, left.coefficients as Float64Array, right, right.coefficients as Float64Array, sign, sink);
    } else {
      addIntegers(left, right, BigInt(sign), sink);
    }
    budget.step(left.count + right.count);
    budget.requireTerms(sink.count);
    return new Polynomial({ packing: left.packing, count: sink.count, ...sink.take() });
  }

  /** The same with every sign changed. */
  negate(): Polynomial {
    const { coefficients } = this.columns;
    if (!(coefficients instanceof Float64Array)) return this.scale(-1n);
    const negated = new Float64Array(coefficients.length);
    for (let index = 0; index < negated.length; index++) negated[index] = -coefficients[index]!;
    return this.#withCoefficients(negated);
  }

  /** The product with an integer. */
  scale(factor: bigint): Polynomial {
    checkBigint(factor);
    if (factor === 1n || this.isZero) return this;
    if (factor === 0n) return Polynomial.constant(this.variables, 0n);
    const { coefficients } = this.columns;
    if (coefficients instanceof Float64Array) {
      const times = Number(factor);
      if (heightOf(coefficients) * Math.abs(times) < 2 ** 53) {
        const scaled = new Float64Array(coefficients.length);
        for (let index = 0; index < scaled.length; index++) scaled[index] = coefficients[index]! * times;
        return this.#withCoefficients(scaled);
      }
    }
    return this.#withCoefficients(layOut(integersOf(this.columns.coefficients).map((value) => value * factor)));
  }

  /**
   * Every coefficient over an integer that divides them all.
   *
   * @throws TenstripError `DomainError`
   */
  divideScalar(divisor: bigint): Polynomial {
    checkBigint(divisor);
    if (divisor === 0n) throw divisionByZero();
    if (divisor === 1n || this.isZero) return this;
    const { coefficients } = this.columns;
    if (coefficients instanceof Float64Array) {
      const by = Number(divisor);
      if (Math.abs(by) < 2 ** 53) {
        const divided = new Float64Array(coefficients.length);
        for (let index = 0; index < divided.length; index++) divided[index] = Math.trunc(coefficients[index]! / by);
        return this.#withCoefficients(divided);
      }
    }
    return this.#withCoefficients(layOut(integersOf(this.columns.coefficients).map((value) => value / divisor)));
  }

  #withCoefficients(coefficients: Terms['coefficients']): Polynomial {
    return new Polynomial({ ...this.columns, coefficients }, this.#degrees);
  }

  /**
   * The product.
   *
   * @throws TenstripError `BudgetExceeded`, `ExponentRange`; what the operation throws when it was stopped
   */
  multiply(other: Polynomial, budget = new Budget()): Polynomial {
    checkSameVariables(this, other);
    if (this.isZero) return this;
    if (other.isZero) return other;
    const degrees = new Float64Array(this.variables);
    for (let variable = 0; variable < degrees.length; variable++) {
      degrees[variable] = this.degrees[variable]! + other.degrees[variable]!;
    }
    const [left, right] = aligned(this, other, degrees);
    const bound = productBound(left.coefficients, right.coefficients);
    budget.requireBits(
      bound < Number.MAX_VALUE
        ? Math.log2(bound)
        : this.bits + other.bits + Math.log2(Math.min(left.count, right.count)),
    );
    return new Polynomial(multiplyTerms(left, right, degrees, bound, budget), degrees);
  }

  /**
   * A power with a whole exponent from 0; the power 0 is 1, also of 0.
   *
   * @throws TenstripError `BudgetExceeded` before any work when the expansion, predicted by binomial count and by degrees, passes
   *   the budget; `PolynomialInvalid` for another exponent; `ExponentRange`; what the operation throws when it was stopped
   */
  power(exponent: number, budget = new Budget()): Polynomial {
    if (!Number.isSafeInteger(exponent) || exponent < 0) {
      throw invalid(`the exponent ${String(exponent)} is not a whole number from 0`, exponent);
    }
    if (exponent === 0) return Polynomial.constant(this.variables, 1n);
    if (exponent === 1 || this.isZero || this.isOne) return this;
    budget.requireTerms(predictedPowerTerms(this.termCount, this.degrees, exponent));
    // The leading coefficient is a power itself; its bits are known to three.
    const bits = bitLengthOf(this.leadingCoefficient) - 4;
    const lead = Math.abs(Number(this.leadingCoefficient));
    budget.requireBits((lead < Number.MAX_VALUE ? Math.log2(lead) : bits) * exponent);
    const degrees = this.degrees.map((degree) => degree * exponent);
    const bySums = powerBySums(this.columns, degrees, exponent, budget);
    if (bySums !== undefined) return fromPower(bySums);
    let power: Polynomial = this;
    for (let bit = Math.floor(Math.log2(exponent)) - 1; bit >= 0; bit--) {
      power = power.multiply(power, budget);
      if (Math.floor(exponent / 2 ** bit) % 2 === 1) power = power.multiply(this, budget);
    }
    return power;
  }

  /**
   * The quotient of an exact division, or undefined where there is a remainder.
   *
   * @throws TenstripError `DomainError`, `BudgetExceeded`, what the operation throws when it was stopped
   */
  divideExact(divisor: Polynomial, budget = new Budget()): Polynomial | undefined {
    checkSameVariables(this, divisor);
    if (divisor.isZero) throw divisionByZero();
    if (this.isZero) return this;
    const degrees = new Float64Array(this.variables);
    const room = new Float64Array(this.variables);
    for (let variable = 0; variable < degrees.length; variable++) {
      degrees[variable] = this.degrees[variable]! - divisor.degrees[variable]!;
      if (degrees[variable]! < 0) return undefined;
      room[variable] = this.degrees[variable]! + 1;
    }
    if (hasConstantTerm(this.columns) && !hasConstantTerm(divisor.columns)) return undefined;
    const [left, right] = aligned(this, divisor, room);
    const quotient = divideByHeap(left, right, degrees, budget);
    return quotient === undefined ? undefined : new Polynomial(quotient, degrees);
  }

  /**
   * Divides with remainder as polynomials in one variable, over the polynomials in the others. Stops when the remainder's degree
   * in the variable is below the divisor's; multiplies by the divisor's leading coefficient only as often as steps need it.
   *
   * @throws TenstripError `DomainError`, `BudgetExceeded`, what the operation throws when it was stopped
   */
  pseudoDivide(divisor: Polynomial, index: number, budget = new Budget()): PseudoDivision {
    checkSameVariables(this, divisor);
    if (divisor.isZero) throw divisionByZero();
    const degree = divisor.degree(index);
    const lead = divisor.coefficientOf(index, degree);
    let multiplier = Polynomial.constant(this.variables, 1n);
    let quotient = Polynomial.constant(this.variables, 0n);
    let remainder: Polynomial = this;
    while (!remainder.isZero && remainder.degree(index) >= degree) {
      const top = remainder.degree(index);
      const step = remainder.coefficientOf(index, top).multiplyByVariable(index, top - degree);
      const exact = step.divideExact(lead, budget);
      if (exact !== undefined) {
        quotient = quotient.add(exact, budget);
        remainder = remainder.subtract(exact.multiply(divisor, budget), budget);
      } else {
        multiplier = multiplier.multiply(lead, budget);
        quotient = quotient.multiply(lead, budget).add(step, budget);
        remainder = remainder.multiply(lead, budget).subtract(step.multiply(divisor, budget), budget);
      }
    }
    return { multiplier, quotient, remainder };
  }

  /** The coefficient of a variable's power: a polynomial in which the variable does not occur. O(terms). */
  coefficientOf(index: number, exponent: number): Polynomial {
    checkIndex(index, this.variables);
    const { packing, keys, low, count } = this.columns;
    const exponents = packing.exponents(index, keys, low, count);
    return this.#select((term) => exponents[term] === exponent, index, -exponent);
  }

  /** The coefficients of all powers of a variable that occur, the highest first. O(terms). */
  coefficientsIn(index: number): { exponent: number; coefficient: Polynomial }[] {
    checkIndex(index, this.variables);
    const { packing, keys, low, count } = this.columns;
    const exponents = packing.exponents(index, keys, low, count);
    const groups = new Map<number, number[]>();
    for (let term = 0; term < count; term++) {
      const group = groups.get(exponents[term]!);
      if (group === undefined) groups.set(exponents[term]!, [term]);
      else group.push(term);
    }
    return [...groups.keys()]
      .sort((a, b) => b - a)
      .map((exponent) => ({ exponent, coefficient: this.#pick(groups.get(exponent)!, index, -exponent) }));
  }

  /** The product with a power of a variable; `exponent` may be negative where every term allows it. O(terms). */
  multiplyByVariable(index: number, exponent: number): Polynomial {
    checkIndex(index, this.variables);
    if (exponent === 0 || this.isZero) return this;
    const degrees = this.degrees.slice();
    degrees[index]! += exponent;
    const terms = this.columns.packing.holds(degrees) ? this.columns : repack(this.columns, Packing.for(degrees));
    const shift = exponent * terms.packing.scale[index]!;
    const moved =
      terms.packing.wordOf[index] === 0
        ? { ...terms, keys: terms.keys.map((key) => key + shift) }
        : { ...terms, low: terms.low!.map((key) => key + shift) };
    return new Polynomial(moved, degrees);
  }

  #select(wanted: (term: number) => boolean, index: number, exponent: number): Polynomial {
    const chosen: number[] = [];
    for (let term = 0; term < this.termCount; term++) if (wanted(term)) chosen.push(term);
    return this.#pick(chosen, index, exponent);
  }

  #pick(chosen: readonly number[], index: number, exponent: number): Polynomial {
    const { packing, keys, low, coefficients } = this.columns;
    const shift = exponent * packing.scale[index]!;
    const inKeys = packing.wordOf[index] === 0 ? shift : 0;
    const inLow = shift - inKeys;
    return new Polynomial({
      packing,
      count: chosen.length,
      keys: Float64Array.from(chosen, (term) => keys[term]! + inKeys),
      low: low === undefined ? undefined : Float64Array.from(chosen, (term) => low[term]! + inLow),
      coefficients:
        coefficients instanceof Float64Array
          ? Float64Array.from(chosen, (term) => coefficients[term]!)
          : layOut(chosen.map((term) => coefficientAt(coefficients, term))),
    });
  }

  /** The derivative by a variable. O(terms). */
  derivative(index: number): Polynomial {
    checkIndex(index, this.variables);
    const { packing, keys, low, count, coefficients } = this.columns;
    const exponents = packing.exponents(index, keys, low, count);
    const shift = packing.scale[index]!;
    const inKeys = packing.wordOf[index] === 0 ? shift : 0;
    const sink = new TermSink(packing.words);
    for (let term = 0; term < count; term++) {
      const exponent = exponents[term]!;
      if (exponent === 0) continue;
      const key = keys[term]! - inKeys;
      const word = low === undefined ? 0 : low[term]! - (shift - inKeys);
      const double = coefficients instanceof Float64Array ? coefficients[term]! * exponent : Number.POSITIVE_INFINITY;
      if (Math.abs(double) < 2 ** 53) sink.pushDouble(key, word, double);
      else sink.pushInteger(key, word, coefficientAt(coefficients, term) * BigInt(exponent));
    }
    return new Polynomial({ packing, count: sink.count, ...sink.take() });
  }

  /**
   * The value at integers, one for each variable.
   *
   * @throws TenstripError `PolynomialInvalid` for another number of values, `BudgetExceeded` when it has too many bits
   */
  evaluate(values: readonly bigint[], budget = new Budget()): bigint {
    if (!Array.isArray(values)) throw invalid('values must be a list of bigints', values);
    values.forEach(checkBigint);
    if (values.length !== this.variables) {
      throw invalid(`${values.length} values were given, for ${this.variables} variables`, values.length);
    }
    let bits = this.bits;
    values.forEach((value, variable) => {
      bits += Math.max(0, Number(value < 0n ? -value : value).toString(2).length) * this.degrees[variable]!;
    });
    budget.requireBits(bits);
    const fields = this.#fields();
    const powers = fields.map((field, variable) => powersOf(values[variable]!, field));
    let sum = 0n;
    for (let term = 0; term < this.termCount; term++) {
      let product = coefficientAt(this.columns.coefficients, term);
      for (let variable = 0; variable < fields.length; variable++) {
        const exponent = fields[variable]![term]!;
        if (exponent > 0) product *= powers[variable]!.get(exponent)!;
      }
      sum += product;
      budget.step();
    }
    return sum;
  }

  /**
   * Puts a polynomial in the place of a variable.
   *
   * @throws TenstripError `BudgetExceeded`, `ExponentRange`; what the operation throws when it was stopped
   */
  substitute(index: number, value: Polynomial, budget = new Budget()): Polynomial {
    checkSameVariables(this, value);
    // Horner's rule over the powers that occur.
    let result = Polynomial.constant(this.variables, 0n);
    let above = 0;
    for (const { exponent, coefficient } of this.coefficientsIn(index)) {
      if (!result.isZero) result = result.multiply(value.power(above - exponent, budget), budget);
      result = result.add(coefficient, budget);
      above = exponent;
    }
    return above === 0 ? result : result.multiply(value.power(above, budget), budget);
  }

  /** The greatest common divisor of the coefficients, not negative; 0 of the polynomial 0. */
  content(budget?: Budget): bigint {
    const { coefficients } = this.columns;
    let content = 0n;
    if (coefficients instanceof Float64Array && heightOf(coefficients) < 2 ** 31) {
      let small = 0;
      for (let index = 0; index < coefficients.length; index++) {
        small = gcdInt32(small, Math.abs(coefficients[index]!) | 0);
        if (small === 1) return 1n;
      }
      return BigInt(small);
    }
    for (const integer of integersOf(coefficients)) {
      budget?.look();
      content = gcdOf(content, integer);
      if (content === 1n) break;
    }
    return content;
  }

  /** This over its content, with a positive leading coefficient; 0 of the polynomial 0. */
  primitivePart(budget?: Budget): Polynomial {
    if (this.isZero) return this;
    const content = this.content(budget);
    return this.divideScalar(this.leadingCoefficient < 0n ? -content : content);
  }
}

/** The greatest common divisor of integers, not negative. */
export function gcdOf(a: bigint, b: bigint): bigint {
  let left = a < 0n ? -a : a;
  let right = b < 0n ? -b : b;
  while (right !== 0n) [left, right] = [right, left % right];
  return left;
}

/** For whole numbers below 2^31: their remainders are taken in 32 bits, several times faster than in doubles. */
function gcdInt32(a: number, b: number): number {
  let left = a | 0;
  let right = b | 0;
  while (right !== 0) {
    const remainder = (left % right) | 0;
    left = right;
    right = remainder;
  }
  return left;
}

function hasConstantTerm({ count, keys, low }: Terms): boolean {
  return count > 0 && keys[count - 1] === 0 && (low === undefined || low[count - 1] === 0);
}

function powersOf(value: bigint, exponents: Float64Array): Map<number, bigint> {
  const powers = new Map<number, bigint>();
  let at = 0;
  let power = 1n;
  for (const exponent of [...new Set(exponents)].sort((a, b) => a - b)) {
    power *= value ** BigInt(exponent - at);
    at = exponent;
    powers.set(exponent, power);
  }
  return powers;
}

/** As they are where they are in order already, which they mostly are. */
function fromPower({ packing, keys, low, coefficients }: PowerTerms): Polynomial {
  let inOrder = coefficients instanceof Float64Array && low === undefined;
  for (let term = 1; inOrder && term < keys.length; term++) inOrder = keys[term]! < keys[term - 1]!;
  if (inOrder) return new Polynomial({ packing, count: keys.length, keys, low, coefficients });
  return sorted(packing, keys, low, (index) => BigInt(coefficients[index]!));
}

/** Sorts monomials and adds up equal ones. `low` is not read when the packing has one word. */
function sorted(
  packing: Packing,
  keys: Float64Array,
  low: Float64Array | undefined,
  coefficient: (index: number) => bigint,
): Polynomial {
  const order = Array.from(keys, (_, index) => index);
  const two = packing.words === 2;
  order.sort((a, b) => keys[b]! - keys[a]! || (two ? low![b]! - low![a]! : 0));
  const sink = new TermSink(packing.words);
  for (let index = 0; index < order.length; ) {
    const first = order[index]!;
    let sum = coefficient(first);
    for (index++; index < order.length; index++) {
      const other = order[index]!;
      if (keys[other] !== keys[first] || (two && low![other] !== low![first])) break;
      sum += coefficient(other);
    }
    pushAny(sink, keys[first]!, two ? low![first]! : 0, sum);
  }
  return new Polynomial({ packing, count: sink.count, ...sink.take() });
}

function pushAny(sink: TermSink, key: number, low: number, coefficient: bigint): void {
  const double = Number(coefficient);
  if (Math.abs(double) < 2 ** 53) sink.pushDouble(key, low, double);
  else sink.pushInteger(key, low, coefficient);
}

/** Both in one packing that holds these degrees; as they are where they have one already. */
function aligned(left: Polynomial, right: Polynomial, degrees: Float64Array): [Terms, Terms] {
  const { packing } = left.columns;
  if (packing.equals(right.columns.packing) && packing.holds(degrees)) return [left.columns, right.columns];
  const common = Packing.for(degrees);
  return [repack(left.columns, common), repack(right.columns, common)];
}

function maxima(left: Polynomial, right: Polynomial): Float64Array {
  const degrees = new Float64Array(left.variables);
  for (let variable = 0; variable < degrees.length; variable++) {
    degrees[variable] = Math.max(left.degrees[variable]!, right.degrees[variable]!);
  }
  return degrees;
}

function addDoubles(
  left: Terms,
  leftValues: Float64Array,
  right: Terms,
  rightValues: Float64Array,
  sign: 1 | -1,
  sink: TermSink,
): void {
  let i = 0;
  let j = 0;
  while (i < left.count || j < right.count) {
    const side = compareTerms(left, i, right, j);
    const from = side >= 0 ? left : right;
    const at = side >= 0 ? i : j;
    const key = from.keys[at]!;
    const low = from.low === undefined ? 0 : from.low[at]!;
    const sum = (side >= 0 ? leftValues[i++]! : 0) + (side <= 0 ? sign * rightValues[j++]! : 0);
    // A sum of two is exact below 2^53, and otherwise at least 2^53.
    if (Math.abs(sum) < 2 ** 53) sink.pushDouble(key, low, sum);
    else sink.pushInteger(key, low, BigInt(leftValues[i - 1]!) + BigInt(sign) * BigInt(rightValues[j - 1]!));
  }
}

function addIntegers(left: Terms, right: Terms, sign: bigint, sink: TermSink): void {
  let i = 0;
  let j = 0;
  while (i < left.count || j < right.count) {
    const side = compareTerms(left, i, right, j);
    const from = side >= 0 ? left : right;
    const at = side >= 0 ? i : j;
    const key = from.keys[at]!;
    const low = from.low === undefined ? 0 : from.low[at]!;
    let sum = 0n;
    if (side >= 0) sum += coefficientAt(left.coefficients, i++);
    if (side <= 0) sum += sign * coefficientAt(right.coefficients, j++);
    pushAny(sink, key, low, sum);
  }
}

/** Positive when the left monomial is larger, or the right side is at its end. */
function compareTerms(left: Terms, i: number, right: Terms, j: number): number {
  if (j >= right.count) return 1;
  if (i >= left.count) return -1;
  const difference = left.keys[i]! - right.keys[j]!;
  return difference !== 0 || left.low === undefined ? difference : left.low[i]! - right.low![j]!;
}

/** Variables that a polynomial may have. @internal */
export const maximumVariables = 1_024;

function checkVariables(variables: number): void {
  if (!Number.isSafeInteger(variables) || variables < 0 || variables > maximumVariables) {
    throw invalid(`${String(variables)} is no number of variables from 0 to 1,024`, variables);
  }
}

function checkIndex(index: number, variables: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= variables) {
    throw invalid(`there is no variable ${String(index)} among ${variables}`, index);
  }
}

/** Refuses what is no polynomial. @throws TenstripError `PolynomialInvalid` @internal */
export function requirePolynomial(value: unknown): void {
  if (value instanceof Polynomial) return;
  throw invalid('a Polynomial is needed here, as Polynomial.fromTerms gives one', value);
}

function checkBigint(value: unknown): void {
  if (typeof value !== 'bigint') throw invalid(`a bigint is needed here, not ${typeof value}`, value);
}

function checkSameVariables(left: Polynomial, right: Polynomial): void {
  requirePolynomial(right);
  if (left.variables !== right.variables) {
    throw invalid(
      `polynomials in ${left.variables} and in ${right.variables} variables do not combine`,
      right.variables,
    );
  }
}

function invalid(message: string, value: unknown) {
  return reducerError('PolynomialInvalid', message, { problem: message, value });
}

function divisionByZero() {
  return reducerError('DomainError', 'a polynomial was divided by 0', { operation: 'division' });
}

keepShape(Polynomial.constant(1, 1n));
