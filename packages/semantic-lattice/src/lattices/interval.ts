// Intervals of integers ordered by inclusion, with the widening of Cousot and Cousot, "Static determination of dynamic properties
// of programs" (1976): a bound that is not stable goes to infinity.

import type { Lattice } from './lattice.js';
import { decodeInteger, encodeInteger } from './min-max.js';

/** The integers from `low` to `high`, both in it; empty when `low` is above `high`. Bounds are safe integers or infinite. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

const empty: Interval = { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY };
const all: Interval = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

const isEmpty = ({ low, high }: Interval): boolean => low > high;

/**
 * Intervals under inclusion: the join is the least interval around both. Ascending chains do not end by themselves; `widen` ends
 * them in two steps.
 */
export const interval: Lattice<Interval> = {
  name: 'interval',
  bottom: empty,
  top: all,
  join(a, b) {
    if (isEmpty(a)) return isEmpty(b) ? empty : b;
    if (isEmpty(b)) return a;
    return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
  },
  meet(a, b) {
    const met = { low: Math.max(a.low, b.low), high: Math.min(a.high, b.high) };
    return isEmpty(met) ? empty : met;
  },
  leq: (a, b) => isEmpty(a) || (b.low <= a.low && a.high <= b.high),
  equals: (a, b) => (isEmpty(a) ? isEmpty(b) : a.low === b.low && a.high === b.high),
  widen(old, next) {
    if (isEmpty(old)) return isEmpty(next) ? empty : next;
    if (isEmpty(next)) return old;
    return {
      low: next.low < old.low ? Number.NEGATIVE_INFINITY : old.low,
      high: next.high > old.high ? Number.POSITIVE_INFINITY : old.high,
    };
  },
  encode: (value) => (isEmpty(value) ? 'empty' : `${encodeInteger(value.low)}..${encodeInteger(value.high)}`),
  decode(text) {
    if (text === 'empty') return empty;
    const [low, high, ...rest] = text.split('..');
    if (low === undefined || high === undefined || rest.length > 0) {
      throw new RangeError(`${JSON.stringify(text)} is the text of no interval`);
    }
    const value = { low: decodeInteger(low), high: decodeInteger(high) };
    if (isEmpty(value)) throw new RangeError(`${JSON.stringify(text)} is an empty interval: its text is "empty"`);
    return value;
  },
};
