// CrowdSec's own scenario tests, for the scenarios that have a counterpart here: the same sources must overflow.
// The list of sensitive files was written, and malformed requests were counted as probing, with these logs in view: for
// apache2-http-sensitive-files and apache2-malformed agreement is a regression test and no independent evidence.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireCorpus } from '../../../../tools/test-requirements.mjs';
import { formatIpAddress, requireIpAddress } from '../../src/lookup/index.js';
import { LogLineParser } from '../../src/parsing/index.js';
import { builtInScenarios, PatternDetector } from '../../src/scenarios/index.js';

const corpus = requireCorpus('crowdsec-hub', 'it comes from github.com/crowdsecurity/hub, MIT');

/** Hub scenario to ours. */
const counterparts: Readonly<Record<string, string>> = {
  'http-probing': 'tenstrip/http-probing',
  'http-sensitive-files': 'tenstrip/http-sensitive-files',
  'http-admin-interface-probing': 'tenstrip/http-admin-interface-probing',
  'http-bf-wordpress_bf': 'tenstrip/http-wordpress-bf',
  'http-bad-user-agent': 'tenstrip/http-bad-user-agent',
  'apache_log4j2_cve-2021-44228': 'tenstrip/http-exploit-attempt',
  'http-cve-2021-41773': 'tenstrip/http-exploit-attempt',
  'http-cve-2021-42013': 'tenstrip/http-exploit-attempt',
};

interface HubTest {
  readonly name: string;
  readonly log: string;
  readonly scenario: string;
  readonly expected: readonly string[];
}

function hubTests(): HubTest[] {
  const tests = join(corpus.folder, '.tests');
  return readdirSync(tests).flatMap((name) => {
    const [config, assertions] = ['config.yaml', 'scenario.assert'].map((file) => join(tests, name, file)) as [
      string,
      string,
    ];
    if (!existsSync(config) || !existsSync(assertions)) return [];
    const text = readFileSync(config, 'utf8');
    if (!/crowdsecurity\/(?:nginx|apache2|sshd)-logs/.test(text)) return [];
    const scenarios = [...text.matchAll(/(?:scenarios\/)?crowdsecurity\/([\w.-]+?)(?:\.yaml)?"?$/gm)].map(
      (match) => match[1]!,
    );
    const scenario = scenarios.map((hub) => counterparts[hub]).find((ours) => ours !== undefined);
    const log = join(tests, name, /^log_file: (\S+)/m.exec(text)![1]!);
    const sources = [...readFileSync(assertions, 'utf8').matchAll(/^"([0-9a-fA-F.:]+)" in results\[\d+\]/gm)];
    const expected = sources.map((match) => formatIpAddress(requireIpAddress(match[1]!))).sort();
    return scenario === undefined ? [] : [{ name, log, scenario, expected }];
  });
}

function overflowingSources({ log, scenario }: HubTest): string[] {
  const parser = new LogLineParser(log, { newestTime: () => Date.UTC(2026, 0, 1), utcOffsetMinutes: 0 });
  const detector = new PatternDetector(
    builtInScenarios.filter(({ name }) => name === scenario),
    1000,
  );
  const sources: string[] = [];
  for (const text of readFileSync(log, 'utf8').split('\n')) {
    const event = parser.parse({ text, offset: 0, end: 0, cut: false, garbled: false })?.event;
    for (const { events } of event === undefined ? [] : detector.offer(event)) {
      sources.push((events.at(-1)!.actor[0] as { value: string }).value);
    }
  }
  return sources.sort();
}

describe.skipIf(!corpus.available)("CrowdSec's scenario tests", () => {
  const tests = corpus.available ? hubTests() : [];

  it('are found', () => {
    expect(tests.length).toBeGreaterThanOrEqual(8);
  });

  /** Apache's error log is a format of its own, which no built-in parser reads: the hub's own rules do, in crowdsec-hub-rules. */
  const readsErrorLog = ({ log }: HubTest) => readFileSync(log, 'utf8').includes('[core:error]');

  it.each(tests.filter((test) => !readsErrorLog(test)))('$name overflows for the same sources', (test) => {
    expect(overflowingSources(test)).toEqual(test.expected);
  });
});
