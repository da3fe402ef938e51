// Expressions as LaTeX mathematics. For readers; nothing reads it back.

import { Budget, type BudgetLimits } from '../budget/index.js';
import type { ExpressionStore, ExprId, FunctionName } from '../expression/index.js';
import { denominatorOf, equals, numeratorOf, signOf } from '../numbers/index.js';
import { joined, oneHalf, type Piece, type PrintedPower, sumPieces } from './display.js';
import { printed } from './text-printer.js';

type Place = 'alone' | 'factor' | 'base';

const greek = new Set(
  'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau upsilon phi chi psi omega'.split(
    ' ',
  ),
);

const commands: Partial<Record<FunctionName, string>> = {
  ...{ log: '\\ln', sin: '\\sin', cos: '\\cos', tan: '\\tan', sinh: '\\sinh', cosh: '\\cosh', tanh: '\\tanh' },
  ...{ asin: '\\arcsin', acos: '\\arccos', atan: '\\arctan', min: '\\min', max: '\\max' },
};

const brackets: Partial<Record<FunctionName, readonly [string, string]>> = {
  ...{
    abs: ['\\left|', '\\right|'],
    floor: ['\\left\\lfloor ', '\\right\\rfloor '],
    ceil: ['\\left\\lceil ', '\\right\\rceil '],
  },
};

/**
 * Writes an expression as LaTeX, without the dollar signs.
 *
 * @param limits what stops it: the operation that it is part of, and steps
 * @throws TenstripError `BudgetExceeded` when it would be longer than 2^24 characters; what the operation throws when it was stopped
 */
export function printLatex(store: ExpressionStore, root: ExprId, limits?: BudgetLimits): string {
  return printed<Place>(store, root, expand, limits === undefined ? undefined : new Budget(limits));
}

function expand(store: ExpressionStore, id: ExprId, place: Place, budget: Budget | undefined): Piece<Place>[] {
  switch (store.kindOf(id)) {
    case 'number': {
      const value = store.numberAt(id);
      const [top, bottom] = [numeratorOf(value), denominatorOf(value)];
      const text = bottom === 1n ? `${top}` : `${top < 0n ? '-' : ''}\\frac{${top < 0n ? -top : top}}{${bottom}}`;
      return place === 'alone' || (signOf(value) >= 0 && (bottom === 1n || place === 'factor'))
        ? [text]
        : bracketed([text]);
    }
    case 'pi':
      return ['\\pi '];
    case 'symbol':
      return [symbolLatex(store.nameOf(id)!)];
    case 'call':
      return callPieces(store, id, place);
    default: {
      const pieces = sumLatex(store, id, budget);
      return place === 'alone' || (place === 'factor' && store.kindOf(id) === 'product') ? pieces : bracketed(pieces);
    }
  }
}

function bracketed(pieces: readonly Piece<Place>[]): Piece<Place>[] {
  return ['\\left(', ...pieces, '\\right)'];
}

function symbolLatex(name: string): string {
  const match = /^([\p{L}]+)_?(\d+)$/u.exec(name);
  const [, stem = name, index] = match ?? [];
  const letter = greek.has(stem) ? `\\${stem}` : [...stem].length === 1 ? stem : `\\mathrm{${escaped(stem)}}`;
  return index === undefined ? letter : `${letter}_{${index}}`;
}

/** Characters that mean something in LaTeX. */
function escaped(text: string): string {
  return text.replace(/[\\{}$&#^_%~]/g, (character) =>
    character === '\\' || character === '^' || character === '~'
      ? `\\char${character.charCodeAt(0)} `
      : `\\${character}`,
  );
}

function callPieces(store: ExpressionStore, id: ExprId, place: Place): Piece<Place>[] {
  const name = store.functionOf(id)!;
  const operands = store.childrenOf(id);
  if (name === 'exp') {
    const power: Piece<Place>[] =
      operands[0] === store.one ? ['e'] : ['e^{', { id: operands[0]!, place: 'alone' }, '}'];
    return place === 'base' ? bracketed(power) : power;
  }
  const [open, close] = brackets[name] ?? [`${commands[name] ?? `\\operatorname{${name}}`}\\left(`, '\\right)'];
  const inside = operands.flatMap((operand, at): Piece<Place>[] => [
    ...(at === 0 ? [] : [', ']),
    { id: operand, place: 'alone' },
  ]);
  const pieces: Piece<Place>[] = [open, ...inside, close];
  return place === 'base' && commands[name] !== undefined ? bracketed(pieces) : pieces;
}

function sumLatex(store: ExpressionStore, id: ExprId, budget: Budget | undefined): Piece<Place>[] {
  const fraction = (top: Piece<Place>[][], bottom: Piece<Place>[][]) => {
    const above = joined(top, ' \\cdot ');
    return bottom.length === 0 ? above : ['\\frac{', ...above, '}{', ...joined(bottom, ' \\cdot '), '}'];
  };
  return sumPieces(store, id, powerPieces, fraction, budget);
}

function powerPieces(store: ExpressionStore, { base, exponent }: PrintedPower): Piece<Place>[] {
  if (exponent === store.one) return [{ id: base, place: 'factor' }];
  const value = store.valueOf(exponent);
  if (value !== undefined && equals(value, oneHalf)) return ['\\sqrt{', { id: base, place: 'alone' }, '}'];
  return [{ id: base, place: 'base' }, '^{', { id: exponent, place: 'alone' }, '}'];
}
