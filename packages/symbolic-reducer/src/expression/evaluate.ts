// Values at a point: exactly, where all is rational, or as intervals that are certain to hold the value. Each node once.

import { TenstripError } from '@tenstrip/shared-core';
import { invalidOption, reducerError } from '../errors/index.js';
import {
  absolute,
  add,
  addIntervals,
  circleNumber,
  compare,
  denominatorOf,
  enclose,
  exactRoot,
  Fraction,
  floor,
  type Interval,
  integerPower,
  isInteger,
  multiply,
  multiplyIntervals,
  negate,
  numeratorOf,
  point,
  power,
  powerInterval,
  type Rational,
  signOf,
  squareRoot,
} from '../numbers/index.js';
import type { ExpressionStore } from './expression-store.js';
import { functionIndex, functionTable } from './functions.js';
import type { ExprId } from './store.js';
import { postorder } from './traverse.js';

/** The value of each symbol. */
export type RationalPoint = ReadonlyMap<string, Rational>;

/** An interval for each symbol. */
export type IntervalBox = ReadonlyMap<string, Interval>;

/** Bits of intermediate numbers, beyond which exact evaluation gives up. */
const maxExactBits = 1 << 14;

/**
 * Intervals that hold the values of some expressions for all points of a box.
 *
 * @returns one for each root; `undefined` where it is not certain that the expression is defined on the whole box
 * @throws TenstripError `OptionsInvalid` when a symbol has no interval
 */
export function evaluateIntervals(
  store: ExpressionStore,
  roots: readonly ExprId[],
  box: IntervalBox,
): (Interval | undefined)[] {
  if (!(box instanceof Map)) throw invalidOption('box', box, 'a Map of intervals by the names of symbols');
  for (const value of box.values()) {
    if (typeof value?.low !== 'number' || typeof value.high !== 'number' || !(value.low <= value.high))
      throw invalidOption('box', value, 'of intervals { low, high }');
  }
  return new IntervalEvaluator(store, roots).at(box);
}

/** Evaluates the same expressions at many points. */
export class IntervalEvaluator {
  readonly #store: ExpressionStore;
  readonly #roots: readonly ExprId[];
  readonly #order: readonly ExprId[];

  constructor(store: ExpressionStore, roots: readonly ExprId[]) {
    this.#store = store;
    this.#roots = roots;
    this.#order = postorder(store, roots);
  }

  /** As {@link evaluateIntervals}. */
  at(box: IntervalBox): (Interval | undefined)[] {
    const values = new Map<ExprId, Interval | undefined>();
    for (const id of this.#order) values.set(id, nodeInterval(this.#store, id, values, box));
    return this.#roots.map((root) => values.get(root));
  }
}

function nodeInterval(
  store: ExpressionStore,
  id: ExprId,
  values: ReadonlyMap<ExprId, Interval | undefined>,
  box: IntervalBox,
): Interval | undefined {
  switch (store.kindOf(id)) {
    case 'number':
      return enclose(store.numberAt(id));
    case 'pi':
      return circleNumber;
    case 'symbol':
      return box.get(store.nameOf(id)!) ?? missing(store.nameOf(id)!);
    case 'call': {
      const boxes: Interval[] = [];
      for (const child of store.childrenOf(id)) {
        const value = values.get(child);
        if (value === undefined) return undefined;
        boxes.push(value);
      }
      return functionTable[functionIndex.get(store.functionOf(id)!)!]!.interval(boxes);
    }
    case 'product': {
      let result: Interval | undefined;
      for (const { base, exponent } of store.factorsOf(id)) {
        const factor = intervalOfPower(values.get(base), store.valueOf(exponent), values.get(exponent));
        if (factor === undefined) return undefined;
        result = result === undefined ? factor : multiplyIntervals(result, factor);
      }
      return result;
    }
    default: {
      let result = point(0);
      let isFirst = true;
      for (const { term, coefficient } of store.termsOf(id)) {
        const value = values.get(term);
        if (value === undefined) return undefined;
        const scaled = coefficient === 1 ? value : multiplyIntervals(enclose(coefficient), value);
        result = isFirst ? scaled : addIntervals(result, scaled);
        isFirst = false;
      }
      return result;
    }
  }
}

function missing(name: string): never {
  throw reducerError('OptionsInvalid', `the symbol "${name}" has no value`, { option: 'point', symbol: name });
}

function intervalOfPower(
  base: Interval | undefined,
  exponent: Rational | undefined,
  exponentInterval: Interval | undefined,
): Interval | undefined {
  if (base === undefined || exponentInterval === undefined) return undefined;
  if (exponent === undefined) {
    const { low, high } = exponentInterval;
    if (low === high && Number.isSafeInteger(low) && Math.abs(low) <= 1_024) return integerPower(base, low);
    return powerInterval(base, exponentInterval);
  }
  if (isInteger(exponent)) return typeof exponent === 'number' ? integerPower(base, exponent) : undefined;
  if (denominatorOf(exponent) === 2n && numeratorOf(exponent) === 1n) return squareRoot(base);
  return powerInterval(base, exponentInterval);
}

/** What an exact evaluation gives: a value, or that there is none here, or that it is not rational (or too large). */
export type ExactValue = Rational | 'undefined' | 'inexact';

/**
 * The exact values of some expressions at a rational point.
 *
 * @returns one for each root
 * @throws TenstripError `OptionsInvalid` when a symbol has no value
 */
export function evaluateExactly(store: ExpressionStore, roots: readonly ExprId[], at: RationalPoint): ExactValue[] {
  if (!(at instanceof Map)) throw invalidOption('point', at, 'a Map of values by the names of symbols');
  for (const value of at.values()) {
    if (!Number.isSafeInteger(value) && !(value instanceof Fraction))
      throw invalidOption('point', value, 'of safe integers and Fractions');
  }
  const values = new Map<ExprId, ExactValue>();
  for (const id of postorder(store, roots)) {
    try {
      values.set(id, nodeValue(store, id, values, at));
    } catch (error) {
      if (!(error instanceof TenstripError) || error.code === 'OptionsInvalid') throw error;
      values.set(id, error.code === 'DomainError' ? 'undefined' : 'inexact');
    }
  }
  return roots.map((root) => values.get(root)!);
}

function nodeValue(
  store: ExpressionStore,
  id: ExprId,
  values: ReadonlyMap<ExprId, ExactValue>,
  at: RationalPoint,
): ExactValue {
  switch (store.kindOf(id)) {
    case 'number':
      return store.numberAt(id);
    case 'pi':
      return 'inexact';
    case 'symbol':
      return at.get(store.nameOf(id)!) ?? missing(store.nameOf(id)!);
    default: {
      const children = store.childrenOf(id).map((child) => values.get(child)!);
      if (children.includes('undefined')) return 'undefined';
      if (children.includes('inexact')) return 'inexact';
      return exactNode(store, id, children as Rational[]);
    }
  }
}

function exactNode(store: ExpressionStore, id: ExprId, children: readonly Rational[]): ExactValue {
  switch (store.kindOf(id)) {
    case 'sum': {
      let sum: Rational = 0;
      for (let i = 0; i < children.length; i += 2) sum = add(sum, multiply(children[i]!, children[i + 1]!));
      return sum;
    }
    case 'product': {
      let product: Rational = 1;
      for (let i = 0; i < children.length; i += 2) {
        const factor = exactPower(children[i]!, children[i + 1]!);
        if (typeof factor === 'string') return factor;
        product = multiply(product, factor);
      }
      return product;
    }
    default:
      return exactCall(store.functionOf(id)!, children);
  }
}

function exactPower(base: Rational, exponent: Rational): ExactValue {
  if (isInteger(exponent)) return typeof exponent === 'number' ? power(base, exponent, maxExactBits) : 'inexact';
  if (signOf(base) < 0) return 'undefined';
  if (signOf(base) === 0) return signOf(exponent) > 0 ? 0 : 'undefined';
  const degree = denominatorOf(exponent);
  const root = degree <= 64n ? exactRoot(base, Number(degree)) : undefined;
  return root === undefined ? 'inexact' : power(root, Number(numeratorOf(exponent)), maxExactBits);
}

function exactCall(name: string, [value, ...more]: readonly Rational[]): ExactValue {
  const argument = value!;
  switch (name) {
    case 'abs':
      return absolute(argument);
    case 'sign':
      return signOf(argument);
    case 'floor':
      return floor(argument);
    case 'ceil':
      return negate(floor(negate(argument)));
    case 'min':
      return more.reduce((a, b) => (compare(a, b) <= 0 ? a : b), argument);
    case 'max':
      return more.reduce((a, b) => (compare(a, b) >= 0 ? a : b), argument);
    case 'log':
      return signOf(argument) <= 0 ? 'undefined' : argument === 1 ? 0 : 'inexact';
    case 'asin':
    case 'acos':
      if (compare(absolute(argument), 1) > 0) return 'undefined';
      return name === 'asin' && argument === 0 ? 0 : name === 'acos' && argument === 1 ? 0 : 'inexact';
    case 'exp':
    case 'cos':
    case 'cosh':
      return argument === 0 ? 1 : 'inexact';
    default:
      return argument === 0 ? 0 : 'inexact';
  }
}

/** A rational point as a box of intervals around its coordinates. */
export function boxAround(at: RationalPoint): IntervalBox {
  return new Map([...at].map(([name, value]) => [name, enclose(value)]));
}
