// Expressions as text that `parseText` reads back to the same expression. A stack of pieces instead of recursion; O(length).

import { Budget, type BudgetLimits } from '../budget/index.js';
import { reducerError } from '../errors/index.js';
import { type ExpressionStore, type ExprId, kindCode, requireStore, treeSize } from '../expression/index.js';
import { equals, toText } from '../numbers/index.js';
import {
  compareOfOneDegree,
  displayedTerms,
  joined,
  maxPrintedLength,
  oneHalf,
  type Piece,
  type PrintedPower,
  sumPieces,
} from './display.js';
import { isSymbolText } from './text-parser.js';

/** Where a node stands: alone, as a factor (sums need brackets), or below or above a power (all but names need them). */
type Place = 'alone' | 'factor' | 'base' | 'exponent';

/**
 * Writes an expression as text: `2*x^2 - y/3`, `sqrt(x)`. What it gives does not depend on how the expression came to be.
 *
 * @param limits what stops it: the operation that it is part of, and steps
 * @throws TenstripError `BudgetExceeded` when it would be longer than 2^24 characters; what the operation throws when it was stopped
 */
export function printText(store: ExpressionStore, root: ExprId, limits?: BudgetLimits): string {
  requireStore(store);
  store.requireNode(root);
  const budget = limits === undefined ? undefined : new Budget(limits);
  const text = polynomialText(store, root, budget);
  if (text === undefined) return printed<Place>(store, root, expand, budget);
  if (text.length > maxPrintedLength) throw tooLong();
  return text;
}

/** Expands pieces until only text is left. @internal */
export function printed<Place>(
  store: ExpressionStore,
  root: ExprId,
  expand: (store: ExpressionStore, id: ExprId, place: Place | 'alone', budget: Budget | undefined) => Piece<Place>[],
  budget: Budget | undefined,
): string {
  requireStore(store);
  store.requireNode(root);
  const work: Piece<Place | 'alone'>[] = [{ id: root, place: 'alone' }];
  const out: string[] = [];
  let length = 0;
  let isSized = false;
  while (work.length > 0) {
    const piece = work.pop()!;
    budget?.step();
    if (typeof piece !== 'string') {
      const pieces = expand(store, piece.id, piece.place, budget);
      for (let at = pieces.length - 1; at >= 0; at--) work.push(pieces[at]!);
      continue;
    }
    length += piece.length;
    if (length > maxPrintedLength) throw tooLong();
    out.push(piece);
    if (length < lengthBeforeSizing || isSized) continue;
    // Each node of the tree but coefficients and exponents of 1 is a character at least: what is far too long is refused soon.
    if (treeSize(store, root, budget) > 4 * maxPrintedLength) throw tooLong();
    isSized = true;
  }
  return out.join('');
}

/** Characters after which it is found out how long all will be. */
const lengthBeforeSizing = 4_096;

function tooLong() {
  const message = `written out, the expression has more than ${maxPrintedLength} characters; print its parts`;
  return reducerError('BudgetExceeded', message, { limit: 'maxPrintedLength', allowed: maxPrintedLength });
}

function expand(store: ExpressionStore, id: ExprId, place: Place, budget: Budget | undefined): Piece<Place>[] {
  switch (store.kindOf(id)) {
    case 'number': {
      const text = toText(store.numberAt(id));
      const needs = place !== 'alone' && (place !== 'factor' || text.startsWith('-')) && !/^\d+$/.test(text);
      return [needs ? `(${text})` : text];
    }
    case 'pi':
      return ['pi'];
    case 'symbol':
      return [symbolText(store.nameOf(id)!)];
    case 'call': {
      const name = store.functionOf(id)!;
      if (name === 'exp' && store.child(id, 0) === store.one) return ['e'];
      const pieces: Piece<Place>[] = [name, '('];
      store.childrenOf(id).forEach((child, at) => {
        pieces.push(...(at === 0 ? [] : [', ']), { id: child, place: 'alone' });
      });
      pieces.push(')');
      return pieces;
    }
    default: {
      const text = polynomialText(store, id, budget);
      if (text !== undefined) return place === 'alone' ? [text] : ['(', text, ')'];
      const pieces = sumText(store, id, budget);
      const isRoot = isSquareRoot(store, id);
      const bare = place === 'alone' || isRoot;
      return bare ? pieces : ['(', ...pieces, ')'];
    }
  }
}

/** A polynomial in symbols with safe integers before its terms; `undefined` of anything else. */
function polynomialText(store: ExpressionStore, id: ExprId, budget: Budget | undefined): string | undefined {
  if (store.kindCodeOf(id) !== kindCode.sum) {
    if (id === store.one) return '1';
    return monomialDegree(store, id) === undefined ? undefined : monomialText(store, id);
  }
  const count = store.childCount(id) / 2;
  const isFew = count <= maxFewTerms;
  for (let at = 0; at < count; at++) {
    budget?.step();
    const degree = monomialDegree(store, store.child(id, 2 * at));
    if (degree === undefined || typeof store.numberAt(store.child(id, 2 * at + 1)) !== 'number') return undefined;
    if (isFew) insertPlace(store, id, at, degree);
  }
  let text = '';
  if (isFew) {
    for (let at = 0; at < count; at++) {
      const place = fewPlaces[at]!;
      text = withTerm(store, text, store.child(id, place), store.numberAt(store.child(id, place + 1)) as number);
    }
  } else {
    for (const { term, coefficient } of displayedTerms(store, id, budget)) {
      budget?.step();
      text = withTerm(store, text, term, coefficient as number);
    }
  }
  return text;
}

/** Terms that are put in their order one by one, in {@link fewPlaces}: places of pairs in a sum, with their degrees. */
const maxFewTerms = 16;
const fewPlaces = new Int32Array(maxFewTerms);
const fewDegrees = new Float64Array(maxFewTerms);

/** Puts a term of a sum where it is displayed among those before it, as {@link displayedTerms} orders them. */
function insertPlace(store: ExpressionStore, id: ExprId, at: number, degree: number): void {
  const term = store.child(id, 2 * at);
  let to = at;
  for (; to > 0; to--) {
    const before = fewDegrees[to - 1]! - degree;
    if (before > 0 || (before === 0 && compareOfOneDegree(store, store.child(id, fewPlaces[to - 1]!), term) <= 0))
      break;
    fewPlaces[to] = fewPlaces[to - 1]!;
    fewDegrees[to] = fewDegrees[to - 1]!;
  }
  fewPlaces[to] = 2 * at;
  fewDegrees[to] = degree;
}

function withTerm(store: ExpressionStore, text: string, term: ExprId, coefficient: number): string {
  const isNegative = coefficient < 0;
  const size = Math.abs(coefficient);
  const sign = text === '' ? (isNegative ? '-' : '') : isNegative ? ' - ' : ' + ';
  if (term === store.one) return `${text}${sign}${size}`;
  const times = size === 1 ? '' : `${size}*`;
  return `${text}${sign}${times}${monomialText(store, term)}`;
}

/** The degree of a product of symbols' powers, whole and above the bar; of a symbol; of 1. `undefined` of anything else. */
function monomialDegree(store: ExpressionStore, term: ExprId): number | undefined {
  if (term === store.one) return 0;
  const kind = store.kindCodeOf(term);
  if (kind === kindCode.symbol) return 1;
  if (kind !== kindCode.product) return undefined;
  let degree = 0;
  const count = store.childCount(term);
  for (let at = 0; at < count; at += 2) {
    const exponent = store.valueOf(store.child(term, at + 1));
    if (store.kindCodeOf(store.child(term, at)) !== kindCode.symbol) return undefined;
    if (typeof exponent !== 'number' || exponent < 0) return undefined;
    degree += exponent;
  }
  return degree;
}

function monomialText(store: ExpressionStore, term: ExprId): string {
  if (store.kindCodeOf(term) === kindCode.symbol) return symbolText(store.nameOf(term)!);
  let text = '';
  for (let at = 0; at < store.childCount(term); at += 2) {
    const exponent = store.child(term, at + 1);
    if (at > 0) text += '*';
    text += symbolText(store.nameOf(store.child(term, at))!);
    if (exponent !== store.one) text += `^${store.numberAt(exponent) as number}`;
  }
  return text;
}

function symbolText(name: string): string {
  return isSymbolText(name) ? name : `\`${name.replaceAll('`', '``')}\``;
}

function isSquareRoot(store: ExpressionStore, id: ExprId): boolean {
  if (store.kindOf(id) !== 'product' || store.childCount(id) !== 2) return false;
  const exponent = store.valueOf(store.child(id, 1));
  return exponent !== undefined && equals(exponent, oneHalf);
}

function sumText(store: ExpressionStore, id: ExprId, budget: Budget | undefined): Piece<Place>[] {
  const fraction = (top: Piece<Place>[][], bottom: Piece<Place>[][], below: readonly PrintedPower[]) => {
    // What would open if it were multiplied first is divided by apart: x/y/(1/x), and 1/2/(x + y).
    const opens = ({ base, exponent }: PrintedPower) =>
      store.kindOf(base) === 'product' ||
      (store.kindOf(base) === 'sum' && exponent === store.one && below.length === 1);
    const apart = bottom.length === 1 || below.some(opens);
    if (apart) return [...joined(top, '*'), ...bottom.flatMap((part) => ['/', ...part])];
    return bottom.length === 0 ? joined(top, '*') : [...joined(top, '*'), '/(', ...joined(bottom, '*'), ')'];
  };
  return sumPieces(store, id, powerPieces, fraction, budget);
}

function powerPieces(store: ExpressionStore, { base, exponent }: PrintedPower): Piece<Place>[] {
  if (exponent === store.one) return [{ id: base, place: 'factor' }];
  const value = store.valueOf(exponent);
  if (value !== undefined && equals(value, oneHalf)) return ['sqrt(', { id: base, place: 'alone' }, ')'];
  return [{ id: base, place: 'base' }, '^', { id: exponent, place: 'exponent' }];
}
