import { PluginRegistry, ResourceGovernor, testing } from '@tenstrip/shared-core';
import { describe, expect, it } from 'vitest';
import { symbolicReducerStrip } from '../../src/strip.js';

async function withStrip<T>(
  body: (call: Awaited<ReturnType<typeof mount>>['call']) => Promise<T>,
  options: { sandbox?: boolean; limits?: Record<string, number> } = {},
): Promise<T> {
  const governor = new ResourceGovernor({ ...testing(1), ...(options.sandbox ? { sandbox: { grants: {} } } : {}) });
  await using registry = new PluginRegistry({ governor });
  return await body((await mount(registry, options.limits ?? {})).call);
}

const mount = (registry: PluginRegistry, limits: Record<string, number>) =>
  registry.mount(symbolicReducerStrip, limits);
const of = (expression: string) => ({ expression });

describe('the strip', () => {
  it('parses and prints', () =>
    withStrip(async (call) => {
      const parsed = await call.parseExpression({ source: of('log(x)+1/y+x') });
      expect(parsed).toMatchObject({ text: 'x + log(x) + 1/y', symbols: ['x', 'y'] });
      expect(parsed.definedWhere).toEqual([
        { relation: 'positive', text: 'x' },
        { relation: 'nonzero', text: 'y' },
      ]);
      const printed = await call.printExpression({ source: { mathjson: parsed.mathjson } });
      expect(printed).toMatchObject({ text: 'x + log(x) + 1/y', latex: 'x + \\ln\\left(x\\right) + \\frac{1}{y}' });
      await expect(call.parseExpression({ source: of('1+*2') })).rejects.toMatchObject({
        code: 'ParseError',
        details: { position: 2 },
      });
    }));

  it('simplifies, also by rules', () =>
    withStrip(async (call) => {
      expect(await call.simplify({ source: of('(x^2-1)/(x-1)') })).toMatchObject({
        result: { text: 'x + 1' },
        conditions: [{ relation: 'nonzero', text: 'x - 1' }],
        complete: true,
      });
      const rules = [{ name: 'log', left: 'log(a^b)', right: 'b*log(a)', where: { a: ['positive'] } }];
      expect((await call.simplify({ source: of('log((x^2+1)^y)'), rules })).result.text).toBe('y*log(x^2 + 1)');
      await expect(
        call.simplify({ source: of('x'), rules: [{ name: 'bad', left: 'sqrt(a^2)', right: 'a' }] }),
      ).rejects.toMatchObject({ code: 'RuleRejected' });
    }));

  it('proves, refutes and does not know, and its proofs are accepted', () =>
    withStrip(async (call) => {
      const proved = await call.proveEqual({ left: of('sqrt(x^2)'), right: of('x'), assume: { x: ['nonnegative'] } });
      if (proved.kind !== 'proved') throw new Error(proved.kind);
      expect(await call.checkCertificate({ certificate: proved.certificate })).toEqual({
        accepted: true,
        believedRules: [],
      });
      expect(await call.checkCertificate({ certificate: { kind: 'equality' } })).toMatchObject({ accepted: false });
      expect(await call.proveEqual({ left: of('sqrt(x^2)'), right: of('x') })).toEqual({
        kind: 'refuted',
        witness: expect.anything(),
      });
      expect(await call.proveEqual({ left: of('log(x*y)'), right: of('log(x)+log(y)') })).toMatchObject({
        kind: 'unknown',
        reason: 'undecided',
      });
    }));

  it('finds divisors and derivatives, with proofs', () =>
    withStrip(async (call) => {
      const gcd = await call.gcd({ left: of('x^2-y^2'), right: of('x^2+3x*y+2y^2') });
      expect(gcd.result.text).toBe('x + y');
      expect(await call.checkCertificate({ certificate: gcd.certificate })).toMatchObject({ accepted: true });
      const derivative = await call.differentiate({ source: of('x*exp(x^2)'), variable: 'x', times: 2 });
      expect(derivative.certificates).toHaveLength(2);
      for (const certificate of derivative.certificates) {
        expect(await call.checkCertificate({ certificate })).toMatchObject({ accepted: true });
      }
    }));

  it('compiles; generated code runs when that is asked for', () =>
    withStrip(async (call) => {
      const sources = [of('x^2+y'), of('1/x')];
      expect((await call.compile({ sources })).values).toEqual([]);
      const compiled = await call.compile({
        sources,
        evaluateGeneratedCodeAt: [
          [2, 1],
          [0, 1],
        ],
      });
      expect(compiled.values).toEqual([
        [5, 0.5],
        [1, null],
      ]);
    }));

  it('runs no generated code in a sandbox, and still compiles', () =>
    withStrip(
      async (call) => {
        expect((await call.compile({ sources: [of('x+1')] })).javascript).toContain('return');
        await expect(call.compile({ sources: [of('x+1')], evaluateGeneratedCodeAt: [[1]] })).rejects.toMatchObject({
          code: 'CompilationRefused',
        });
      },
      { sandbox: true },
    ));

  it('keeps the limits that it was mounted with', () =>
    withStrip(
      async (call) => {
        const simplified = await call.simplify({ source: of('(x+y+z)^40/(x+y+z)^39') });
        expect(simplified.complete).toBe(false);
        await expect(call.parseExpression({ source: of('2^3000') })).rejects.toMatchObject({ code: 'BudgetExceeded' });
        expect(await call.proveEqual({ left: of('(x+y+z)^40'), right: of('(x+y+z)^39*(x+y+z)+y-y') })).toMatchObject({
          kind: 'proved',
        });
        expect(await call.proveEqual({ left: of('(x+y)^60'), right: of('(x^2+2*x*y+y^2)^30') })).toMatchObject({
          kind: 'unknown',
          reason: 'budget',
        });
      },
      { limits: { maxTerms: 50, maxBits: 2_000 } },
    ));

  it('takes names that other programs trip over', () =>
    withStrip(async (call) => {
      const source = { mathjson: ['Add', '__proto__', ['Multiply', 2, 'constructor']] };
      expect((await call.parseExpression({ source })).text).toBe('__proto__ + 2*constructor');
      expect((await call.proveEqual({ left: source, right: of('2*constructor+__proto__') })).kind).toBe('proved');
      expect(await call.proveEqual({ left: source, right: of('constructor') })).toMatchObject({ kind: 'refuted' });
    }));
});
