// What a builder collects before it is a node: pairs (term, coefficient) of a sum, (base, exponent) of a product. Most have a few, and
// are made again and again: they are collected in lists that are used again.

import type { Rational } from '../numbers/index.js';
import type { ExprId } from './store.js';

/** Pairs, and of a product its number and what stands in factors exp(u). */
export class Pairs {
  /** One pair after the other. */
  readonly entries: ExprId[] = [];
  /** Entries in use: twice the number of pairs. */
  count = 0;
  /** The number before a product. */
  coefficient: Rational = 1;
  /** Of a product, the arguments of its factors exp(u). */
  exponents: ExprId[] | undefined;

  /** One more pair. */
  push(first: ExprId, second: ExprId): void {
    const { entries, count } = this;
    entries[count] = first;
    entries[count + 1] = second;
    this.count = count + 2;
  }
}

/** Builders that are at work within one another, and the length up to which a list is kept. */
const maxIdle = 8;
const maxKeptEntries = 1_024;

const idle: Pairs[] = [];

/** An empty list: an idle one, or a new one. Builders use builders, so one for all would not do. */
export function takePairs(): Pairs {
  return idle.length > 0 ? idle.pop()! : new Pairs();
}

/** Lets another builder have a list. (One that an error leaves behind is not given back.) */
export function giveBackPairs(pairs: Pairs): void {
  if (idle.length >= maxIdle || pairs.entries.length > maxKeptEntries) return;
  pairs.count = 0;
  pairs.coefficient = 1;
  pairs.exponents = undefined;
  idle.push(pairs);
}
