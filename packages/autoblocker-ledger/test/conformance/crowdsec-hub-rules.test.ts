// CrowdSec's hub as it is: its rules, its logs, and the overflows that its own engine found. With
// TENSTRIP_WRITE_DOCS=1 the table of what fails is written to docs/hub-rules.md.

import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireCorpus, requirement } from '../../../../tools/test-requirements.mjs';
import { hubRulesPage } from './hub-rules-page.js';
import { type HubTestResult, readHubTests, runHubTest } from './hub-tests.js';

const corpus = requireCorpus('crowdsec-hub', 'it comes from github.com/crowdsecurity/hub, MIT');

const writing = requirement(
  process.env.TENSTRIP_WRITE_DOCS === '1',
  'writes docs/hub-rules.md: set TENSTRIP_WRITE_DOCS=1',
);

/** The hub's data files are on a server of CrowdSec's and in no corpus. */
const noData: ReadonlyMap<string, string> = new Map();

describe.skipIf(!corpus.available)("CrowdSec's hub", () => {
  const results: readonly HubTestResult[] = corpus.available
    ? readHubTests(corpus.folder).map((test) => runHubTest(test, noData))
    : [];
  const compiling = results.filter((result) => result.report.refused.length === 0 && result.missing.length === 0);

  it('is found', () => {
    expect(results.length).toBeGreaterThan(200);
  });

  it('compiles: at least 95 % of the rules that the tests use', () => {
    const compiled = new Set(
      results.flatMap(({ report }) => report.compiled.map(({ file, name }) => `${file} ${name}`)),
    );
    const refused = new Set(results.flatMap(({ report }) => report.refused.map(({ file, rule }) => `${file} ${rule}`)));
    expect(compiled.size / (compiled.size + refused.size)).toBeGreaterThanOrEqual(0.95);
  });

  it('overflows as CrowdSec does in at least 98 % of the tests whose rules compile', () => {
    const judged = compiling.filter(({ overflows }) => overflows !== undefined);
    const agreeing = judged.filter(({ overflows }) => overflows!.agree);
    expect(judged.length).toBeGreaterThan(100);
    expect(agreeing.length / judged.length).toBeGreaterThanOrEqual(0.98);
  });

  it('parses as CrowdSec does: at least 99.5 % of what its tests assert of lines', () => {
    const sum = (count: (result: HubTestResult) => number) =>
      compiling.reduce((total, result) => total + count(result), 0);
    const all = sum(({ parserAsserts }) => parserAsserts.all);
    expect(all).toBeGreaterThan(40_000);
    expect(sum(({ parserAsserts }) => parserAsserts.held) / all).toBeGreaterThanOrEqual(0.995);
  });

  it('gives the same events and overflows when only that is taken of a line which rules read', () => {
    expect(
      results.filter(({ differing }) => differing.length > 0).map(({ name, differing }) => [name, differing[0]]),
    ).toEqual([]);
  });

  it.runIf(writing.available)('has its table in docs/hub-rules.md', () => {
    writeFileSync(resolve(import.meta.dirname, '../../../../docs/hub-rules.md'), hubRulesPage(results));
  });
});
