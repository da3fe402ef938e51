// What bounds a check: steps, and whoever looks on. A check is stopped between two looks, and does no long work that it does not count.
import { expect, it } from 'vitest';
import { type Certificate, type CheckLimits, checkCertificate, type MathJson } from '../../../src/index.js';

/** (x + y + 1)^32 = itself, with another order: about 100,000 steps. */
const long: Certificate = {
  kind: 'equality',
  left: ['Power', ['Add', 'x', 'y', 1], 32],
  right: ['Power', ['Add', 1, 'y', 'x'], 32],
  assumptions: [],
  conditions: [],
  steps: [],
};

it('is looked at every 2^14 steps or so', () => {
  let looks = 0;
  const look = () => {
    looks++;
  };
  expect(checkCertificate(long, { look })).toMatchObject({ accepted: true });
  expect(looks).toBeGreaterThan(5);
  const stepsOf = (maxSteps: number) => checkCertificate(long, { maxSteps }).accepted;
  // As many steps as there were looks are not enough, and a few more are.
  expect(stepsOf(looks * 2 ** 14 - 2 ** 14)).toBe(false);
  expect(stepsOf((looks + 1) * 2 ** 16)).toBe(true);
});

it('ends with what looking on throws, whatever that is', () => {
  for (const reason of [new Error('enough'), new TypeError('enough'), 'enough']) {
    let looks = 0;
    const look = () => {
      if (++looks === 3) throw reason;
    };
    const ended = () => checkCertificate(long, { look });
    let thrown: unknown;
    try {
      ended();
    } catch (error) {
      thrown = error;
    }
    expect([thrown, looks]).toEqual([reason, 3]);
  }
});

it('counts what greatest common divisors of long numbers take', () => {
  // Neighbours among the Fibonacci numbers, which are the longest work for Euclid.
  let [a, b] = [1n, 1n];
  for (let index = 0; index < 25_000; index++) [a, b] = [b, a + b];
  const num = (value: bigint): MathJson => ({ num: value.toString() });
  const certificate: Certificate = {
    kind: 'gcd',
    left: ['Multiply', num(a), 'x'],
    right: ['Multiply', num(b), 'y'],
    gcd: 1,
    leftCofactor: ['Multiply', num(a), 'x'],
    rightCofactor: ['Multiply', num(b), 'y'],
    witnesses: [],
  };
  expect(checkCertificate(certificate, { maxSteps: 10_000 })).toEqual({
    accepted: false,
    problem: 'more steps than allowed',
  });
  expect(checkCertificate(certificate)).toMatchObject({ accepted: true });
});

it.each([
  { maxSteps: Number.NaN },
  { maxSteps: 0 },
  { maxSteps: '5' },
  { maxBits: Number.NaN },
  { maxBits: -1 },
  { maxBits: 2 ** 40 },
])('allows nothing with limits that are none: %j', (limits) => {
  expect(checkCertificate(long, limits as CheckLimits)).toMatchObject({ accepted: false });
});

it('a rule with letters cannot speak through a definition, which would not mean what stands for them', () => {
  const rewriting: Certificate = {
    kind: 'rewriting',
    definitions: [['Add', 'x', 1]],
    start: ['Add', 'x', 6],
    end: 11,
    rules: [{ name: 'sum', left: ['Add', '#0', 'x'], right: ['Add', ['Multiply', 2, 'x'], 1], conditions: [] }],
    steps: [{ rule: 0, substitution: { x: 5 }, context: '#hole' }],
    assumptions: [],
    conditions: [],
  };
  expect(checkCertificate(rewriting)).toMatchObject({ accepted: false, problem: '#0 is not defined' });
});

it('that something is a whole number must be said, and follows of no sign', () => {
  const floorOf = (u: MathJson, relation: 'integer' | 'positive'): Certificate => ({
    ...{ kind: 'equality', left: ['Floor', u], right: u, assumptions: [{ relation, expression: 'n' }], conditions: [] },
    steps: [{ identity: 'floor-of-integer', arguments: [u] }],
  });
  expect(checkCertificate(floorOf('n', 'integer')).accepted).toBe(true);
  expect(checkCertificate(floorOf(7, 'positive')).accepted).toBe(true);
  expect(checkCertificate(floorOf('n', 'positive')).accepted).toBe(false);
  expect(checkCertificate(floorOf('m', 'integer')).accepted).toBe(false);
  expect(checkCertificate(floorOf(['Divide', 'n', 2], 'integer')).accepted).toBe(false);
  expect(checkCertificate(floorOf(['Rational', 1, 2], 'integer')).accepted).toBe(false);
});
