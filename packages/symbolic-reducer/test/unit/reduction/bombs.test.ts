// What explodes when it is multiplied out is refused before anything of it is made: by its predicted size, with the number.
import { describe, expect, it } from 'vitest';
import { ExpressionStore, expand, normalForm, parseText, proveEqual, reduce } from '../../../src/index.js';

const nested = (times: number, step: (inner: string, level: number) => string) => {
  let text = 'x';
  for (let level = 0; level < times; level++) text = step(text, level);
  return text;
};
const product = (count: number, factor: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => `(${factor(index)})`).join('*');
const sum = (count: number, term: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => term(index)).join('+');

const bombs: Readonly<Record<string, string>> = {
  'a power of a sum': '(x+y+z+1)^5000',
  'nested powers': '((x+1)^1000+y)^1000',
  'powers of powers of powers': '(((x+y+1)^20+z)^20+t)^20',
  'a power of a high degree': '(x^1000+y^999+z^998+1)^4000',
  'an exponent beyond all numbers of terms': '(x+y)^(10^12)',
  'coefficients as long as the exponent': '(x+1)^(10^6)',
  'a product of sums': product(30, (index) => `a${index}+b${index}`),
  'a product of sums of three': product(20, (index) => `a${index}+b${index}+1`),
  'a product of other powers': product(24, (index) => `1+x^(2^${index})`),
  'a tower of compositions, 12 high': nested(12, (inner) => `((${inner})^2+1)`),
  'a tower of compositions, 20 high': nested(20, (inner) => `((${inner})^2+1)`),
  'a tower in two variables': nested(9, (inner) => `(r*(${inner})*(1-(${inner})))`),
  'a tower of cubes': nested(8, (inner) => `((${inner})^3+x+1)`),
  'a factorial': product(1000, (index) => `x+${index + 1}`),
  'a factorial in three variables': product(60, (index) => `x+${index + 1}*y+z`),
  'a sum of fractions': sum(30, (index) => `1/(a${index}+1)`),
  'a fraction of fractions': nested(25, (inner, level) => `1/(${inner}+a${level})`),
  'long coefficients': `(${'7'.repeat(3000)}*x+${'3'.repeat(3000)})^100`,
  'long fractions': `(${'7'.repeat(300)}*x/${'3'.repeat(301)}+y/${'9'.repeat(299)}7+1)^30`,
  'coefficients with too many bits': '(2^100000*x+1)^12',
  'powers of exponentials': '(exp(x)+exp(y)+exp(2*x)+exp(z/3))^60',
  'powers of roots': '(sqrt(x)+sqrt(y)+sqrt(z)+1)^60',
  'symbolic powers': '(x^n+y^n+z^n+1)^80',
  'an inverse': '1/((x+y+z+1)^300)+1/((x+y-z+1)^300)',
};

describe('a bomb', () => {
  it.each(Object.entries(bombs))('is refused before it is begun: %s', (_, text) => {
    const store = new ExpressionStore();
    const expression = parseText(store, text);
    const nodes = store.nodeCount;
    let refusal: unknown;
    try {
      // Work of some milliseconds would end with `maxSteps`.
      expand(store, expression, { maxSteps: 1_000 });
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({
      code: 'BudgetExceeded',
      details: { limit: expect.stringMatching(/^(maxTerms|maxBits|proofSteps)$/), needed: expect.any(String) },
    });
    expect(store.nodeCount).toBe(nodes);
  });

  it('is left as it is where something smaller is beside it', () => {
    const store = new ExpressionStore();
    const expression = parseText(store, `${bombs['a product of sums']} + (y^2-1)/(y-1)`);
    const { complete, conditions } = reduce(store, expression);
    expect([complete, conditions.length]).toEqual([false, 1]);
  });
});

describe('what only looks like one', () => {
  it.each([
    ['a power', '(x+y+z+1)^15'],
    ['a tower, 9 high', nested(9, (inner) => `((${inner})^2+1)`)],
    ['a determinant', '(a*(e*i-f*h)-b*(d*i-f*g)+c*(d*h-e*g))^3'],
    ['a factorial', product(100, (index) => `x+${index + 1}`)],
    ['a sum of fractions of one variable', sum(60, (index) => `1/(x+${index})`)],
    ['fractions of one denominator', sum(60, (index) => `a${index}/(x+y+z)`)],
    ['a continued fraction', nested(16, (inner, level) => `1/(${inner}+${level})`)],
    ['a high power that is a monomial', '(2*x*y^3/z)^4000'],
  ])('is expanded, with a proof: %s', (_, text) => {
    const store = new ExpressionStore();
    expect(expand(store, parseText(store, text)).certificates.length).toBeGreaterThan(0);
  });

  it('has a normal form where only the proof is too long', () => {
    const store = new ExpressionStore();
    const tower = parseText(store, bombs['a tower of compositions, 12 high']!);
    expect(() => expand(store, tower)).toThrow(expect.objectContaining({ code: 'BudgetExceeded' }));
    const { result } = normalForm(store, tower);
    // 1, x^2 and so on up to x^4096.
    expect(store.termsOf(result)).toHaveLength(2 ** 11 + 1);
  });
});

describe('an expression in more symbols than a normal form has', () => {
  const store = new ExpressionStore();
  const wide = parseText(store, `${sum(2_000, (index) => `a${index}*b`)} + sin(c)^2 + cos(c)^2`);

  it('is refused with their number', () => {
    expect(() => expand(store, wide)).toThrow(
      expect.objectContaining({ code: 'BudgetExceeded', details: { limit: 'kernels', allowed: 1024, needed: '2003' } }),
    );
  });

  it('is left as it is by a reduction, which says so', () => {
    expect(reduce(store, wide)).toMatchObject({ complete: false, result: wide });
  });

  it('is not decided about, but where a point decides', () => {
    expect(proveEqual(store, wide, store.sum([wide, store.symbol('e')])).kind).toBe('refuted');
    expect(proveEqual(store, wide, store.product([wide, parseText(store, 'sin(e)^2 + cos(e)^2')]))).toMatchObject({
      kind: 'unknown',
      reason: 'budget',
    });
  });
});

it('the logarithm of a huge power is taken apart without a division for each of its primes', () => {
  const store = new ExpressionStore();
  const [whole, parts] = ['log(10^60000*7^3)', '60000*log(2)+60000*log(5)+3*log(7)'].map((text) =>
    parseText(store, text),
  );
  expect(proveEqual(store, whole!, parts!).kind).toBe('proved');
  expect(proveEqual(store, whole!, parseText(store, '60000*log(2)+59999*log(5)+3*log(7)')).kind).not.toBe('proved');
});
