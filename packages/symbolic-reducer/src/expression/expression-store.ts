// The canonical builders: the only way in which expressions come to be. Associativity and commutativity are the form itself (flat,
// sorted, equal terms added, equal bases' exponents added), so no rule ever has to say them. What a builder does is true for all
// real values for which its operands are defined. What would make an expression defined at more points by a cancellation is not
// done here: x / x stays as it is, until a reduction cancels it and says that x is not 0.

import { keepShape } from '../budget/index.js';
import { invalidOption, reducerError, requireOptions } from '../errors/index.js';
import {
  absolute,
  add,
  compare as compareNumbers,
  denominatorOf,
  exactRoot,
  Fraction,
  floor,
  isInteger,
  multiply,
  negate,
  numeratorOf,
  power as powerOfNumber,
  type Rational,
  rational,
  signOf,
  subtract,
  toText,
} from '../numbers/index.js';
import type { Assumption } from './assumptions.js';
import { ConditionSet, type DomainCondition } from './condition.js';
import {
  anySign,
  type FunctionName,
  functionIndex,
  functionTable,
  negativeSign,
  positiveSign,
  type SignMask,
  signsOfProduct,
  signsOfSum,
  zeroSign,
} from './functions.js';
import { giveBackPairs, type Pairs, takePairs } from './pairs.js';
import { type ExprId, kindCode, NodeTable } from './store.js';

/** A term of a sum with its coefficient. */
export interface Term {
  /** The number 1 for the constant. */
  readonly term: ExprId;
  /** Not 0. */
  readonly coefficient: Rational;
}

/** A factor of a product. */
export interface Factor {
  /** What is multiplied. */
  readonly base: ExprId;
  /** How often. */
  readonly exponent: ExprId;
}

/** The store of expressions, with its canonical builders. An expression is valid in the store that made it. */
export class ExpressionStore extends NodeTable {
  /** The number 0. */
  readonly zero = 0 as ExprId;
  /** The number 1. */
  readonly one = 1 as ExprId;
  /** The number -1. */
  readonly minusOne = 2 as ExprId;
  /** One half. */
  readonly half = 3 as ExprId;
  /** The number pi. */
  readonly pi = 4 as ExprId;

  #firstTooLarge: bigint | undefined;
  #domain: ConditionSet<DomainCondition> | undefined;

  /**
   * Calls `body`, and says besides where all is defined that it builds: what is under roots, in logarithms, in asin and acos, and below
   * bars, and which powers with symbolic exponents must have a value. An expression itself does not tell: log(x) - log(x) is 0.
   */
  withDomain<Result>(body: () => Result): { readonly result: Result; readonly domain: DomainCondition[] } {
    if (typeof body !== 'function') throw invalidOption('body', body, 'a function that builds');
    const before = this.#domain;
    this.#domain = new ConditionSet<DomainCondition>(this);
    try {
      const result = body();
      const domain = this.#domain.list();
      before?.addAll(domain);
      return { result, domain };
    } finally {
      this.#domain = before;
    }
  }

  /**
   * An exact number.
   *
   * @throws TenstripError `DomainError` when the denominator is 0; `BudgetExceeded` beyond `maxBits`
   */
  rational(numerator: bigint | number, denominator: bigint | number = 1n): ExprId {
    for (const part of [numerator, denominator]) {
      if (typeof part !== 'bigint' && !Number.isInteger(part))
        throw invalidOption('numerator and denominator', part, 'whole; fromDouble and fromText give fractions');
    }
    return this.number(rational(BigInt(numerator), BigInt(denominator)));
  }

  /** An exact number. @throws TenstripError `BudgetExceeded` beyond `maxBits` */
  number(value: Rational): ExprId {
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value)) throw invalidOption('value', value, 'a safe integer or a Fraction');
    } else {
      if (!(value instanceof Fraction)) throw invalidOption('value', value, 'a safe integer or a Fraction');
      const { numerator, denominator } = value;
      const size = numerator < 0n ? -numerator : numerator;
      if (this.#isTooLarge(size) || this.#isTooLarge(denominator)) {
        const message = `a number has more than ${this.maxBits} bits; raise maxBits`;
        throw reducerError('BudgetExceeded', message, { limit: 'maxBits', allowed: this.maxBits });
      }
    }
    return this.internNumber(value);
  }

  /** The first that is too large is 128 KB long by default: it is made only to be compared with what is not small. */
  #isTooLarge(size: bigint): boolean {
    if (size < 1n << 64n && this.maxBits >= 64) return false;
    this.#firstTooLarge ??= 1n << BigInt(this.maxBits);
    return size >= this.#firstTooLarge;
  }

  /**
   * A symbol, which stands for a real number. Any text that is not empty is a name.
   *
   * @throws TenstripError `AssumptionContradiction` when no number satisfies all that is assumed of it
   */
  symbol(name: string, assumptions: readonly Assumption[] = []): ExprId {
    this.assume(name, assumptions);
    return this.internSymbol(name);
  }

  /** The terms of a sum; of anything else the one that it is. */
  termsOf(id: ExprId): Term[] {
    if (this.kindCodeOf(id) === kindCode.number) {
      const coefficient = this.numberAt(id);
      return signOf(coefficient) === 0 ? [] : [{ term: this.one, coefficient }];
    }
    if (this.kindCodeOf(id) !== kindCode.sum) return [{ term: id, coefficient: 1 }];
    const result: Term[] = [];
    for (let at = 0; at < this.childCount(id); at += 2) {
      result.push({ term: this.child(id, at), coefficient: this.numberAt(this.child(id, at + 1)) });
    }
    return result;
  }

  /** The factors of a product; of anything else the one that it is. Numeric factors of a term are its coefficient, not here. */
  factorsOf(id: ExprId): Factor[] {
    if (this.kindCodeOf(id) !== kindCode.product) return [{ base: id, exponent: this.one }];
    const result: Factor[] = [];
    for (let at = 0; at < this.childCount(id); at += 2) {
      result.push({ base: this.child(id, at), exponent: this.child(id, at + 1) });
    }
    return result;
  }

  /** The sum of any number of terms. */
  sum(operands: readonly ExprId[]): ExprId {
    this.#requireNodes(operands);
    return this.sumOf(operands, 0, operands.length);
  }

  /** The sum of a part of a list, of which it is known that it holds expressions. @internal */
  sumOf(operands: readonly ExprId[], from: number, to: number): ExprId {
    if (to === from + 1) return operands[from]!;
    const pairs = takePairs();
    for (let at = from; at < to; at++) this.#pushTerms(pairs, operands[at]!);
    return this.sumOfPairs(pairs);
  }

  #requireNodes(operands: readonly ExprId[]): void {
    if (!Array.isArray(operands)) throw invalidOption('operands', operands, 'a list of expressions');
    for (let at = 0; at < operands.length; at++) this.requireNode(operands[at]!);
  }

  /** The sum of terms with coefficients. */
  linearCombination(parts: readonly Term[]): ExprId {
    if (!Array.isArray(parts)) throw invalidOption('parts', parts, 'a list of terms with coefficients');
    for (const part of parts) {
      requireOptions(part, 'part');
      this.requireNode(part.term);
    }
    const pairs = takePairs();
    for (let at = 0; at < parts.length; at++) {
      const { term, coefficient } = parts[at]!;
      if (coefficient === 1) this.#pushTerms(pairs, term);
      else this.#pushMultiple(pairs, term, coefficient);
    }
    return this.sumOfPairs(pairs);
  }

  #pushTerms(into: Pairs, operand: ExprId): void {
    const kind = this.kindCodeOf(operand);
    if (kind === kindCode.sum) {
      const count = this.childCount(operand);
      for (let at = 0; at < count; at += 2) into.push(this.child(operand, at), this.child(operand, at + 1));
    } else if (kind === kindCode.number) into.push(this.one, operand);
    else into.push(operand, this.one);
  }

  #pushMultiple(into: Pairs, operand: ExprId, scale: Rational): void {
    const kind = this.kindCodeOf(operand);
    if (kind === kindCode.sum) {
      const count = this.childCount(operand);
      for (let at = 0; at < count; at += 2)
        into.push(this.child(operand, at), this.#multiple(this.child(operand, at + 1), scale));
    } else if (kind === kindCode.number) into.push(this.one, this.#multiple(operand, scale));
    else into.push(operand, this.number(scale));
  }

  #multiple(number: ExprId, scale: Rational): ExprId {
    return number === this.one ? this.number(scale) : this.number(multiply(scale, this.numberAt(number)));
  }

  /** The sum of terms with numbers as coefficients: sorts, adds what is equal, leaves out what is 0. Takes the list. @internal */
  sumOfPairs(pairs: Pairs): ExprId {
    this.#sort(pairs, false);
    const { entries, count } = pairs;
    let kept = 0;
    for (let at = 0; at < count; ) {
      const term = entries[at]!;
      let coefficient = entries[at + 1]!;
      at += 2;
      if (at < count && entries[at] === term) {
        let total = this.numberAt(coefficient);
        for (; at < count && entries[at] === term; at += 2) total = add(total, this.numberAt(entries[at + 1]!));
        coefficient = this.number(total);
      }
      if (coefficient === this.zero) continue;
      entries[kept++] = term;
      entries[kept++] = coefficient;
    }
    const sum = this.#sumOfSorted(entries, kept);
    giveBackPairs(pairs);
    return sum;
  }

  #sumOfSorted(entries: readonly ExprId[], count: number): ExprId {
    if (count === 0) return this.zero;
    if (count === 2) {
      const term = entries[0]!;
      const coefficient = entries[1]!;
      if (term === this.one) return coefficient;
      if (coefficient === this.one) return term;
      if (this.kindCodeOf(term) === kindCode.sum) return this.#scaledSum(term, this.numberAt(coefficient));
    }
    return this.intern(kindCode.sum, entries, count);
  }

  /** Pairs in the order of their first parts, and of equal ones in that of their exponents, if they have such. */
  #sort(pairs: Pairs, haveExponents: boolean): void {
    const { entries, count } = pairs;
    if (count > 24) {
      const unsorted = entries.slice(0, count);
      const places: number[] = [];
      for (let at = 0; at < count; at += 2) places.push(at);
      let compared = 0;
      places.sort((a, b) => {
        if ((++compared & 511) === 0) this.noteWork();
        return this.#comparePairs(unsorted, a, unsorted[b]!, unsorted[b + 1]!, haveExponents);
      });
      for (let at = 0; at < count; at += 2) {
        entries[at] = unsorted[places[at / 2]!]!;
        entries[at + 1] = unsorted[places[at / 2]! + 1]!;
      }
      return;
    }
    for (let at = 2; at < count; at += 2) {
      const first = entries[at]!;
      const second = entries[at + 1]!;
      let place = at;
      for (; place > 0 && this.#comparePairs(entries, place - 2, first, second, haveExponents) > 0; place -= 2) {
        entries[place] = entries[place - 2]!;
        entries[place + 1] = entries[place - 1]!;
      }
      entries[place] = first;
      entries[place + 1] = second;
    }
  }

  #comparePairs(entries: readonly ExprId[], at: number, first: ExprId, second: ExprId, haveExponents: boolean): number {
    const order = this.compare(entries[at]!, first);
    return order !== 0 || !haveExponents ? order : this.#compareExponents(entries[at + 1]!, second);
  }

  #scaledSum(sum: ExprId, scale: Rational): ExprId {
    if (scale === 1) return sum;
    const payload = this.childrenOf(sum) as number[];
    for (let at = 1; at < payload.length; at += 2) {
      if (typeof scale !== 'number') this.noteWork();
      payload[at] = this.number(multiply(scale, this.numberAt(payload[at] as ExprId)));
    }
    return this.intern(kindCode.sum, payload);
  }

  /** -a. */
  negate(a: ExprId): ExprId {
    return this.scale(a, -1);
  }

  /** a - b. */
  subtract(a: ExprId, b: ExprId): ExprId {
    return this.linearCombination([
      { term: a, coefficient: 1 },
      { term: b, coefficient: -1 },
    ]);
  }

  /** A rational multiple. */
  scale(a: ExprId, factor: Rational): ExprId {
    this.requireNode(a);
    if (!Number.isSafeInteger(factor) && !(factor instanceof Fraction))
      throw invalidOption('factor', factor, 'a safe integer or a Fraction');
    if (signOf(factor) === 0) return this.zero;
    if (factor === 1) return a;
    const kind = this.kindCodeOf(a);
    if (kind === kindCode.number) return this.#multiple(a, factor);
    if (kind !== kindCode.sum) return this.intern(kindCode.sum, [a, this.number(factor)]);
    return this.childCount(a) === 2
      ? this.linearCombination([{ term: a, coefficient: factor }])
      : this.#scaledSum(a, factor);
  }

  /** a / b. @throws TenstripError `DomainError` when b is the number 0 */
  divide(a: ExprId, b: ExprId): ExprId {
    return this.product([a, this.power(b, this.minusOne)]);
  }

  /** The square root. @throws TenstripError `DomainError` of what is never positive nor 0 */
  squareRoot(a: ExprId): ExprId {
    return this.power(a, this.half);
  }

  /** The product of any number of factors. */
  product(operands: readonly ExprId[]): ExprId {
    this.#requireNodes(operands);
    return this.productOf(operands, 0, operands.length);
  }

  /** The product of a part of a list, of which it is known that it holds expressions. @internal */
  productOf(operands: readonly ExprId[], from: number, to: number): ExprId {
    if (to === from + 1) return operands[from]!;
    const pairs = takePairs();
    for (let at = from; at < to; at++) this.#gather(pairs, operands[at]!);
    return this.#productOfPairs(pairs);
  }

  #gather(into: Pairs, operand: ExprId): void {
    let factor = operand;
    let kind = this.kindCodeOf(factor);
    if (kind === kindCode.number) {
      into.coefficient = multiply(into.coefficient, this.numberAt(factor));
      return;
    }
    if (kind === kindCode.sum && this.childCount(factor) === 2) {
      into.coefficient = multiply(into.coefficient, this.numberAt(this.child(factor, 1)));
      factor = this.child(factor, 0);
      kind = this.kindCodeOf(factor);
    }
    if (kind === kindCode.product && this.childCount(factor) <= 2 * maxOpenedFactors) {
      const count = this.childCount(factor);
      for (let at = 0; at < count; at += 2) this.#gatherPower(into, this.child(factor, at), this.child(factor, at + 1));
    } else this.#gatherPower(into, factor, this.one);
  }

  #gatherPower(into: Pairs, base: ExprId, exponent: ExprId): void {
    if (exponent === this.one && this.functionOf(base) === 'exp') {
      into.exponents ??= [];
      into.exponents.push(this.child(base, 0));
    } else into.push(base, exponent);
  }

  #productOfPairs(pairs: Pairs): ExprId {
    if (pairs.coefficient === 0) {
      giveBackPairs(pairs);
      return this.zero;
    }
    if (pairs.exponents !== undefined) {
      const joined = this.call('exp', [this.sum(pairs.exponents)]);
      if (joined !== this.one) pairs.push(joined, this.one);
    }
    this.#sort(pairs, true);
    const { entries, count } = pairs;
    let kept = 0;
    let again: ExprId[] | undefined;
    for (let at = 0; at < count; ) {
      const base = entries[at]!;
      const start = at;
      while (at < count && entries[at] === base) at += 2;
      if (this.kindCodeOf(base) !== kindCode.number && this.#areApart(pairs, start, at)) {
        for (let place = start; place < at; place++) entries[kept++] = entries[place]!;
        continue;
      }
      const same: ExprId[] = [];
      for (let place = start + 1; place < at; place += 2) same.push(entries[place]!);
      const own = same.length === 1 ? same : this.#merged(base, same);
      const wasMerged = own.length < same.length;
      for (const exponent of own) {
        if (exponent === this.zero && wasMerged) continue;
        if (
          (wasMerged && this.#opens(base, exponent)) ||
          (this.kindCodeOf(base) === kindCode.number && this.#isImproper(exponent))
        ) {
          again ??= [];
          again.push(this.power(base, exponent));
        } else {
          entries[kept++] = base;
          entries[kept++] = exponent;
        }
      }
    }
    let product: ExprId;
    if (again === undefined) product = this.#termOf(pairs.coefficient, entries, kept);
    else {
      const rest = takePairs();
      rest.coefficient = pairs.coefficient;
      for (let at = 0; at < kept; at += 2) this.#gatherPower(rest, entries[at]!, entries[at + 1]!);
      for (const factor of again) this.#gather(rest, factor);
      product = this.#productOfPairs(rest);
    }
    giveBackPairs(pairs);
    return product;
  }

  /** Whether pairs of one base stay as they are: one alone, and x^2 beside x^-1 unless x is never 0. */
  #areApart({ entries }: Pairs, from: number, to: number): boolean {
    if (to === from + 2) return true;
    if (to > from + 4) return false;
    const first = this.valueOf(entries[from + 1]!);
    const second = this.valueOf(entries[from + 3]!);
    if (first === undefined || second === undefined || signOf(first) * signOf(second) >= 0) return false;
    return (this.signs(entries[from]!) & zeroSign) !== 0;
  }

  /** A number times the product of the first `count` entries, pairs in their order. */
  #termOf(coefficient: Rational, entries: readonly ExprId[], count: number): ExprId {
    if (count === 0) return this.number(coefficient);
    const alone = count === 2 && entries[1] === this.one;
    const term = alone ? entries[0]! : this.intern(kindCode.product, entries, count);
    if (coefficient === 1) return term;
    if (this.kindCodeOf(term) === kindCode.sum) return this.#scaledSum(term, coefficient);
    return this.intern(kindCode.sum, [term, this.number(coefficient)]);
  }

  /** Whether a base with this exponent, which came of adding, has another form than a pair. */
  #opens(base: ExprId, exponent: ExprId): boolean {
    const value = this.valueOf(exponent);
    if (value === undefined) return false;
    const kind = this.kindCodeOf(base);
    return kind >= kindCode.call || exponent === this.zero;
  }

  #isImproper(exponent: ExprId): boolean {
    const value = this.valueOf(exponent);
    return value !== undefined && (compareNumbers(value, 1) >= 0 || signOf(value) <= 0);
  }

  /**
   * Exponents of one base, added where that cancels nothing: all, when the base is never 0; else those of one sign, and equal
   * ones. (x^2 and x^-1 stay two.)
   */
  #merged(base: ExprId, exponents: readonly ExprId[]): ExprId[] {
    const positive: ExprId[] = [];
    const negative: ExprId[] = [];
    let symbolic: ExprId[] | undefined;
    for (const exponent of exponents) {
      const value = this.valueOf(exponent);
      if (value === undefined) {
        symbolic ??= [];
        symbolic.push(exponent);
      } else if (signOf(value) > 0) positive.push(exponent);
      else if (signOf(value) < 0) negative.push(exponent);
    }
    const all = exponents.length;
    const isOneSign = positive.length === all || negative.length === all;
    if (isOneSign || (this.signs(base) & zeroSign) === 0) return [this.sum(exponents)];
    const result: ExprId[] = [];
    if (positive.length > 0) result.push(this.sum(positive));
    if (negative.length > 0) result.push(this.sum(negative));
    else if (exponents.includes(this.zero)) result.push(this.zero);
    for (const exponent of new Set(symbolic)) result.push(this.sum(symbolic!.filter((each) => each === exponent)));
    return result.length === 1 ? result : result.sort((a, b) => this.#compareExponents(a, b));
  }

  #compareExponents(a: ExprId, b: ExprId): number {
    if (a === b) return 0;
    const x = this.valueOf(a);
    const y = this.valueOf(b);
    return x !== undefined && y !== undefined ? -compareNumbers(x, y) : this.compare(a, b);
  }

  /**
   * A power. 0^0 has no value; x^0 stays until it is known that x is not 0.
   *
   * @throws TenstripError `DomainError` for 0^0, 0 to a negative power, and a broken power of what is negative throughout
   */
  power(base: ExprId, exponent: ExprId): ExprId {
    this.requireNode(base);
    this.requireNode(exponent);
    if (exponent === this.one) return base;
    const times = this.valueOf(exponent);
    const value = this.valueOf(base);
    if (value !== undefined) {
      if (signOf(value) === 0) return this.#powerOfZero(exponent, times);
      if (value === 1) return this.one;
      if (times !== undefined) return this.#numberPower(value, times);
    }
    if (times === undefined) {
      if (this.signs(base) !== positiveSign) this.#domain?.add('defined', this.#pair(base, exponent));
      return this.#symbolicPower(base, exponent);
    }
    if (this.#domain !== undefined) this.#noteDomain(this.#domain, base, times);
    if (signOf(times) === 0) return (this.signs(base) & zeroSign) === 0 ? this.one : this.#pair(base, exponent);
    const whole = isInteger(times);
    if (!whole && (this.signs(base) & (positiveSign | zeroSign)) === 0) {
      throw reducerError('DomainError', `a value that is negative has no real power of ${toText(times)}`, {
        operation: 'power',
      });
    }
    switch (this.kindCodeOf(base)) {
      case kindCode.call:
        return this.#powerOfCall(base, exponent, times);
      case kindCode.product:
        return whole || this.childCount(base) === 2
          ? this.#powerOfProduct(base, times)
          : this.#rootOfProduct(1, base, times);
      case kindCode.sum:
        if (this.childCount(base) === 2) {
          const coefficient = this.numberAt(this.child(base, 1));
          if (whole)
            return this.product([this.#numberPower(coefficient, times), this.power(this.child(base, 0), exponent)]);
          return this.#rootOfProduct(coefficient, this.child(base, 0), times);
        }
        return this.#pair(base, exponent);
      default:
        return this.#pair(base, exponent);
    }
  }

  #noteDomain(domain: ConditionSet<DomainCondition>, base: ExprId, times: Rational): void {
    if (!isInteger(times)) domain.add(signOf(times) < 0 ? 'positive' : 'nonnegative', base);
    else if (signOf(times) <= 0) domain.add('nonzero', base);
  }

  #pair(base: ExprId, exponent: ExprId): ExprId {
    return this.intern(kindCode.product, [base, exponent]);
  }

  #powerOfZero(exponent: ExprId, times: Rational | undefined): ExprId {
    if (times === undefined) {
      this.#domain?.add('positive', exponent);
      return this.signs(exponent) === positiveSign ? this.zero : this.#pair(this.zero, exponent);
    }
    if (signOf(times) > 0) return this.zero;
    throw reducerError('DomainError', `0^${toText(times)} has no value`, { operation: 'power' });
  }

  /** e^u to any power is e^(u v), and where a base is positive (x^a)^b is x^(a b). */
  #symbolicPower(base: ExprId, exponent: ExprId): ExprId {
    if (this.functionOf(base) === 'exp') return this.call('exp', [this.product([this.child(base, 0), exponent])]);
    if (this.kindCodeOf(base) === kindCode.product && this.childCount(base) === 2) {
      const inner = this.child(base, 0);
      if (this.signs(inner) === positiveSign) return this.power(inner, this.product([this.child(base, 1), exponent]));
    }
    return this.#pair(base, exponent);
  }

  #powerOfCall(base: ExprId, exponent: ExprId, times: Rational): ExprId {
    const name = this.functionOf(base);
    if (name === 'exp') return this.call('exp', [this.scale(this.child(base, 0), times)]);
    if (name === 'abs' && typeof times === 'number' && times % 2 === 0)
      return this.power(this.child(base, 0), exponent);
    return this.#pair(base, exponent);
  }

  /**
   * (x^a)^n for whole n (but not 1/(1/x), which would hide that x is not 0), and (x^a)^b where that is x^(a b): x positive, or |a| < 1,
   * or x not negative and a positive.
   */
  #powerOfProduct(base: ExprId, times: Rational): ExprId {
    const whole = isInteger(times);
    const parts: ExprId[] = [];
    for (const { base: inner, exponent } of this.factorsOf(base)) {
      const known = this.valueOf(exponent);
      const signs = this.signs(inner);
      const keepsPoles = signOf(times) > 0 || known === undefined || signOf(known) >= 0 || (signs & zeroSign) === 0;
      const allowed =
        (whole && keepsPoles) ||
        signs === positiveSign ||
        (known !== undefined && compareNumbers(absolute(known), 1) < 0) ||
        (known !== undefined && signOf(known) > 0 && (signs & negativeSign) === 0);
      if (!allowed && whole && compareNumbers(times, -1) < 0) {
        return this.power(this.power(base, this.number(negate(times))), this.minusOne);
      }
      if (!allowed) return this.#pair(base, this.number(times));
      parts.push(this.power(inner, this.scale(exponent, times)));
    }
    return this.product(parts);
  }

  /**
   * A broken power of a product: factors that are positive leave it. One that may be 0 stays: sqrt(x*y) has a value at x = 0 and
   * y = -1, where sqrt(x)*sqrt(y) has none.
   */
  #rootOfProduct(coefficient: Rational, term: ExprId, times: Rational): ExprId {
    const exponent = this.number(times);
    const outside: ExprId[] = [];
    const inside: ExprId[] = signOf(coefficient) < 0 ? [this.minusOne] : [];
    const size = absolute(coefficient);
    if (!equalsOne(size)) outside.push(this.#numberPower(size, times));
    for (const { base, exponent: inner } of this.factorsOf(term)) {
      const isPositive = this.signs(base) === positiveSign;
      const factor = inner === this.one ? base : this.#pair(base, inner);
      if (isPositive) outside.push(this.power(base, this.scale(inner, times)));
      else if (this.signs(factor) === positiveSign) outside.push(this.#powerOfProduct(factor, times));
      else inside.push(factor);
    }
    const rest = this.product(inside);
    if (outside.length > 0) return this.product([...outside, this.power(rest, exponent)]);
    return this.#pair(rest, exponent);
  }

  /** A rational power of a rational number other than 0: what is rational of it, times roots of primes (or of what is left). */
  #numberPower(value: Rational, times: Rational): ExprId {
    if (typeof times === 'number') return this.number(powerOfNumber(value, times, this.maxBits));
    if (isInteger(times)) {
      if (equalsOne(absolute(value))) return this.number(signOf(value) > 0 || numeratorOf(times) % 2n === 0n ? 1 : -1);
      const message = `a number to the power ${toText(times)} is too large; raise maxBits (${this.maxBits})`;
      throw reducerError('BudgetExceeded', message, { limit: 'maxBits', allowed: this.maxBits });
    }
    if (signOf(value) < 0) {
      const message = `the negative number ${toText(value)} has no real power of ${toText(times)}`;
      throw reducerError('DomainError', message, { operation: 'power' });
    }
    const q = denominatorOf(times);
    if (q <= 64n) {
      const root = exactRoot(value, Number(q));
      if (root !== undefined) return this.#numberPower(root, rational(numeratorOf(times)));
    }
    let coefficient: Rational = 1;
    const payload: { base: ExprId; exponent: ExprId }[] = [];
    for (const [prime, multiplicity] of factorised(value)) {
      const exponent = multiply(rational(BigInt(multiplicity)), times);
      const whole = floor(exponent);
      coefficient = multiply(coefficient, powerOfNumber(rational(prime), Number(numeratorOf(whole)), this.maxBits));
      const rest = subtract(exponent, whole);
      if (signOf(rest) !== 0) payload.push({ base: this.number(rational(prime)), exponent: this.number(rest) });
    }
    payload.sort((a, b) => this.compare(a.base, b.base));
    const entries = payload.flatMap(({ base, exponent }) => [base, exponent]);
    return this.#termOf(coefficient, entries, entries.length);
  }

  /**
   * A function call.
   *
   * @throws TenstripError `UnknownFunction`; `DomainError` where the function has no value, as the logarithm of what is never positive
   */
  call(name: FunctionName, operands: readonly ExprId[]): ExprId {
    const index = functionIndex.get(name);
    if (index === undefined) throw reducerError('UnknownFunction', `no function is called "${String(name)}"`, { name });
    this.#requireNodes(operands);
    const { arity, parity } = functionTable[index]!;
    if (arity === Number.POSITIVE_INFINITY) return this.#extreme(index, name as 'min' | 'max', operands);
    if (operands.length !== arity) {
      const message = `${name} takes ${arity} argument${arity === 1 ? '' : 's'}, not ${operands.length}`;
      throw reducerError('UnknownFunction', message, { name });
    }
    const argument = operands[0]!;
    const value = this.#known(name, argument);
    if (value !== undefined) return value;
    if (parity !== undefined && this.#isNegated(argument)) {
      const mirrored = this.call(name, [this.negate(argument)]);
      return parity === 'even' ? mirrored : this.negate(mirrored);
    }
    return this.intern(kindCode.call, [index, argument]);
  }

  /** What a call is where the argument says it; `undefined` where it is just a call. */
  #known(name: FunctionName, argument: ExprId): ExprId | undefined {
    const value = this.valueOf(argument);
    switch (name) {
      case 'exp':
        return argument === this.zero
          ? this.one
          : this.functionOf(argument) === 'log'
            ? this.child(argument, 0)
            : undefined;
      case 'log':
        if ((this.signs(argument) & positiveSign) === 0) {
          throw reducerError('DomainError', 'the logarithm of what is never positive has no value', {
            operation: 'log',
          });
        }
        this.#domain?.add('positive', argument);
        return argument === this.one
          ? this.zero
          : this.functionOf(argument) === 'exp'
            ? this.child(argument, 0)
            : undefined;
      case 'sin':
      case 'cos':
      case 'tan':
        return this.#knownAngle(name, argument);
      case 'cosh':
        return argument === this.zero ? this.one : undefined;
      case 'asin':
      case 'acos':
        if (value !== undefined && compareNumbers(absolute(value), 1) > 0) {
          throw reducerError('DomainError', `${name}(${toText(value)}) has no real value`, { operation: name });
        }
        if (value === undefined) this.#domain?.add('nonnegative', this.#inUnitInterval(argument));
        if (name === 'acos') return value === 1 ? this.zero : undefined;
        return argument === this.zero ? this.zero : undefined;
      case 'sinh':
      case 'tanh':
      case 'atan':
        return argument === this.zero ? this.zero : undefined;
      case 'abs':
        return this.#absolute(argument);
      case 'sign':
        return this.#sign(argument);
      case 'floor':
        return value === undefined ? this.#wholeAlready(argument) : this.number(floor(value));
      case 'ceil':
        return value === undefined ? this.#wholeAlready(argument) : this.number(negate(floor(negate(value))));
      default:
        return undefined;
    }
  }

  /** 1 - u^2, which is not negative where asin(u) and acos(u) have a value. */
  #inUnitInterval(u: ExprId): ExprId {
    return this.subtract(this.one, this.power(u, this.number(2)));
  }

  #wholeAlready(argument: ExprId): ExprId | undefined {
    return this.nameOf(argument) !== undefined && this.factsOf(this.nameOf(argument)!).integer ? argument : undefined;
  }

  #absolute(argument: ExprId): ExprId | undefined {
    const signs = this.signs(argument);
    if ((signs & negativeSign) === 0) return argument;
    if ((signs & positiveSign) === 0) return this.negate(argument);
    const [only, ...more] = this.termsOf(argument);
    if (more.length > 0 || equalsOne(absolute(only!.coefficient))) return undefined;
    return this.scale(this.call('abs', [only!.term]), absolute(only!.coefficient));
  }

  #sign(argument: ExprId): ExprId | undefined {
    const signs = this.signs(argument);
    if (signs === positiveSign) return this.one;
    if (signs === negativeSign) return this.minusOne;
    if (signs === zeroSign) return this.zero;
    const [only, ...more] = this.termsOf(argument);
    if (more.length > 0 || equalsOne(only!.coefficient)) return undefined;
    return this.scale(this.call('sign', [only!.term]), signOf(only!.coefficient));
  }

  /** sin, cos and tan of multiples of pi/6 and pi/4. */
  #knownAngle(name: 'sin' | 'cos' | 'tan', argument: ExprId): ExprId | undefined {
    if (argument === this.zero) return name === 'cos' ? this.one : this.zero;
    const [only, ...more] = this.termsOf(argument);
    if (only === undefined || more.length > 0 || only.term !== this.pi) return undefined;
    const twelfths = multiply(only.coefficient, 12);
    if (!isInteger(twelfths)) return undefined;
    const turn = Number(((numeratorOf(twelfths) % 24n) + 24n) % 24n);
    if (name === 'tan') {
      const cosine = this.#cosineOfTwelfths(turn);
      const sine = this.#cosineOfTwelfths((turn + 18) % 24);
      return sine === undefined || cosine === undefined ? undefined : this.divide(sine, cosine);
    }
    return this.#cosineOfTwelfths(name === 'cos' ? turn : (turn + 18) % 24);
  }

  #cosineOfTwelfths(turn: number): ExprId | undefined {
    if (turn > 12) return this.#cosineOfTwelfths(24 - turn);
    if (turn > 6) {
      const mirrored = this.#cosineOfTwelfths(12 - turn);
      return mirrored === undefined ? undefined : this.negate(mirrored);
    }
    if (turn === 0) return this.one;
    if (turn === 6) return this.zero;
    if (turn === 4) return this.half;
    const square = turn === 2 ? 3n : turn === 3 ? 2n : undefined;
    return square === undefined ? undefined : this.scale(this.squareRoot(this.rational(square)), rational(1n, 2n));
  }

  /** min and max: flat, sorted, each argument once, all numbers as one. */
  #extreme(index: number, name: 'min' | 'max', operands: readonly ExprId[]): ExprId {
    if (operands.length === 0) throw reducerError('UnknownFunction', `${name} takes at least one argument`, { name });
    const flat = operands.flatMap((operand) =>
      this.functionOf(operand) === name ? this.childrenOf(operand) : [operand],
    );
    const wanted = name === 'min' ? -1 : 1;
    let number: Rational | undefined;
    const others = new Set<ExprId>();
    for (const operand of flat) {
      const value = this.valueOf(operand);
      if (value === undefined) others.add(operand);
      else if (number === undefined || compareNumbers(value, number) === wanted) number = value;
    }
    const rest = [...others];
    if (number !== undefined) {
      // A number that another argument always passes, by sign, decides nothing.
      const passed = (other: ExprId) => {
        const signs = this.signs(this.subtract(other, this.number(number as Rational)));
        return (signs & (wanted === 1 ? negativeSign : positiveSign)) === 0;
      };
      if (!rest.some(passed)) rest.push(this.number(number));
    }
    if (rest.length === 1) return rest[0]!;
    return this.intern(kindCode.call, [index, ...rest.sort((a, b) => this.compare(a, b))]);
  }

  /** Whether the first term in the store's order has a negative coefficient: of u and -u exactly one is so. */
  #isNegated(argument: ExprId): boolean {
    const value = this.valueOf(argument);
    if (value !== undefined) return signOf(value) < 0;
    return this.kindCodeOf(argument) === kindCode.sum && signOf(this.numberAt(this.child(argument, 1))) < 0;
  }

  /** The signs that an expression can have where it is defined, as far as they follow from assumptions and structure. */
  signs(root: ExprId): SignMask {
    this.requireNode(root);
    const known = this.knownSigns(root);
    if (known !== 0) return known;
    const stack: ExprId[] = [root];
    while (stack.length > 0) {
      const id = stack[stack.length - 1]!;
      if (this.knownSigns(id) !== 0) {
        stack.pop();
        continue;
      }
      const before = stack.length;
      const count = this.childCount(id);
      for (let at = 0; at < count; at++) if (this.knownSigns(this.child(id, at)) === 0) stack.push(this.child(id, at));
      if (stack.length > before) continue;
      this.rememberSigns(id, this.#signsOfNode(id) || anySign);
      stack.pop();
    }
    return this.knownSigns(root);
  }

  #signsOfNode(id: ExprId): SignMask {
    switch (this.kindCodeOf(id)) {
      case kindCode.number: {
        const sign = signOf(this.numberAt(id));
        return sign > 0 ? positiveSign : sign < 0 ? negativeSign : zeroSign;
      }
      case kindCode.pi:
        return positiveSign;
      case kindCode.symbol:
        return this.factsOf(this.nameOf(id)!).signs;
      case kindCode.call: {
        const { signs } = functionTable[functionIndex.get(this.functionOf(id)!)!]!;
        return signs(this.childrenOf(id).map((child) => this.knownSigns(child)));
      }
      case kindCode.product: {
        let mask: SignMask = positiveSign;
        for (let at = 0; at < this.childCount(id); at += 2) {
          mask = signsOfProduct(mask, this.#signsOfPower(this.child(id, at), this.child(id, at + 1)));
        }
        return mask;
      }
      default: {
        let mask: SignMask = zeroSign;
        for (let at = 0; at < this.childCount(id); at += 2) {
          mask = signsOfSum(
            mask,
            signsOfProduct(this.knownSigns(this.child(id, at)), this.knownSigns(this.child(id, at + 1))),
          );
        }
        return mask;
      }
    }
  }

  #signsOfPower(base: ExprId, exponent: ExprId): SignMask {
    const signs = this.knownSigns(base);
    const times = this.valueOf(exponent);
    if (signs === positiveSign) return positiveSign;
    if (times === undefined) return (signs & negativeSign) === 0 ? positiveSign | zeroSign : anySign;
    if (signOf(times) === 0) return positiveSign;
    const zero = signOf(times) > 0 ? signs & zeroSign : 0;
    if (!isInteger(times) || numeratorOf(times) % 2n === 0n)
      return zero | ((signs & ~zeroSign) === 0 ? 0 : positiveSign);
    return zero | (signs & ~zeroSign);
  }
}

/**
 * A product of more factors than these stays one factor of what it is multiplied with: the derivative of 100,000 nested functions
 * is a chain of as many factors, and would else be written out at each of its links.
 */
const maxOpenedFactors = 128;

function equalsOne(value: Rational): boolean {
  return value === 1;
}

const trialLimit = 1_000n;

/** Primes up to 1,000, and what is left of it as a root where it is one, with multiplicities (negative below the bar). @internal */
export function factorised(value: Rational): [bigint, number][] {
  const above = factorisedInteger(numeratorOf(value));
  const below = factorisedInteger(denominatorOf(value));
  // What is left above and below may share nothing: the fraction is in lowest terms.
  return [...above, ...below.map(([prime, count]): [bigint, number] => [prime, -count])];
}

function factorisedInteger(value: bigint): [bigint, number][] {
  const result: [bigint, number][] = [];
  let left = value;
  for (let prime = 2n; prime <= trialLimit && prime * prime <= left; prime += prime === 2n ? 1n : 2n) {
    const [count, rest] = multiplicityOf(prime, left);
    if (count > 0) result.push([prime, count]);
    left = rest;
  }
  if (left === 1n) return result;
  for (let degree = 32; degree >= 2; degree--) {
    const root = exactRoot(rational(left), degree);
    if (root !== undefined) return [...result, [numeratorOf(root), degree]];
  }
  return [...result, [left, 1]];
}

/** How often a prime divides a number, bit by bit from the highest, and the number without it. One by one it takes 40 s for 10^100000. */
function multiplicityOf(prime: bigint, value: bigint): [count: number, rest: bigint] {
  if (value % prime !== 0n) return [0, value];
  const powers = [prime];
  for (let next = prime * prime; value % next === 0n; next *= next) powers.push(next);
  let [count, rest] = [0, value];
  for (let at = powers.length - 1; at >= 0; at--) {
    if (rest % powers[at]! !== 0n) continue;
    rest /= powers[at]!;
    count += 2 ** at;
  }
  return [count, rest];
}

keepShape(new ExpressionStore());
