// Reductions, expansions and derivatives of random expressions against SymPy: values at random rational points, exact where they are
// rational and to thirty digits where they are not. (SymPy's lambdify is no oracle: it misplaces brackets.)
import { fileURLToPath } from 'node:url';
import { isTenstripError, seededRandom } from '@tenstrip/shared-core';
import { describe, expect, it } from 'vitest';
import { requireFull, requireTool } from '../../../../tools/test-requirements.mjs';
import { differentiate, ExpressionStore, expand, parseText, printText, reduce } from '../../src/index.js';
import { linesFrom } from '../services/interpreter.js';
import { randomText } from '../services/random-text.js';

const sympy = requireTool('/usr/lib/python3/dist-packages/sympy/__init__.py');
const full = requireFull();
const script = fileURLToPath(new URL('./sympy-expressions.py', import.meta.url));
const names = ['x', 'y'];

interface Case {
  readonly names: readonly string[];
  readonly original: string;
  readonly result: string;
  readonly derivative?: string;
  readonly points: readonly Record<string, string>[];
}

function casesOf(count: number, seed: string, functions: readonly string[]): Case[] {
  const random = seededRandom(seed);
  const cases: Case[] = [];
  while (cases.length < count) {
    const original = randomText(random, { names, functions, operations: random.integer(2, 9) });
    const coordinate = () => `${random.integer(1, 40)}/${random.integer(7, 11)}`;
    const points = Array.from({ length: 3 }, () => Object.fromEntries(names.map((name) => [name, coordinate()])));
    const add = (of: (store: ExpressionStore) => string, more: Partial<Case> = {}) => {
      try {
        const result = of(new ExpressionStore());
        if (result.length < 2_000) cases.push({ names, original, result, points, ...more });
      } catch (error) {
        if (!isTenstripError(error, 'DomainError', 'BudgetExceeded', 'ExponentRange')) throw error;
      }
    };
    add((store) => printText(store, reduce(store, parseText(store, original)).result));
    add((store) => printText(store, expand(store, parseText(store, original), { maxTerms: 2_000 }).result));
    add((store) => printText(store, differentiate(store, parseText(store, original), 'x')), { derivative: 'x' });
  }
  return cases;
}

function differences(count: number, seed: string, functions: readonly string[]): string[] {
  const cases = casesOf(count, seed, functions);
  const answers = linesFrom('/usr/bin/python3', [script], cases.map((each) => JSON.stringify(each)).join('\n'));
  expect(answers).toHaveLength(cases.length);
  expect(answers.filter((answer) => answer === 'equal').length).toBeGreaterThan(count / 3);
  return cases.flatMap((each, at) =>
    answers[at]!.startsWith('different') ? [`${JSON.stringify(each)} ${answers[at]}`] : [],
  );
}

describe.skipIf(!sympy.available)('beside SymPy', () => {
  it('rational expressions have the same values', { timeout: 60_000 }, () => {
    expect(differences(120, 'rational', [])).toEqual([]);
  });

  it('expressions with functions have the same values', { timeout: 60_000 }, () => {
    expect(differences(120, 'functions', ['sin', 'cos', 'exp', 'sqrt', 'tan', 'log', 'atan', 'sinh', 'abs'])).toEqual(
      [],
    );
  });

  it.skipIf(!full.available)('many expressions have the same values', { timeout: 900_000 }, () => {
    expect(differences(3_000, 'many', [])).toEqual([]);
    expect(
      differences(1_500, 'many functions', ['sin', 'cos', 'exp', 'sqrt', 'tan', 'log', 'tanh', 'cosh', 'abs']),
    ).toEqual([]);
  });
});
