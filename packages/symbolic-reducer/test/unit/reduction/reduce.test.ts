import { ResourceGovernor } from '@tenstrip/shared-core';
import { describe, expect, it } from 'vitest';
import {
  type Assumptions,
  checkCertificate,
  ExpressionStore,
  evaluateExactly,
  expand,
  parseText,
  printText,
  type Reduction,
  reduce,
} from '../../../src/index.js';

function reduced(
  text: string,
  assume: Assumptions = {},
): { text: string; reduction: Reduction; store: ExpressionStore } {
  const store = new ExpressionStore();
  const reduction = reduce(store, parseText(store, text), { assume });
  for (const certificate of reduction.certificates)
    expect(checkCertificate(certificate)).toMatchObject({ accepted: true });
  return { text: printText(store, reduction.result), reduction, store };
}

describe('expand', () => {
  it.each([
    'sqrt(-(y/tanh(5)))',
    'sin((-(z*(3/x) - 9)*exp(5 - x) + y + x)^(-1))',
    '1 - sin(-(z*tan(z + 4)/(y*x/z^2)))',
  ])('%s is proved shortly, though what it divides by is more than a hundred polynomials', (text) => {
    const store = new ExpressionStore();
    const { complete, certificates } = expand(store, parseText(store, text), { maxSteps: 2_000_000 });
    expect(complete).toBe(true);
    for (const certificate of certificates)
      expect(checkCertificate(certificate, { maxSteps: 200_000 })).toMatchObject({ accepted: true });
  });
});

describe('reduce', () => {
  it.each([
    ['(x^2-1)/(x-1)', 'x + 1'],
    ['x^3+3x^2+3x+1', '(x + 1)^3'],
    ['(a*b+a*c)/(b+c)', 'a'],
    ['1/(1/x+1/y)', 'x*y/(x + y)'],
    ['sin(x)^2+cos(x)^2', '1'],
    ['cosh(x)^2-sinh(x)^2', '1'],
    ['tan(x)*cos(x)', 'sin(x)'],
    ['exp(2x)/exp(x)', 'exp(x)'],
    ['(x+1)^100', '(x + 1)^100'],
    ['sin((x^2-1)/(x-1))', 'sin(x + 1)'],
    ['1/(sqrt(2)-1)', '1/(sqrt(2) - 1)'],
    ['sqrt(x^2)', 'sqrt(x^2)'],
  ])('%s to %s, with an accepted proof', (from, to) => {
    expect(reduced(from).text).toBe(to);
  });

  it('uses what is assumed, and says what it cancelled', () => {
    expect(reduced('sqrt(x^2)', { x: ['nonnegative'] }).text).toBe('x');
    expect(reduced('log(x*y)-log(x)', { x: ['positive'], y: ['positive'] }).text).toBe('log(y)');
    const { reduction, store } = reduced('(x^2-1)/(x-1)');
    expect(
      reduction.conditions.map(({ relation, expression }) => `${relation} ${printText(store, expression)}`),
    ).toEqual(['nonzero x - 1']);
    expect(reduced('x*p/p', { p: ['positive'] }).reduction.conditions).toEqual([]);
  });

  it('never costs more than before', () => {
    for (const text of ['(x+y)^7', 'x*(x+1)*(x+2)', '(x^2+1)/(x+1)+1/(x-1)', 'sin(3x)+cos(x+y)']) {
      const { reduction } = reduced(text);
      expect(reduction.cost).toBeLessThanOrEqual(reduction.costBefore);
    }
  });
});

describe('a budget', () => {
  it('refuses an expansion before it begins, and says how many terms it would have', () => {
    const store = new ExpressionStore();
    const bomb = parseText(store, '(x+y+z+1)^5000');
    const nodes = store.nodeCount;
    // The number of terms is that of monomials in three variables of degree at most 5,000.
    const terms = (5003n * 5002n * 5001n) / 6n;
    expect(() => expand(store, bomb)).toThrow(
      expect.objectContaining({
        code: 'BudgetExceeded',
        details: expect.objectContaining({ limit: 'maxTerms', needed: terms.toString() }),
      }),
    );
    expect(store.nodeCount).toBe(nodes);
  });

  it.each(['((x+1)^1000+y)^1000', '(x^1000+y^999+z^998+1)^4000', '2^(2^(2^(2^(2^2))))', '(x+y)^(10^12)'])(
    '%s is refused',
    (text) => {
      const store = new ExpressionStore();
      expect(() => expand(store, parseText(store, text), { maxTerms: 100_000, maxSteps: 10_000_000 })).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/BudgetExceeded|ExponentRange/) }),
      );
    },
  );

  it('that ends leaves an equal expression, which says that it is not all', () => {
    const store = new ExpressionStore();
    const start = parseText(store, '(x+y+1)^300+(x^2-1)/(x-1)');
    const reduction = reduce(store, start, { maxTerms: 1_000 });
    expect(reduction.complete).toBe(false);
    expect(printText(store, reduction.result)).toBe('(x + y + 1)^300 + x + 1');
    for (const certificate of reduction.certificates) expect(checkCertificate(certificate).accepted).toBe(true);
    const at = new Map([
      ['x', 3],
      ['y', -5],
    ]);
    const [before, after] = evaluateExactly(store, [start, reduction.result], at);
    expect(after).toEqual(before);
  });

  it('of steps ends everything at the same place in every run', () => {
    const run = () => {
      const store = new ExpressionStore();
      const reduction = reduce(store, parseText(store, '((x+1)/(y-1)+(y+1)/(x-1))^6+(x^2-1)/(x-1)'), { maxSteps: 300 });
      return JSON.stringify([printText(store, reduction.result), reduction.complete, reduction.statistics]);
    };
    expect(run()).toBe(run());
    expect(run()).toContain('false');
  });

  it('that a deadline ends leaves an equal expression too', async () => {
    await using governor = new ResourceGovernor();
    const store = new ExpressionStore();
    const start = parseText(store, '(a+b+c+d+1)^24/(a+b+c+d+1)^23');
    const over = {
      stopped: 'deadline' as const,
      throwIfStopped: () => {
        throw Object.assign(new Error('late'));
      },
    };
    expect(() => reduce(store, start, { operation: over, maxTerms: 1 << 22 })).toThrow('late');
    const permit = await governor.acquire({ deadlineMs: 1 });
    while (permit.op.stopped === undefined);
    const reduction = reduce(store, start, { operation: permit.op, maxTerms: 1 << 22 });
    expect(reduction.complete).toBe(false);
    permit[Symbol.dispose]();
  });
});
