import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  add,
  addIntervals,
  compare,
  cosine,
  denominatorOf,
  divide,
  divideIntervals,
  enclose,
  exactRoot,
  exponential,
  floor,
  fromDouble,
  fromText,
  integerPower,
  logarithm,
  multiply,
  multiplyIntervals,
  nextDown,
  nextUp,
  numeratorOf,
  power,
  type Rational,
  rational,
  signOf,
  sine,
  squareRoot,
  subtract,
  tangent,
  toText,
} from '../../../src/numbers/index.js';

const integer = fc.oneof(
  fc.bigInt({ min: -20n, max: 20n }),
  fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
);
const positive = integer.map((value) => (value < 0n ? -value : value) + 1n);
const number = fc.tuple(integer, positive).map(([n, d]) => rational(n, d));

/** Cross products decide equality of fractions without any reduction. */
function isFraction(value: Rational, numerator: bigint, denominator: bigint): boolean {
  return numeratorOf(value) * denominator === numerator * denominatorOf(value) && denominatorOf(value) > 0n;
}

describe('rational numbers', () => {
  it('are what cross products of integers say, in lowest terms', () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        const [n1, d1, n2, d2] = [numeratorOf(a), denominatorOf(a), numeratorOf(b), denominatorOf(b)];
        expect(isFraction(add(a, b), n1 * d2 + n2 * d1, d1 * d2)).toBe(true);
        expect(isFraction(subtract(a, b), n1 * d2 - n2 * d1, d1 * d2)).toBe(true);
        expect(isFraction(multiply(a, b), n1 * n2, d1 * d2)).toBe(true);
        if (signOf(b) !== 0)
          expect(isFraction(divide(a, b), n1 * d2 * (n2 < 0n ? -1n : 1n), d1 * (n2 < 0n ? -n2 : n2))).toBe(true);
        expect(compare(a, b)).toBe(n1 * d2 < n2 * d1 ? -1 : n1 * d2 > n2 * d1 ? 1 : 0);
        const whole = floor(a);
        expect(compare(whole, a)).toBeLessThanOrEqual(0);
        expect(compare(add(whole, 1), a)).toBe(1);
        // One form: a safe integer is a number, everything else in lowest terms.
        for (const value of [add(a, b), multiply(a, b)]) {
          expect(rational(numeratorOf(value) * 6n, denominatorOf(value) * 6n)).toEqual(value);
          expect(fromText(toText(value))).toEqual(value);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('powers and roots undo each other', () => {
    fc.assert(
      fc.property(number, fc.integer({ min: 1, max: 7 }), (a, n) => {
        const size = signOf(a) < 0 ? subtract(0, a) : a;
        expect(exactRoot(power(size, n, 1 << 20), n)).toEqual(size);
        if (signOf(a) !== 0) expect(multiply(power(a, n, 1 << 20), power(a, -n, 1 << 20))).toBe(1);
      }),
    );
  });

  it('a double is its exact value', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const { low, high } = enclose(fromDouble(value));
        expect(low).toBeLessThanOrEqual(value);
        expect(high).toBeGreaterThanOrEqual(value);
      }),
    );
  });
});

const double = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const exact = (value: number) => fromDouble(value);

describe('intervals', () => {
  it('hold the exact result of every operation on what they hold', () => {
    const interval = fc.tuple(double, double).map(([a, b]) => ({ low: Math.min(a, b), high: Math.max(a, b) }));
    const holds = ({ low, high }: { low: number; high: number }, value: Rational) =>
      (low === Number.NEGATIVE_INFINITY || compare(exact(low), value) <= 0) &&
      (high === Number.POSITIVE_INFINITY || compare(value, exact(high)) <= 0);
    fc.assert(
      fc.property(
        interval,
        interval,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: -4, max: 6 }),
        (a, b, t, n) => {
          const inside = ({ low, high }: typeof a) => Math.min(high, Math.max(low, low + t * (high - low)));
          const [x, y] = [exact(inside(a)), exact(inside(b))];
          expect(holds(addIntervals(a, b), add(x, y))).toBe(true);
          expect(holds(multiplyIntervals(a, b), multiply(x, y))).toBe(true);
          const quotient = divideIntervals(a, b);
          if (quotient !== undefined) expect(holds(quotient, divide(x, y))).toBe(true);
          const powered = integerPower(a, n);
          if (powered !== undefined) expect(holds(powered, power(x, n, 1 << 20))).toBe(true);
          const root = squareRoot(a);
          // The bounds' squares enclose the number under the root.
          if (root !== undefined) {
            expect(compare(multiply(exact(root.low), exact(root.low)), x)).toBeLessThanOrEqual(0);
            expect(compare(multiply(exact(root.high), exact(root.high)), x)).toBeGreaterThanOrEqual(0);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('of functions hold the values at both ends and between, and are narrow at a point', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -60, max: 60, noNaN: true }),
        fc.double({ min: 0, max: 8, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (low, width, t) => {
          const [box, at] = [{ low, high: low + width }, low + t * width];
          for (const [f, image] of [
            [Math.sin, sine(box)],
            [Math.cos, cosine(box)],
            [Math.exp, exponential(box)],
            [Math.tan, tangent(box)],
            [Math.log, logarithm(box)],
          ] as const) {
            if (image === undefined) continue;
            expect(image.low).toBeLessThanOrEqual(f(at));
            expect(image.high).toBeGreaterThanOrEqual(f(at));
          }
          const { low: l, high: h } = sine({ low, high: low });
          expect(h - l).toBeLessThan(1e-14);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('sines reach their extreme values where these are inside', () => {
    expect(sine({ low: 1, high: 2 }).high).toBe(1);
    expect(cosine({ low: 3, high: 4 }).low).toBe(-1);
    expect(cosine({ low: -1, high: 1 }).high).toBe(1);
    expect(sine({ low: 0, high: 7 })).toEqual({ low: -1, high: 1 });
    expect(sine({ low: 1e300, high: 1e300 })).toEqual({ low: -1, high: 1 });
    expect(tangent({ low: 1, high: 2 })).toBeUndefined();
  });

  it('neighbours of doubles', () => {
    expect(nextUp(1)).toBe(1 + Number.EPSILON);
    expect(nextDown(1)).toBe(1 - Number.EPSILON / 2);
    expect(nextUp(0)).toBe(Number.MIN_VALUE);
    expect(nextUp(-Number.MIN_VALUE)).toBe(-0);
  });
});
