// Verdicts on random equalities of rational functions, half of them false, against PARI/GP.
import { isTenstripError, seededRandom } from '@tenstrip/shared-core';
import { describe, expect, it } from 'vitest';
import { requireFull, requireTool } from '../../../../tools/test-requirements.mjs';
import { checkCertificate, ExpressionStore, parseText, proveEqual } from '../../src/index.js';
import { linesFrom } from '../services/interpreter.js';
import { changed, disguised, randomText } from '../services/random-text.js';

const gp = requireTool('gp');
const full = requireFull();
const names = ['x', 'y', 'z'];

function verdictOf(left: string, right: string): string {
  const store = new ExpressionStore();
  try {
    const { result, domain } = store.withDomain(() => [parseText(store, left), parseText(store, right)] as const);
    const verdict = proveEqual(store, ...result, { domain });
    if (verdict.kind === 'proved') expect(checkCertificate(verdict.certificate)).toMatchObject({ accepted: true });
    return verdict.kind === 'unknown' ? `unknown: ${verdict.reason}` : verdict.kind;
  } catch (error) {
    if (isTenstripError(error, 'DomainError')) return 'undefined';
    throw error;
  }
}

function wrongVerdicts(count: number, seed: string): string[] {
  const random = seededRandom(seed);
  const cases = Array.from({ length: count }, (_, at) => {
    const left = randomText(random, { names, operations: random.integer(1, 8) });
    return { left, right: (at % 2 === 0 ? disguised : changed)(random, left, names) };
  });
  const script = cases.map(
    ({ left, right }) => `print(iferr(if((${left})==(${right}),"proved","refuted"),E,"undefined"))`,
  );
  const answers = linesFrom('gp', ['-q', '-f', '-s', '256M'], `${script.join('\n')}\n`);
  expect(answers).toHaveLength(count);
  expect(answers.filter((answer) => answer === 'proved').length).toBeGreaterThan(count / 4);
  expect(answers.filter((answer) => answer === 'refuted').length).toBeGreaterThan(count / 4);
  return cases.flatMap(({ left, right }, at) => {
    const verdict = verdictOf(left, right);
    return verdict === answers[at] ? [] : [`${left} = ${right}: ${verdict}, PARI: ${answers[at]}`];
  });
}

describe.skipIf(!gp.available)('beside PARI', () => {
  it('500 equalities get the same verdict', { timeout: 60_000 }, () => {
    expect(wrongVerdicts(500, 'equalities')).toEqual([]);
  });

  it.skipIf(!full.available)('10,000 equalities get the same verdict', { timeout: 600_000 }, () => {
    expect(wrongVerdicts(10_000, 'many equalities')).toEqual([]);
  });
});
