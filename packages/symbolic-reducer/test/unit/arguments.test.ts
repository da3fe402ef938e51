// Whatever is given to a public function: an answer, or a TenstripError that says what was wrong, and never another error.
import { isTenstripError } from '@tenstrip/shared-core';
import { describe, expect, it } from 'vitest';
import * as reducer from '../../src/index.js';

const store = new reducer.ExpressionStore();
const x = store.symbol('x');
const e = reducer.parseText(store, 'x^2+1');
const other = new reducer.ExpressionStore();
const foreign = Array.from({ length: 50 }, (_, index) => other.symbol(`q${index}`)).at(-1)!;
const polynomial = reducer.Polynomial.variable(2, 0);
const certificate = { kind: 'equality', left: 1, right: 1, steps: [], assumptions: [], conditions: [] } as const;

const junk: Readonly<Record<string, unknown>> = {
  ...{ undefined: undefined, null: null, five: 5, negative: -1, broken: 1.5, notANumber: Number.NaN },
  ...{ infinite: Number.POSITIVE_INFINITY, text: 'abc', noText: '', object: {}, list: [], listOfNull: [null] },
  ...{ function: () => 1, boolean: true, bigint: 5n, symbol: Symbol('a'), foreign, huge: 1e9, date: new Date(0) },
};

type Calls = Readonly<Record<string, (given: never) => unknown>>;

// biome-ignore lint/suspicious/noExplicitAny: the point is that types do not hold
const calls: Readonly<Record<string, Readonly<Record<string, (given: any) => unknown>>>> = {
  store: {
    limits: (given) => new reducer.ExpressionStore(given),
    maxNodes: (given) => new reducer.ExpressionStore({ maxNodes: given }),
    numerator: (given) => store.rational(given),
    denominator: (given) => store.rational(1, given),
    number: (given) => store.number(given),
    name: (given) => store.symbol(given),
    assumptions: (given) => store.symbol('z', given),
    assumption: (given) => store.symbol('z', [given]),
    terms: (given) => store.sum(given),
    term: (given) => store.sum([x, given]),
    factors: (given) => store.product(given),
    factor: (given) => store.product([x, given]),
    base: (given) => store.power(given, x),
    exponent: (given) => store.power(x, given),
    function: (given) => store.call(given, [x]),
    operands: (given) => store.call('sin', given),
    operand: (given) => store.call('sin', [given]),
    negated: (given) => store.negate(given),
    subtracted: (given) => store.subtract(x, given),
    scaled: (given) => store.scale(given, 2),
    scale: (given) => store.scale(x, given),
    divisor: (given) => store.divide(x, given),
    radicand: (given) => store.squareRoot(given),
    combination: (given) => store.linearCombination(given),
    part: (given) => store.linearCombination([given]),
    signs: (given) => store.signs(given),
    mark: (given) => new reducer.ExpressionStore().release(given, []),
    kept: (given) => store.release(store.checkpoint(), given),
    assumed: (given) => store.assume('w', given),
    assuming: (given) => store.assuming(given, () => 1),
    body: (given) => store.assuming({}, given),
    domain: (given) => store.withDomain(given),
  },
  syntax: {
    text: (given) => reducer.parseText(store, given),
    'store of a text': (given) => reducer.parseText(given, 'x'),
    json: (given) => reducer.parseMathJson(store, given),
    'part of json': (given) => reducer.parseMathJson(store, ['Add', given]),
    'head of json': (given) => reducer.parseMathJson(store, [given, 1]),
    'store of json': (given) => reducer.parseMathJson(given, 'x'),
    printed: (given) => reducer.printText(store, given),
    'store of what is printed': (given) => reducer.printText(given, x),
    latex: (given) => reducer.printLatex(store, given),
    mathjson: (given) => reducer.printMathJson(store, given),
    'json of': (given) => reducer.toMathJson(store, given),
  },
  evaluation: {
    replacements: (given) => reducer.substitute(store, e, given),
    'where replaced': (given) => reducer.substitute(store, given, new Map()),
    'symbols of': (given) => reducer.symbolNames(store, given),
    'symbols of one': (given) => reducer.symbolNames(store, [given]),
    'exact roots': (given) => reducer.evaluateExactly(store, given, new Map()),
    point: (given) => reducer.evaluateExactly(store, [e], given),
    coordinate: (given) => reducer.evaluateExactly(store, [e], new Map([['x', given]])),
    box: (given) => reducer.evaluateIntervals(store, [e], given),
    side: (given) => reducer.evaluateIntervals(store, [e], new Map([['x', given]])),
  },
  reduction: {
    normalised: (given) => reducer.normalForm(store, given),
    'limits of a normal form': (given) => reducer.normalForm(store, e, given),
    'store of a normal form': (given) => reducer.normalForm(given, e),
    expanded: (given) => reducer.expand(store, given),
    'limits of an expansion': (given) => reducer.expand(store, e, given),
    reduced: (given) => reducer.reduce(store, given),
    options: (given) => reducer.reduce(store, e, given),
    cost: (given) => reducer.reduce(store, e, { cost: given }),
    rules: (given) => reducer.reduce(store, e, { rules: given }),
    assume: (given) => reducer.reduce(store, e, { assume: given }),
    'assume of x': (given) => reducer.reduce(store, e, { assume: { x: given } }),
    operation: (given) => reducer.reduce(store, e, { operation: given }),
    maxSteps: (given) => reducer.reduce(store, e, { maxSteps: given }),
    divisor: (given) => reducer.greatestCommonDivisor(store, e, given),
    budget: (given) => new reducer.Budget(given),
  },
  proof: {
    side: (given) => reducer.proveEqual(store, e, given),
    options: (given) => reducer.proveEqual(store, e, x, given),
    assume: (given) => reducer.proveEqual(store, e, x, { assume: given }),
    'assume of x': (given) => reducer.proveEqual(store, e, x, { assume: { x: given } }),
    domain: (given) => reducer.proveEqual(store, e, x, { domain: given }),
    condition: (given) => reducer.proveEqual(store, e, x, { domain: [given] }),
    random: (given) => reducer.proveEqual(store, e, x, { random: given }),
    maxPoints: (given) => reducer.proveEqual(store, e, x, { maxPoints: given }),
    sign: (given) => reducer.proveSign(store, given),
    'options of a sign': (given) => reducer.proveSign(store, e, given),
    certificate: (given) => reducer.checkCertificate(given),
    'limits of a check': (given) => reducer.checkCertificate(certificate, given),
    rules: (given) => new reducer.RuleSet(store, given),
    rule: (given) => new reducer.RuleSet(store, [given]),
    where: (given) => new reducer.RuleSet(store, [{ name: 'a', left: 'abs(a)^3', right: 'abs(a)*a^2', where: given }]),
    'where of a': (given) =>
      new reducer.RuleSet(store, [{ name: 'a', left: 'abs(a)', right: 'a', where: { a: given } }]),
  },
  calculus: {
    derived: (given) => reducer.differentiate(store, given, 'x'),
    variable: (given) => reducer.differentiate(store, e, given),
    options: (given) => reducer.differentiate(store, e, 'x', given),
    times: (given) => reducer.differentiate(store, e, 'x', { times: given }),
    budget: (given) => reducer.differentiate(store, e, 'x', { budget: given }),
    proved: (given) => reducer.differentiateWithProof(store, given, 'x'),
    store: (given) => new reducer.Differentiator(given, 'x'),
  },
  compilation: {
    roots: (given) => reducer.compile(store, given),
    root: (given) => reducer.compile(store, [given]),
    options: (given) => reducer.compile(store, [e], given),
    parameters: (given) => reducer.compile(store, [e], { parameters: given }),
    module: (given) => reducer.instantiate(given, { allowGeneratedCode: true }),
    'options of an instance': (given) => reducer.instantiate(reducer.compile(store, [e]), given),
    values: (given) => reducer.compile(store, [e]).evaluate(given),
  },
  numbers: {
    double: (given) => reducer.fromDouble(given),
    text: (given) => reducer.fromText(given),
    'text of': (given) => reducer.toText(given),
    numerator: (given) => reducer.rational(given),
    denominator: (given) => reducer.rational(1n, given),
  },
  polynomials: {
    terms: (given) => reducer.Polynomial.fromTerms(2, given),
    term: (given) => reducer.Polynomial.fromTerms(2, [given]),
    variables: (given) => reducer.Polynomial.fromTerms(given, []),
    constant: (given) => reducer.Polynomial.constant(2, given),
    variable: (given) => reducer.Polynomial.variable(2, given),
    added: (given) => polynomial.add(given),
    multiplied: (given) => polynomial.multiply(given),
    divisor: (given) => polynomial.divideExact(given),
    scale: (given) => polynomial.scale(given),
    degree: (given) => polynomial.degree(given),
    values: (given) => polynomial.evaluate(given),
    value: (given) => polynomial.evaluate([given, given]),
    substituted: (given) => polynomial.substitute(0, given),
    gcd: (given) => reducer.gcd(polynomial, given),
    squareFree: (given) => reducer.squareFree(given),
    names: (given) => reducer.certifyGcd(polynomial, polynomial, given),
    'names of json': (given) => reducer.polynomialToMathJson(polynomial, given),
  },
};

describe.each(Object.entries(calls))('%s', (_, functions: Calls) => {
  it.each(Object.entries(functions))('%s: no argument brings about another error', (_name, call) => {
    for (const [what, given] of Object.entries(junk)) {
      try {
        call(given as never);
      } catch (error) {
        expect([what, isTenstripError(error), error]).toEqual([what, true, error]);
        expect((error as Error).message.length).toBeGreaterThan(10);
      }
    }
  });
});

it.each([
  ['a broken numerator', () => reducer.rational(1.5 as never), 'numerator and denominator must be bigints, not 1.5'],
  ['a text that is none', () => reducer.parseText(store, 5 as never), 'text must be a text, not 5'],
  ['no limits', () => new reducer.ExpressionStore(null as never), 'limits must be an object, not null'],
  ['a name that is none', () => store.symbol(5 as never), 'name must be a text that is not empty, not 5'],
  [
    'assumptions that are no list',
    () => reducer.reduce(store, e, { assume: { x: 'positive' as never } }),
    'a list, as ["positive"]',
  ],
  [
    'conditions that are none',
    () => new reducer.RuleSet(store, [{ name: 'a', left: 'abs(a)', right: 'a', where: null as never }]),
    'must be an object, not null',
  ],
  [
    'rules that are no list',
    () => new reducer.RuleSet(store, {} as never),
    'a list of rules, as { name, left, right }',
  ],
  [
    'a cost model that is only a function',
    () => reducer.reduce(store, e, { cost: (() => 1) as never }),
    'as { name, cost(store, root) }',
  ],
  [
    'a handle that the store has not given out',
    () => reducer.printText(new reducer.ExpressionStore(), foreign),
    'an expression of this store',
  ],
  ['a sum of a text', () => store.sum('abc' as never), 'a list of expressions, not "abc"'],
])('%s is refused, with what to do', (_, call, message) => {
  expect(call).toThrow(message);
});
