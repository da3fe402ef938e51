// False equalities around the places where functions end or jump: poles, roots, logarithms, arcs, 0^0, symbolic exponents, floors and
// signs. Each is false at some point at which both sides are defined as they are written, and none may be called proved.
import { describe, expect, it } from 'vitest';
import { type Assumptions, ExpressionStore, parseText, proveEqual } from '../../../src/index.js';

function verdict(left: string, right: string, assume: Assumptions = {}) {
  const store = new ExpressionStore();
  const { result, domain } = store.withDomain(() => [parseText(store, left), parseText(store, right)] as const);
  return proveEqual(store, ...result, { domain, assume });
}

const falsehoods: readonly (readonly [left: string, right: string, assume?: Assumptions])[] = [
  // Roots
  ['sqrt(x^2)', '-x'],
  ['sqrt(x^6)', 'x^3'],
  ['sqrt(x^2*y^2)', 'x*y'],
  ['sqrt(x^2*y)', 'x*sqrt(y)'],
  ['(x^4)^(1/4)', 'x'],
  ['(x^2)^(3/2)', 'x^3'],
  ['(x^2)^(1/2)*x', 'x^2'],
  ['sqrt(x^2)/x', '1'],
  ['sqrt(x+1)*sqrt(x+1)', 'x'],
  ['sqrt((x+y)^2)', 'x+y'],
  ['sqrt(x^2-2*x*y+y^2)', 'x-y'],
  ['sqrt(1/x^2)', '1/x'],
  ['1/sqrt(x^2)', '1/x'],
  ['sqrt(x^4+x^2)', 'x*sqrt(x^2+1)'],
  ['sqrt(x^2)+x', '2*x'],
  ['sqrt(x^2)', 'x', { x: ['nonzero'] }],
  ['sqrt(x^2)', 'x', { x: ['integer'] }],
  ['sqrt(x^2)', 'x', { x: ['nonpositive'] }],
  ['sqrt(x^2*y^2)', 'x*y', { x: ['positive'] }],
  ['(x^3)^(1/3)', 'abs(x)+x-x+1/10^9'],
  ['sqrt(x)*sqrt(x)', 'abs(x)+1'],
  ['sqrt(x)^2', '-x'],
  ['(x^(1/2))^4', 'x^3'],
  ['sqrt(8)', '3'],
  ['sqrt(2)+sqrt(3)', 'sqrt(5)'],
  ['sqrt(2)*sqrt(3)', 'sqrt(5)'],
  ['sqrt(cos(x)^2)', 'cos(x)'],
  ['sqrt(1-sin(x)^2)', 'cos(x)'],
  // Logarithms
  ['log(x^2)', 'log(x^2)+sign(x)-1'],
  ['log(x^2)/2', 'log(abs(x))+sign(x)^2-sign(x)'],
  ['log(x^4)', '4*log(abs(x)+1)'],
  ['log(exp(x))', 'abs(x)'],
  ['log(x/y)', 'log(x)/log(y)', { x: ['positive'], y: ['positive'] }],
  ['log(x+y)', 'log(x)+log(y)', { x: ['positive'], y: ['positive'] }],
  ['log(x*y)', 'log(x)*log(y)', { x: ['positive'], y: ['positive'] }],
  ['log(x)^2', '2*log(x)', { x: ['positive'] }],
  ['log(1/x)', '1/log(x)', { x: ['positive'] }],
  ['exp(log(x^2)/2)', 'x'],
  ['exp(2*log(abs(x)))', 'x^3'],
  ['x^log(y)', 'y*log(x)', { x: ['positive'], y: ['positive'] }],
  ['log(x^n)', 'n*log(x)+n', { x: ['positive'] }],
  ['log(x^(2*n))', '2*n*log(abs(x))+n', { n: ['integer'] }],
  ['exp(x*log(2))', '2^x+1/10^12'],
  ['log(abs(x))', 'abs(log(x))', { x: ['positive'] }],
  // Arcs and their functions
  ['asin(sin(x))', 'x', { x: ['positive'] }],
  ['acos(cos(x))', 'abs(x)'],
  ['atan(tan(x))', 'x', { x: ['nonnegative'] }],
  ['acos(x)', 'asin(x)'],
  ['acos(-x)', 'acos(x)'],
  ['acos(-x)', '-acos(x)'],
  ['asin(x)+acos(x)', '1'],
  ['atan(x)+atan(1/x)', 'pi/2'],
  ['asin(x)', 'atan(x)'],
  ['sin(acos(x))', 'x'],
  ['cos(asin(x))', '1-x^2'],
  ['asin(x)*sign(x)', 'asin(x)'],
  ['asin(x)-asin(x)+abs(x)', 'x'],
  ['acos(x)-acos(x)+floor(x)', 'x'],
  ['atan(2*x)', '2*atan(x)'],
  ['asin(x)^2', 'asin(x^2)'],
  // Powers with symbolic exponents
  ['x^n*x^n', 'x^(n^2)'],
  ['(x^n)^2', 'x^(n+2)'],
  ['(x^2)^n', 'x^n*abs(x)'],
  ['((x^2)^n)^(1/n)', 'x^2+n-n+1/10^9', { n: ['positive'] }],
  ['(x^n)^(1/n)', 'x', { n: ['integer'] }],
  ['((-1)^n)^2', '(-1)^n', { n: ['integer'] }],
  ['(-1)^n', '1', { n: ['integer'] }],
  ['(-1)^(n+1)', '(-1)^n', { n: ['integer'] }],
  ['(x*y)^n', 'x^n+y^n', { x: ['positive'], y: ['positive'] }],
  ['(-x)^n', '-x^n', { n: ['integer'] }],
  ['(-x)^n', 'x^n', { n: ['integer'] }],
  ['(x^2)^(n/2)', 'x^n', { n: ['integer'] }],
  ['x^(n/2)*x^(n/2)', 'abs(x)^n+1'],
  ['abs(x)^n', 'x^n', { n: ['integer'] }],
  ['abs(x)^(2*n+1)', 'x^(2*n+1)', { n: ['integer'] }],
  ['0^x', '0^x+x', { x: ['positive'] }],
  ['0^(x^2+1)', '1'],
  ['0^x', '1', { x: ['nonnegative'] }],
  ['1^x', 'x'],
  ['x^0', '0'],
  ['x^0*y', 'x'],
  ['(x-x+2)^n', 'n^2'],
  ['2^n', 'n^2', { n: ['integer'] }],
  ['x^(1/n)', 'x/n', { x: ['positive'], n: ['positive'] }],
  ['x^n/x^m', 'x^(n/m)', { x: ['positive'] }],
  ['x^n-x^n+abs(n)', 'n', { x: ['positive'] }],
  // Absolute values and signs
  ['abs(x)*abs(y)', 'x*y'],
  ['abs(x*y)', 'x*abs(y)'],
  ['abs(x)/x', '1'],
  ['abs(x-y)', 'abs(x)-abs(y)'],
  ['abs(x-1)+abs(1-x)', '2*x-2'],
  ['abs(-x)', '-abs(x)'],
  ['abs(x^3)', 'x^3'],
  ['abs(x)^2', 'abs(x)'],
  ['abs(x)', 'x', { x: ['nonzero'] }],
  ['abs(x)', 'x', { x: ['integer'] }],
  ['abs(x)', '-x', { x: ['nonnegative'] }],
  ['sign(x)*x', 'x'],
  ['sign(x)^2', '1'],
  ['sign(x)^3', '1'],
  ['sign(x*y)', 'sign(x)+sign(y)'],
  ['sign(x)', 'x/abs(x)+1'],
  ['sign(x^2)', '1'],
  ['sign(x)', '1', { x: ['nonnegative'] }],
  ['1/sign(x)', '1'],
  // Jumps
  ['floor(x)', 'x'],
  ['floor(x)+floor(-x)', '0'],
  ['floor(2*x)', '2*floor(x)'],
  ['floor(x+y)', 'floor(x)+floor(y)'],
  ['ceil(x)-floor(x)', '1'],
  ['ceil(x)', '-floor(x)'],
  ['floor(x)^2', 'floor(x^2)'],
  ['floor(floor(x)/2)', 'floor(x)/2'],
  ['floor(n/2)', 'n/2', { n: ['integer'] }],
  ['floor(n*x)', 'n*floor(x)', { n: ['integer'] }],
  ['floor(abs(x))', 'abs(floor(x))'],
  ['floor(x)', 'x', { x: ['positive'] }],
  ['max(x,y)', 'x+y'],
  ['max(x,-x)', 'x'],
  ['max(x,0)', 'x'],
  ['min(x,0)', '0', { x: ['nonpositive'] }],
  ['min(x,y)*max(x,y)', 'x^2'],
  ['max(x,y)', '(x+y+abs(x-y))/2+1/10^9'],
  ['max(x,1)', 'x', { x: ['positive'] }],
  ['max(x^2,x)', 'x^2'],
  // Poles
  ['x/x', '0'],
  ['x/x', 'x'],
  ['(x^2-1)/(x-1)', 'x-1'],
  ['1/(1/x)', '1/x'],
  ['1/x+1/y', '2/(x+y)'],
  ['1/(x-1)-1/(x-1)', 'abs(x)-x'],
  ['tan(x)*cos(x)/sin(x)', '0'],
  ['tan(x)^2+1', '1/cos(x)'],
  ['1/(1+1/x)', '1+x'],
  ['x^(-1)*x^2', 'abs(x)'],
  // Periods
  ['sin(x+pi)', 'sin(x)'],
  ['cos(x+2*pi)', '-cos(x)'],
  ['sin(n*pi)', 'n', { n: ['integer'] }],
  ['tan(2*x)', '2*tan(x)'],
  ['sinh(2*x)', '2*sinh(x)'],
  ['exp(x)^2', 'exp(x^2)'],
  ['cosh(x)', 'exp(x)/2'],
];

it('there are more than a hundred of them', () => {
  expect(falsehoods.length).toBeGreaterThan(130);
});

it.each(falsehoods.map(([left, right, assume = {}]) => [left, right, assume] as const))(
  '%s = %s is not proved (%j)',
  (left, right, assume) => {
    expect(verdict(left, right, assume).kind).not.toBe('proved');
  },
);

describe('a witness is a point at which both sides have a value as they are written', () => {
  // True where both sides have one: what was cancelled in reading says where that is.
  it.each([
    ['asin(x)-asin(x)+abs(x-1)', '1-x'],
    ['acos(x+1)-acos(x+1)+abs(x)', '-x'],
    ['asin(y)*0+max(y,2)', '2'],
    ['0*(-2)^n+floor(n)', 'n'],
    ['(x^(1/3))^3', 'abs(x)'],
    ['0^x-0^x+abs(x)', 'x'],
    ['(x^n)^2', '(x^n)*abs(x^n)', { n: ['positive'], x: ['nonnegative'] }],
  ] as [string, string, Assumptions?][])('%s = %s is not refuted', (left, right, assume) => {
    expect(verdict(left, right, assume).kind).not.toBe('refuted');
  });

  it('a negative base has a value for whole exponents only', () => {
    const found = verdict('x^n-x^n+sign(x)', '1', { n: ['nonzero'] });
    expect(found).toMatchObject({ kind: 'refuted', witness: { n: expect.not.stringContaining('/') } });
  });

  it('the domain tells arguments of asin and acos, and powers that must have a value', () => {
    const store = new ExpressionStore();
    const { domain } = store.withDomain(() => parseText(store, 'asin(x)-asin(x)+acos(2*y)+z^n+pi^n+(z^2+1)^n'));
    expect(domain.map(({ relation }) => relation).sort()).toEqual(['defined', 'nonnegative', 'nonnegative']);
  });
});

describe('whole numbers', () => {
  it('are their own floor and ceiling, by proof', () => {
    expect(verdict('floor(n)+ceil(n)', '2*n', { n: ['integer'] }).kind).toBe('proved');
    expect(verdict('floor(n)+ceil(n)', '2*n').kind).toBe('refuted');
  });
});
