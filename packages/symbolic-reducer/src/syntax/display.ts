// The order in which a reader expects to see terms, and what stands above and below a fraction's bar. Both follow from structure alone.

import type { Budget } from '../budget/index.js';
import { type ExpressionStore, type ExprId, kindCode, type Term } from '../expression/index.js';
import { add, compare, denominatorOf, negate, numeratorOf, type Rational, rational, signOf } from '../numbers/index.js';

/** Characters that a printed expression may have: written out, a shared graph can be exponentially long. */
export const maxPrintedLength = 1 << 24;

/** A piece of what is printed: done, or still to be expanded in a place that says when it needs brackets. */
export type Piece<Place> = string | { readonly id: ExprId; readonly place: Place };

/** A power with its exponent above or below the bar: never a negative number. */
export interface PrintedPower {
  readonly base: ExprId;
  readonly exponent: ExprId;
}

/** A term as a fraction. */
interface PrintedTerm {
  readonly negative: boolean;
  /** The coefficient's, at least 1. */
  readonly numerator: bigint;
  /** The coefficient's, at least 1. */
  readonly denominator: bigint;
  readonly above: readonly PrintedPower[];
  readonly below: readonly PrintedPower[];
}

/** Terms by falling degree, then by the names and exponents of their factors; the constant last. */
export function displayedTerms(store: ExpressionStore, id: ExprId, budget?: Budget): Term[] {
  const terms = store.termsOf(id);
  if (terms.length < 2) return terms;
  const keyed: KeyedTerm[] = [];
  for (const term of terms) {
    budget?.step();
    keyed.push({ term, degree: degreeOf(store, term.term) });
  }
  const compareSteps = (a: KeyedTerm, b: KeyedTerm) => {
    budget?.step();
    return compareKeyed(store, a, b);
  };
  if (keyed.length > 16) keyed.sort(compareSteps);
  else sortFew(store, keyed);
  for (let at = 0; at < terms.length; at++) terms[at] = keyed[at]!.term;
  return terms;
}

interface KeyedTerm {
  readonly term: Term;
  readonly degree: Rational;
}

function compareKeyed(store: ExpressionStore, a: KeyedTerm, b: KeyedTerm): number {
  return compare(b.degree, a.degree) || compareOfOneDegree(store, a.term.term, b.term.term);
}

function sortFew(store: ExpressionStore, keyed: KeyedTerm[]): void {
  for (let at = 1; at < keyed.length; at++) {
    const moved = keyed[at]!;
    let place = at;
    for (; place > 0 && compareKeyed(store, keyed[place - 1]!, moved) > 0; place--) keyed[place] = keyed[place - 1]!;
    keyed[place] = moved;
  }
}

/** Of terms of equal degree, as sqrt(2) and 1 are: the constant is last. */
export function compareOfOneDegree(store: ExpressionStore, a: ExprId, b: ExprId): number {
  return Number(a === store.one) - Number(b === store.one) || compareFactors(store, a, b);
}

function degreeOf(store: ExpressionStore, id: ExprId): Rational {
  if (id === store.one) return 0;
  if (store.kindCodeOf(id) !== kindCode.product) return store.valueOf(id) === undefined ? 1 : 0;
  let degree: Rational = 0;
  for (let at = 0; at < store.childCount(id); at += 2) {
    if (store.valueOf(store.child(id, at)) === undefined)
      degree = add(degree, store.valueOf(store.child(id, at + 1)) ?? 1);
  }
  return degree;
}

function compareFactors(store: ExpressionStore, a: ExprId, b: ExprId): number {
  const leftIsProduct = store.kindCodeOf(a) === kindCode.product;
  const rightIsProduct = store.kindCodeOf(b) === kindCode.product;
  const left = leftIsProduct ? store.childCount(a) : 2;
  const right = rightIsProduct ? store.childCount(b) : 2;
  for (let at = 0; at < Math.min(left, right); at += 2) {
    const bases = store.compare(leftIsProduct ? store.child(a, at) : a, rightIsProduct ? store.child(b, at) : b);
    if (bases !== 0) return bases;
    const p = leftIsProduct ? store.child(a, at + 1) : store.one;
    const q = rightIsProduct ? store.child(b, at + 1) : store.one;
    const x = store.valueOf(p);
    const y = store.valueOf(q);
    const exponents = x !== undefined && y !== undefined ? compare(y, x) : store.compare(p, q);
    if (exponents !== 0) return exponents;
  }
  return left - right;
}

/** A term with its coefficient as a fraction. */
function printedTerm(store: ExpressionStore, { term, coefficient }: Term): PrintedTerm {
  const above: PrintedPower[] = [];
  const below: PrintedPower[] = [];
  if (term !== store.one) {
    for (const { base, exponent } of store.factorsOf(term)) {
      const value = store.valueOf(exponent);
      if (value !== undefined && signOf(value) < 0) below.push({ base, exponent: store.number(negate(value)) });
      else above.push({ base, exponent });
    }
  }
  const numerator = numeratorOf(coefficient);
  return {
    ...{ negative: numerator < 0n, numerator: numerator < 0n ? -numerator : numerator },
    ...{ denominator: denominatorOf(coefficient), above, below },
  };
}

/** One half, the exponent of a root. */
export const oneHalf = rational(1n, 2n);

/** A power as one printer writes it. */
type PowerWriter<Place> = (store: ExpressionStore, power: PrintedPower) => Piece<Place>[];

/** A sum, term by term, with its signs; `fraction` writes what stands above the bar (never empty) and below it. */
export function sumPieces<Place>(
  store: ExpressionStore,
  id: ExprId,
  powerPieces: PowerWriter<Place>,
  fraction: (top: Piece<Place>[][], bottom: Piece<Place>[][], below: readonly PrintedPower[]) => Piece<Place>[],
  budget?: Budget,
): Piece<Place>[] {
  const pieces: Piece<Place>[] = [];
  displayedTerms(store, id, budget).forEach((term, at) => {
    budget?.step();
    const { negative, numerator, denominator, above, below } = printedTerm(store, term);
    if (at > 0) pieces.push(negative ? ' - ' : ' + ');
    else if (negative) pieces.push('-');
    const top = above.map((power) => powerPieces(store, power));
    if (numerator !== 1n || top.length === 0) top.unshift([numerator.toString()]);
    const bottom = below.map((power) => powerPieces(store, power));
    if (denominator !== 1n) bottom.unshift([denominator.toString()]);
    pieces.push(...fraction(top, bottom, below));
  });
  return pieces;
}

/** Parts with `sign` between them. */
export function joined<Place>(parts: readonly Piece<Place>[][], sign: string): Piece<Place>[] {
  return parts.flatMap((part, at) => (at === 0 ? part : [sign, ...part]));
}
