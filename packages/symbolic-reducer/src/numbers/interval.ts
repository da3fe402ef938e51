// Intervals of doubles that hold every value an expression can have (Moore, Interval Analysis; IEEE 1788's set-based flavour, bare
// intervals). Each bound is moved outward by as much as the operation can be wrong: one unit in the last place for + - * / sqrt,
// which IEEE 754 rounds correctly; `elementaryUlps` for exp, log, sin and the like, whose fdlibm versions are wrong by less than one.
// An operand outside a function's domain makes the result `undefined`: nothing is known.

import { denominatorOf, numeratorOf, type Rational } from './rational.js';

/** All numbers between two doubles, both included; the bounds may be infinite, and are never NaN. */
export interface Interval {
  /** At most `high`. */
  readonly low: number;
  /** At least `low`. */
  readonly high: number;
}

const elementaryUlps = 4;

const buffer = new DataView(new ArrayBuffer(8));

/** The next double above. */
export function nextUp(value: number): number {
  if (value === Number.POSITIVE_INFINITY || Number.isNaN(value)) return value;
  if (value === 0) return Number.MIN_VALUE;
  buffer.setFloat64(0, value);
  const bits = buffer.getBigInt64(0);
  buffer.setBigInt64(0, value > 0 ? bits + 1n : bits - 1n);
  return buffer.getFloat64(0);
}

/** The next double below. */
export function nextDown(value: number): number {
  return -nextUp(-value);
}

/** A bound above everything within `ulps` units in the last place of `value`; cheap, and never too low. */
function above(value: number, ulps = 1): number {
  if (value === Number.NEGATIVE_INFINITY) return -Number.MAX_VALUE;
  return value + Math.abs(value) * ulps * Number.EPSILON + Number.MIN_VALUE * 4;
}

function below(value: number, ulps = 1): number {
  if (value === Number.POSITIVE_INFINITY) return Number.MAX_VALUE;
  return value - Math.abs(value) * ulps * Number.EPSILON - Number.MIN_VALUE * 4;
}

function outward(low: number, high: number, ulps = 1): Interval {
  return {
    low: Number.isNaN(low) ? Number.NEGATIVE_INFINITY : below(low, ulps),
    high: Number.isNaN(high) ? Number.POSITIVE_INFINITY : above(high, ulps),
  };
}

/** The interval of one double, which is exact. */
export function point(value: number): Interval {
  return { low: value, high: value };
}

/** The smallest interval around a rational number. */
export function enclose(value: Rational): Interval {
  if (typeof value === 'number') return point(value);
  const numerator = encloseInteger(numeratorOf(value));
  const denominator = encloseInteger(denominatorOf(value));
  if (denominator.high === Number.POSITIVE_INFINITY) return encloseHuge(value);
  return divideIntervals(numerator, denominator)!;
}

/** Both parts beyond the doubles: shift both down first, and widen for what is lost. */
function encloseHuge(value: Rational): Interval {
  const numerator = numeratorOf(value);
  const denominator = denominatorOf(value);
  const shift = BigInt(Math.max(0, denominator.toString(16).length * 4 - 900));
  const top = encloseInteger(numerator >> shift);
  const bottom = encloseInteger(denominator >> shift);
  return divideIntervals(outward(top.low - 1, top.high + 1), { low: bottom.low, high: above(bottom.high + 1) })!;
}

function encloseInteger(value: bigint): Interval {
  const nearest = Number(value);
  if (!Number.isFinite(nearest))
    return nearest > 0
      ? { low: Number.MAX_VALUE, high: Number.POSITIVE_INFINITY }
      : { low: Number.NEGATIVE_INFINITY, high: -Number.MAX_VALUE };
  const exact = BigInt(nearest);
  if (exact === value) return point(nearest);
  return exact < value ? { low: nearest, high: nextUp(nearest) } : { low: nextDown(nearest), high: nearest };
}

/** Whether the number 0 lies inside. */
export function containsZero(a: Interval): boolean {
  return a.low <= 0 && a.high >= 0;
}

/** Whether no number is in both. */
export function disjoint(a: Interval, b: Interval): boolean {
  return a.high < b.low || b.high < a.low;
}

/** a + b. */
export function addIntervals(a: Interval, b: Interval): Interval {
  return outward(a.low + b.low, a.high + b.high);
}

/** -a. */
function negateInterval(a: Interval): Interval {
  return { low: -a.high, high: -a.low };
}

/** a * b. */
export function multiplyIntervals(a: Interval, b: Interval): Interval {
  const p1 = times(a.low, b.low);
  const p2 = times(a.low, b.high);
  const p3 = times(a.high, b.low);
  const p4 = times(a.high, b.high);
  return outward(Math.min(p1, p2, p3, p4), Math.max(p1, p2, p3, p4));
}

/** 0 times an infinite bound is 0: the bound stands for large numbers, not for infinity itself. */
function times(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : a * b;
}

/** a / b; `undefined` when b may be 0. */
export function divideIntervals(a: Interval, b: Interval): Interval | undefined {
  if (containsZero(b)) return undefined;
  const inverse = outward(1 / b.high, 1 / b.low);
  if (Number.isFinite(a.low) && Number.isFinite(a.high) && Number.isFinite(b.low) && Number.isFinite(b.high)) {
    const [q1, q2, q3, q4] = [a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high];
    return outward(Math.min(q1, q2, q3, q4), Math.max(q1, q2, q3, q4));
  }
  return multiplyIntervals(a, inverse);
}

/** a^n for a whole n; `undefined` when a may be 0 and n is not positive. */
export function integerPower(a: Interval, n: number): Interval | undefined {
  if (n <= 0) {
    if (containsZero(a)) return undefined;
    if (n === 0) return point(1);
    return divideIntervals(point(1), integerPower(a, -n)!);
  }
  if (n % 2 === 0) {
    const size = absoluteInterval(a);
    return { low: Math.max(0, powerBound(size.low, n, below)), high: powerBound(size.high, n, above) };
  }
  return {
    low: a.low < 0 ? -powerBound(-a.low, n, above) : powerBound(a.low, n, below),
    high: a.high < 0 ? -powerBound(-a.high, n, below) : powerBound(a.high, n, above),
  };
}

/** A bound of base^n, base not negative, by squaring; each product is moved outward. */
function powerBound(base: number, n: number, move: (value: number) => number): number {
  let result = 1;
  let square = base;
  let left = n;
  while (left > 0) {
    if (left % 2 === 1) result = result === 1 ? square : Math.max(0, move(result * square));
    left = Math.floor(left / 2);
    if (left > 0) square = Math.max(0, move(square * square));
  }
  return Number.isNaN(result) ? Number.POSITIVE_INFINITY : result;
}

/** a^b for real b; `undefined` unless a is positive throughout (or not negative, and b positive throughout). */
export function powerInterval(a: Interval, b: Interval): Interval | undefined {
  if (a.low < 0) return undefined;
  if (a.low === 0) {
    if (b.low <= 0) return undefined;
    if (a.high === 0) return point(0);
    const top = powerInterval({ low: a.high, high: a.high }, b)!;
    return { low: 0, high: top.high };
  }
  return exponential(multiplyIntervals(b, logarithm(a)!));
}

/** |a|. */
export function absoluteInterval(a: Interval): Interval {
  if (a.low >= 0) return a;
  if (a.high <= 0) return negateInterval(a);
  return { low: 0, high: Math.max(-a.low, a.high) };
}

/** The square root; `undefined` when a may be negative. */
export function squareRoot(a: Interval): Interval | undefined {
  if (a.low < 0) return undefined;
  const root = outward(Math.sqrt(a.low), Math.sqrt(a.high));
  return { low: Math.max(0, root.low), high: root.high };
}

/** e^a. */
export function exponential(a: Interval): Interval {
  const image = increasing(a, Math.exp);
  return { low: Math.max(0, image.low), high: image.high };
}

/** The natural logarithm; `undefined` unless a is positive throughout. */
export function logarithm(a: Interval): Interval | undefined {
  return a.low > 0 ? increasing(a, Math.log) : undefined;
}

/** An increasing function of doubles that is wrong by less than `elementaryUlps`, near zeros too. */
function increasing(a: Interval, f: (value: number) => number): Interval {
  return outward(f(a.low), f(a.high), elementaryUlps);
}

/** The arc tangent. */
export const arcTangent = (a: Interval): Interval => increasing(a, Math.atan);
/** The arc sine; `undefined` when a may leave [-1, 1]. */
export const arcSine = (a: Interval): Interval | undefined =>
  a.low >= -1 && a.high <= 1 ? increasing(a, Math.asin) : undefined;
/** The arc cosine; `undefined` when a may leave [-1, 1]. */
export const arcCosine = (a: Interval): Interval | undefined =>
  a.low >= -1 && a.high <= 1 ? outward(Math.acos(a.high), Math.acos(a.low), elementaryUlps) : undefined;
/** The hyperbolic sine. */
export const hyperbolicSine = (a: Interval): Interval => increasing(a, Math.sinh);
/** The hyperbolic tangent. */
export const hyperbolicTangent = (a: Interval): Interval => increasing(a, Math.tanh);
/** The hyperbolic cosine. */
export function hyperbolicCosine(a: Interval): Interval {
  const size = absoluteInterval(a);
  return { low: Math.max(1, increasing(size, Math.cosh).low), high: increasing(size, Math.cosh).high };
}

/** Arguments beyond this are not reduced: the answer is [-1, 1]. */
const largestAngle = 2 ** 40;

/** The sine. */
export function sine(a: Interval): Interval {
  // sin x = cos(x - pi/2); extreme values where x - pi/2 is a multiple of pi
  return oscillation(a, Math.sin, 0.5);
}

/** The cosine. */
export function cosine(a: Interval): Interval {
  return oscillation(a, Math.cos, 0);
}

/** sin or cos, whose maxima are at (shift + 2k) pi and minima at (shift + 2k + 1) pi. */
function oscillation(a: Interval, f: (value: number) => number, shift: number): Interval {
  if (!(Math.abs(a.low) < largestAngle && Math.abs(a.high) < largestAngle)) return { low: -1, high: 1 };
  const first = extremumBefore(a.low, shift);
  const last = extremumAfter(a.high, shift);
  const ends = outward(Math.min(f(a.low), f(a.high)), Math.max(f(a.low), f(a.high)), elementaryUlps);
  // Whole numbers of half turns strictly between the ends, counted generously: an extremum too many only widens.
  let low = Math.max(-1, ends.low);
  let high = Math.min(1, ends.high);
  for (let k = first; k <= last && (low > -1 || high < 1); k++) {
    if (k % 2 === 0) high = 1;
    else low = -1;
  }
  return { low, high };
}

/** The first k with (shift + k) pi possibly at or above `value`. */
function extremumBefore(value: number, shift: number): number {
  return Math.ceil(value / Math.PI - shift - angleSlack(value));
}

/** The last k with (shift + k) pi possibly at or below `value`. */
function extremumAfter(value: number, shift: number): number {
  return Math.floor(value / Math.PI - shift + angleSlack(value));
}

/** More than the quotient by pi can be wrong, in half turns. */
function angleSlack(value: number): number {
  return 1e-9 + Math.abs(value) * 2 ** -50;
}

/** The tangent; `undefined` when there may be a pole inside. */
export function tangent(a: Interval): Interval | undefined {
  return divideIntervals(sine(a), cosine(a));
}

/** The largest whole number that is not greater. */
export const floorInterval = (a: Interval): Interval => ({ low: Math.floor(a.low), high: Math.floor(a.high) });
/** The smallest whole number that is not less. */
export const ceilingInterval = (a: Interval): Interval => ({ low: Math.ceil(a.low), high: Math.ceil(a.high) });
/** -1, 0 or 1 as the sign is. */
export const signInterval = (a: Interval): Interval => ({ low: Math.sign(a.low), high: Math.sign(a.high) });
/** The least of both. */
export const minimum = (a: Interval, b: Interval): Interval => ({
  low: Math.min(a.low, b.low),
  high: Math.min(a.high, b.high),
});
/** The greatest of both. */
export const maximum = (a: Interval, b: Interval): Interval => ({
  low: Math.max(a.low, b.low),
  high: Math.max(a.high, b.high),
});

/** Half the length of the unit circle. */
export const circleNumber: Interval = { low: Math.PI, high: nextUp(Math.PI) };
