// Expressions as text that `parseText` reads back to the same expression. A stack of pieces instead of recursion; O(length).

import { reducerError } from '../errors/index.js';
import { type ExpressionStore, type ExprId, kindCode, requireStore, treeSize } from '../expression/index.js';
import { equals, toText } from '../numbers/index.js';
import {
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
 * @throws TenstripError `BudgetExceeded` when it would be longer than 2^24 characters
 */
export function printText(store: ExpressionStore, root: ExprId): string {
  return printed<Place>(store, root, expand);
}

/** Expands pieces until only text is left. @internal */
export function printed<Place>(
  store: ExpressionStore,
  root: ExprId,
  expand: (store: ExpressionStore, id: ExprId, place: Place | 'alone') => Piece<Place>[],
): string {
  requireStore(store);
  store.requireNode(root);
  const work: Piece<Place | 'alone'>[] = [{ id: root, place: 'alone' }];
  const out: string[] = [];
  let length = 0;
  let isSized = false;
  while (work.length > 0) {
    const piece = work.pop()!;
    if (typeof piece !== 'string') {
      const pieces = expand(store, piece.id, piece.place);
      for (let at = pieces.length - 1; at >= 0; at--) work.push(pieces[at]!);
      continue;
    }
    length += piece.length;
    if (length > maxPrintedLength) throw tooLong();
    out.push(piece);
    if (length < lengthBeforeSizing || isSized) continue;
    // Each node of the tree but coefficients and exponents of 1 is a character at least: what is far too long is refused soon.
    if (treeSize(store, root) > 4 * maxPrintedLength) throw tooLong();
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

function expand(store: ExpressionStore, id: ExprId, place: Place): Piece<Place>[] {
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
      const text = polynomialText(store, id);
      if (text !== undefined) return place === 'alone' ? [text] : ['(', text, ')'];
      const pieces = sumText(store, id);
      const isRoot = isSquareRoot(store, id);
      const bare = place === 'alone' || isRoot;
      return bare ? pieces : ['(', ...pieces, ')'];
    }
  }
}

/** A polynomial in symbols with safe integers before its terms; `undefined` of anything else. */
function polynomialText(store: ExpressionStore, id: ExprId): string | undefined {
  if (store.kindCodeOf(id) === kindCode.sum) {
    for (let at = 0; at < store.childCount(id); at += 2) {
      if (!isMonomial(store, store.child(id, at))) return undefined;
      if (typeof store.numberAt(store.child(id, at + 1)) !== 'number') return undefined;
    }
  } else if (!isMonomial(store, id)) return undefined;
  let text = '';
  for (const { term, coefficient } of displayedTerms(store, id)) {
    const isNegative = (coefficient as number) < 0;
    const size = Math.abs(coefficient as number);
    if (text !== '') text += isNegative ? ' - ' : ' + ';
    else if (isNegative) text = '-';
    if (term === store.one) text += size;
    else text += size === 1 ? monomialText(store, term) : `${size}*${monomialText(store, term)}`;
  }
  return text;
}

/** A product of symbols' powers, whole and above the bar; a symbol; 1. */
function isMonomial(store: ExpressionStore, term: ExprId): boolean {
  if (term === store.one || store.kindCodeOf(term) === kindCode.symbol) return true;
  if (store.kindCodeOf(term) !== kindCode.product) return false;
  for (let at = 0; at < store.childCount(term); at += 2) {
    const exponent = store.valueOf(store.child(term, at + 1));
    if (store.kindCodeOf(store.child(term, at)) !== kindCode.symbol) return false;
    if (typeof exponent !== 'number' || exponent < 0) return false;
  }
  return true;
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

function sumText(store: ExpressionStore, id: ExprId): Piece<Place>[] {
  return sumPieces(store, id, powerPieces, (top, bottom, below) => {
    // What would open if it were multiplied first is divided by apart: x/y/(1/x), and 1/2/(x + y).
    const opens = ({ base, exponent }: PrintedPower) =>
      store.kindOf(base) === 'product' ||
      (store.kindOf(base) === 'sum' && exponent === store.one && below.length === 1);
    const apart = bottom.length === 1 || below.some(opens);
    if (apart) return [...joined(top, '*'), ...bottom.flatMap((part) => ['/', ...part])];
    return bottom.length === 0 ? joined(top, '*') : [...joined(top, '*'), '/(', ...joined(bottom, '*'), ')'];
  });
}

function powerPieces(store: ExpressionStore, { base, exponent }: PrintedPower): Piece<Place>[] {
  if (exponent === store.one) return [{ id: base, place: 'factor' }];
  const value = store.valueOf(exponent);
  if (value !== undefined && equals(value, oneHalf)) return ['sqrt(', { id: base, place: 'alone' }, ')'];
  return [{ id: base, place: 'base' }, '^', { id: exponent, place: 'exponent' }];
}
