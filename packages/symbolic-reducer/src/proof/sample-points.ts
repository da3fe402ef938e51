// Rational points at which two expressions are compared: small ones first, where mistakes show (0, 1, -1, halves), then larger.
// All follow from a seed, and satisfy what is assumed of the symbols' signs.

import type { RandomSource } from '@tenstrip/shared-core';
import { type ExpressionStore, negativeSign, positiveSign, type RationalPoint, zeroSign } from '../expression/index.js';
import { absolute, isInteger, negate, type Rational, rational, signOf } from '../numbers/index.js';

const special: readonly Rational[] = [0, 1, -1, 2, -2, rational(1n, 2n), rational(-1n, 2n), 3];

/** Draws a point for some symbols. The `round` says how far from 0 it may be: the later, the wider. */
export function samplePoint(
  store: ExpressionStore,
  names: readonly string[],
  random: RandomSource,
  round: number,
): RationalPoint {
  return new Map(names.map((name) => [name, sampleCoordinate(store, name, random, round)]));
}

function sampleCoordinate(store: ExpressionStore, name: string, random: RandomSource, round: number): Rational {
  const { signs, integer } = store.factsOf(name);
  for (let attempt = 0; attempt < 16; attempt++) {
    const value = draw(random, round, integer);
    const sign = signOf(value);
    const bit = sign > 0 ? positiveSign : sign < 0 ? negativeSign : zeroSign;
    if (signs & bit && (!integer || isInteger(value))) return value;
  }
  // Signs that chance did not meet: the size of a draw, with a sign that is allowed.
  const size = absolute(draw(random, round, integer));
  if (signs & positiveSign) return signOf(size) === 0 ? 1 : size;
  if (signs & negativeSign) return signOf(size) === 0 ? -1 : negate(size);
  return 0;
}

function draw(random: RandomSource, round: number, integer: boolean): Rational {
  const kind = random.integer(0, 3);
  if (kind === 0) return special[random.integer(0, special.length - 1)]!;
  const reach = round < 8 ? 4 : round < 24 ? 64 : 4_096;
  const denominator = integer ? 1 : random.integer(1, round < 8 ? 4 : 16);
  return rational(BigInt(random.integer(-reach * denominator, reach * denominator)), BigInt(denominator));
}
