import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AutoblockerLedger } from '../../../src/pipeline/index.js';
import { compileRules, type RuleFile, type RuleSet, readRuleFiles } from '../../../src/rules/index.js';
import { type Overflow, PatternDetector, type Scenario } from '../../../src/scenarios/index.js';

const raw: RuleFile = {
  path: 'parsers/s00-raw/t/raw.yaml',
  text: 'name: t/raw\nonsuccess: next_stage\nstatics:\n  - parsed: message\n    expression: evt.Line.Raw\n',
};
const login: RuleFile = {
  path: 'parsers/s01-parse/t/login.yaml',
  text: `name: t/login
onsuccess: next_stage
grok:
  pattern: '^%{TIMESTAMP_ISO8601:time} login of %{USERNAME:user} from %{IP:ip} %{WORD:outcome}$'
  apply_on: message
statics:
  - meta: log_type
    expression: "evt.Parsed.outcome == 'failed' ? 'login_failed' : 'login_success'"
  - meta: service
    value: app
  - meta: source_ip
    expression: evt.Parsed.ip
  - meta: user
    expression: evt.Parsed.user
  - target: evt.StrTime
    expression: evt.Parsed.time
`,
};
const dated: RuleFile = {
  path: 'parsers/s02-enrich/t/date.yaml',
  text: 'name: t/date\nstatics:\n  - method: ParseDate\n    expression: evt.StrTime\n',
};
const scenario = (extra: string, name = 't/bf'): RuleFile => ({
  path: `scenarios/t/${name.slice(2)}.yaml`,
  text: `name: ${name}\ndescription: too many logins\nfilter: evt.Meta.log_type == 'login_failed'\ngroupby: evt.Meta.source_ip\nlabels:\n  remediation: true\n${extra}`,
});
const leaky = scenario('type: leaky\ncapacity: 2\nleakspeed: 10s\nblackhole: 1m\n');
const line = (second: number, ip: string, outcome = 'failed', user = 'root') =>
  `2024-01-01T00:00:${String(second).padStart(2, '0')}Z login of ${user} from ${ip} ${outcome}`;

function run(rules: RuleSet, lines: readonly string[]): Overflow[] {
  const parser = rules.lineParser('app.log', { newestTime: () => Date.UTC(2024, 0, 2), utcOffsetMinutes: 0 });
  const detector = new PatternDetector(rules.scenarios, 100);
  return lines.flatMap((text) => {
    const event = parser.parse({ text, offset: 0, end: 0, cut: false, garbled: false })?.event;
    return event === undefined ? [] : detector.offer(event);
  });
}

const rulesOf = (...files: RuleFile[]) => compileRules([raw, login, dated, ...files], { strict: true });
const burst = (ip = '192.0.2.1') => [1, 2, 3].map((second) => line(second, ip));

const manyKeys = Array.from({ length: 20_000 }, (_, at) => `k${at}: 1\n`).join('');

describe('the names of scenarios', () => {
  const again = { ...leaky, path: 'scenarios/t/copy.yaml', text: `# a copy\n${leaky.text}` };

  it('are refused in a second file, with both places', () => {
    const rules = compileRules([raw, login, dated, leaky, again]);
    expect(rules.scenarios).toHaveLength(1);
    expect(rules.report.refused).toEqual([
      {
        file: 'scenarios/t/copy.yaml',
        line: 2,
        rule: 't/bf',
        construct: 'name',
        problem: expect.stringContaining('scenarios/t/bf.yaml:1'),
      },
    ]);
    expect(() => rulesOf(leaky, again)).toThrow(expect.objectContaining({ code: 'RuleUnsupported' }));
    expect(compileRules([leaky, leaky]).report.refused).toHaveLength(1);
  });

  it('may be one of several documents of a file, as in the hub: parts of one rule, each with its version', () => {
    const [first, second] = [leaky.text, scenario('type: leaky\ncapacity: 1\nleakspeed: 1h\n').text];
    const rules = rulesOf({ path: leaky.path, text: `${first}---\n${second}` });
    const detector = new PatternDetector(rules.scenarios, 100);
    expect(rules.scenarios.map(({ name }) => name)).toEqual(['t/bf', 't/bf']);
    expect(new Set(rules.scenarios.map(({ version }) => version)).size).toBe(2);
    const parser = rules.lineParser('app.log', { newestTime: () => Date.UTC(2024, 0, 2), utcOffsetMinutes: 0 });
    for (const text of burst()) {
      const event = parser.parse({ text, offset: 0, end: 0, cut: false, garbled: false })?.event;
      if (event !== undefined) detector.offer(event);
    }
    expect(detector.statistics).toEqual({ 't/bf': { live: 2, overflows: 2, evicted: 0 } });
  });

  it('are refused when a ledger is opened with two of them, with both places', async () => {
    const rules = rulesOf(leaky);
    const [own] = rules.scenarios;
    const open = (scenarios: readonly unknown[], given: RuleSet | undefined) =>
      AutoblockerLedger.open({
        folder: 'memory:',
        scenarios: scenarios as Scenario[],
        ...(given === undefined ? {} : { rules: given }),
      });
    const other = { ...own!, preselected: false, version: '2' };
    const refused = (...places: string[]) =>
      expect.objectContaining({
        code: 'ScenarioInvalid',
        details: expect.objectContaining({ places }),
      });
    await expect(open([other, other], undefined)).rejects.toEqual(refused('scenarios[0]', 'scenarios[1]'));
    await expect(open([other], rules)).rejects.toEqual(refused(`the rules of ${leaky.path}`, 'scenarios[0]'));
    const reserved = { ...other, name: 'tenstrip/cross-domain' };
    await expect(open([reserved], undefined)).rejects.toEqual(refused('what every ledger runs', 'scenarios[0]'));
    await (await open([{ ...other, name: 't/other' }], rules)).close();
  });
});

describe('a condition on the queue', () => {
  it.each([
    ['MedianInterval(map(queue.Queue, {#.Time})) >= duration("1s")', 3],
    ['len(filter(queue.Queue, {#.Line.Raw contains "login"})) == 3', 3],
    ['len(filter(queue.Queue, {#.Meta.user == "root"})) == 3', 3],
    ['MedianInterval(map(queue.Queue, {#.Time})) >= duration("1h")', undefined],
  ])('sees of each event what rules see of one: %s', (condition, length) => {
    const text = scenario(
      `type: conditional\ncapacity: -1\nleakspeed: 1h\ncondition: 'len(queue.Queue) == 3 && ${condition}'\n`,
    );
    const overflows = run(rulesOf(text), burst());
    expect(overflows.map(({ events }) => events.length)).toEqual(length === undefined ? [] : [length]);
  });
});

describe('compileRules', () => {
  it('overflows one event above the capacity, by group', () => {
    const overflows = run(rulesOf(leaky), [...burst(), line(4, '192.0.2.2')]);
    expect(overflows.map(({ scenario: { name }, group, eventCount }) => [name, group, eventCount])).toEqual([
      ['t/bf', '192.0.2.1', 3],
    ]);
  });

  it('has distinct, cancel_on, trigger, counter, conditional and overflow filter', () => {
    const distinct = scenario('type: leaky\ncapacity: 2\nleakspeed: 10s\ndistinct: evt.Meta.user\n');
    expect(run(rulesOf(distinct), burst())).toHaveLength(0);
    const users = ['a', 'b', 'c'].map((user) => line(1, '192.0.2.1', 'failed', user));
    expect(run(rulesOf(distinct), users)).toHaveLength(1);
    const cancelled = scenario('type: leaky\ncapacity: 2\nleakspeed: 10s\ncancel_on: evt.Meta.user == "me"\n');
    expect(
      run(rulesOf(cancelled), [...burst().slice(1), line(3, '192.0.2.1', 'failed', 'me'), line(4, '192.0.2.1')]),
    ).toHaveLength(0);
    expect(run(rulesOf(scenario('type: trigger\n')), burst())).toHaveLength(3);
    const counter = scenario('type: counter\ncapacity: -1\nduration: 30s\n');
    expect(run(rulesOf(counter), [...burst(), line(40, '192.0.2.9')])).toMatchObject([{ eventCount: 3 }]);
    const conditional = scenario(
      'type: conditional\ncapacity: -1\nleakspeed: 1m\ncondition: len(queue.Queue) >= 2 and any(queue.Queue, {.Meta.user == "b"})\n',
    );
    expect(run(rulesOf(conditional), users)).toMatchObject([{ eventCount: 2 }]);
    const filtered = scenario(
      'type: leaky\ncapacity: 2\nleakspeed: 10s\noverflow_filter: any(queue.Queue, {#.Meta.user == "b"})\n',
    );
    expect(run(rulesOf(filtered), burst())).toHaveLength(0);
    expect(run(rulesOf(filtered), users)).toHaveLength(1);
  });

  it('lets an overflow stand whose filter fails or says neither true nor false', () => {
    const filteredBy = (filter: string) =>
      run(rulesOf(scenario(`type: leaky\ncapacity: 2\nleakspeed: 10s\noverflow_filter: ${filter}\n`)), burst());
    expect(filteredBy('len(queue.Queue)')).toHaveLength(1);
    expect(filteredBy('queue.Queue[99].Meta.user == "b"')).toHaveLength(1);
    expect(filteredBy('len(queue.Queue) > 99')).toHaveLength(0);
  });

  it('discards what is whitelisted', () => {
    const whitelist: RuleFile = {
      path: 'parsers/s02-enrich/t/whitelist.yaml',
      text: 'name: t/whitelist\nwhitelist:\n  reason: ours\n  cidr: ["192.0.2.0/24"]\n',
    };
    expect(run(rulesOf(leaky, whitelist), burst())).toHaveLength(0);
    expect(run(rulesOf(leaky, whitelist), burst('198.51.100.1'))).toHaveLength(1);
  });

  it.each<[string, RuleFile, number, string]>([
    ['a function', scenario('type: trigger\noverflow_filter: Nope(1)\n'), 8, 'overflow_filter'],
    [
      'an event in an overflow filter',
      scenario('type: trigger\noverflow_filter: evt.Meta.user == "b"\n'),
      8,
      'overflow_filter',
    ],
    ['a signal there', scenario('type: trigger\noverflow_filter: signal.Mapkey != ""\n'), 8, 'overflow_filter'],
    ['a bucket there', scenario('type: trigger\noverflow_filter: leaky.Total_count > 3\n'), 8, 'overflow_filter'],
    ['a queue where there is none', scenario('type: trigger\ncancel_on: len(queue.Queue) > 1\n'), 8, 'cancel_on'],
    ['a bucket type', scenario('type: bayesian\n'), 7, 'type'],
    ['a key', scenario('type: trigger\nbayesian_prior: 1\n'), 8, 'bayesian_prior'],
    ['a method', { path: dated.path, text: dated.text.replace('ParseDate', 'GeoIpCity') }, 3, 'method'],
    ['a grok pattern', { path: login.path, text: login.text.replace('USERNAME', 'NOBODY') }, 4, 'grok.pattern'],
    ['a field', scenario('type: trigger\ndistinct: evt.Overflow.Alert\n'), 8, 'distinct'],
    ['broken YAML', { path: 'scenarios/x.yaml', text: 'a: [' }, 1, 'yaml'],
    ['flow lists without end', { path: 'scenarios/x.yaml', text: '['.repeat(100_000) }, 1, 'yaml'],
    ['lists without end', { path: 'scenarios/x.yaml', text: '- '.repeat(100_000) }, 1, 'yaml'],
    ['mappings without end', { path: 'scenarios/x.yaml', text: '{a: '.repeat(50_000) }, 1, 'yaml'],
    ['tags without end', { path: 'scenarios/x.yaml', text: '!!x '.repeat(50_000) }, 1, 'yaml'],
    ['as many keys', { path: 'scenarios/x.yaml', text: `${manyKeys}k5: 1\n` }, 20_001, 'k5'],
    [
      'a name that is none',
      { path: 'scenarios/x.yaml', text: scenario('type: trigger\n').text.replace(/^name: .*$/m, 'name: ../../x') },
      1,
      'scenario',
    ],
    ['a key that stands twice', scenario('type: trigger\ntype: leaky\n'), 8, 'type'],
    ['a missing data file', scenario('type: trigger\ncancel_on: any(File("x.txt"), {true})\n'), 8, 'cancel_on'],
  ])('refuses %s with its place, and the whole rule', (_, file, at, construct) => {
    const { report, scenarios } = compileRules([file]);
    expect(report.refused).toMatchObject([{ file: file.path, line: at, construct }]);
    expect([report.compiled, scenarios]).toEqual([[], []]);
    expect(() => compileRules([file], { strict: true })).toThrow(expect.objectContaining({ code: 'RuleUnsupported' }));
  });

  it.each([undefined, null, 5, [5], [null], [{ path: 'x' }], [{ path: 5, text: '' }]])(
    'refuses files that are none: %j',
    (files) => {
      expect(() => compileRules(files as never)).toThrow(expect.objectContaining({ code: 'OptionsInvalid' }));
    },
  );

  it('reads no folder that is none', async () => {
    for (const folder of ['/nothing/here', '/etc/hostname', 5])
      await expect(readRuleFiles(folder as string)).rejects.toMatchObject({ code: 'SourceUnreadable' });
  });

  it('lets a ledger decide, by the name and version of the rule', async () => {
    const rules = rulesOf(leaky);
    const { version } = rules.scenarios[0]!;
    expect(version).toMatch(/^sha256:[0-9a-f]{16}$/);
    const folder = await mkdtemp(join(tmpdir(), 'rules-'));
    try {
      const log = join(folder, 'app.log');
      await writeFile(
        log,
        burst('203.0.113.7')
          .map((text) => `${text}\n`)
          .join(''),
      );
      await using ledger = await AutoblockerLedger.open({ folder: 'memory:', rules, time: 'events' });
      expect(await ledger.readLogs([log])).toMatchObject({ decided: 1, parsers: { 't/login': 3 } });
      expect(ledger.isBlocked('203.0.113.7')).toMatchObject({ scenario: { name: 't/bf', version }, action: 'ban' });
      const { evidence } = await ledger.explain(ledger.isBlocked('203.0.113.7')!.id);
      expect(evidence.map(({ line: text }) => text)).toEqual(burst('203.0.113.7'));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('lets a ledger run rules whose bucket no number of events fills', async () => {
    const counter = scenario('type: counter\ncapacity: -1\nduration: 30s\n', 't/counter');
    const conditional = scenario(
      'type: conditional\ncapacity: -1\nleakspeed: 1m\ncondition: len(queue.Queue) >= 2\n',
      't/conditional',
    );
    const rules = rulesOf(counter, conditional);
    await using ledger = await AutoblockerLedger.open({ folder: 'memory:', rules, time: 'events' });
    const { outcomes } = await ledger.ingestLines(burst('203.0.113.7'), { source: 'app.log' });
    expect(outcomes).toMatchObject([{ kind: 'decided', decision: { scenario: { name: 't/conditional' } } }]);
    const { verified } = await ledger.verify();
    expect(verified).toBe(true);
  });
});
