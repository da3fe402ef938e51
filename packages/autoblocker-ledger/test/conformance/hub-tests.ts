// The tests of CrowdSec's hub: rules, a log, and what its own engine made of it, as expressions over the results.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { compileExpression, EvaluationFailure, ruleVocabulary, type Vocabulary } from '../../src/expressions/index.js';
import {
  compileRules,
  type EventRecord,
  type OverflowSource,
  type RuleEvent,
  type RuleFile,
  type RuleReport,
  type RuleScenario,
  type RuleSet,
} from '../../src/rules/index.js';
import { type Overflow, PatternDetector } from '../../src/scenarios/index.js';

/** One folder of tests. */
export interface HubTest {
  readonly name: string;
  readonly files: readonly RuleFile[];
  /** Rules that the corpus does not hold. */
  readonly missing: readonly string[];
  readonly lines: readonly string[];
  readonly logName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly scenarioAsserts: readonly string[];
  readonly parserAsserts: readonly string[];
}

/** What became of a test. */
export interface HubTestResult {
  readonly name: string;
  readonly report: RuleReport;
  readonly missing: readonly string[];
  /** What the test says of overflows and what there was; `undefined` when the test says nothing about them. */
  readonly overflows:
    | { readonly expected: readonly SaidOverflow[]; readonly found: readonly SaidOverflow[]; readonly agree: boolean }
    | undefined;
  readonly scenarioAsserts: Score;
  readonly parserAsserts: Score;
  /** Lines of which something else comes when only that is taken of them which rules read. */
  readonly differing: readonly string[];
}

export interface Score {
  readonly all: number;
  readonly held: number;
  readonly failed: readonly string[];
}

interface TestConfig {
  readonly parsers?: readonly (string | null)[];
  readonly scenarios?: readonly (string | null)[];
  readonly postoverflows?: readonly (string | null)[];
  readonly log_file?: string;
  readonly log_type?: string;
  readonly labels?: Readonly<Record<string, string>> | null;
  readonly override_statics?: readonly unknown[];
}

/** Reads the tests of a hub's folder. */
export function readHubTests(hub: string): HubTest[] {
  const files = ruleFiles(hub);
  const tests = join(hub, '.tests');
  return readdirSync(tests)
    .filter((name) => /^[a-m]/.test(name) && existsSync(join(tests, name, 'config.yaml')))
    .map((name) => readHubTest(hub, join(tests, name), files));
}

/** All rules of the hub by author and file, such as `parsers crowdsecurity/sshd-logs`. */
function ruleFiles(hub: string): ReadonlyMap<string, RuleFile> {
  const files = new Map<string, RuleFile>();
  for (const kind of ['parsers', 'scenarios']) {
    for (const entry of readdirSync(join(hub, kind), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.ya?ml$/.test(entry.name)) continue;
      const full = join(entry.parentPath, entry.name);
      const path = full.slice(hub.length + 1);
      const name = `${kind} ${basename(entry.parentPath)}/${entry.name.replace(/\.ya?ml$/, '')}`;
      files.set(name, { path, text: readFileSync(full, 'utf8') });
    }
  }
  return files;
}

function readHubTest(hub: string, folder: string, known: ReadonlyMap<string, RuleFile>): HubTest {
  const config = parse(readFileSync(join(folder, 'config.yaml'), 'utf8')) as TestConfig;
  const files: RuleFile[] = [];
  const missing: string[] = [];
  const overrides = config.override_statics ?? [];
  if (overrides.length > 0) {
    files.push({
      path: 'parsers/s00-raw/00_overrides.yaml',
      text: stringify({ name: 'overrides', filter: '1==1', statics: overrides }),
    });
  }
  for (const kind of ['parsers', 'scenarios', 'postoverflows'] as const) {
    for (const name of (config[kind] ?? []).flatMap((one) => (one === null || one.trim() === '' ? [] : one.trim()))) {
      const path = name.replace(/^\.\//, '');
      const file =
        path.includes('.yaml') || path.includes('.yml') ? readIfThere(hub, path) : known.get(`${kind} ${name}`);
      if (file === undefined) missing.push(name);
      else files.push(file);
    }
  }
  const read = (name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '');
  const asserts = (name: string) =>
    read(name)
      .split('\n')
      .filter((line) => line.trim() !== '');
  return {
    name: basename(folder),
    files,
    missing,
    lines: read(config.log_file ?? '')
      .split('\n')
      .map((line) => line.replace(/\r$/, ''))
      .filter((line) => line !== ''),
    logName: config.log_file ?? '',
    labels: { ...config.labels, type: config.log_type ?? '' },
    scenarioAsserts: asserts('scenario.assert'),
    parserAsserts: asserts('parser.assert'),
  };
}

function readIfThere(hub: string, path: string): RuleFile | undefined {
  return existsSync(join(hub, path)) ? { path, text: readFileSync(join(hub, path), 'utf8') } : undefined;
}

/** Runs a test. */
export function runHubTest(test: HubTest, dataFiles: ReadonlyMap<string, string>): HubTestResult {
  const rules = compileRules(test.files, { dataFiles, labelsOf: () => test.labels });
  const { overflows, parsed } = runLines(rules, test);
  const expected = saidOverflows(test.scenarioAsserts);
  const found = overflows.map(saidBy);
  return {
    name: test.name,
    report: rules.report,
    missing: test.missing,
    overflows: expected === undefined ? undefined : { expected, found, agree: agree(expected, found) },
    scenarioAsserts: evaluateAll(test.scenarioAsserts, overflows.map(resultOf).sort(byScenarioAndSources)),
    parserAsserts: evaluateAll(test.parserAsserts, parsed),
    differing: differingLines(test, dataFiles),
  };
}

function differingLines(test: HubTest, dataFiles: ReadonlyMap<string, string>): string[] {
  const said = [undefined, () => {}].map((trace) => {
    const rules = compileRules(test.files, { dataFiles, labelsOf: () => test.labels });
    const reading = { newestTime: () => Date.UTC(2027, 0, 1), utcOffsetMinutes: 0 };
    const parser = rules.lineParser(test.logName, reading, trace);
    const detector = new PatternDetector(rules.scenarios, 10_000);
    // What asks for all of an event comes after the last line: it changes how later ones are taken.
    const found = test.lines.map((text) => {
      const parsed = parser.parse({ text, offset: 0, end: 0, cut: false, garbled: false });
      const overflows = parsed?.event === undefined ? [] : detector.offer(parsed.event);
      return {
        parsed,
        overflows: overflows.map(({ scenario, group, events }) => [scenario.name, group, events.length]),
      };
    });
    return found.map(({ parsed, overflows }) => {
      const { time, domain, kind, actor, outcome, victim, candidates, fields } = (parsed?.event ??
        {}) as Partial<RuleEvent>;
      const names = candidates?.map(({ name }) => name);
      return JSON.stringify([parsed?.parser, time, domain, kind, actor, outcome, victim, names, fields, overflows]);
    });
  });
  return test.lines.filter((_, index) => said[0]![index] !== said[1]![index]);
}

function runLines(
  rules: RuleSet,
  test: HubTest,
): { overflows: Overflow[]; parsed: Record<string, Record<string, unknown[]>> } {
  // CrowdSec's harness adds a stage of its own to the results.
  const parsed: Record<string, Record<string, unknown[]>> = { success: { '': [] } };
  const now = Date.now();
  const parser = rules.lineParser(
    test.logName,
    { newestTime: () => now, utcOffsetMinutes: 0 },
    (stage, name, accepted, record) => {
      parsed[stage] ??= {};
      parsed[stage][name] ??= [];
      parsed[stage][name].push({ Success: accepted, Evt: snapshot(record) });
    },
  );
  const detector = new PatternDetector(rules.scenarios, 10_000);
  const overflows: Overflow[] = [];
  for (const text of test.lines) {
    const event = parser.parse({ text, offset: 0, end: 0, cut: false, garbled: false })?.event;
    if (event !== undefined) overflows.push(...detector.offer(event));
  }
  return { overflows, parsed };
}

function snapshot(record: EventRecord): unknown {
  return {
    ...record,
    Parsed: new Map(record.Parsed),
    Meta: new Map(record.Meta),
    Enriched: new Map(record.Enriched),
    Unmarshaled: { ...record.Unmarshaled },
  };
}

/** Whom an overflow is about, as CrowdSec names it: every source of the events that were kept. */
function sourcesOf({ scenario, events }: Overflow): OverflowSource[] {
  const { sourceOf } = scenario as RuleScenario;
  const sources = events.flatMap((event) => sourceOf(event) ?? []);
  return [...new Map(sources.map((source) => [source.value, source])).values()].sort((one, other) =>
    one.value < other.value ? -1 : 1,
  );
}

/** What a test says of an overflow; what it leaves out is `undefined`. */
export interface SaidOverflow {
  sources?: string[];
  scenario?: string;
  count?: number;
  ban?: boolean;
}

function saidBy(overflow: Overflow): SaidOverflow {
  const { name, action } = overflow.scenario;
  return {
    sources: sourcesOf(overflow).map(({ value }) => value),
    scenario: name,
    count: overflow.eventCount,
    ban: action === 'ban',
  };
}

/** The overflows that assertions speak of; `undefined` when they do not. */
function saidOverflows(asserts: readonly string[]): readonly SaidOverflow[] | undefined {
  const count = /len\(results\) == (\d+)/.exec(asserts.join('\n'));
  if (count === null) return undefined;
  const all = Array.from({ length: Number(count[1]) }, (): SaidOverflow => ({}));
  for (const line of asserts) {
    const one = all[Number(/results\[(\d+)\]/.exec(line)?.[1] ?? -1)];
    if (one === undefined) continue;
    const source = /^"(.*)" in results\[\d+\]\.Overflow\.GetSources\(\)/.exec(line);
    const scenario = /Alert\.GetScenario\(\) == "(.*)"/.exec(line);
    const events = /Alert\.GetEventsCount\(\) == (\d+)/.exec(line);
    const remediation = /Alert\.Remediation == (true|false)/.exec(line);
    if (source !== null) one.sources = [...(one.sources ?? []), JSON.parse(`"${source[1]}"`)].sort();
    if (scenario !== null) one.scenario = scenario[1]!;
    if (events !== null) one.count = Number(events[1]);
    if (remediation !== null) one.ban = remediation[1] === 'true';
  }
  return all;
}

/** Whether overflows are those of a test, each once, in all that it says. */
function agree(expected: readonly SaidOverflow[], found: readonly SaidOverflow[]): boolean {
  const left = [...found];
  const mostSaid = [...expected].sort((one, other) => Object.keys(other).length - Object.keys(one).length);
  for (const said of mostSaid) {
    const at = left.findIndex((one) =>
      (Object.keys(said) as (keyof SaidOverflow)[]).every(
        (key) => JSON.stringify(one[key]) === JSON.stringify(said[key]),
      ),
    );
    if (at < 0) return false;
    left.splice(at, 1);
  }
  return left.length === 0;
}

interface ResultSource {
  readonly IP: string;
  readonly Range: string;
  readonly Scope: string;
  readonly Value: string;
}

function resultOf(overflow: Overflow): { Overflow: { Sources: Record<string, ResultSource>; Alert: unknown } } {
  const sources = sourcesOf(overflow).map(
    ({ scope, value }) => [value, { IP: scope === 'Ip' ? value : '', Range: '', Scope: scope, Value: value }] as const,
  );
  return {
    Overflow: {
      Sources: Object.fromEntries(sources),
      Alert: {
        Scenario: overflow.scenario.name,
        EventsCount: overflow.eventCount,
        Remediation: overflow.scenario.action === 'ban',
        Events: overflow.events.map((event) => ({ Meta: (event as RuleEvent).evt.Meta })),
      },
    },
  };
}

function byScenarioAndSources(one: ReturnType<typeof resultOf>, other: ReturnType<typeof resultOf>): number {
  const key = ({ Overflow: { Sources: sources, Alert: alert } }: ReturnType<typeof resultOf>) =>
    `${(alert as { Scenario: string }).Scenario}${Object.keys(sources).join('@')}`;
  return key(one) > key(other) ? -1 : key(one) < key(other) ? 1 : 0;
}

/** The assertions' own functions, over those of rules. */
const vocabulary: Vocabulary = (() => {
  const base = ruleVocabulary(['results'], new Map(), {
    files: { lines: new Map(), patterns: new Map(), maps: new Map() },
    stash: { get: () => '' },
  });
  const method = (call: (...values: readonly never[]) => unknown, count = 1) => ({
    arity: [count, count] as const,
    call: (_: unknown, ...values: readonly unknown[]) => call(...(values as never[])),
  });
  return {
    ...base,
    functions: new Map([...base.functions, ['basename', method((path: string) => basename(path))]]),
    methods: new Map([
      ...base.methods,
      ['GetSources', method((overflow: { Sources: object }) => Object.keys(overflow.Sources))],
      ['GetScope', method((source: { Scope: string }) => source.Scope)],
      ['GetValue', method((source: { Value: string }) => source.Value)],
      ['GetScenario', method((alert: { Scenario: string }) => alert.Scenario)],
      ['GetEventsCount', method((alert: { EventsCount: number }) => alert.EventsCount)],
    ]),
  };
})();

function evaluateAll(asserts: readonly string[], results: unknown): Score {
  const failed = asserts.filter((line) => !holds(line, results));
  return { all: asserts.length, held: asserts.length - failed.length, failed };
}

function holds(line: string, results: unknown): boolean {
  const compiled = compileExpression(line, vocabulary);
  if ('problem' in compiled) return false;
  try {
    return compiled.evaluate({ results }) === true;
  } catch (error) {
    // A method of an overflow that is not there.
    if (error instanceof EvaluationFailure || error instanceof TypeError) return false;
    throw error;
  }
}
