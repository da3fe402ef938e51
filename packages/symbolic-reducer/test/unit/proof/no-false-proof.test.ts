// Attacks on "proved": poles, 0^0, roots, logarithms and absolute values of what may be negative, conditions that contradict. Each of
// these is false for some real values at which both sides are defined, or speaks of no value at all.
import { describe, expect, it } from 'vitest';
import {
  type Assumptions,
  checkCertificate,
  ExpressionStore,
  evaluateExactly,
  fromText,
  parseText,
  printText,
  proveEqual,
} from '../../../src/index.js';

function verdict(left: string, right: string, assume: Assumptions = {}) {
  const store = new ExpressionStore();
  const { result, domain } = store.withDomain(() => [parseText(store, left), parseText(store, right)] as const);
  return proveEqual(store, ...result, { domain, assume });
}

const falseEqualities = [
  ['sqrt(x^2)', 'x'],
  ['sqrt((x-1)^2)', 'x-1'],
  ['sqrt(x^4-2*x^2+1)', 'x^2-1'],
  ['(x^2)^(1/4)*(x^2)^(1/4)', 'x'],
  ['(x^6)^(1/6)', 'x'],
  ['abs(x)', 'x'],
  ['abs(x)^3', 'x^3'],
  ['abs(x+y)', 'abs(x)+abs(y)'],
  ['sign(x)', '1'],
  ['sign(x)^2', '1'],
  ['log(x^2)/2', 'log(abs(x)+1)'],
  ['exp(x*y)', 'exp(x)*exp(y)'],
  ['exp(x)^y', 'exp(x)+y'],
  ['sin(x+y)', 'sin(x)+sin(y)'],
  ['asin(sin(x))', 'x'],
  ['acos(cos(x))', 'x'],
  ['atan(tan(x))', 'x'],
  ['tan(x)', 'sin(x)'],
  ['cos(2x)', '2*cos(x)'],
  ['cosh(x)^2+sinh(x)^2', '1'],
  ['floor(x+1/2)', 'x'],
  ['floor(x)', 'ceil(x)'],
  ['max(x,y)', 'x'],
  ['min(x,y)+max(x,y)', 'x*y'],
  ['(x+y)^2', 'x^2+y^2'],
  ['1/(x+y)', '1/x+1/y'],
  ['x/y', 'y/x'],
  ['sqrt(x^2+y^2)', 'abs(x)+abs(y)'],
  ['2^(x*y)', '2^x*2^y'],
  ['x^(2*y)', 'x^y'],
  ['(-1)^(2*n)', '1'],
  ['((x^2)^n)', 'x^n'],
] as const;

describe('what is false is not proved', () => {
  it.each(falseEqualities)('%s = %s is refuted', (left, right) => {
    expect(verdict(left, right).kind).toBe('refuted');
  });

  it('a witness of rational sides is exact', () => {
    const store = new ExpressionStore();
    const [left, right] = [parseText(store, '(x+y)^3/(x-y)'), parseText(store, 'x^2+y^2')];
    const found = proveEqual(store, left, right);
    if (found.kind !== 'refuted') throw new Error(found.kind);
    const point = new Map(Object.entries(found.witness).map(([name, value]) => [name, fromText(value)]));
    const [a, b] = evaluateExactly(store, [left, right], point);
    expect(a).not.toEqual(b);
  });
});

describe('what holds only in part is not proved of more', () => {
  it.each([
    ['sqrt(x)*sqrt(y)', 'sqrt(x*y)'],
    ['log(x*y)', 'log(x)+log(y)'],
    ['log(x^2)', '2*log(x)'],
    ['sqrt(x-1)*sqrt(x+1)', 'sqrt(x^2-1)'],
  ])('%s = %s is not said of all values', (left, right) => {
    expect(verdict(left, right).kind).toBe('unknown');
  });

  it.each([
    ['sqrt(x)*sqrt(y)', 'sqrt(x*y)', { x: ['nonnegative'], y: ['nonnegative'] }],
    ['log(x*y)', 'log(x)+log(y)', { x: ['positive'], y: ['positive'] }],
    ['log(x^2)', '2*log(x)', { x: ['positive'] }],
    ['sqrt(x^2)', 'x', { x: ['nonnegative'] }],
    ['abs(x)', 'x', { x: ['nonnegative'] }],
  ] as [string, string, Assumptions][])('%s = %s is proved with %j', (left, right, assume) => {
    expect(verdict(left, right, assume).kind).toBe('proved');
  });

  it('with the opposite assumption it is refuted', () => {
    expect(verdict('sqrt(x^2)', 'x', { x: ['negative'] }).kind).toBe('refuted');
    expect(verdict('abs(x)', 'x', { x: ['negative'] }).kind).toBe('refuted');
  });
});

describe('poles and 0^0', () => {
  it('what is cancelled becomes a condition', () => {
    for (const [left, right] of [
      ['x/x', '1'],
      ['x^0', '1'],
      ['1/(1/x)', 'x'],
      ['(x^2+x)/x', 'x+1'],
      ['tan(x)*cos(x)', 'sin(x)'],
      ['(x-1)/(sqrt(x)-1)', 'sqrt(x)+1'],
    ] as const) {
      const found = verdict(left, right);
      expect([left, found.kind]).toEqual([left, 'proved']);
      expect(found.kind === 'proved' && found.conditions.length).toBeGreaterThan(0);
    }
  });

  it.each(['0^0', '1/0', '0^(-1)', 'log(0)', 'log(-3)', 'sqrt(-1)', 'asin(2)', '1/(x-x)', 'tan(pi/2)', '(x-x)^0'])(
    '%s has no value',
    (text) => {
      expect(() => parseText(new ExpressionStore(), text)).toThrow(expect.objectContaining({ code: 'DomainError' }));
    },
  );

  it('a division by what is 0 by an identity has no value, whatever it is compared with', () => {
    expect(() => verdict('1/(sin(x)^2+cos(x)^2-1)', '1/(x^2+2x+1-(x+1)^2)')).toThrow(
      expect.objectContaining({ code: 'DomainError' }),
    );
    expect(() => verdict('1/((x+1)^2-x^2-2*x-1)', 'x')).toThrow(expect.objectContaining({ code: 'DomainError' }));
  });
});

describe('what speaks of no value', () => {
  it('sides that are never both defined are not proved equal', () => {
    expect(verdict('sqrt(x)+sqrt(-x-1)', 'sqrt(-x-1)+sqrt(x)')).toMatchObject({
      kind: 'unknown',
      reason: 'no-common-domain',
    });
    expect(verdict('sqrt(-x-1)+(sqrt(x)+1)^2', 'sqrt(-x-1)+x+2*sqrt(x)+1').kind).toBe('unknown');
  });

  it('a witness is never a point at which a side was not defined as it was written', () => {
    // sqrt(x)^2 becomes x, and x = |x| is false at -1: but there sqrt(x) has no value.
    expect(verdict('sqrt(x)^2', 'abs(x)').kind).not.toBe('refuted');
    expect(verdict('exp(log(x))', 'abs(x)').kind).not.toBe('refuted');
    expect(verdict('log(x)-log(x)', 'sign(x)-1').kind).not.toBe('refuted');
  });

  it('assumptions that no number satisfies are refused', () => {
    const store = new ExpressionStore();
    expect(() => store.symbol('x', ['positive', 'negative'])).toThrow(
      expect.objectContaining({ code: 'AssumptionContradiction' }),
    );
    expect(() => verdict('x', 'x+1', { x: ['positive', 'nonpositive'] })).toThrow(
      expect.objectContaining({ code: 'AssumptionContradiction' }),
    );
    expect(() => store.symbol('y', ['nonnegative', 'nonpositive', 'nonzero'])).toThrow(
      expect.objectContaining({ code: 'AssumptionContradiction' }),
    );
  });

  it('an assumption ends with the call that it was made for', () => {
    const store = new ExpressionStore();
    const [left, right] = [parseText(store, 'sqrt(x^2)'), parseText(store, 'x')];
    expect(proveEqual(store, left, right, { assume: { x: ['nonnegative'] } }).kind).toBe('proved');
    expect(proveEqual(store, left, right).kind).toBe('refuted');
  });
});

it('nearly equal is not equal, and not equal without a witness is unknown', () => {
  expect(verdict('x', 'x+1/10^30').kind).toBe('refuted');
  // exp(pi*sqrt(163)) is 262537412640768743.99999999999925…
  expect(verdict('exp(pi*sqrt(163))', '262537412640768744').kind).toBe('unknown');
});

describe('powers with symbolic exponents', () => {
  const proved = (left: string, right: string, assume: Assumptions = {}) => {
    const store = new ExpressionStore();
    const answer = proveEqual(store, parseText(store, left), parseText(store, right), { assume });
    if (answer.kind !== 'proved') return answer.kind;
    expect(checkCertificate(answer.certificate).accepted).toBe(true);
    return answer.conditions.map(({ relation, expression }) => `${printText(store, expression)} ${relation}`);
  };

  it('are shifted by whole numbers where the base is not 0', () => {
    expect(proved('x^(n+2)', 'x^2*x^n')).toEqual(['x nonzero']);
    expect(proved('x^(n-2)', 'x^n/x^2')).toEqual(['x nonzero']);
    expect(proved('x^(n+1)', 'x*x^n', { x: ['negative'] })).toEqual([]);
    expect(proved('(-2)^(n+2)', '4*(-2)^n')).toEqual([]);
  });

  it('are taken apart where the base is positive: (-1)^(2n) has a value for n = 1/2, and (-1)^n has none', () => {
    expect(proved('(x^n-1)*(x^n+1)', 'x^(2n)-1')).toEqual(['x nonzero', 'x positive']);
    expect(proved('x^(n+m)', 'x^n*x^m', { x: ['positive'] })).toEqual([]);
    expect(proved('x^(2n)+1', '1+x^n*x^n')).toEqual([]);
    expect(proved('(y^2+1)^(n+m)', '(y^2+1)^n*(y^2+1)^m')).toEqual([]);
  });
});

it.each([
  ['cos(3)+cos(1/2)', 'cos(1/2)+cos(3)+x-x'],
  ['cos(16*x)+cos(x/2)', 'cos(x/2)+cos(16*x)+sin(x)^2+cos(x)^2-1'],
])('angles that are too large multiples of a unit stay whole: %s', (left, right) => {
  expect(verdict(`(${left})^2`, `(${right})^2`).kind).toBe('proved');
});
