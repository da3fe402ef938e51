import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requireFull } from '../../../../../tools/test-requirements.mjs';
import { type Certificate, checkCertificate, type MathJson } from '../../../src/certificate/index.js';
import {
  certifyGcd,
  certifyQuotient,
  certifySquareFree,
  type Polynomial,
  polynomialToMathJson,
} from '../../../src/polynomial/index.js';
import { families, shapesOf } from '../polynomial/reference.js';

const names = ['x', 'y', 'z'];
const full = requireFull();
const shapes = shapesOf({ variables: [1, 2, 3], maxDegree: [1, 2], maxTerms: [2, 3], bits: [3, 40, 70] });

/** Certificates of each kind that a polynomial makes, from three random polynomials. */
function certificates(a: Polynomial, b: Polynomial, c: Polynomial): Certificate[] {
  const of = names.slice(0, a.variables);
  const json = (polynomial: Polynomial) => polynomialToMathJson(polynomial, of);
  const product = a.multiply(b);
  return [
    certifyGcd(a.multiply(c), b.multiply(c), of),
    certifyQuotient(product, b, a, of),
    certifySquareFree(a.power(2).multiply(c), of).certificate,
    {
      kind: 'equality',
      left: ['Multiply', ['Add', json(a), json(c)], json(b)],
      right: json(product.add(b.multiply(c))),
      assumptions: [],
      conditions: [],
      steps: [],
    },
    {
      kind: 'equality',
      left: ['Divide', json(product), json(b.multiply(c))],
      right: ['Divide', json(a), json(c)],
      assumptions: [],
      conditions: [],
      steps: [],
    },
  ];
}

/** Every way to change one number or one symbol of a polynomial in a certificate, or to take a witness away. */
function mutants(certificate: Certificate): Certificate[] {
  const changed: Certificate[] = [];
  const visit = (part: unknown, rebuild: (value: unknown) => Certificate): void => {
    if (typeof part === 'number') changed.push(rebuild(part + 1));
    else if (typeof part === 'string') changed.push(rebuild(part === 'x' ? 'w' : 'x'));
    else if (Array.isArray(part)) {
      part.forEach((entry, index) => {
        if (index > 0) visit(entry, (value) => rebuild(part.with(index, value)));
      });
    } else {
      const { num } = part as { num: string };
      changed.push(rebuild({ num: (BigInt(num) + 1n).toString() }));
    }
  };
  for (const [key, value] of Object.entries(certificate)) {
    if (['kind', 'assumptions', 'conditions', 'steps'].includes(key)) continue;
    const rebuild = (other: unknown) => ({ ...certificate, [key]: other }) as Certificate;
    if (key === 'witnesses') {
      const witnesses = value as readonly unknown[];
      witnesses.forEach((_, index) => {
        changed.push(rebuild(witnesses.toSpliced(index, 1)));
      });
    } else if (key === 'factors') {
      const factors = value as { factor: MathJson; multiplicity: number }[];
      factors.forEach((each, index) => {
        changed.push(rebuild(factors.with(index, { ...each, multiplicity: each.multiplicity + 1 })));
        visit(each.factor, (factor) => rebuild(factors.with(index, { ...each, factor: factor as MathJson })));
      });
    } else visit(value, rebuild);
  }
  return changed;
}

describe('certificates of polynomials', () => {
  const wanted = full.available ? 100_000 : 10_000;

  it(`are accepted, and of ${wanted.toLocaleString('en')} changed in one place none is`, () => {
    let refused = 0;
    const accepted: Certificate[] = [];
    const arbitrary = families(3, shapes).filter((family) => family.every((each) => each.termCount > 1));
    for (let seed = 1; refused < wanted; seed++) {
      const [a, b, c] = fc.sample(arbitrary, { numRuns: 1, seed })[0]!;
      for (const certificate of certificates(a!, b!, c!)) {
        expect(checkCertificate(certificate)).toEqual({ accepted: true, believedRules: [] });
        for (const mutant of mutants(certificate)) {
          if (checkCertificate(mutant).accepted) accepted.push(mutant);
          else refused++;
        }
      }
    }
    expect(accepted).toEqual([]);
  });

  it('are refused with a point or a prime at which the images have a common divisor', () => {
    const shared: Certificate = {
      kind: 'gcd',
      left: ['Multiply', ['Add', 'x', 'y'], ['Add', 'x', 1]],
      right: ['Multiply', ['Add', 'x', 'y'], ['Add', 'x', 2]],
      gcd: 1,
      leftCofactor: ['Multiply', ['Add', 'x', 'y'], ['Add', 'x', 1]],
      rightCofactor: ['Multiply', ['Add', 'x', 'y'], ['Add', 'x', 2]],
      witnesses: [],
    };
    const trick = (prime: number, x: number, y: number) => ({
      ...shared,
      witnesses: [
        { variable: 'x', prime, point: { y } },
        { variable: 'y', prime, point: { x } },
      ],
    });
    for (const prime of [2, 3, 5, 7, 101, 4, 6, 1, 0, -7, 2 ** 31 - 1, 0.5, Number.NaN]) {
      for (let x = 0; x < 8; x++)
        for (let y = 0; y < 8; y++) expect(checkCertificate(trick(prime, x, y)).accepted).toBe(false);
    }
  });
});
