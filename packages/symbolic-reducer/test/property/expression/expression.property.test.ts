import { isTenstripError } from '@tenstrip/shared-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compile,
  Differentiator,
  ExpressionStore,
  type ExprId,
  evaluateExactly,
  evaluateIntervals,
  expand,
  instantiate,
  parseMathJson,
  parseText,
  printMathJson,
  printText,
  rational,
  reduce,
} from '../../../src/index.js';
import { expressionText } from '../../services/arbitrary-expression.js';

const functions = ['sin', 'cos', 'tan', 'exp', 'log', 'sqrt', 'atan', 'sinh', 'cosh', 'tanh', 'abs', 'sign', 'floor'];

/** Skips what has no value anywhere. */
function parsed(store: ExpressionStore, text: string): ExprId {
  try {
    return parseText(store, text);
  } catch (error) {
    fc.pre(!isTenstripError(error, 'DomainError', 'BudgetExceeded'));
    throw error;
  }
}

const coordinate = fc.integer({ min: -30, max: 30 }).map((value) => value / 8);
const point = fc.record({ x: coordinate, y: coordinate, z: coordinate });
const boxOf = (at: Record<string, number>) =>
  new Map(Object.entries(at).map(([name, value]) => [name, { low: value, high: value }]));

describe('an expression', () => {
  it('printed and read is itself, as text and as MathJSON, in another store too', () => {
    fc.assert(
      fc.property(expressionText(functions), (text) => {
        const store = new ExpressionStore();
        const id = parsed(store, text);
        const printed = printText(store, id);
        expect(parseText(store, printed)).toBe(id);
        expect(parseMathJson(store, JSON.parse(printMathJson(store, id)))).toBe(id);
        const other = new ExpressionStore();
        parseText(other, 'z*y+x^7+sin(y)+14');
        expect(printText(other, parseText(other, printed))).toBe(printed);
      }),
      { numRuns: 400 },
    );
  });

  it('does not depend on the order of operands', () => {
    const operands = fc.array(expressionText(['sin', 'exp', 'sqrt']), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(operands, fc.infiniteStream(fc.nat()), (texts, order) => {
        const store = new ExpressionStore();
        const ids = texts.map((text) => parsed(store, text));
        const shuffled = ids.map((id) => ({ id, key: order.next().value as number })).sort((a, b) => a.key - b.key);
        expect(store.sum(shuffled.map(({ id }) => id))).toBe(store.sum(ids));
        expect(store.product(shuffled.map(({ id }) => id))).toBe(store.product(ids));
        // Nor on what is put together first, where nothing cancels.
        const [first, ...rest] = ids;
        expect(store.sum([store.sum(rest.length === 0 ? [store.zero] : rest), first!])).toBe(store.sum(ids));
      }),
      { numRuns: 300 },
    );
  });

  it('has the value of naive exact arithmetic', () => {
    fc.assert(
      fc.property(expressionText(), fc.integer({ min: -9, max: 9 }), fc.integer({ min: 1, max: 9 }), (text, x, y) => {
        const store = new ExpressionStore();
        const id = parsed(store, text);
        const at = new Map([
          ['x', rational(BigInt(x), 7n)],
          ['y', rational(BigInt(y), 5n)],
          ['z', 2],
        ] as const);
        const [value] = evaluateExactly(store, [id], at);
        const doubles = [x / 7, y / 5, 2];
        const naive = new Function(
          'x',
          'y',
          'z',
          `return ${text.replaceAll('^', '**').replaceAll(/-\(([^()]*)\)\*\*/g, '-1*($1)**')}`,
        );
        let expected: number;
        try {
          expected = naive(...doubles);
        } catch {
          return; // JavaScript does not take -x ** 2
        }
        fc.pre(value !== 'undefined' && value !== 'inexact' && Number.isFinite(expected) && Math.abs(expected) < 1e9);
        const [interval] = evaluateIntervals(
          store,
          [store.number(value as Exclude<typeof value, string | undefined>)],
          new Map(),
        );
        expect(Math.abs(interval!.low - expected)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(expected)));
      }),
      { numRuns: 300 },
    );
  });
});

describe('compiled code', () => {
  it('gives a value of the interval of the expression, for every nesting of operators', () => {
    let compared = 0;
    fc.assert(
      fc.property(
        expressionText(functions.filter((name) => name !== 'sign' && name !== 'floor')),
        point,
        fc.boolean(),
        (text, at, horner) => {
          const store = new ExpressionStore();
          const id = parsed(store, text);
          const [interval] = evaluateIntervals(store, [id], boxOf(at));
          if (interval === undefined || !(interval.high - interval.low < 1e-6 * (1 + Math.abs(interval.low)))) return;
          const compiled = compile(store, [id], { horner, parameters: ['x', 'y', 'z'] });
          const values = [at.x, at.y, at.z];
          const value = instantiate(compiled, { allowGeneratedCode: true })(...values) as number;
          const slack = 1e-7 * (1 + Math.abs(interval.low));
          expect(value).toBeGreaterThanOrEqual(interval.low - slack);
          expect(value).toBeLessThanOrEqual(interval.high + slack);
          expect(compiled.evaluate(values)).toEqual([value]);
          compared++;
        },
      ),
      { numRuns: 400 },
    );
    expect(compared).toBeGreaterThan(100);
  });
});

/** Forward differentiation by dual numbers, node by node: value and derivative by x. */
function dual(store: ExpressionStore, id: ExprId, at: Record<string, number>): { v: number; d: number } {
  const known = new Map<ExprId, { v: number; d: number }>();
  const of = (node: ExprId): { v: number; d: number } => {
    const found = known.get(node);
    if (found !== undefined) return found;
    const result = compute(node);
    known.set(node, result);
    return result;
  };
  const compute = (node: ExprId): { v: number; d: number } => {
    const name = store.nameOf(node);
    if (name !== undefined) return { v: at[name]!, d: name === 'x' ? 1 : 0 };
    switch (store.kindOf(node)) {
      case 'sum':
        return store.termsOf(node).reduce(
          (sum, { term, coefficient }) => {
            const { v, d } = of(term);
            const c = evaluateIntervals(store, [store.number(coefficient)], new Map())[0]!.low;
            return { v: sum.v + c * v, d: sum.d + c * d };
          },
          { v: 0, d: 0 },
        );
      case 'product':
        return store.factorsOf(node).reduce(
          (product, { base, exponent }) => {
            const [u, w] = [of(base), of(exponent)];
            const v = u.v ** w.v;
            const d = w.v * u.v ** (w.v - 1) * u.d + (w.d === 0 ? 0 : v * Math.log(u.v) * w.d);
            return { v: product.v * v, d: product.d * v + product.v * d };
          },
          { v: 1, d: 0 },
        );
      case 'call': {
        const { v, d } = of(store.child(node, 0));
        const slopes: Record<string, [number, number]> = {
          ...{ sin: [Math.sin(v), Math.cos(v)], cos: [Math.cos(v), -Math.sin(v)], exp: [Math.exp(v), Math.exp(v)] },
          ...{
            log: [Math.log(v), 1 / v],
            atan: [Math.atan(v), 1 / (1 + v * v)],
            tan: [Math.tan(v), 1 / Math.cos(v) ** 2],
          },
          ...{ sinh: [Math.sinh(v), Math.cosh(v)], cosh: [Math.cosh(v), Math.sinh(v)] },
          ...{ tanh: [Math.tanh(v), 1 / Math.cosh(v) ** 2], abs: [Math.abs(v), Math.sign(v)] },
        };
        const [value, slope] = slopes[store.functionOf(node)!]!;
        return { v: value, d: slope * d };
      }
      default:
        return { v: evaluateIntervals(store, [node], new Map())[0]!.low, d: 0 };
    }
  };
  return of(id);
}

describe('a derivative', () => {
  it('has the value that dual numbers give', () => {
    let compared = 0;
    const smooth = ['sin', 'cos', 'exp', 'log', 'atan', 'tan', 'sinh', 'cosh', 'tanh', 'abs'];
    fc.assert(
      fc.property(expressionText(smooth), point, (text, at) => {
        const store = new ExpressionStore();
        const id = parsed(store, text);
        let derivative: ExprId;
        try {
          derivative = new Differentiator(store, 'x').of(id);
        } catch (error) {
          fc.pre(!isTenstripError(error, 'DomainError'));
          throw error;
        }
        const [interval] = evaluateIntervals(store, [derivative], boxOf(at));
        const { d } = dual(store, id, at);
        const isNarrow = interval !== undefined && interval.high - interval.low < 1e-5 * (1 + Math.abs(interval.low));
        if (!isNarrow || !Number.isFinite(d)) return;
        if (!Number.isFinite(d)) return;
        const slack = 1e-5 * (1 + Math.abs(interval.low));
        expect(d).toBeGreaterThan(interval.low - slack);
        expect(d).toBeLessThan(interval.high + slack);
        compared++;
      }),
      { numRuns: 400 },
    );
    expect(compared).toBeGreaterThan(100);
  });
});

describe('a reduction', () => {
  it('keeps the exact value wherever both are defined, and reduces no further', () => {
    fc.assert(
      fc.property(expressionText(), fc.integer({ min: -9, max: 9 }), fc.integer({ min: 1, max: 9 }), (text, x, y) => {
        const store = new ExpressionStore();
        const id = parsed(store, text);
        let reduced: ExprId;
        let expanded: ExprId;
        try {
          reduced = reduce(store, id, { maxTerms: 3_000, maxBits: 20_000 }).result;
          expanded = expand(store, id, { maxTerms: 3_000, maxBits: 20_000 }).result;
        } catch (error) {
          fc.pre(!isTenstripError(error, 'DomainError', 'BudgetExceeded', 'ExponentRange'));
          throw error;
        }
        expect(reduce(store, reduced, { maxTerms: 3_000, maxBits: 20_000 }).result).toBe(reduced);
        const at = new Map([
          ['x', rational(BigInt(x), 7n)],
          ['y', rational(BigInt(y), 5n)],
          ['z', 2],
        ] as const);
        const [before, after, normal] = evaluateExactly(store, [id, reduced, expanded], at);
        if (before === 'undefined' || before === 'inexact') return;
        if (after !== 'inexact') expect(after).toEqual(before);
        if (normal !== 'inexact') expect(normal).toEqual(before);
      }),
      { numRuns: 200 },
    );
  });
});
