import { isTenstripError } from '@tenstrip/shared-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Budget } from '../../../src/budget/index.js';
import { ExpressionStore, normalForm, parseText, printText } from '../../../src/index.js';
import { NormalForms, smallForm } from '../../../src/normal-form/index.js';
import { expressionText } from '../../services/arbitrary-expression.js';

/** Sums of products and of quotients that mostly come out whole. */
const quotients = fc
  .array(
    fc.tuple(expressionText(), fc.constantFrom('x+1', 'x*y-2', '2*z+4', 'y', 'x^2-z', '-3', '6*x*y'), fc.boolean()),
    { minLength: 1, maxLength: 3 },
  )
  .map((parts) => parts.map(([a, b, divides]) => (divides ? `(${a})*(${b})/(${b})` : `(${a})*(${b})`)).join('-'));

/** Long sums of products and whole quotients of linear factors: of many nodes, and of few terms when they are added up. */
const longSums = fc
  .array(fc.tuple(fc.constantFrom('x', 'y', 'z'), fc.integer({ min: -3, max: 3 }), fc.integer({ min: -9, max: 9 })), {
    minLength: 20,
    maxLength: 100,
  })
  .map((parts) =>
    parts
      .map(([name, shift, times], at) => {
        const [a, b] = [`(${name}+${shift})`, `(${parts[at - 1]?.[0] ?? 'z'}-${Math.abs(times)})`];
        return times > 3 ? `(${a}^2*${b}/${a})` : `(${times})*${a}*${b}`;
      })
      .join('+'),
  );

describe('the normal form of a small expression', () => {
  it('is that of polynomials for long sums too, with the same conditions', { timeout: 60_000 }, () => {
    const both = fc.property(longSums, (text) => {
      const store = new ExpressionStore();
      const expression = parseText(store, text);
      const found = smallForm(store, expression, new Budget());
      const forms = new NormalForms(store, new Budget());
      expect(found?.result).toBe(forms.expression(expression));
      expect(found?.conditions).toEqual(forms.conditions.list());
    });
    fc.assert(both, { numRuns: 100 });
  });

  it('is the one that polynomials and their gcds give, with the same conditions', { timeout: 60_000 }, () => {
    let small = 0;
    const both = fc.property(fc.oneof(expressionText(), quotients), (text) => {
      const store = new ExpressionStore();
      try {
        const expression = parseText(store, text);
        const found = smallForm(store, expression, new Budget());
        if (found === undefined) return;
        small++;
        const forms = new NormalForms(store, new Budget());
        expect(printText(store, found.result)).toBe(printText(store, forms.expression(expression)));
        expect(found.conditions).toEqual(forms.conditions.list());
      } catch (error) {
        if (!isTenstripError(error, 'DomainError', 'BudgetExceeded')) throw error;
      }
    });
    fc.assert(both, { numRuns: 2_000 });
    expect(small).toBeGreaterThan(500);
  });

  it.each([
    ['(x + 9007199254740991)*(y + 2)', 'coefficients beyond 2^53'],
    ['(x^40 - 1)*(x^40 + 1)', 'exponents that do not fit a key'],
    ['(a + b + c + d + e)^2', 'five variables'],
    ['(x^8 + x^7 + x^6 + x^5 + x^4)*(y^10 + y^9 + y^8 + y^7 + y^6 + y^5 + y^4 + y^3 + y^2 + y)', 'fifty terms'],
    ['(x - 1)/(x + 1)', 'a quotient that stays one'],
    ['(2*x + 1)*(y - 1)/(2*x - 1)', 'a division with a remainder'],
  ])('%s is left to the polynomials: %s', (text) => {
    const store = new ExpressionStore();
    const expression = parseText(store, text);
    expect(smallForm(store, expression, new Budget())).toBeUndefined();
    const { result } = normalForm(store, expression);
    expect(result).toBe(new NormalForms(store, new Budget()).expression(expression));
  });

  it('is not looked for where assumptions or limits could change it', () => {
    const store = new ExpressionStore();
    const expression = parseText(store, '(x + 1)*(x - 1)');
    expect(smallForm(store, expression, new Budget({ maxTerms: 2 }))).toBeUndefined();
    expect(() => normalForm(store, expression, { maxSteps: 1 })).toThrow(/maxSteps/);
    store.assuming({ x: ['positive'] }, () => {
      expect(smallForm(store, expression, new Budget())).toBeUndefined();
    });
  });
});
