// Greatest common divisors judged by PARI: it computes each of them itself and says whether ours is the same, up to the sign.
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requireFull, requireTool } from '../../../../tools/test-requirements.mjs';
import { gcdWithCofactors, Polynomial } from '../../src/polynomial/index.js';
import { families, type Shape, shapesOf } from '../property/polynomial/reference.js';

const gp = requireTool('gp');
/** All ten thousand cases in the long run, two thousand otherwise. */
const full = requireFull();
const names = ['x', 'y', 'z', 't'];

function textOf(polynomial: Polynomial): string {
  const terms = [...polynomial.terms()].map(({ exponents, coefficient }) =>
    [`(${coefficient})`, ...exponents.map((exponent, variable) => `${names[variable]}^${exponent}`)].join('*'),
  );
  return terms.length === 0 ? '0' : terms.join('+');
}

/** What PARI says of each triple (a, b, g): whether its gcd of a and b is g or -g; undefined when it needs more than a second. */
function judge(triples: readonly (readonly [Polynomial, Polynomial, Polynomial])[]): (boolean | undefined)[] {
  const script = [
    `[${names.join()}];`,
    'same(a, b, g) = { my(p = alarm(1, gcd(a, b))); print(if(type(p) == "t_ERROR", "late", p == g || p == -g)) };',
    ...triples.map((triple) => `same(${triple.map(textOf).join(', ')});`),
    'quit;',
  ];
  const { stdout, status } = spawnSync('gp', ['-q', '-f', '-s', '256M'], {
    input: `${script.join('\n')}\n`,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: 120_000,
  });
  expect(status).toBe(0);
  const answers = stdout.trim().split('\n');
  expect(answers.length).toBe(triples.length);
  return answers.map((line) => (line === 'late' ? undefined : line === '1'));
}

/** The triples of random families (a, b, h): a h and b h, which have h in common and maybe more. */
function cases(shapes: fc.Arbitrary<Shape>, count: number, seed: number): [Polynomial, Polynomial, Polynomial][] {
  return fc.sample(families(3, shapes), { numRuns: count, seed }).map(([a, b, h]) => {
    const left = a!.multiply(h!);
    const right = b!.multiply(h!);
    const { gcd, left: c, right: d } = gcdWithCofactors(left, right);
    expect(gcd.multiply(c).equals(left) && gcd.multiply(d).equals(right)).toBe(true);
    return [left, right, gcd];
  });
}

describe.skipIf(!gp.available)('greatest common divisors beside PARI', () => {
  const times = full.available ? 1 : 0.2;
  const kinds: [string, fc.Arbitrary<Shape>, number][] = [
    [
      'in one variable',
      shapesOf({ variables: [1], maxDegree: [3, 12, 30], maxTerms: [2, 8, 20], bits: [2, 30] }),
      4_000,
    ],
    [
      'sparse, in several',
      shapesOf({ variables: [2, 3, 4], maxDegree: [1, 3], maxTerms: [2, 4], bits: [3, 30] }),
      4_000,
    ],
    ['dense, in two', shapesOf({ variables: [2], maxDegree: [2, 4], maxTerms: [20], bits: [4] }), 1_000],
    [
      'with long coefficients',
      shapesOf({ variables: [1, 2, 3], maxDegree: [3], maxTerms: [4], bits: [64, 300] }),
      1_000,
    ],
  ];

  it.each(kinds)('%s: none is wrong', (_, shapes, count) => {
    const triples = cases(shapes, count * times, 1);
    const verdicts = judge(triples);
    expect(verdicts.flatMap((same, index) => (same === false ? [triples[index]!.map(textOf)] : []))).toEqual([]);
    expect(verdicts.filter((same) => same === undefined).length).toBeLessThan(count / 100);
  });

  it('are told from others by it', () => {
    const shapes = shapesOf({ variables: [2], maxDegree: [3], maxTerms: [4], bits: [5] });
    const triples = cases(shapes, 100, 2).filter(([a, b]) => !a.isZero || !b.isZero);
    const x = Polynomial.variable(2, 0);
    const others = triples.flatMap(([a, b, g]) => [
      [a, b, g.multiply(x)] as const,
      [a, b, g.scale(2n)] as const,
      [a, b, g.add(x.power(9))] as const,
    ]);
    expect(judge(others).every((same) => same === false)).toBe(true);
  });

  it('are right where leading coefficients vanish modulo the primes of the search', () => {
    const primes = [67_108_859n, 67_108_837n, 67_108_819n, 67_108_777n];
    const shape = { variables: 3, maxDegree: 2, maxTerms: 4, bits: 3 };
    const triples = fc
      .sample(fc.tuple(families(3, fc.constant(shape)), fc.constantFrom(...primes)), { numRuns: 300, seed: 3 })
      .map(([[a, b, h], prime]): [Polynomial, Polynomial, Polynomial] => {
        const lead = Polynomial.fromTerms(3, [{ exponents: [3, 2, 1], coefficient: prime }]);
        const factor = h!.scale(prime + 1n).add(lead);
        const left = a!.add(lead).multiply(factor);
        const right = b!.add(lead.scale(3n)).multiply(factor);
        return [left, right, gcdWithCofactors(left, right).gcd];
      });
    expect(judge(triples).every((same) => same)).toBe(true);
  });
});
