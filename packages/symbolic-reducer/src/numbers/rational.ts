// Exact rational numbers. A safe integer is a plain number; all else is a fraction of BigInts in lowest terms. Sums and products
// cancel with the gcds of the small parts (Knuth, The Art of Computer Programming 2, 4.5.1), which keeps the numbers that are
// multiplied small: a harmonic sum of 2,000 terms is about a hundred times faster than with the gcd of the whole.

import { invalidOption, reducerError } from '../errors/index.js';

/** A fraction in lowest terms with a positive denominator, that is not a safe integer. Made by {@link rational} only. */
export class Fraction {
  /** With the sign. */
  readonly numerator: bigint;
  /** At least 1. */
  readonly denominator: bigint;

  /** @internal */
  constructor(numerator: bigint, denominator: bigint) {
    this.numerator = numerator;
    this.denominator = denominator;
  }
}

/** An exact rational number: a safe integer as a number, anything else as a {@link Fraction}. Equal numbers have one form. */
export type Rational = number | Fraction;

const maxSafe = BigInt(Number.MAX_SAFE_INTEGER);

/** Non-negative greatest common divisor; of 0 and n it is |n|. */
function gcdOf(a: bigint, b: bigint): bigint {
  let x = a < 0n ? -a : a;
  let y = b < 0n ? -b : b;
  while (y !== 0n) {
    if (x <= maxSafe && y <= maxSafe) return BigInt(smallGcd(Number(x), Number(y)));
    [x, y] = [y, x % y];
  }
  return x;
}

/** Greatest common divisor of two safe integers that are not negative. */
function smallGcd(a: number, b: number): number {
  let x = a;
  let y = b;
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

/**
 * The number numerator / denominator.
 *
 * @throws TenstripError `DomainError` when the denominator is 0
 */
export function rational(numerator: bigint, denominator = 1n): Rational {
  if (typeof numerator !== 'bigint' || typeof denominator !== 'bigint')
    throw invalidOption(
      'numerator and denominator',
      typeof numerator === 'bigint' ? denominator : numerator,
      'bigints',
    );
  if (denominator === 1n) return ofInteger(numerator);
  if (denominator === 0n) throw reducerError('DomainError', `${numerator}/0: a division by zero has no value`);
  const divisor = gcdOf(numerator, denominator);
  const sign = denominator < 0n ? -1n : 1n;
  return lowest((sign * numerator) / divisor, (sign * denominator) / divisor);
}

function ofInteger(value: bigint): Rational {
  return value <= maxSafe && value >= -maxSafe ? Number(value) : new Fraction(value, 1n);
}

function lowest(numerator: bigint, denominator: bigint): Rational {
  return denominator === 1n ? ofInteger(numerator) : new Fraction(numerator, denominator);
}

/** With its sign. */
export function numeratorOf(value: Rational): bigint {
  return typeof value === 'number' ? BigInt(value) : value.numerator;
}

/** At least 1. */
export function denominatorOf(value: Rational): bigint {
  return typeof value === 'number' ? 1n : value.denominator;
}

/** Whether it is a whole number. */
export function isInteger(value: Rational): boolean {
  return typeof value === 'number' || value.denominator === 1n;
}

/** -1, 0 or 1. */
export function signOf(value: Rational): -1 | 0 | 1 {
  if (typeof value === 'number') return value > 0 ? 1 : value < 0 ? -1 : 0;
  return value.numerator > 0n ? 1 : -1;
}

/** a + b. */
export function add(a: Rational, b: Rational): Rational {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const [n1, d1, n2, d2] = [numeratorOf(a), denominatorOf(a), numeratorOf(b), denominatorOf(b)];
  const divisor = d1 === 1n || d2 === 1n ? 1n : gcdOf(d1, d2);
  if (divisor === 1n) return lowest(n1 * d2 + n2 * d1, d1 * d2);
  const top = n1 * (d2 / divisor) + n2 * (d1 / divisor);
  const common = gcdOf(top, divisor);
  return lowest(top / common, (d1 / divisor) * (d2 / common));
}

/** -a. */
export function negate(a: Rational): Rational {
  return typeof a === 'number' ? 0 - a : new Fraction(-a.numerator, a.denominator);
}

/** a - b. */
export function subtract(a: Rational, b: Rational): Rational {
  return add(a, negate(b));
}

/** a * b. */
export function multiply(a: Rational, b: Rational): Rational {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product + 0;
  }
  const [n1, d1, n2, d2] = [numeratorOf(a), denominatorOf(a), numeratorOf(b), denominatorOf(b)];
  if (d1 === 1n && d2 === 1n) return ofInteger(n1 * n2);
  if (n1 === 0n || n2 === 0n) return 0;
  const g1 = gcdOf(n1, d2);
  const g2 = gcdOf(n2, d1);
  return lowest((n1 / g1) * (n2 / g2), (d1 / g2) * (d2 / g1));
}

/** 1 / a. @throws TenstripError `DomainError` when a is 0 */
function invert(a: Rational): Rational {
  const numerator = numeratorOf(a);
  if (numerator === 0n) throw reducerError('DomainError', '1/0: a division by zero has no value');
  return numerator < 0n ? lowest(-denominatorOf(a), -numerator) : lowest(denominatorOf(a), numerator);
}

/** a / b. @throws TenstripError `DomainError` when b is 0 */
export function divide(a: Rational, b: Rational): Rational {
  return multiply(a, invert(b));
}

/** -1, 0 or 1 as a is less than, equal to or greater than b. */
export function compare(a: Rational, b: Rational): -1 | 0 | 1 {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : 0;
  const left = numeratorOf(a) * denominatorOf(b);
  const right = numeratorOf(b) * denominatorOf(a);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Whether both are the same number. */
export function equals(a: Rational, b: Rational): boolean {
  if (typeof a === 'number' || typeof b === 'number') return a === b;
  return a.numerator === b.numerator && a.denominator === b.denominator;
}

/** |a|. */
export function absolute(a: Rational): Rational {
  return signOf(a) < 0 ? negate(a) : a;
}

/** The largest whole number that is not greater. */
export function floor(a: Rational): Rational {
  if (typeof a === 'number') return a;
  const quotient = a.numerator / a.denominator;
  return ofInteger(a.numerator < 0n && a.denominator !== 1n ? quotient - 1n : quotient);
}

/**
 * The integer power of a number.
 *
 * @param maxBits the size that the result may have
 * @throws TenstripError `DomainError` for 0^0 and 0 to a negative power; `BudgetExceeded` before the result is made when it would
 *   be larger than `maxBits`
 */
export function power(a: Rational, exponent: number, maxBits: number): Rational {
  if (signOf(a) === 0) {
    if (exponent > 0) return 0;
    throw reducerError('DomainError', `0^${exponent} has no value`, { operation: 'power' });
  }
  if (exponent === 1 || a === 1) return a;
  if (a === -1) return exponent % 2 === 0 ? 1 : -1;
  const bits = (Math.max(bitLength(numeratorOf(a)), bitLength(denominatorOf(a))) - 1) * Math.abs(exponent);
  if (bits > maxBits) {
    const message = `a power of ${bits} bits is too large: ${maxBits} are allowed; raise maxBits`;
    throw reducerError('BudgetExceeded', message, { limit: 'maxBits', allowed: maxBits, needed: bits });
  }
  const base = exponent < 0 ? invert(a) : a;
  const times = BigInt(Math.abs(exponent));
  return lowest(numeratorOf(base) ** times, denominatorOf(base) ** times);
}

/** Bits of the magnitude; 0 has none. Costs O(n) in the size of the number. */
function bitLength(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  if (magnitude <= maxSafe) {
    const small = Number(magnitude);
    return small === 0 ? 0 : Math.floor(Math.log2(small)) + 1;
  }
  const digits = magnitude.toString(16);
  return 4 * (digits.length - 1) + (32 - Math.clz32(Number.parseInt(digits[0]!, 16)));
}

/** Text as `3`, `-3/4`. */
export function toText(value: Rational): string {
  if (typeof value !== 'number' && !(value instanceof Fraction))
    throw invalidOption('value', value, 'a safe integer or a Fraction');
  if (typeof value === 'number') return value.toString();
  return value.denominator === 1n ? value.numerator.toString() : `${value.numerator}/${value.denominator}`;
}

/** Reads what {@link toText} writes. @throws TenstripError `ParseError` when it is not that */
export function fromText(text: string): Rational {
  if (typeof text !== 'string') throw invalidOption('text', text, 'a text, as 3 or -3/4');
  const match = /^(-?\d+)(?:\/(\d+))?$/.exec(text);
  if (match === null) throw reducerError('ParseError', `"${text}" is not a number such as 3 or -3/4`, { position: 0 });
  return rational(BigInt(match[1]!), BigInt(match[2] ?? 1));
}

/** The exact value of a finite double. */
export function fromDouble(value: number): Rational {
  if (typeof value !== 'number') throw invalidOption('value', value, 'a finite number');
  if (Number.isSafeInteger(value)) return value + 0;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = biased === 0 ? fraction : fraction | 0x10000000000000n;
  const exponent = (biased === 0 ? 1 : biased) - 1075;
  const signed = value < 0 ? -mantissa : mantissa;
  return exponent >= 0 ? ofInteger(signed << BigInt(exponent)) : rational(signed, 1n << BigInt(-exponent));
}

/**
 * The exact q-th root of a number that is not negative, where that is rational.
 *
 * @returns `undefined` when the root is irrational
 */
export function exactRoot(a: Rational, q: number): Rational | undefined {
  const numerator = integerRoot(numeratorOf(a), q);
  if (numerator ** BigInt(q) !== numeratorOf(a)) return undefined;
  const denominator = integerRoot(denominatorOf(a), q);
  if (denominator ** BigInt(q) !== denominatorOf(a)) return undefined;
  return lowest(numerator, denominator);
}

/** The largest integer whose q-th power is not above `value`, which is not negative. Newton from above. */
function integerRoot(value: bigint, q: number): bigint {
  if (value < 2n) return value;
  const bits = bitLength(value);
  if (q >= bits) return 1n;
  const degree = BigInt(q);
  let x = 1n << BigInt(Math.ceil(bits / q));
  for (;;) {
    const next = ((degree - 1n) * x + value / x ** (degree - 1n)) / degree;
    if (next >= x) return x;
    x = next;
  }
}
