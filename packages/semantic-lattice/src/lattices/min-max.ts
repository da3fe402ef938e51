// The integers as two chains: `minInteger`, where less is higher (shortest paths), and `maxInteger`, its dual (longest, latest).

import type { Lattice } from './lattice.js';

/** Integers of which the least wins: a shortest path, an earliest time. Bottom is `Infinity`, "no path". */
export const minInteger: Lattice<number> = {
  name: 'minInteger',
  bottom: Number.POSITIVE_INFINITY,
  top: Number.NEGATIVE_INFINITY,
  join: (a, b) => Math.min(a, b),
  meet: (a, b) => Math.max(a, b),
  leq: (a, b) => a >= b,
  encode: encodeInteger,
  decode: decodeInteger,
};

/** Integers of which the greatest wins: a longest path, a highest level. Bottom is `-Infinity`. */
export const maxInteger: Lattice<number> = {
  name: 'maxInteger',
  bottom: Number.NEGATIVE_INFINITY,
  top: Number.POSITIVE_INFINITY,
  join: (a, b) => Math.max(a, b),
  meet: (a, b) => Math.min(a, b),
  leq: (a, b) => a <= b,
  encode: encodeInteger,
  decode: decodeInteger,
};

/** The text of a safe integer or an infinity; -0 is 0. Also used by intervals. @internal */
export function encodeInteger(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'inf';
  if (value === Number.NEGATIVE_INFINITY) return '-inf';
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no safe integer`);
  return String(value + 0);
}

/** @internal */
export function decodeInteger(text: string): number {
  if (text === 'inf') return Number.POSITIVE_INFINITY;
  if (text === '-inf') return Number.NEGATIVE_INFINITY;
  const value = Number(text);
  if (!/^(?:0|-?[1-9]\d*)$/.test(text) || !Number.isSafeInteger(value)) {
    throw new RangeError(`${JSON.stringify(text)} is the text of no integer`);
  }
  return value;
}
