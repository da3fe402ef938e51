import { describe, expect, it } from 'vitest';
import {
  checkCertificate,
  ExpressionStore,
  parseText,
  printText,
  RuleSet,
  type RuleText,
  reduce,
} from '../../../src/index.js';
import { Matcher } from '../../../src/rewriting/index.js';

function apply(rules: readonly RuleText[], text: string, options = {}) {
  const store = new ExpressionStore();
  const set = new RuleSet(store, rules, options);
  const reduction = reduce(store, parseText(store, text), { rules: set });
  const checks = reduction.certificates.map((certificate) => checkCertificate(certificate));
  expect(checks.every(({ accepted }) => accepted)).toBe(true);
  return { text: printText(store, reduction.result), set, checks, reduction };
}

describe('a rule', () => {
  it.each([
    [{ name: 'root', left: 'sqrt(a^2)', right: 'a' }, 'differ at {"a":"-1"}'],
    [{ name: 'logs', left: 'log(a+b)', right: 'log(a)+log(b)' }, 'differ'],
    [{ name: 'narrow', left: 'abs(a)', right: 'exp(log(a))' }, 'only defined where a is positive'],
    [{ name: 'square', left: 'sqrt(a^2)', right: 'sqrt(a)^2' }, 'only defined where a is nonnegative'],
    [{ name: 'hidden', left: 'sign(a)', right: '1 + 0*log(a)' }, 'only defined where a is positive'],
    [{ name: 'half', left: 'log(a^2)', right: '2*log(a)' }, 'only defined where a is positive'],
    [{ name: 'arc', left: 'a+1', right: 'sin(asin(a))+1' }, 'only defined where -a^2 + 1 is nonnegative'],
    [{ name: 'power', left: 'sin(a)+b', right: 'sin(a)+b*a^b*a^(-b)' }, 'only defined where a^(-b) is defined'],
    [{ name: 'list', left: 'abs(a)', right: 'a', where: { a: 'positive' as never } }, 'must be a list'],
    [{ name: 'text', left: 5 as never, right: 'a' }, 'must be texts'],
    [{ name: 'free', left: 'sin(a)', right: 'b' }, 'only on its right side'],
    [{ name: 'all', left: 'a', right: 'a+0*b' }, 'everywhere'],
    [{ name: 'same', left: 'sin(a)', right: 'sin(a)' }, 'the same'],
    [{ name: 'nowhere', left: 'sqrt(-a^2-1)', right: 'a' }, 'real power'],
    [{ name: 'else', left: 'sin(a)', right: 'sin(a+2*pi*1)', where: { b: ['positive'] } }, 'not on its left side'],
  ] as [RuleText, string][])('%j is not accepted', (rule, problem) => {
    expect(() => new RuleSet(new ExpressionStore(), [rule])).toThrow(problem);
  });

  it('that differs only where it is not meant is accepted with its condition', () => {
    const rule: RuleText = { name: 'root', left: 'sqrt(a^2)', right: 'a', where: { a: ['positive'] } };
    const { set } = apply([rule], 'x');
    expect(set.rules[0]!.certificate).toBeDefined();
  });

  it.each([
    ['sqrt(a)*sqrt(b)', 'sqrt(a*b)'],
    ['log(a)+log(b)', 'log(a*b)'],
    ['(a^2-b^2)/(a-b)', 'a+b'],
  ])('may be defined at more points on the right: %s is %s', (left, right) => {
    expect(new RuleSet(new ExpressionStore(), [{ name: 'wider', left, right }]).rules).toHaveLength(1);
  });

  it('that is true but beyond the engine is believed, and named; or refused, where only proofs count', () => {
    const rule: RuleText = { name: 'product', left: 'abs(a)*abs(b)', right: 'abs(a*b)' };
    const { text, checks } = apply([rule], 'abs(x)*abs(y)*z');
    expect(text).toBe('z*abs(x*y)');
    expect(checks).toEqual([{ accepted: true, believedRules: ['product'] }]);
    expect(() => new RuleSet(new ExpressionStore(), [rule], { onlyProved: true })).toThrow(
      expect.objectContaining({ code: 'RuleRejected' }),
    );
  });
});

describe('rewriting', () => {
  const logs: RuleText = {
    name: 'logs',
    left: 'log(a)+log(b)',
    right: 'log(a*b)',
    where: { a: ['positive'], b: ['positive'] },
  };

  it('applies only where the condition is known to hold', () => {
    expect(apply([logs], 'log(x)+log(y)').text).toBe('log(x) + log(y)');
    expect(apply([logs], 'log(x^2+1)+log(exp(y)+2)+q').text).toBe('q + log((x^2 + 1)*(exp(y) + 2))');
  });

  it('ends although rules lead in a circle', () => {
    const circle: RuleText[] = [
      { name: 'to', left: 'sin(2*a)', right: '2*sin(a)*cos(a)' },
      { name: 'back', left: '2*sin(a)*cos(a)', right: 'sin(2*a)' },
    ];
    expect(apply(circle, 'sin(2*x)+1').text).toBe('sin(2*x) + 1');
  });

  it('finds letters in any order of a sum or product, and takes what is left', () => {
    const store = new ExpressionStore();
    const parse = (text: string) => parseText(store, text);
    const letters = new Set([parse('a'), parse('b')]);
    const match = (pattern: string, target: string) => {
      const found = new Matcher(store, letters).first(parse(pattern), parse(target), () => true);
      if (found === undefined) return undefined;
      return [...found.substitution]
        .map(([letter, value]) => `${printText(store, letter)}: ${printText(store, value)}`)
        .sort()
        .concat(printText(store, found.rest));
    };
    expect(match('sin(a)^2+cos(a)^2', 'z+cos(x*y)^2+sin(x*y)^2')).toEqual(['a: x*y', 'z']);
    expect(match('sin(a)^2+cos(a)^2', 'cos(x)^2+sin(y)^2')).toBeUndefined();
    expect(match('a*sin(b)', 'x*sin(y)*z')).toEqual(expect.arrayContaining(['b: y']));
    expect(match('sin(a*b)', 'sin(x*y*z)')?.[2]).toBe('1');
    expect(match('a^3', 'x^3')).toEqual(['a: x', '1']);
    expect(match('a^3', 'x^2')).toBeUndefined();
    expect(match('max(a,1)', 'max(1,y)')).toEqual(['a: y', '1']);
  });

  it('gives up on what has too many orders', () => {
    const store = new ExpressionStore();
    const names = Array.from({ length: 20 }, (_, at) => store.symbol(`l${at}`));
    const target = store.sum(Array.from({ length: 20 }, (_, at) => store.call('sin', [store.symbol(`x${at}`)])));
    const pattern = store.sum(names.map((name) => store.call('cos', [name])));
    const twisted = store.sum(
      names.map((name, at) => (at === 19 ? store.call('cos', [name]) : store.call('sin', [name]))),
    );
    expect(new Matcher(store, new Set(names)).first(pattern, target, () => true)).toBeUndefined();
    expect(new Matcher(store, new Set(names)).first(twisted, target, () => true)).toBeUndefined();
  });
});

describe('a rule for whole numbers', () => {
  const rule: RuleText = { name: 'whole', left: 'floor(k+1/2)', right: 'k', where: { k: ['integer'] } };
  const applied = (text: string) => {
    const store = new ExpressionStore();
    store.symbol('m', ['integer']);
    const rules = new RuleSet(store, [rule]);
    const { result, certificates } = reduce(store, parseText(store, text), { rules });
    return { text: printText(store, result), certificates };
  };

  it('is used where something is known to be one, and nowhere else', () => {
    expect(applied('floor(m+1/2)*q + floor(z+1/2)').text).toBe('m*q + floor(z + 1/2)');
  });

  it('says so in its certificate, which the checker believes only where it is said or seen', () => {
    const [certificate] = applied('floor(m+1/2)*q').certificates;
    if (certificate?.kind !== 'rewriting') throw new Error('no rewriting');
    expect(certificate.rules[0]!.conditions).toEqual([{ relation: 'integer', expression: 'k' }]);
    expect(certificate.assumptions).toEqual([{ relation: 'integer', expression: 'm' }]);
    expect(checkCertificate(certificate)).toEqual({ accepted: true, believedRules: ['whole'] });
    const problem = 'a value must be integer, and nothing says so';
    expect(checkCertificate({ ...certificate, assumptions: [] })).toEqual({ accepted: false, problem });
    const positive = [{ relation: 'positive', expression: 'm' }] as const;
    expect(checkCertificate({ ...certificate, assumptions: positive })).toEqual({ accepted: false, problem });
  });
});
