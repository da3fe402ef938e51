import { describe, expect, it } from 'vitest';
import {
  checkCertificate,
  compile,
  Differentiator,
  ExpressionStore,
  instantiate,
  parseText,
} from '../../../src/index.js';

const code = (text: string, options = {}) => {
  const store = new ExpressionStore();
  return compile(store, [parseText(store, text)], options);
};
const run = (text: string, ...values: number[]) => instantiate(code(text), { allowGeneratedCode: true })(...values);

describe('compiled code', () => {
  it.each([130, 300, 2_000])('multiplies %i factors, above and below the line', (count) => {
    const factors = Array.from({ length: count }, (_, at) => `(x${at} + 1)`);
    const store = new ExpressionStore();
    const likelihood = parseText(store, `-3*${factors.join('*')}`);
    const model = compile(store, [likelihood, store.power(likelihood, store.number(-2))]);
    expect(model.parameters).toHaveLength(count);
    const values = model.parameters.map((_, at) => at / count - 0.5);
    const product = values.reduce((so, value) => so * (value + 1), -3);
    const [direct, inverse] = model.evaluate(values);
    expect(direct! / product).toBeCloseTo(1, 9);
    expect(inverse! * product ** 2).toBeCloseTo(1, 9);
  });

  it.each([
    ['-x^2', [3], -9],
    ['x-(y-z)', [1, 2, 4], 3],
    ['x/(y/z)', [1, 2, 4], 2],
    ['x/(y*z)', [1, 2, 4], 0.125],
    ['-(x+y)*(x-y)', [3, 2], -5],
    ['2^-x', [3], 0.125],
    ['(-2)^x', [3], -8],
    ['x^(y^z)', [2, 2, 3], 256],
    ['(x^y)^z', [2, 2, 3], 64],
    ['x^(5/2)', [4], 32],
    ['x^(-3/2)', [4], 0.125],
    ['coth(x)^2*tanh(x)^2', [1], 1],
    ['1/sech(x)^4', [0], 1],
    ['max(x,min(y,z))', [1, 3, 2], 2],
    ['floor(-x/2)+ceil(x/2)', [3], 0],
    ['7', [], 7],
    ['pi', [], Math.PI],
    ['1/3', [], 1 / 3],
  ] as [string, number[], number][])('%s at %j is %d', (text, values, expected) => {
    expect(run(text, ...values)).toBeCloseTo(expected, 12);
  });

  it('shares what is used twice: a derivative needs little more than the function', () => {
    const store = new ExpressionStore();
    const f = parseText(store, 'exp(sin(x*y))*sqrt(x^2+y^2)');
    const alone = compile(store, [f]).operations;
    const both = compile(store, [f, new Differentiator(store, 'x').of(f), new Differentiator(store, 'y').of(f)]);
    expect(both.operations).toBeLessThan(4 * alone);
    expect(both.source.match(/Math\.exp/g)).toHaveLength(1);
    expect(both.source.match(/Math\.sin/g)).toHaveLength(1);
  });

  it('nests sums, and proves it', () => {
    const { changes, operations } = code('x^5+2x^4+3x^3+4x^2+5x+6');
    // Horner needs five multiplications and five additions at most.
    expect(operations).toBeLessThanOrEqual(10);
    expect(changes).toHaveLength(1);
    expect(checkCertificate(changes[0]!.certificate)).toMatchObject({ accepted: true });
    expect(code('x^5+2x^4+3x^3+4x^2+5x+6', { horner: false }).operations).toBeGreaterThan(10);
    expect(run('x^5+2x^4+3x^3+4x^2+5x+6', 2)).toBe(120);
  });

  it('contains no text of the user: names are made here', () => {
    const store = new ExpressionStore();
    const names = ['__proto__', 'constructor', 'x); process.exit(1); (', '`', "'use strict'", 'return', 'Math'];
    const sum = store.sum(names.map((name, at) => store.scale(store.symbol(name), at + 1)));
    const compiled = compile(store, [sum]);
    expect(compiled.source).not.toMatch(/process|proto|constructor|`/);
    const values = compiled.parameters.map(() => 1);
    expect(instantiate(compiled, { allowGeneratedCode: true })(...values)).toBe(28);
    expect(compiled.evaluate(values)).toEqual([28]);
  });

  it('is run only when that is asked for, and never in a sandbox', () => {
    const compiled = code('x+1');
    for (const options of [
      { allowGeneratedCode: false },
      { allowGeneratedCode: true, operation: { sandboxed: true } },
    ]) {
      expect(() => instantiate(compiled, options)).toThrow(expect.objectContaining({ code: 'CompilationRefused' }));
    }
    expect(compiled.evaluate([2])).toEqual([3]);
  });

  it('refuses a symbol that is no parameter, and another number of values', () => {
    expect(() => code('x+y', { parameters: ['x'] })).toThrow(expect.objectContaining({ code: 'CompilationRefused' }));
    expect(code('x+y', { parameters: ['y', 'z', 'x'] }).parameters).toEqual(['y', 'z', 'x']);
    expect(() => code('x+y').evaluate([1])).toThrow(expect.objectContaining({ code: 'OptionsInvalid' }));
  });
});
