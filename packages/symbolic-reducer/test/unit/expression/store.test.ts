import { describe, expect, it } from 'vitest';
import { ExpressionStore, normalForm, parseText, printText, rational } from '../../../src/index.js';

const parse = (text: string, store = new ExpressionStore()) => printText(store, parseText(store, text));

describe('canonical forms', () => {
  it.each([
    ['x+x', '2*x'],
    ['x-x', '0'],
    ['2*(x+1)', '2*x + 2'],
    ['x*x^2', 'x^3'],
    ['x*x^(1/2)', 'x^(3/2)'],
    ['sqrt(8)', '2*sqrt(2)'],
    ['sqrt(2)*sqrt(2)', '2'],
    ['sqrt(1/2)', 'sqrt(2)/2'],
    ['27^(2/3)', '9'],
    ['(x*y)^3', 'x^3*y^3'],
    ['sqrt(4x)', '2*sqrt(x)'],
    ['sqrt(sqrt(x))', 'x^(1/4)'],
    ['sqrt(x^2)', 'sqrt(x^2)'],
    ['exp(x)*exp(y)', 'exp(x + y)'],
    ['exp(x)^3', 'exp(3*x)'],
    ['exp(log(x))', 'x'],
    ['log(exp(x))', 'x'],
    ['sin(-x)', '-sin(x)'],
    ['cos(-x)', 'cos(x)'],
    ['abs(-2x)', '2*abs(x)'],
    ['abs(x^2+1)', 'x^2 + 1'],
    ['sign(-exp(x))', '-1'],
    ['sin(pi/6)', '1/2'],
    ['cos(3*pi/4)', '-sqrt(2)/2'],
    ['tan(pi/4)', '1'],
    ['max(3,x,1,x)', 'max(3, x)'],
    ['min(x,min(y,z))', 'min(x, y, z)'],
    ['max(-1,exp(x))', 'exp(x)'],
    ['floor(-7/2)', '-4'],
    ['x/x', 'x/x'],
    ['x^0', 'x^0'],
    ['2^0', '1'],
    ['1/(1/x)', '1/(1/x)'],
  ])('%s is %s', (text, form) => {
    expect(parse(text)).toBe(form);
  });

  it('follow what is assumed', () => {
    const store = new ExpressionStore();
    store.symbol('p', ['positive']);
    store.symbol('n', ['negative']);
    store.symbol('k', ['integer']);
    expect(parse('sqrt(p^2)', store)).toBe('p');
    expect(parse('p/p', store)).toBe('1');
    expect(parse('abs(n)', store)).toBe('-n');
    expect(parse('abs(n*p)', store)).toBe('-n*p');
    expect(parse('sqrt(p*x)', store)).toBe('sqrt(p)*sqrt(x)');
    expect(parse('floor(k)', store)).toBe('k');
    expect(parse('sign(p+1)', store)).toBe('1');
  });

  it('sqrt(x*y) stays whole where a factor may be 0: sqrt(x)*sqrt(y) is defined at fewer points', () => {
    const store = new ExpressionStore();
    store.symbol('x', ['nonnegative']);
    expect(parse('sqrt(x*y)', store)).toBe('sqrt(x*y)');
  });
});

describe('a store', () => {
  it('gives room back and keeps the handles that are asked for', () => {
    const store = new ExpressionStore();
    const before = parseText(store, 'x+y');
    const mark = store.checkpoint();
    const kept = parseText(store, 'sin(x+y)^2+exp(z)/12345678901234567890');
    for (let at = 0; at < 500; at++) parseText(store, `cos(x+${at})^${at + 2}`);
    const full = store.nodeCount;
    store.release(mark, [kept]);
    expect(store.nodeCount).toBeLessThan(full / 10);
    expect(printText(store, kept)).toBe('sin(x + y)^2 + exp(z)/12345678901234567890');
    expect(parseText(store, 'sin(x+y)^2+exp(z)/12345678901234567890')).toBe(kept);
    expect(parseText(store, 'x+y')).toBe(before);
    for (let at = 0; at < 500; at++) parseText(store, `cos(x+${at})^${at + 2}`);
    expect(store.nodeCount).toBe(full);
    expect(printText(store, kept)).toBe('sin(x + y)^2 + exp(z)/12345678901234567890');
  });

  it('is built within another that is being built', () => {
    const text = '(x + 1)*(y - 2)*(x + 1)^-1 + 3*(a + b + c + 12)*(x - y) + x^2*x^3 - exp(x)*exp(y)';
    const alone = new ExpressionStore();
    const expected = printText(alone, normalForm(alone, parseText(alone, text)).result);
    const store = new ExpressionStore();
    const inner = new Set<string>();
    const build = () => {
      const other = new ExpressionStore();
      inner.add(printText(other, normalForm(other, parseText(other, '(u + 2)*(v - 3)*(u + 2)/(u + 2)')).result));
    };
    const result = store.watching(build, () => normalForm(store, parseText(store, text)).result);
    expect(printText(store, result)).toBe(expected);
    expect([...inner]).toEqual(['u*v - 3*u + 2*v - 6']);
  });

  it('finds symbols that were let go again, as others', () => {
    const store = new ExpressionStore();
    const x = store.symbol('x');
    const mark = store.checkpoint();
    const [y, z] = [store.symbol('y'), store.symbol('z')];
    store.release(mark, [z]);
    expect(store.symbol('z')).toBe(z);
    expect(store.symbol('x')).toBe(x);
    expect(store.nameOf(store.symbol('w'))).toBe('w');
    expect(printText(store, store.sum([store.symbol('y'), z]))).toBe('y + z');
    expect(store.symbol('w')).toBe(y);
  });

  it('refuses more nodes than allowed', () => {
    const store = new ExpressionStore({ maxNodes: 50 });
    expect(() => {
      for (let at = 0; at < 100; at++) store.symbol(`s${at}`);
    }).toThrow(expect.objectContaining({ code: 'BudgetExceeded' }));
  });

  it('refuses numbers of more bits than allowed, before they are made', () => {
    const store = new ExpressionStore({ maxBits: 1_000 });
    for (const text of ['2^2000', '10^400', '1e400', `${'9'.repeat(400)}`, '2^(10^30)']) {
      expect(() => parseText(store, text)).toThrow(expect.objectContaining({ code: 'BudgetExceeded' }));
    }
    expect(parse('2^999', store)).toBe((2n ** 999n).toString());
  });

  it('takes any text as a name', () => {
    const store = new ExpressionStore();
    for (const name of [
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'pi',
      'e',
      'sin',
      'a b',
      '`',
      '#3',
      'ż',
    ]) {
      const symbol = store.symbol(name);
      expect(store.nameOf(symbol)).toBe(name);
      expect(parseText(store, printText(store, symbol))).toBe(symbol);
    }
    expect(parse('__proto__^2 + constructor', store)).toBe('__proto__^2 + constructor');
  });

  it('says where what was written is defined', () => {
    const store = new ExpressionStore();
    const { result, domain } = store.withDomain(() => parseText(store, 'log(x)-log(x)+1/(y-1)*0+sqrt(z)^2'));
    expect(printText(store, result)).toBe('z');
    expect(domain.map(({ relation, expression }) => `${relation} ${printText(store, expression)}`).sort()).toEqual([
      'nonnegative z',
      'nonzero y - 1',
      'positive x',
    ]);
  });

  it('keeps exact numbers', () => {
    const store = new ExpressionStore();
    expect(store.rational(6n, -4n)).toBe(store.number(rational(-3n, 2n)));
    expect(parse('0.1+0.2')).toBe('3/10');
    expect(parse('1/3+1/6')).toBe('1/2');
  });
});
