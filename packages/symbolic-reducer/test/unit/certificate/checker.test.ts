import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type CertifiedCondition,
  checkCertificate,
  type DerivativeCertificate,
  type EqualityCertificate,
  type MathJson,
} from '../../../src/certificate/index.js';

const source = readFileSync(new URL('../../../src/certificate/checker.ts', import.meta.url), 'utf8');
const formats = readFileSync(new URL('../../../src/certificate/certificate.ts', import.meta.url), 'utf8');

function equality(left: MathJson, right: MathJson, more: Partial<EqualityCertificate> = {}): EqualityCertificate {
  return { kind: 'equality', left, right, assumptions: [], conditions: [], steps: [], ...more };
}

function isAccepted(certificate: Parameters<typeof checkCertificate>[0]): boolean {
  return checkCertificate(certificate).accepted;
}

const positive = (expression: MathJson): CertifiedCondition => ({ relation: 'positive', expression });
const nonzero = (expression: MathJson): CertifiedCondition => ({ relation: 'nonzero', expression });

describe("the checker's source", () => {
  it('is below 600 lines and imports the formats only, which import nothing', () => {
    expect(source.trimEnd().split('\n').length).toBeLessThan(600);
    const imported = [...source.matchAll(/\bfrom\s+'([^']+)'|\bimport\s*\(?\s*'([^']+)'/g)].map(
      (match) => match[1] ?? match[2],
    );
    expect(new Set(imported)).toEqual(new Set(['./certificate.js']));
    expect(source).not.toMatch(/\brequire\s*\(\s*['"]|\bprocess\.|globalThis/);
    expect(formats).not.toMatch(/\bimport\b/);
  });
});

describe('a certificate of equality', () => {
  it('has conditions that are part of one or of several divisors, and no others, however many divisors there are', () => {
    const factor = (name: string): MathJson => ['Add', name, 1];
    const quotients = 'abcdefghijkl'
      .split('')
      .map((name): MathJson => ['Divide', ['Add', ['Power', name, 2], 'z'], factor(name)]);
    const sum: MathJson = ['Add', ['Divide', ['Multiply', factor('x'), 'y'], factor('x')], ['Divide', 'z', 'y']];
    const product: MathJson = ['Multiply', sum, 'y'];
    const result: MathJson = ['Add', ['Power', 'y', 2], 'z'];
    const reason = (conditions: CertifiedCondition[]) => {
      // Both sides have all the quotients, as arguments of a function: what is divided by there has other letters.
      const sine: MathJson = ['Add', ...quotients.map((quotient): MathJson => ['Sin', quotient])];
      const certificate = equality(['Add', product, sine], ['Add', result, sine], { conditions });
      const checked = checkCertificate(certificate, { maxSteps: 50_000 });
      return checked.accepted ? 'accepted' : checked.problem;
    };
    expect(reason([nonzero(factor('x')), nonzero('y')])).toBe('accepted');
    expect(reason([nonzero(['Multiply', factor('x'), 'y', factor('a')])])).toBe('accepted');
    expect(reason([nonzero(factor('x')), nonzero(['Add', 'y', 1])])).toBe('a condition that nothing needs');
    expect(reason([nonzero('z')])).toBe('a condition that nothing needs');
    expect(reason([positive('y')])).toBe('a condition that nothing needs');
  });

  it('of polynomials is accepted when it holds, and refused when a coefficient is off by one', () => {
    const square: MathJson = ['Power', ['Add', 'x', 1], 2];
    expect(isAccepted(equality(square, ['Add', ['Power', 'x', 2], ['Multiply', 2, 'x'], 1]))).toBe(true);
    expect(isAccepted(equality(square, ['Add', ['Power', 'x', 2], ['Multiply', 3, 'x'], 1]))).toBe(false);
  });

  it('of fractions names what must not be 0, and nothing else', () => {
    const left: MathJson = ['Divide', ['Subtract', ['Square', 'x'], 1], ['Subtract', 'x', 1]];
    const right: MathJson = ['Add', 'x', 1];
    const withConditions = (...conditions: CertifiedCondition[]) => isAccepted(equality(left, right, { conditions }));
    expect(withConditions(nonzero(['Subtract', 'x', 1]))).toBe(true);
    expect(withConditions(nonzero(['Subtract', 'x', 2]))).toBe(false);
    expect(withConditions(nonzero('y'))).toBe(false);
    expect(withConditions(positive('x'))).toBe(false);
  });

  it('applies identities, also inside of arguments', () => {
    const one: MathJson = ['Add', ['Square', ['Sin', 'x']], ['Square', ['Cos', 'x']]];
    const steps = [{ identity: 'pythagoras', arguments: ['x'] }] as const;
    expect(isAccepted(equality(one, 1, { steps }))).toBe(true);
    expect(isAccepted(equality(one, 1))).toBe(false);
    expect(isAccepted(equality(['Sin', ['Add', 'y', one]], ['Sin', ['Add', 1, 'y']], { steps }))).toBe(true);
    expect(isAccepted(equality(one, 1, { steps: [{ identity: 'pythagoras', arguments: ['y'] }] }))).toBe(false);
  });

  it('needs to know signs where an identity does', () => {
    const steps = [{ identity: 'root-of-square', arguments: ['x'] }] as const;
    const root = (assumptions: CertifiedCondition[]) =>
      equality(['Sqrt', ['Square', 'x']], 'x', { steps, assumptions });
    expect(isAccepted(root([]))).toBe(false);
    expect(isAccepted(root([nonzero('x')]))).toBe(false);
    expect(isAccepted(root([positive('y')]))).toBe(false);
    expect(isAccepted(root([positive('x')]))).toBe(true);
  });

  it('is refused where a step would hold for less values than the sides', () => {
    const half: MathJson = ['Rational', 1, 2];
    const halved = (base: MathJson, exponent: MathJson): EqualityCertificate['steps'] => [
      { identity: 'power-of-sum', arguments: [base, exponent, exponent] },
      { identity: 'absolute-of-nonnegative', arguments: [['Square', ['Power', base, exponent]]] },
    ];
    expect(isAccepted(equality(['Abs', 'x'], 'x', { steps: halved('x', half) }))).toBe(false);
    expect(isAccepted(equality(['Abs', ['Sin', 'x']], ['Sin', 'x'], { steps: halved(['Sin', 'x'], half) }))).toBe(
      false,
    );
    const power: MathJson = ['Power', 'x', 'n'];
    const steps = halved('x', ['Divide', 'n', 2]);
    expect(isAccepted(equality(['Abs', power], power, { steps }))).toBe(false);
  });

  it('takes roots of whole orders only, and roots of roots', () => {
    const root = (q: MathJson) => equality(['Power', ['Power', 'x', ['Divide', 1, q]], q], 'x');
    const steps = (q: MathJson): EqualityCertificate['steps'] => [{ identity: 'power-of-root', arguments: ['x', q] }];
    expect(isAccepted({ ...root(3), steps: steps(3) })).toBe(true);
    expect(isAccepted({ ...root(['Rational', 1, 2]), steps: steps(['Rational', 1, 2]) })).toBe(false);
    expect(isAccepted({ ...root('q'), steps: steps('q') })).toBe(false);
    const sixth = equality(['Sqrt', 'x'], ['Power', ['Power', 'x', ['Rational', 1, 6]], 3]);
    const refined = (p: MathJson, q: MathJson): EqualityCertificate['steps'] => [
      { identity: 'root-of-root', arguments: ['x', p, q] },
    ];
    expect(isAccepted({ ...sixth, steps: refined(3, 1) })).toBe(true);
    // m = 1: x = (x^(1/2))^2 holds for x that are not negative only
    expect(isAccepted(equality('x', ['Square', ['Sqrt', 'x']], { steps: refined(2, 0) }))).toBe(false);
  });

  it('shifts exponents by whole numbers where the base is not 0', () => {
    const claim = equality(['Power', 'x', ['Add', 'n', 2]], ['Multiply', ['Square', 'x'], ['Power', 'x', 'n']]);
    const steps = [{ identity: 'power-of-shift', arguments: ['x', 'n', 2] }] as const;
    expect(isAccepted({ ...claim, steps })).toBe(false);
    expect(isAccepted({ ...claim, steps, conditions: [nonzero('x')] })).toBe(true);
    const half = { ...claim, steps: [{ identity: 'power-of-shift', arguments: ['x', 2, 'n'] }] as const };
    expect(isAccepted({ ...half, conditions: [nonzero('x')] })).toBe(false);
  });

  it('is checked with bounded work, however it is written', () => {
    const steps = Array.from({ length: 100 }, () => ({ identity: 'tangent', arguments: ['x'] }) as const);
    const long = equality('x', 'x', { steps, definitions: [{ num: '7'.repeat(300_000) }] });
    expect(checkCertificate(long, { maxSteps: 100_000 })).toMatchObject({ problem: 'more steps than allowed' });
    const references = equality('x', 'x', { steps, definitions: [1, ...new Array<MathJson>(2_000).fill('#0')] });
    expect(checkCertificate(references, { maxSteps: 100_000 })).toMatchObject({ problem: 'more steps than allowed' });
    const circle: unknown[] = ['Add', 1];
    circle.push(circle);
    expect(checkCertificate(equality(circle as never, 1), { maxSteps: 10_000 })).toMatchObject({ accepted: false });
  });

  it('concludes no sign from roots that a step brought in', () => {
    // x = x^(1/2) x^(1/2) only where x is not negative, so |x| = x does not follow.
    const half: MathJson = ['Rational', 1, 2];
    const over: MathJson = ['Divide', 'a', 2];
    const bySquare = [
      { identity: 'power-of-sum', arguments: ['x', half, half] },
      { identity: 'absolute-of-nonnegative', arguments: ['x'] },
    ] as const;
    const bySymbol = [
      { identity: 'power-of-sum', arguments: ['x', 'a', ['Subtract', 1, 'a']] },
      { identity: 'power-of-sum', arguments: ['x', over, over] },
      { identity: 'power-of-sum', arguments: ['x', ['Subtract', half, over], ['Subtract', half, over]] },
      { identity: 'absolute-of-nonnegative', arguments: ['x'] },
    ] as const;
    const root: MathJson = ['Multiply', ['Sqrt', 'x'], ['Sqrt', 'x']];
    const byRoot = [
      { identity: 'power-of-root', arguments: ['x', 2] },
      { identity: 'absolute-of-nonnegative', arguments: [root] },
    ] as const;
    const proofs = [bySquare, bySymbol, byRoot, byRoot.toReversed()];
    for (const steps of proofs) expect(isAccepted(equality(['Abs', 'x'], 'x', { steps }))).toBe(false);
    const sine: MathJson = ['Sin', 'x'];
    const steps = [
      { identity: 'power-of-sum', arguments: [sine, half, half] },
      { identity: 'absolute-of-nonnegative', arguments: [sine] },
    ] as const;
    expect(isAccepted(equality(['Abs', sine], sine, { steps }))).toBe(false);
  });

  it('is refused for sides that are defined nowhere, and for what is no number', () => {
    const nowhere: MathJson = ['Divide', 1, ['Subtract', 'x', 'x']];
    expect(isAccepted(equality(nowhere, nowhere))).toBe(false);
    expect(isAccepted(equality(['Power', 0, 0], 1))).toBe(false);
    expect(isAccepted(equality(['Subtract', 'ComplexInfinity', 'ComplexInfinity'], 0))).toBe(false);
    expect(isAccepted(equality(['Multiply', 'ImaginaryUnit', 'ImaginaryUnit'], ['Square', 'ImaginaryUnit']))).toBe(
      false,
    );
  });

  it('takes every identity of the table for what it says', () => {
    const cases: EqualityCertificate[] = [
      equality(['Sqrt', ['Power', 'x', 3]], ['Multiply', ['Sqrt', 'x'], ['Sqrt', 'x'], ['Sqrt', 'x']], {
        assumptions: [{ relation: 'nonnegative', expression: 'x' }],
        steps: [
          { identity: 'power-of-product', arguments: ['x', ['Square', 'x'], ['Rational', 1, 2]] },
          { identity: 'root-of-square', arguments: ['x'] },
          { identity: 'power-of-root', arguments: ['x', 2] },
        ],
      }),
      equality(['Ln', ['Multiply', 'a', ['Power', 'b', 'c']]], ['Add', ['Ln', 'a'], ['Multiply', 'c', ['Ln', 'b']]], {
        assumptions: [positive('a'), positive('b'), positive(['Power', 'b', 'c'])],
        steps: [
          { identity: 'logarithm-of-product', arguments: ['a', ['Power', 'b', 'c']] },
          { identity: 'logarithm-of-power', arguments: ['b', 'c'] },
        ],
      }),
      equality(['Subtract', ['Square', ['Cosh', 'x']], ['Square', ['Sinh', 'x']]], 1, {
        steps: [
          { identity: 'hyperbolic-sine', arguments: ['x'] },
          { identity: 'hyperbolic-cosine', arguments: ['x'] },
        ],
      }),
      equality(['Exp', ['Subtract', 'x', 'y']], ['Divide', ['Exp', 'x'], ['Exp', 'y']], {
        steps: [
          { identity: 'exponential-of-sum', arguments: ['x', ['Negate', 'y']] },
          { identity: 'exponential-of-opposite', arguments: ['y'] },
        ],
      }),
      equality(['Sin', ['Multiply', 2, 'x']], ['Multiply', 2, ['Sin', 'x'], ['Cos', 'x']], {
        steps: [{ identity: 'sine-of-sum', arguments: ['x', 'x'] }],
      }),
    ];
    for (const certificate of cases) {
      expect(checkCertificate(certificate)).toEqual({ accepted: true, believedRules: [] });
      for (const { identity } of certificate.steps) {
        const steps = certificate.steps.filter((step) => step.identity !== identity);
        expect(isAccepted({ ...certificate, steps })).toBe(false);
      }
    }
  });
});

describe('a certificate of a derivative', () => {
  it('has the size of its definitions: products nested a thousand times', () => {
    // f(0) = x, f(k) = sin(f(k-1)) (x + f(k-1)); written out it has 2^1000 leaves.
    const definitions: MathJson[] = [];
    const define = (expression: MathJson): string => `#${definitions.push(expression) - 1}`;
    let value = 'x';
    let derivative: MathJson = 1;
    for (let level = 0; level < 1_000; level++) {
      const sine = define(['Sin', value]);
      const sum = define(['Add', 'x', value]);
      const slope: MathJson = define([
        'Add',
        ['Multiply', ['Cos', value], derivative, sum],
        ['Multiply', sine, ['Add', 1, derivative]],
      ]);
      value = define(['Multiply', sine, sum]);
      derivative = slope;
    }
    const certificate: DerivativeCertificate = {
      kind: 'derivative',
      definitions,
      expression: value,
      variable: 'x',
      result: derivative,
    };
    expect(isAccepted(certificate)).toBe(true);
    expect(isAccepted({ ...certificate, result: ['Add', derivative, 1] })).toBe(false);
  });

  it('knows the rules of powers, quotients and functions', () => {
    const derivative = (expression: MathJson, result: MathJson) =>
      isAccepted({ kind: 'derivative', expression, variable: 'x', result });
    expect(derivative(['Power', 'x', 'x'], ['Multiply', ['Power', 'x', 'x'], ['Add', 1, ['Ln', 'x']]])).toBe(true);
    expect(derivative(['Sqrt', 'x'], ['Divide', 1, ['Multiply', 2, ['Sqrt', 'x']]])).toBe(true);
    expect(derivative(['Divide', 1, 'x'], ['Negate', ['Power', 'x', -2]])).toBe(true);
    expect(
      derivative(['Power', 'ExponentialE', ['Multiply', 2, 'x']], ['Multiply', 2, ['Exp', ['Multiply', 2, 'x']]]),
    ).toBe(true);
    expect(derivative(['Tan', 'x'], ['Add', 1, ['Square', ['Tan', 'x']]])).toBe(true);
    expect(derivative(['Sin', 'y'], 0)).toBe(true);
    expect(derivative(['Sin', 'x'], ['Negate', ['Cos', 'x']])).toBe(false);
    expect(derivative(['UnknownFunction', 'x'], 0)).toBe(false);
  });
});

describe('a certificate of rewriting', () => {
  const rule = {
    name: 'logarithm-of-cube',
    left: ['Ln', ['Power', 'u', 3]],
    right: ['Multiply', 3, ['Ln', 'u']],
    conditions: [positive('u')],
  } as const;
  const certificate = {
    kind: 'rewriting',
    start: ['Add', ['Multiply', 2, ['Ln', ['Power', 'a', 3]]], 'b'],
    end: ['Add', 'b', ['Multiply', 6, ['Ln', 'a']]],
    rules: [rule],
    steps: [{ rule: 0, substitution: { u: 'a' }, context: ['Add', ['Multiply', 2, '#hole'], 'b'] }],
    assumptions: [positive('a')],
    conditions: [],
  } as const;

  it('is accepted with the names of the rules it relies on', () => {
    expect(checkCertificate(certificate)).toEqual({ accepted: true, believedRules: ['logarithm-of-cube'] });
  });

  it('is refused when a condition is not known, a place is wrong or a step is missing', () => {
    expect(isAccepted({ ...certificate, assumptions: [] })).toBe(false);
    expect(isAccepted({ ...certificate, steps: [] })).toBe(false);
    expect(isAccepted({ ...certificate, end: ['Add', 'b', ['Multiply', 5, ['Ln', 'a']]] })).toBe(false);
    const [step] = certificate.steps;
    expect(isAccepted({ ...certificate, steps: [{ ...step, substitution: { u: 'b' } }] })).toBe(false);
    expect(isAccepted({ ...certificate, steps: [{ ...step, context: ['Add', '#hole', 'b'] }] })).toBe(false);
    expect(isAccepted({ ...certificate, steps: [{ ...step, rule: 1 }] })).toBe(false);
  });
});

describe('the bounds of a check', () => {
  it('refuse an expansion, a number and an exponent that are too large, and take what is deep', () => {
    const bomb: MathJson = ['Power', ['Add', 'x', 'y', 'z', 1], 5_000];
    const limits = { maxSteps: 100_000, maxBits: 10_000 };
    const problems = [bomb, ['Power', 2, 1_000_000], ['Power', 'x', { num: '9'.repeat(40) }]] as MathJson[];
    for (const side of problems) expect(checkCertificate(equality(side, side), limits).accepted).toBe(false);
    let deep: MathJson = 'x';
    for (let level = 0; level < 100_000; level++) deep = ['Add', deep, 1];
    expect(isAccepted(equality(deep, ['Add', 'x', 100_000]))).toBe(true);
  });

  it('refuse whatever is not in the format, without throwing', () => {
    const junk = [null, undefined, 1, 'x', [], {}, { kind: 'equality' }, { kind: 'gcd', gcd: 1 }, { kind: 'toString' }];
    for (const each of junk) expect(checkCertificate(each as never).accepted).toBe(false);
    for (const leaf of [0.5, Number.NaN, true, null, { num: '1.5' }, {}, [], [[]], ['Add'], '#0', ['Power', 1, 2, 3]]) {
      expect(checkCertificate(equality(leaf as never, leaf as never)).accepted).toBe(false);
    }
  });
});

describe('letters', () => {
  const rewriting = (constant: string): Parameters<typeof checkCertificate>[0] => ({
    ...{ kind: 'rewriting', start: ['Sin', 'x'], end: 0, assumptions: [], conditions: [], definitions: [0] },
    rules: [{ name: 'zero of the sine', left: ['Sin', constant], right: 0, conditions: [] }],
    steps: [{ rule: 0, substitution: { [constant]: 'x' }, context: '#hole' }],
  });

  it('are symbols, not constants or definitions: of sin(pi) = 0 no rule says that sin(x) = 0', () => {
    expect(isAccepted(rewriting('a'))).toBe(true);
    for (const constant of ['Pi', 'ExponentialE', '#0']) expect(isAccepted(rewriting(constant))).toBe(false);
  });

  it('by which is derived are none either', () => {
    const certificate = { kind: 'derivative', expression: ['Power', 'ExponentialE', 'y'], result: 0 } as const;
    expect(isAccepted({ ...certificate, variable: 'x' })).toBe(true);
    expect(isAccepted({ ...certificate, variable: 'ExponentialE' })).toBe(false);
  });
});
