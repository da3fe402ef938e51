// Expressions 100,000 deep: no walk may use the machine's stack.
import { describe, expect, it } from 'vitest';
import { requireFull } from '../../../../../tools/test-requirements.mjs';
import {
  differentiate,
  ExpressionStore,
  evaluateIntervals,
  parseMathJson,
  parseText,
  printLatex,
  printMathJson,
  printText,
} from '../../../src/index.js';

const depth = 100_000;
const nested: [string, string, string][] = [
  ['brackets', '('.repeat(depth), ')'.repeat(depth)],
  ['functions', 'sin('.repeat(depth), ')'.repeat(depth)],
  ['signs', '-('.repeat(depth), ')'.repeat(depth)],
  ['Horner', '('.repeat(depth), '*y+z)'.repeat(depth)],
  ['fractions', '1/(y+'.repeat(depth), ')'.repeat(depth)],
  ['roots', 'sqrt(y*'.repeat(depth), ')'.repeat(depth)],
  ['powers', 'y^'.repeat(depth), ''],
];

describe.each(nested)('%s, 100,000 deep', (_name, before, after) => {
  it('are parsed, and printed as what reads back to the same', () => {
    const store = new ExpressionStore();
    const expression = parseText(store, `${before}x${after}`);
    const text = printText(store, expression);
    expect(parseText(store, text)).toBe(expression);
  });
});

describe.each(nested)('%s, 100,000 deep', (_name, before, after) => {
  it.skipIf(!requireFull().available)('are written as MathJSON and LaTeX', () => {
    const store = new ExpressionStore();
    const expression = parseText(store, `${before}x${after}`);
    const json = printMathJson(store, expression);
    expect(parseMathJson(store, JSON.parse(json))).toBe(expression);
    expect(printLatex(store, expression).length).toBeGreaterThan(0);
  });
});

it('nested functions are differentiated, and the derivative is printed where it is not too long', () => {
  const store = new ExpressionStore();
  const deep = parseText(store, `${'sin('.repeat(depth)}x${')'.repeat(depth)}`);
  const derivative = differentiate(store, deep, 'x');
  // Its value at 0 is the product of cosines of 0: exactly 1.
  const [value] = evaluateIntervals(store, [derivative], new Map([['x', { low: 0, high: 0 }]]));
  expect(value!.low).toBeGreaterThan(0.999);
  expect(value!.high).toBeLessThan(1.001);
  expect(() => printText(store, derivative)).toThrow(expect.objectContaining({ code: 'BudgetExceeded' }));
});

it('a chain of products and sums is differentiated and printed', () => {
  const store = new ExpressionStore();
  const deep = parseText(store, `${'('.repeat(depth)}x${'*y+z)'.repeat(depth)}`);
  expect(printText(store, differentiate(store, deep, 'x'))).toBe(`y^${depth}`);
});

it('takes at most 64 bytes for each node', () => {
  const store = new ExpressionStore();
  parseText(store, `${'('.repeat(depth)}x${'*y+z)'.repeat(depth)}`);
  expect(store.byteSize / store.nodeCount).toBeLessThanOrEqual(64);
});
