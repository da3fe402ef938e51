// An expansion is always proved: where the checker accepts no proof of the normal form, the answer is one that it accepts, and says why.
import { isTenstripError, seededRandom } from '@tenstrip/shared-core';
import { expect, it } from 'vitest';
import { requireFull } from '../../../../../tools/test-requirements.mjs';
import { checkCertificate, ExpressionStore, expand, parseText } from '../../../src/index.js';
import { randomText } from '../../services/random-text.js';

const functions = ['exp', 'log', 'sin', 'cos', 'tan', 'sqrt', 'abs', 'atan', 'sinh', 'cosh', 'tanh', 'sign', 'floor'];

function run(count: number): { proved: number; partial: number } {
  const random = seededRandom('expansions');
  const found = { proved: 0, partial: 0 };
  while (found.proved + found.partial < count) {
    const text = randomText(random, { names: ['x', 'y', 'z'], functions, operations: random.integer(1, 12) });
    const store = new ExpressionStore();
    try {
      const expansion = expand(store, parseText(store, text), { maxTerms: 2_000, maxSteps: 2_000_000 });
      for (const certificate of expansion.certificates) {
        expect([text, checkCertificate(certificate)]).toMatchObject([text, { accepted: true }]);
      }
      expect(expansion.certificates.length).toBeGreaterThan(0);
      expect(expansion.problem === undefined).toBe(expansion.complete);
      if (expansion.complete) found.proved++;
      else found.partial++;
    } catch (error) {
      if (!isTenstripError(error, 'DomainError', 'BudgetExceeded', 'ExponentRange')) throw error;
    }
  }
  return found;
}

it('of 150 random expressions', () => {
  const { proved, partial } = run(150);
  expect(partial).toBeLessThan(proved / 20);
}, 60_000);

const full = requireFull();
it.skipIf(!full.available)(
  'of 2,000 random expressions',
  () => {
    const { proved, partial } = run(2_000);
    expect(partial).toBeLessThan(proved / 20);
  },
  900_000,
);
