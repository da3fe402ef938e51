import { describe, expect, it } from 'vitest';
import { ExpressionStore, type ExprId, parseMathJson, parseText, printLatex, printText } from '../../../src/index.js';

const store = new ExpressionStore();
const text = (from: string) => printText(store, parseText(store, from));

describe('text', () => {
  it('is read by its brackets: arguments, sums, products and powers within one another', () => {
    const [x, y, z] = ['x', 'y', 'z'].map((name) => store.symbol(name)) as [ExprId, ExprId, ExprId];
    const two = store.number(2);
    const least = store.call('min', [
      y,
      store.sum([store.power(z, two), store.one]),
      store.call('exp', [store.product([x, y])]),
    ]);
    const base = store.sum([x, store.power(least, store.number(3))]);
    const product = store.product([two, x, store.power(base, store.power(two, x)), store.power(y, store.minusOne)]);
    const whole = store.subtract(product, store.divide(store.call('max', [x, y]), store.power(z, store.negate(x))));
    expect(parseText(store, '2*x*(x+min(y, z^2+1, exp(x*y))^3)^2^x/y - max(x, y)/z^-x')).toBe(whole);
  });

  it.each([
    ['-x^2', '-x^2'],
    ['2^3^2', '512'],
    ['2^-1', '1/2'],
    ['a-b-c', 'a - b - c'],
    ['a/b/c', 'a/(b*c)'],
    ['1/2x', 'x/2'],
    ['2(x+1)', '2*x + 2'],
    ['x**2', 'x^2'],
    ['--x', 'x'],
    ['2*-x', '-2*x'],
    ['-2^2', '-4'],
    ['(-2)^2', '4'],
    ['1.5e3*x', '1500*x'],
    ['π+τ', 'pi + τ'],
    ['e', 'e'],
  ])('%s reads as %s', (from, to) => {
    expect(text(from)).toBe(to);
  });

  it.each([
    ['x+', 2],
    ['(x', 2],
    ['x)', 1],
    ['2 3', 2],
    ['sin x', 0],
    ['x $ y', 2],
    ['', 0],
    ['sin()', 4],
    ['(x,y)', 2],
    ['x^', 2],
    ['3..4', 2],
    ['`x', 0],
    ['1/0', 1],
    ['x+log(0)', 5],
    ['f(x)', 0],
  ])('"%s" is wrong at %i', (from, position) => {
    expect(() => text(from)).toThrow(expect.objectContaining({ details: expect.objectContaining({ position }) }));
  });
});

describe('MathJSON', () => {
  it('reads the forms that others write', () => {
    const json = ['Divide', ['Subtract', ['Square', 'x'], 1], ['Negate', ['Sqrt', ['Rational', 1, 4]]]];
    expect(printText(store, parseMathJson(store, json))).toBe('-2*x^2 + 2');
    expect(printText(store, parseMathJson(store, ['Root', 'x', 3]))).toBe('x^(1/3)');
    expect(printText(store, parseMathJson(store, ['Multiply', { num: '12345678901234567890' }, 'Pi']))).toBe(
      '12345678901234567890*pi',
    );
    expect(printText(store, parseMathJson(store, 0.1))).toBe('1/10');
  });

  it.each([
    [['Add', 1, null], '/2'],
    [['Add', ['Power', 'x'], 1], '/1'],
    [['Nothing', 1], ''],
    [[1, 2], ''],
    [{ num: 'abc' }, ''],
    ['', ''],
    [Number.NaN, ''],
    [['Sin', true], '/1'],
  ])('%j is wrong at %s', (json, path) => {
    expect(() => parseMathJson(store, json)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ path }) }),
    );
  });
});

it('LaTeX', () => {
  const latex = (from: string) => printLatex(store, parseText(store, from));
  expect(latex('(x^2-1)/(2*y)')).toBe('\\frac{x^{2} - 1}{2 \\cdot y}'.replace('x^{2} - 1', '\\left(x^{2} - 1\\right)'));
  expect(latex('sqrt(alpha)+beta_1')).toBe('\\beta_{1} + \\sqrt{\\alpha}');
  expect(latex('exp(-x)*abs(y)')).toBe('e^{-x} \\cdot \\left|y\\right|');
  expect(latex('sin(x)^2')).toBe('\\left(\\sin\\left(x\\right)\\right)^{2}');
  expect(latex('`a_b$`')).toBe('\\mathrm{a\\_b\\$}');
});

describe('MathJSON in memory', () => {
  it('that holds itself is refused', () => {
    const circle: unknown[] = ['Add', 1];
    circle.push(circle);
    expect(() => parseMathJson(new ExpressionStore(), circle)).toThrow(
      expect.objectContaining({ code: 'BudgetExceeded' }),
    );
  });
});
