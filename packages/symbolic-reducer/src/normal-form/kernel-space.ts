// Expressions as fractions of polynomials over kernels: symbols, function calls, roots. Kernels that depend on one another by a
// known identity are expressed by common ones before (multiples and sums of angles and exponents, one root of highest order for each
// base), or are reduced after (sin^2, powers of a root, |u|^2), so that an expression of these kinds is 0 exactly when its numerator
// is. Independence of all other kernels is not claimed: what is equal may be found unequal here, never the other way round.

import type { TenstripError } from '@tenstrip/shared-core';
import type { Budget } from '../budget/index.js';
import type { IdentityName } from '../certificate/index.js';
import { type ReducerErrorCode, reducerError } from '../errors/index.js';
import {
  type ConditionSet,
  type ExpressionStore,
  type ExprId,
  type Factor,
  factorised,
  kindCode,
  negativeSign,
  positiveSign,
  treeSize,
} from '../expression/index.js';
import {
  absolute,
  denominatorOf,
  divide,
  floor,
  isInteger,
  multiply,
  numeratorOf,
  type Rational,
  rational,
  signOf,
  subtract,
} from '../numbers/index.js';
import { coefficientAt, maximumVariables, Packing, Polynomial } from '../polynomial/index.js';
import { type Fraction, FractionField } from './fraction.js';
import type { IdentityTrace } from './identity-trace.js';

/** Multiples of an angle that are expanded, and of one that is a number. */
const maxAngleMultiple = 16;
const maxNumericMultiple = 4;
/** Terms of an angle that are expanded. */
const maxAngleTerms = 6;
/** Multiples of an exponent that are made one kernel's power, and the highest power of a root. */
const maxPower = 4_096;
/** Powers that roots replace bring others; values that bring each other back would do so for ever. */
const maxReplacementRounds = 1_000;

/** Terms of a sum that is small, and its variables: any exponent up to `maxPower` has its place in a word then. */
const maxSmallTerms = 64;
const maxSmallVariables = 4;
const smallKeys = new Float64Array(maxSmallTerms);
const smallCoefficients = new Float64Array(maxSmallTerms);

interface Algebraic {
  readonly index: number;
  /** The power that is replaced. */
  readonly degree: number;
  /** By what. */
  readonly value: Fraction;
}

/** A sum c1*t1 + c2*t2 + ... of multiples of units. */
interface Multiples {
  readonly unit: ExprId;
  readonly count: number;
}

/** The kernels of some expressions, and these as fractions over them. */
export class KernelSpace {
  readonly #store: ExpressionStore;
  readonly #budget: Budget;
  readonly #trace: IdentityTrace;
  readonly #conditions: ConditionSet;
  /** What a kernel is, by its variable. */
  readonly kernels: ExprId[] = [];
  readonly #indexes = new Map<ExprId, number>();
  /** Whether the kernels are symbols alone, and all powers whole: nothing relates them. */
  readonly #isPlain: boolean;
  /** The least common denominators of coefficients, by what they stand before. */
  readonly #exponentUnits = new Map<ExprId, bigint>();
  readonly #angleUnits = new Map<ExprId, bigint>();
  readonly #rootOrders = new Map<ExprId, bigint>();
  /** The largest numbers of which coefficients are multiples: with x^(2n) alone, x^n need not be defined. */
  readonly #powerUnits = new Map<ExprId, Map<ExprId, Rational>>();
  readonly #fractions = new Map<ExprId, Fraction>();
  readonly #algebraic: Algebraic[] = [];
  readonly #replacements: [IdentityName, ExprId, ...ExprId[]][] = [];
  #field: FractionField;

  constructor(
    store: ExpressionStore,
    roots: readonly ExprId[],
    { budget, trace, conditions }: { budget: Budget; trace: IdentityTrace; conditions: ConditionSet },
  ) {
    this.#store = store;
    this.#budget = budget;
    this.#trace = trace;
    this.#conditions = conditions;
    const symbols = this.#collectSymbols(roots);
    this.#isPlain = symbols !== undefined;
    this.kernels = (symbols ?? [...this.#collect(roots)]).sort((a, b) => store.compare(a, b));
    for (let index = 0; index < this.kernels.length; index++) this.#indexes.set(this.kernels[index]!, index);
    if (this.kernels.length > maximumVariables) throw tooManyKernels(this.kernels.length);
    this.#field = new FractionField(this.kernels.length, budget);
    if (!this.#isPlain) this.#relate();
  }

  /** Fractions in as many variables as there are kernels. */
  get field(): FractionField {
    return this.#field;
  }

  /** An expression that the space was made for, as a fraction; not in lowest terms, but 0 only as 0/1. */
  fractionOf(root: ExprId): Fraction {
    return this.#reduced(this.#evaluate(root));
  }

  /** Tells the trace what replaces powers of kernels, the outermost kernels first: after all that takes kernels apart. */
  traceReplacements(): void {
    const sized = this.#replacements.map((step) => ({ step, size: treeSize(this.#store, step[1]) }));
    for (const { step } of sized.sort((a, b) => b.size - a.size)) this.#trace.add(...step);
  }

  /** Whether a fraction is 0 by all identities that are known. */
  isZero(fraction: Fraction): boolean {
    return this.#reduced(fraction).numerator.isZero;
  }

  /** The fraction in lowest terms; what is cancelled becomes a condition. */
  lowest(fraction: Fraction): Fraction {
    const { fraction: result, cancelled } = this.#field.cancel(fraction);
    if (!cancelled.isConstant) this.#requireNonzero(cancelled);
    return result;
  }

  #requireNonzero(polynomial: Polynomial): void {
    // A power product is not 0 exactly when none of its factors is.
    if (polynomial.termCount === 1) {
      const [term] = polynomial.terms();
      term!.exponents.forEach((exponent, index) => {
        if (exponent > 0) this.#conditions.add('nonzero', this.kernels[index]!);
      });
    } else this.#conditions.add('nonzero', this.polynomialExpression(polynomial));
  }

  /** A fraction as an expression: (rational number) * primitive polynomial / primitive polynomial. */
  expressionOf(fraction: Fraction): ExprId {
    const { coefficients } = fraction.numerator.columns;
    // Long coefficients are cancelled with a denominator one by one.
    const check = coefficients instanceof Float64Array ? () => this.#budget.turn() : this.#budget.look;
    return this.#store.watching(check, () => this.#expressionOf(fraction));
  }

  #expressionOf({ numerator, denominator }: Fraction): ExprId {
    const store = this.#store;
    if (numerator.isZero) return store.zero;
    if (this.#isPlain && denominator.isOne) return this.polynomialExpression(numerator);
    // The sign goes to the coefficient, so that -f and f have the same factors.
    const size = numerator.content(this.#budget);
    const [above, below] = [numerator.leadingCoefficient < 0n ? -size : size, denominator.content(this.#budget)];
    const coefficient = store.number(rational(above, below));
    const parts = [coefficient, this.polynomialExpression(numerator.divideScalar(above))];
    const rest = denominator.divideScalar(below);
    if (!rest.isOne) parts.push(store.power(this.polynomialExpression(rest), store.minusOne));
    return store.product(parts);
  }

  /** A polynomial in the kernels as a sum of products. */
  polynomialExpression(polynomial: Polynomial): ExprId {
    const store = this.#store;
    if (this.#isPlain) return this.#plainExpression(polynomial);
    const parts: { term: ExprId; coefficient: Rational }[] = [];
    for (const { exponents, coefficient } of polynomial.terms()) {
      this.#budget.turn();
      const factors: ExprId[] = [];
      exponents.forEach((exponent, index) => {
        if (exponent > 0) factors.push(store.power(this.kernels[index]!, store.number(exponent)));
      });
      parts.push({
        term: factors.length === 0 ? store.one : store.product(factors),
        coefficient: rational(coefficient),
      });
    }
    return store.linearCombination(parts);
  }

  /** Symbols are in the order that products have: nothing is left for a builder of products to do. */
  #plainExpression({ columns }: Polynomial): ExprId {
    const store = this.#store;
    const { packing, keys, low, count, coefficients } = columns;
    const parts: { term: ExprId; coefficient: Rational }[] = [];
    for (let at = 0; at < count; at++) {
      const factors: ExprId[] = [];
      for (let index = 0; index < this.kernels.length; index++) {
        const exponent = packing.exponentIn(packing.wordOf[index] === 0 ? keys[at]! : low![at]!, index);
        if (exponent > 0) factors.push(this.kernels[index]!, store.number(exponent));
      }
      let term = store.one;
      if (factors.length === 2 && factors[1] === store.one) term = factors[0]!;
      else if (factors.length > 0) term = store.intern(kindCode.product, factors);
      const coefficient =
        coefficients instanceof Float64Array ? coefficients[at]! : rational(coefficientAt(coefficients, at));
      parts.push({ term, coefficient });
    }
    return store.linearCombination(parts);
  }

  // Which kernels there are

  /** The symbols of rational expressions without broken powers; `undefined` where there is anything else. */
  #collectSymbols(roots: readonly ExprId[]): ExprId[] | undefined {
    const store = this.#store;
    const symbols: ExprId[] = [];
    const seen = new Set<ExprId>();
    const stack = [...roots];
    while (stack.length > 0) {
      const id = stack.pop()!;
      if (seen.has(id)) continue;
      seen.add(id);
      const kind = store.kindCodeOf(id);
      if (kind === kindCode.symbol) symbols.push(id);
      else if (kind === kindCode.sum) {
        for (let at = store.childCount(id) - 2; at >= 0; at -= 2) {
          const term = store.child(id, at);
          if (term !== store.one) stack.push(term);
        }
      } else if (kind === kindCode.product) {
        for (let at = store.childCount(id) - 2; at >= 0; at -= 2) {
          const exponent = store.valueOf(store.child(id, at + 1));
          if (exponent === undefined || !isInteger(exponent)) return undefined;
          stack.push(store.child(id, at));
        }
      } else if (kind !== kindCode.number) return undefined;
    }
    this.#budget.step(seen.size);
    return symbols;
  }

  #collect(roots: readonly ExprId[]): Set<ExprId> {
    const angles: ExprId[] = [];
    const allAngles = new Set<ExprId>();
    const order: ExprId[] = [];
    const seen = new Set<ExprId>();
    const visit = (starts: readonly ExprId[]) => {
      const stack = [...starts].reverse();
      while (stack.length > 0) {
        const id = stack.pop()!;
        if (seen.has(id)) continue;
        seen.add(id);
        this.#budget.step();
        order.push(id);
        // Not spread: a sum may have more terms than a call has arguments.
        for (const below of this.#below(id, angles)) stack.push(below);
      }
    };
    visit(roots);
    // Units that are not kernels themselves (exp(log x) is x) lead to others, and these to angles.
    for (let known = -1; known !== order.length; ) {
      known = order.length;
      for (const angle of angles.splice(0)) {
        allAngles.add(angle);
        this.#demandAngle(angle);
      }
      visit(
        [...this.#exponentUnits.keys()].map((term) => this.#exponentialUnit(term)).filter((unit) => !this.#isExp(unit)),
      );
    }
    // Units that later angles made smaller can be too small for earlier ones: 3 is six times 1/2.
    const isTooMuch = (angle: ExprId) => this.#anglesOf(angle) === undefined;
    for (let left = [...allAngles].filter(isTooMuch); left.length > 0; left = [...allAngles].filter(isTooMuch)) {
      for (const angle of left) this.#angleUnits.set(angle, 1n);
    }
    const found = new Set<ExprId>();
    for (const id of order) {
      const kind = this.#store.kindOf(id);
      if ((kind === 'symbol' && !this.#rootOrders.has(id)) || kind === 'pi' || this.#isOpaque(id)) found.add(id);
    }
    for (const term of this.#exponentUnits.keys())
      if (this.#isExp(this.#exponentialUnit(term))) found.add(this.#exponentialUnit(term));
    for (const term of this.#angleUnits.keys()) {
      const angle = this.#angleUnit(term);
      for (const name of ['sin', 'cos'] as const) {
        const call = this.#store.call(name, [angle]);
        if (this.#store.functionOf(call) === name) found.add(call);
      }
    }
    for (const base of this.#rootOrders.keys()) found.add(this.#rootUnit(base));
    for (const [base, units] of this.#powerUnits)
      for (const term of units.keys()) found.add(this.#powerUnit(base, term));
    return found;
  }

  #isExp(id: ExprId): boolean {
    return this.#store.functionOf(id) === 'exp';
  }

  /** A call that is a kernel as it stands. */
  #isOpaque(id: ExprId): boolean {
    switch (this.#store.functionOf(id)) {
      case undefined:
      case 'exp':
      case 'sin':
      case 'cos':
      case 'tan':
      case 'sinh':
      case 'cosh':
      case 'tanh':
        return false;
      case 'log':
        return this.#logarithmParts(id) === undefined;
      default:
        return true;
    }
  }

  /** What an expression is made of as a fraction; kernels' needs are noted. */
  #below(id: ExprId, angles: ExprId[]): ExprId[] {
    const store = this.#store;
    switch (store.kindOf(id)) {
      case 'sum':
        return store
          .termsOf(id)
          .map(({ term }) => term)
          .filter((term) => term !== store.one);
      case 'product':
        return store.factorsOf(id).flatMap(({ base, exponent }) => this.#demandPower(base, exponent));
      case 'call':
        return this.#belowCall(id, angles);
      default:
        return [];
    }
  }

  #belowCall(id: ExprId, angles: ExprId[]): ExprId[] {
    const store = this.#store;
    const argument = store.child(id, 0);
    switch (store.functionOf(id)) {
      case 'exp':
      case 'sinh':
      case 'cosh':
      case 'tanh':
        for (const { term, coefficient } of store.termsOf(argument)) demand(this.#exponentUnits, term, coefficient);
        return [];
      case 'sin':
      case 'cos':
      case 'tan':
        angles.push(argument);
        return [];
      case 'abs':
        return [argument];
      case 'log':
        return this.#logarithmParts(id)?.flatMap(({ factor, logarithm }) => [factor, logarithm]) ?? [];
      default:
        return [];
    }
  }

  #demandPower(base: ExprId, exponent: ExprId): ExprId[] {
    const store = this.#store;
    const value = store.valueOf(exponent);
    if (value !== undefined) {
      if (isInteger(value)) return [base];
      const parts = this.#rootParts(base, value);
      if (parts !== undefined) return parts.flatMap((part) => this.#demandPower(part.base, part.exponent));
      demand(this.#rootOrders, base, value);
      return [base];
    }
    let units = this.#powerUnits.get(base);
    if (units === undefined) {
      units = new Map();
      this.#powerUnits.set(base, units);
    }
    for (const { term, coefficient } of store.termsOf(exponent)) {
      if (term !== store.one) units.set(term, commonMeasure(units.get(term), coefficient));
      else if (!isInteger(coefficient)) demand(this.#rootOrders, base, coefficient);
    }
    return [base];
  }

  /** A root of a product as roots of factors, where none of them can be negative; `undefined` where it stays whole. */
  #rootParts(base: ExprId, exponent: Rational): Factor[] | undefined {
    const store = this.#store;
    const terms = store.termsOf(base);
    const [{ term, coefficient }] = terms as [{ term: ExprId; coefficient: Rational }];
    if (terms.length !== 1 || store.kindOf(base) === 'number' || signOf(coefficient) < 0) return undefined;
    const factors = store.factorsOf(term);
    if (coefficient === 1 && factors.length === 1 && factors[0]!.exponent === store.one) return undefined;
    const negative = ({ base: inner, exponent: times }: Factor) =>
      (store.signs(inner) & negativeSign) !== 0 || store.valueOf(times) === undefined;
    if (factors.some(negative)) return undefined;
    const parts = factors.map(({ base: inner, exponent: times }) => ({
      base: inner,
      exponent: store.scale(times, exponent),
    }));
    return coefficient === 1
      ? parts
      : [...parts, ...store.factorsOf(store.power(store.number(coefficient), store.number(exponent)))];
  }

  #demandAngle(angle: ExprId): void {
    const terms = this.#store.termsOf(angle);
    if (terms.length <= maxAngleTerms)
      for (const { term, coefficient } of terms) demand(this.#angleUnits, term, coefficient);
    if (this.#anglesOf(angle) === undefined) this.#angleUnits.set(angle, 1n);
  }

  #exponentialUnit(term: ExprId): ExprId {
    return this.#store.call('exp', [this.#unitOf(term, this.#exponentUnits)]);
  }

  #unitOf(term: ExprId, units: ReadonlyMap<ExprId, bigint>): ExprId {
    return this.#store.scale(term, rational(1n, units.get(term)!));
  }

  #angleUnit(term: ExprId): ExprId {
    return this.#unitOf(term, this.#angleUnits);
  }

  #rootUnit(base: ExprId): ExprId {
    return this.#store.power(base, this.#store.number(rational(1n, this.#rootOrders.get(base)!)));
  }

  #powerUnit(base: ExprId, term: ExprId): ExprId {
    return this.#store.power(base, this.#store.scale(term, this.#powerUnits.get(base)!.get(term)!));
  }

  // Identities between kernels

  #relate(): void {
    const store = this.#store;
    for (const [base] of this.#rootOrders) {
      const index = this.#indexes.get(this.#rootUnit(base))!;
      const order = this.#rootOrders.get(base)!;
      if (order > BigInt(maxPower)) throw tooHigh(order);
      this.#replacements.push(['power-of-root', base, store.number(rational(order))]);
      // A symbol is its root's power; anything else is what the root's power is replaced by.
      if (store.kindOf(base) === 'symbol') this.#fractions.set(base, this.#field.variable(index, Number(order)));
    }
    for (const term of this.#angleUnits.keys()) {
      const angle = this.#angleUnit(term);
      const [sine, cosine] = [store.call('sin', [angle]), store.call('cos', [angle])];
      const [s, c] = [this.#indexes.get(sine), this.#indexes.get(cosine)];
      if (s === undefined || c === undefined) continue;
      const square = this.#field.variable(c, 2);
      this.#algebraic.push({ index: s, degree: 2, value: this.#field.subtract(this.#field.constant(1n), square) });
      this.#replacements.push(['pythagoras', angle]);
    }
    for (const kernel of this.kernels) {
      if (store.functionOf(kernel) !== 'abs') continue;
      const argument = store.child(kernel, 0);
      this.#replacements.push(['absolute-squared', argument]);
      const value = this.#field.power(this.#evaluate(argument), 2);
      this.#algebraic.push({ index: this.#indexes.get(kernel)!, degree: 2, value });
    }
    for (const [base, order] of this.#rootOrders) {
      if (store.kindOf(base) === 'symbol') continue;
      const index = this.#indexes.get(this.#rootUnit(base))!;
      this.#algebraic.push({ index, degree: Number(order), value: this.#evaluate(base) });
    }
  }

  /** Replaces what identities replace, above and below. */
  #reduced(fraction: Fraction): Fraction {
    if (this.#algebraic.length === 0) return fraction;
    let { numerator, denominator } = fraction;
    for (const { index, degree } of this.#algebraic) {
      // A root as a factor below: the whole power below, the rest above.
      const lowest = denominator.lowestExponents()[index]!;
      const missing = lowest % degree === 0 ? 0 : degree - (lowest % degree);
      if (missing > 0) {
        numerator = numerator.multiplyByVariable(index, missing);
        denominator = denominator.multiplyByVariable(index, missing);
      }
    }
    const above = this.#replaced(numerator);
    const below = this.#replaced(denominator);
    if (below.numerator.isZero) throw divisionByZero();
    return this.#field.multiply(above, { numerator: below.denominator, denominator: below.numerator });
  }

  #replaced(polynomial: Polynomial): Fraction {
    let result = this.#field.whole(polynomial);
    let rounds = 0;
    for (let changed = true; changed; ) {
      changed = false;
      if (++rounds > maxReplacementRounds) throw replacedForEver();
      for (const { index, degree, value } of this.#algebraic) {
        if (result.numerator.degree(index) < degree) continue;
        changed = true;
        let sum = this.#field.constant(0n);
        for (const { exponent, coefficient } of result.numerator.coefficientsIn(index)) {
          const kept = this.#field.whole(coefficient.multiplyByVariable(index, exponent % degree));
          const times = Math.floor(exponent / degree);
          sum = this.#field.add(sum, times === 0 ? kept : this.#field.multiply(kept, this.#field.power(value, times)));
        }
        result = this.#field.multiply(sum, {
          numerator: this.#field.constant(1n).numerator,
          denominator: result.denominator,
        });
      }
    }
    return result;
  }

  // Expressions as fractions

  #evaluate(root: ExprId): Fraction {
    const stack: ExprId[] = [root];
    while (stack.length > 0) {
      const id = stack[stack.length - 1]!;
      if (this.#fractions.has(id)) {
        stack.pop();
        continue;
      }
      const before = stack.length;
      if (this.#isPlain) this.#pushPlainNeeds(id, stack);
      else for (const needed of this.#needs(id)) if (!this.#fractions.has(needed)) stack.push(needed);
      if (stack.length > before) continue;
      this.#budget.step();
      this.#fractions.set(id, this.#fractionOfNode(id));
      stack.pop();
    }
    return this.#fractions.get(root)!;
  }

  /** The same as {@link #needs}, where there are but sums, whole powers and symbols. */
  #pushPlainNeeds(id: ExprId, stack: ExprId[]): void {
    const store = this.#store;
    const isSum = store.kindCodeOf(id) === kindCode.sum;
    const count = store.childCount(id);
    for (let at = 0; at < count; at += 2) {
      const child = store.child(id, at);
      if (isSum && (child === store.one || this.#isMonomial(child))) continue;
      if (!this.#fractions.has(child)) stack.push(child);
    }
  }

  #needs(id: ExprId): ExprId[] {
    const store = this.#store;
    if (this.#indexes.has(id)) return [];
    switch (store.kindOf(id)) {
      case 'sum':
        return store
          .termsOf(id)
          .map(({ term }) => term)
          .filter((term) => term !== store.one && this.#monomial(term) === undefined);
      case 'product':
        return store.factorsOf(id).flatMap(({ base, exponent }) => {
          const value = store.valueOf(exponent);
          if (value !== undefined && isInteger(value)) return [base];
          const parts = value === undefined ? undefined : this.#rootParts(base, value);
          if (parts !== undefined) return parts.map((part) => part.base);
          // The whole part of an exponent is a power of the base.
          return store.kindOf(base) === 'number' && value !== undefined ? [] : [base];
        });
      case 'call':
        switch (store.functionOf(id)) {
          case 'exp':
          case 'sinh':
          case 'cosh':
          case 'tanh':
            return this.#exponents(store.child(id, 0))
              .map(({ unit }) => unit)
              .filter((unit) => !this.#indexes.has(unit));
          case 'log':
            return this.#logarithmParts(id)!.flatMap(({ factor, logarithm }) => [factor, logarithm]);
          default:
            return [];
        }
      default:
        return [];
    }
  }

  #fractionOfNode(id: ExprId): Fraction {
    const store = this.#store;
    const index = this.#indexes.get(id);
    if (index !== undefined) return this.#field.variable(index);
    switch (store.kindOf(id)) {
      case 'number': {
        const value = store.numberAt(id);
        return this.#field.constant(numeratorOf(value), denominatorOf(value));
      }
      case 'sum':
        return this.#sum(id);
      case 'product': {
        let result: Fraction | undefined;
        const count = store.childCount(id);
        for (let at = 0; at < count; at += 2) {
          const power = this.#power(store.child(id, at), store.child(id, at + 1));
          result = result === undefined ? power : this.#field.multiply(result, power);
        }
        // What cancels within a product does not get into the common denominator of a sum.
        return result!.denominator.isConstant ? result! : this.lowest(result!);
      }
      default:
        return this.#call(id);
    }
  }

  /** Monomials of kernels go into one polynomial; what is left is added to it. */
  #sum(id: ExprId): Fraction {
    const store = this.#store;
    const small = this.#isPlain ? this.#smallSum(id) : undefined;
    if (small !== undefined) return small;
    let common = 1n;
    const monomials: { exponents: readonly number[]; coefficient: Rational }[] = [];
    const others: Fraction[] = [];
    for (const { term, coefficient } of store.termsOf(id)) {
      const exponents = this.#monomial(term);
      if (exponents !== undefined) {
        monomials.push({ exponents, coefficient });
        common = leastCommonMultiple(common, denominatorOf(coefficient));
      } else {
        const { numerator, denominator } = this.#fractions.get(term)!;
        const below = denominatorOf(coefficient);
        others.push({
          numerator: numerator.scale(numeratorOf(coefficient)),
          denominator: below === 1n ? denominator : denominator.scale(below),
        });
      }
    }
    const numerator = Polynomial.fromTerms(
      this.kernels.length,
      monomials.map(({ exponents, coefficient }) => ({
        exponents,
        coefficient: numeratorOf(coefficient) * (common / denominatorOf(coefficient)),
      })),
    );
    let result: Fraction = { numerator, denominator: this.#field.constant(common).numerator };
    for (const other of others) result = this.#field.add(result, other);
    return result;
  }

  /** A sum of few terms with safe integers before them; `undefined` of any other. */
  #smallSum(id: ExprId): Fraction | undefined {
    const store = this.#store;
    const count = store.childCount(id);
    const variables = this.kernels.length;
    if (count > 2 * maxSmallTerms || variables > maxSmallVariables) return undefined;
    const packing = Packing.even(variables);
    let monomials = 0;
    for (let at = 0; at < count; at += 2) {
      const coefficient = store.numberAt(store.child(id, at + 1));
      if (typeof coefficient !== 'number') return undefined;
      const key = this.#smallKey(store.child(id, at), packing);
      if (key === undefined) continue;
      smallKeys[monomials] = key;
      smallCoefficients[monomials++] = coefficient;
    }
    let result = this.#field.whole(Polynomial.fromKeys(packing, smallKeys, smallCoefficients, monomials));
    if (2 * monomials === count) return result;
    for (let at = 0; at < count; at += 2) {
      const term = store.child(id, at);
      if (term === store.one || this.#isMonomial(term)) continue;
      const { numerator, denominator } = this.#fractions.get(term)!;
      const coefficient = store.numberAt(store.child(id, at + 1)) as number;
      result = this.#field.add(result, { numerator: numerator.scale(BigInt(coefficient)), denominator });
    }
    return result;
  }

  /** A monomial as a key of the packing; `undefined` where it is none. */
  #smallKey(term: ExprId, packing: Packing): number | undefined {
    const store = this.#store;
    if (term === store.one) return 0;
    const alone = this.#indexes.get(term);
    if (alone !== undefined) return packing.scale[alone]!;
    if (!this.#isMonomial(term)) return undefined;
    let key = 0;
    for (let at = store.childCount(term) - 2; at >= 0; at -= 2) {
      const index = this.#indexes.get(store.child(term, at))!;
      key += packing.scale[index]! * (store.valueOf(store.child(term, at + 1)) as number);
    }
    return key;
  }

  /** Whether {@link #monomial} says something. */
  #isMonomial(term: ExprId): boolean {
    const store = this.#store;
    if (term === store.one || this.#indexes.has(term)) return true;
    if (store.kindCodeOf(term) !== kindCode.product) return false;
    for (let at = store.childCount(term) - 2; at >= 0; at -= 2) {
      if (!this.#indexes.has(store.child(term, at))) return false;
      const value = store.valueOf(store.child(term, at + 1));
      if (typeof value !== 'number' || value < 0 || value > maxPower) return false;
    }
    return true;
  }

  /** The exponents of a product of kernels that are symbols or calls, none negative; `undefined` of anything else. */
  #monomial(term: ExprId): readonly number[] | undefined {
    const exponents = new Array<number>(this.kernels.length).fill(0);
    if (term === this.#store.one) return exponents;
    const alone = this.#indexes.get(term);
    if (alone !== undefined) {
      exponents[alone] = 1;
      return exponents;
    }
    if (this.#store.kindOf(term) !== 'product') return undefined;
    for (const { base, exponent } of this.#store.factorsOf(term)) {
      const index = this.#indexes.get(base);
      const value = this.#store.valueOf(exponent);
      if (index === undefined || typeof value !== 'number' || value < 0 || value > maxPower) return undefined;
      exponents[index] = value;
    }
    return exponents;
  }

  #power(base: ExprId, exponent: ExprId): Fraction {
    const store = this.#store;
    const value = store.valueOf(exponent);
    if (value !== undefined) {
      if (isInteger(value)) return this.#wholePower(base, value);
      const parts = this.#rootParts(base, value);
      return parts === undefined ? this.#root(base, value) : this.#rootOfProduct(base, exponent, parts);
    }
    // x^(n + 1) is x^n * x where x is not 0
    this.#conditions.add('nonzero', base);
    const constant = store.termsOf(exponent).find(({ term }) => term === store.one)?.coefficient ?? 0;
    const parts: ExprId[] = store.termsOf(exponent).map(({ term, coefficient }) => store.scale(term, coefficient));
    this.#trace.parts(parts, (u, v) => this.#joinPowers(base, u, v));
    let result = this.#field.constant(1n);
    if (signOf(constant) !== 0)
      result = isInteger(constant) ? this.#wholePower(base, constant) : this.#root(base, constant);
    for (const { term, coefficient } of store.termsOf(exponent)) {
      if (term === store.one) continue;
      const measure = this.#powerUnits.get(base)!.get(term)!;
      const unit = store.scale(term, measure);
      const count = this.#count(divide(coefficient, measure), 1n);
      if (count < 0) this.#trace.add('power-of-opposite', base, store.scale(unit, -count));
      this.#trace.multiples(unit, Math.abs(count), (u, v) => this.#joinPowers(base, u, v));
      const index = this.#indexes.get(this.#powerUnit(base, term))!;
      result = this.#field.multiply(result, this.#field.variable(index, count));
    }
    return result;
  }

  /**
   * u^(a + b) is u^a * u^b: where one of them is a whole number for all u but 0, else for positive u, as (-1)^(1/2 + 1/2) has a value and
   * (-1)^(1/2) has none.
   */
  #joinPowers(base: ExprId, a: ExprId, b: ExprId): void {
    const isWhole = (exponent: ExprId) => isInteger(this.#store.valueOf(exponent) ?? rational(1n, 2n));
    if (isWhole(a)) this.#trace.add('power-of-shift', base, b, a);
    else if (isWhole(b)) this.#trace.add('power-of-shift', base, a, b);
    else {
      this.#conditions.add('positive', base);
      this.#trace.add('power-of-sum', base, a, b);
    }
  }

  #rootOfProduct(base: ExprId, exponent: ExprId, parts: readonly Factor[]): Fraction {
    const store = this.#store;
    const whole = store
      .factorsOf(store.termsOf(base)[0]!.term)
      .map((factor) => store.power(factor.base, factor.exponent));
    const { coefficient } = store.termsOf(base)[0]!;
    if (coefficient !== 1) whole.push(store.number(coefficient));
    this.#trace.parts(
      whole,
      (u, v) => this.#trace.add('power-of-product', u, v, exponent),
      (rest) => store.product(rest),
    );
    for (const factor of whole) this.#trace.rootOfSquare(factor, exponent);
    let result = this.#field.constant(1n);
    for (const part of parts) {
      const power =
        store.kindOf(part.base) === 'number' && part.exponent === store.one
          ? this.#evaluate(part.base)
          : this.#power(part.base, part.exponent);
      result = this.#field.multiply(result, power);
    }
    return result;
  }

  #wholePower(base: ExprId, value: Rational): Fraction {
    const fraction = this.#fractions.get(base)!;
    if (typeof value !== 'number') throw tooHigh(numeratorOf(value));
    if (value > 0) return this.#field.power(fraction, value);
    const reduced = this.#reduced(fraction);
    // What is below the bar here comes above: that it is not 0 would be forgotten.
    if (value < 0 && !reduced.denominator.isConstant) this.#requireNonzero(reduced.denominator);
    if (value === 0 && !reduced.numerator.isConstant) this.#requireNonzero(reduced.numerator);
    return this.#field.power(reduced, value);
  }

  /** A broken power by the root of the highest order that this base has anywhere. */
  #root(base: ExprId, exponent: Rational): Fraction {
    const store = this.#store;
    const order = this.#rootOrders.get(base)!;
    const whole = floor(exponent);
    const count = this.#count(subtract(exponent, whole), order);
    // The root of lower order by the one of highest order: x^(1/2) is x^(1/6) three times.
    const times = Number(order / denominatorOf(exponent));
    if (times > 1) {
      const [p, q] = [store.number(times), store.number(rational(denominatorOf(exponent) - 1n))];
      this.#trace.add('root-of-root', base, p, q);
    }
    const root = this.#field.variable(this.#indexes.get(this.#rootUnit(base))!, count);
    if (signOf(whole) === 0) return root;
    const power = store.kindOf(base) === 'number' ? this.#numericPower(base, whole) : this.#wholePower(base, whole);
    return this.#field.multiply(power, root);
  }

  #numericPower(base: ExprId, exponent: Rational): Fraction {
    const value = this.#store.numberAt(this.#store.power(base, this.#store.number(exponent)));
    return this.#field.constant(numeratorOf(value), denominatorOf(value));
  }

  /** A coefficient as a multiple of one over a common denominator. */
  #count(coefficient: Rational, denominator: bigint): number {
    const count = multiply(coefficient, rational(denominator));
    if (typeof count !== 'number' || Math.abs(count) > maxPower) throw tooHigh(numeratorOf(count));
    return count;
  }

  #call(id: ExprId): Fraction {
    const store = this.#store;
    const argument = store.child(id, 0);
    const field = this.#field;
    switch (store.functionOf(id)) {
      case 'exp':
        return this.#exponential(argument);
      case 'sinh':
      case 'cosh': {
        const isSinh = store.functionOf(id) === 'sinh';
        this.#trace.add(isSinh ? 'hyperbolic-sine' : 'hyperbolic-cosine', argument);
        const power = this.#exponential(argument);
        const inverse = field.power(power, -1);
        return field.multiply(
          field.constant(1n, 2n),
          isSinh ? field.subtract(power, inverse) : field.add(power, inverse),
        );
      }
      case 'tanh': {
        this.#trace.add('hyperbolic-tangent', argument);
        const square = field.power(this.#exponential(argument), 2);
        const one = field.constant(1n);
        return field.multiply(field.subtract(square, one), field.power(field.add(square, one), -1));
      }
      case 'sin':
        return this.#angle(argument).sine;
      case 'cos':
        return this.#angle(argument).cosine;
      case 'tan': {
        this.#trace.add('tangent', argument);
        const { sine, cosine } = this.#angle(argument);
        return field.multiply(sine, field.power(this.#reduced(cosine), -1));
      }
      case 'log':
        return this.#logarithm(id);
      default:
        throw reducerError('OptionsInvalid', 'an expression outside its kernels', { option: 'expression' });
    }
  }

  #exponents(argument: ExprId): Multiples[] {
    return this.#store.termsOf(argument).map(({ term, coefficient }) => ({
      unit: this.#exponentialUnit(term),
      count: this.#count(coefficient, this.#exponentUnits.get(term)!),
    }));
  }

  #exponential(argument: ExprId): Fraction {
    const store = this.#store;
    const trace = this.#trace;
    const terms = store.termsOf(argument);
    const join = (u: ExprId, v: ExprId) => trace.add('exponential-of-sum', u, v);
    trace.parts(
      terms.map(({ term, coefficient }) => store.scale(term, coefficient)),
      join,
    );
    let result = this.#field.constant(1n);
    this.#exponents(argument).forEach(({ unit, count }, at) => {
      const step = this.#unitOf(terms[at]!.term, this.#exponentUnits);
      if (count < 0) trace.add('exponential-of-opposite', store.scale(step, -count));
      trace.multiples(step, Math.abs(count), join);
      const index = this.#indexes.get(unit);
      if (store.functionOf(step) === 'log') trace.add('exponential-of-logarithm', store.child(step, 0));
      const power =
        index === undefined ? this.#field.power(this.#fractions.get(unit)!, count) : this.#field.variable(index, count);
      result = this.#field.multiply(result, power);
    });
    return result;
  }

  /** The units of an angle; `undefined` where expanding it would be too much. */
  #anglesOf(angle: ExprId): Multiples[] | undefined {
    if (this.#angleUnits.get(angle) === 1n) return [{ unit: angle, count: 1 }];
    const terms = this.#store.termsOf(angle);
    if (terms.length > maxAngleTerms) return undefined;
    const result: Multiples[] = [];
    for (const { term, coefficient } of terms) {
      const count = multiply(coefficient, rational(this.#angleUnits.get(term)!));
      const most = term === this.#store.one ? maxNumericMultiple : maxAngleMultiple;
      if (typeof count !== 'number' || Math.abs(count) > most) return undefined;
      result.push({ unit: term, count });
    }
    return result;
  }

  #angle(angle: ExprId): { readonly sine: Fraction; readonly cosine: Fraction } {
    const store = this.#store;
    const parts = this.#anglesOf(angle)!;
    const join = (u: ExprId, v: ExprId) => {
      this.#trace.add('sine-of-sum', u, v);
      this.#trace.add('cosine-of-sum', u, v);
    };
    const units = parts.map(({ unit, count }) => store.scale(this.#angleUnit(unit), count));
    this.#trace.parts(units, join);
    let sum = { cosine: this.#field.constant(1n), sine: this.#field.constant(0n) };
    for (const { unit, count } of parts) {
      const step = this.#angleUnit(unit);
      if (count < 0) {
        this.#trace.add('sine-of-opposite', store.scale(step, -count));
        this.#trace.add('cosine-of-opposite', store.scale(step, -count));
      }
      this.#trace.multiples(step, Math.abs(count), join);
      let turn = { cosine: this.#unitValue('cos', step), sine: this.#unitValue('sin', step) };
      if (count < 0) turn = { cosine: turn.cosine, sine: this.#field.subtract(this.#field.constant(0n), turn.sine) };
      for (let left = Math.abs(count); left > 0; left = Math.floor(left / 2)) {
        if (left % 2 === 1) sum = this.#turned(sum, turn);
        if (left > 1) turn = this.#turned(turn, turn);
      }
    }
    return sum;
  }

  #unitValue(name: 'sin' | 'cos', angle: ExprId): Fraction {
    const call = this.#store.call(name, [angle]);
    const negated = this.#store.functionOf(call) === undefined && this.#store.valueOf(call) === undefined;
    if (!negated) return this.#evaluate(call);
    const { term, coefficient } = this.#store.termsOf(call)[0]!;
    return this.#field.multiply(
      this.#field.constant(numeratorOf(coefficient), denominatorOf(coefficient)),
      this.#evaluate(term),
    );
  }

  #turned(a: { cosine: Fraction; sine: Fraction }, b: { cosine: Fraction; sine: Fraction }) {
    const times = (x: Fraction, y: Fraction) => this.#field.multiply(x, y);
    return {
      cosine: this.#reduced(this.#field.subtract(times(a.cosine, b.cosine), times(a.sine, b.sine))),
      sine: this.#reduced(this.#field.add(times(a.sine, b.cosine), times(a.cosine, b.sine))),
    };
  }

  /** log(u^a v^b ...) as (a, log u), (b, log v): where every factor is known to be positive; `undefined` where it stays whole. */
  #logarithmParts(
    id: ExprId,
  ): { readonly factor: ExprId; readonly base: ExprId; readonly logarithm: ExprId }[] | undefined {
    const store = this.#store;
    const terms = store.termsOf(store.child(id, 0));
    if (terms.length !== 1) return undefined;
    const [{ term, coefficient }] = terms as [{ term: ExprId; coefficient: Rational }];
    if (signOf(coefficient) < 0) return undefined;
    const factors = store.factorsOf(term).filter(({ base }) => base !== store.one);
    if (factors.some(({ base }) => store.signs(base) !== positiveSign)) return undefined;
    for (const [prime, multiplicity] of factorised(coefficient)) {
      factors.push({ base: store.number(rational(prime)), exponent: store.number(multiplicity) });
    }
    if (factors.length === 1 && factors[0]!.exponent === store.one) return undefined;
    return factors.map(({ base, exponent }) => ({ factor: exponent, base, logarithm: store.call('log', [base]) }));
  }

  #logarithm(id: ExprId): Fraction {
    const store = this.#store;
    const parts = this.#logarithmParts(id)!;
    const powers = parts.map(({ base, factor }) => store.power(base, factor));
    for (let at = 0; at < powers.length - 1; at++) {
      this.#trace.add('logarithm-of-product', powers[at]!, store.product(powers.slice(at + 1)));
    }
    let sum = this.#field.constant(0n);
    for (const { factor, base, logarithm } of parts) {
      if (factor !== store.one) this.#trace.add('logarithm-of-power', base, factor);
      if (this.#isExp(base)) this.#trace.add('logarithm-of-exponential', store.child(base, 0));
      sum = this.#field.add(sum, this.#field.multiply(this.#evaluate(factor), this.#evaluate(logarithm)));
    }
    return sum;
  }
}

function demand(units: Map<ExprId, bigint>, term: ExprId, coefficient: Rational): void {
  units.set(term, leastCommonMultiple(units.get(term) ?? 1n, denominatorOf(coefficient)));
}

function commonMeasure(known: Rational | undefined, coefficient: Rational): Rational {
  const size = absolute(coefficient);
  if (known === undefined) return size;
  const [p, q] = [numeratorOf(known), numeratorOf(size)];
  const below = leastCommonMultiple(denominatorOf(known), denominatorOf(size));
  const [a, b] = [p * (below / denominatorOf(known)), q * (below / denominatorOf(size))];
  return rational(a / numeratorOf(rational(a, b)), below);
}

function leastCommonMultiple(a: bigint, b: bigint): bigint {
  if (a === b || b === 1n) return a;
  return numeratorOf(rational(a, b)) * b;
}

function replacedForEver() {
  const message = `powers of roots were replaced ${maxReplacementRounds} times and still bring each other back; write the roots in another form`;
  return reducerError('BudgetExceeded', message, {
    limit: 'replacements',
    allowed: maxReplacementRounds,
    needed: `more than ${maxReplacementRounds}`,
  });
}

function divisionByZero() {
  return reducerError('DomainError', 'a division by what is 0 for all values', { operation: 'division' });
}

function tooHigh(exponent: bigint) {
  const message = `the exponent ${exponent} is larger than ${maxPower}, and would not fit into a polynomial`;
  return reducerError('ExponentRange', message, { exponent: exponent.toString() });
}

function tooManyKernels(needed: number): TenstripError<ReducerErrorCode> {
  const message = `this takes ${needed} symbols, roots and calls, and a normal form has at most ${maximumVariables}; ask for parts of it`;
  return reducerError('BudgetExceeded', message, { limit: 'kernels', allowed: maximumVariables, needed: `${needed}` });
}
