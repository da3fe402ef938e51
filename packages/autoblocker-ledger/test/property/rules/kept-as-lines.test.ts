// Events that many others followed are kept as their lines: whatever a rule asks of them later, it overflows as if they had
// been kept whole.

import { ResourceGovernor, testing } from '@tenstrip/shared-core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { CrossDomainDetector } from '../../../src/correlation/index.js';
import { bringBack, EventKeeper, type SourceLine, StdinSource } from '../../../src/events/index.js';
import { AutoblockerLedger } from '../../../src/pipeline/index.js';
import { compileRules, RuleEvent, type RuleFile } from '../../../src/rules/index.js';
import { type Overflow, PatternDetector } from '../../../src/scenarios/index.js';

const parser: RuleFile = {
  path: 'parsers/s01-parse/t/doors.yaml',
  text: `name: t/doors
onsuccess: next_stage
grok:
  pattern: '^%{NOTSPACE:stamp} %{WORD:verb} %{WORD:user} from %{IP:address} at %{WORD:door}%{GREEDYDATA:rest}$'
  apply_on: Line.Raw
statics:
  - meta: service
    expression: evt.Line.Labels.type
  - meta: log_type
    expression: "evt.Parsed.verb == 'failed' ? 'door_failed-auth' : 'door_success-auth'"
  - meta: source_ip
    expression: evt.Parsed.address
  - meta: target_user
    expression: evt.Parsed.user
  - meta: rest
    expression: evt.Parsed.rest
  - target: evt.StrTime
    expression: evt.Parsed.stamp
`,
};
const date: RuleFile = {
  path: 'parsers/s02-enrich/t/date.yaml',
  text: `name: t/date
statics:
  - method: ParseDate
    expression: evt.StrTime
  - enriched: pair
    expression: "evt.Parsed.door + '/' + evt.Parsed.user"
`,
};
const scenario = (name: string, lines: string): RuleFile => ({
  path: `scenarios/t/${name}.yaml`,
  text: `name: t/${name}\ndescription: ${name}\nlabels:\n  remediation: true\n${lines}`,
});
/** What only reads `Meta`: events hold no records. */
const metaOnly = [
  scenario(
    'leaky',
    `type: leaky
filter: evt.Meta.log_type == 'door_failed-auth'
groupby: evt.Meta.source_ip
capacity: 4
leakspeed: 10m
`,
  ),
  scenario(
    'distinct',
    `type: leaky
filter: evt.Meta.log_type == 'door_failed-auth'
groupby: evt.Meta.source_ip
distinct: evt.Meta.target_user
capacity: 2
leakspeed: 30m
blackhole: 5m
`,
  ),
  scenario(
    'cancelled',
    `type: leaky
filter: evt.Meta.service != ''
groupby: evt.Meta.source_ip
cancel_on: evt.Meta.log_type == 'door_success-auth'
capacity: 3
leakspeed: 30m
`,
  ),
  scenario(
    'counter',
    `type: counter
filter: evt.Meta.log_type == 'door_failed-auth'
groupby: evt.Meta.target_user
distinct: evt.Meta.source_ip
capacity: -1
duration: 2m
`,
  ),
];
/** What asks for more, of events long past too. */
const recordReading = [
  scenario(
    'conditional',
    `type: conditional
filter: evt.Parsed.verb in ['failed', 'welcome'] and evt.Parsed.door == 'front'
groupby: evt.Meta.source_ip
capacity: -1
leakspeed: 40m
condition: |
  count(queue.Queue, #.Parsed.verb == 'failed' and #.Enriched.pair != 'front/bert') >= 3
  and any(queue.Queue, #.Meta.target_user == 'root')
`,
  ),
  scenario(
    'accepted',
    `type: leaky
filter: evt.Line.Raw contains 'failed'
groupby: evt.Meta.source_ip + evt.Parsed.door
capacity: 2
leakspeed: 1h
overflow_filter: "any(queue.Queue, #.Enriched.pair == 'front/anna' and #.Meta.rest endsWith '!')"
`,
  ),
];
const asksForAll = [
  scenario(
    'trigger',
    `type: trigger
filter: evt.Line.Labels.type == 'cellar' and evt.Meta.rest endsWith '!!'
`,
  ),
];

const sets: readonly (readonly RuleFile[])[] = [
  metaOnly,
  [...metaOnly, ...recordReading],
  [...metaOnly, ...recordReading, ...asksForAll],
];
const start = Date.UTC(2026, 10, 23);

/** Lines of two sources with very many groups between each other. */
const streams = fc.record({
  seed: fc.integer(),
  addresses: fc.integer({ min: 200, max: 1200 }),
  stepMs: fc.constantFrom(200, 1500, 4000),
  failing: fc.double({ min: 0.5, max: 1, noNaN: true }),
});

function linesOf(
  { seed, addresses, stepMs, failing }: { seed: number; addresses: number; stepMs: number; failing: number },
  count: number,
) {
  let state = seed >>> 0;
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const offsets = [0, 0];
  let time = start;
  return Array.from({ length: count }, () => {
    // Now and then a clock goes back, and sometimes one is an hour ahead: those are brought back.
    time += next(50) === 0 ? -next(5000) : next(2 * stepMs + 1);
    const stamp = new Date(next(100) === 0 ? time + 3_600_000 : time).toISOString();
    const verb = next(1000) < failing * 1000 ? 'failed' : 'welcome';
    const user = ['root', 'anna', 'bert', 'carl'][next(4)]!;
    const text = `${stamp} ${verb} ${user} from 10.0.${next(addresses) >> 8}.${next(addresses) & 255} at ${['front', 'back'][next(2)]} ${'é~'.repeat(next(3))}${'!'.repeat(next(4))}`;
    const source = next(2);
    const offset = offsets[source]!;
    offsets[source] = offset + Buffer.byteLength(text) + 1;
    const line: SourceLine = { text, offset, end: offsets[source], cut: false, garbled: false };
    return { line, source, readAt: time };
  });
}

/** All that an overflow says, to the last field of its last event. */
function said({ scenario: { name }, group, time, eventCount, events, target }: Overflow) {
  return {
    ...{ name, group, time, eventCount, target },
    events: events.map((event) => ({
      ...{ time: event.time, domain: event.domain, kind: event.kind, actor: event.actor, outcome: event.outcome },
      ...{ victim: event.victim, evidence: event.evidence, fields: event.fields },
    })),
  };
}

function overflowsOf(files: readonly RuleFile[], lines: ReturnType<typeof linesOf>, isWhole: boolean) {
  const rules = compileRules([parser, date, ...files], {
    strict: true,
    labelsOf: (source) => ({ type: source === '/0' ? 'attic' : 'cellar' }),
  });
  const keeper = new EventKeeper();
  const detector = new PatternDetector(rules.scenarios, 100_000, keeper);
  const crossDomain = new CrossDomainDetector(() => false, undefined, keeper);
  let now = start;
  const parsers = [0, 1].map((source) =>
    rules.lineParser(`/${source}`, { newestTime: () => now, utcOffsetMinutes: 0 }),
  );
  const found: ReturnType<typeof said>[] = [];
  for (const { line, source, readAt } of lines) {
    now = readAt;
    const event = parsers[source]!.parse(line)?.event;
    if (event === undefined) throw new Error(`no event: ${line.text}`);
    // An own property: the event says that it cannot be had in fewer bytes.
    if (isWhole) Object.defineProperty(event, 'compact', { value: () => undefined });
    bringBack(event, readAt);
    for (const overflow of detector.offer(event)) found.push(said(overflow));
    const joined = crossDomain.offer(event);
    if (joined !== undefined) found.push(said(joined));
  }
  return found;
}

describe('rules over many groups between each other', () => {
  it.each(sets.map((files, place) => [files.length, place]))(
    'overflow as if all events were kept whole: %i scenarios',
    { timeout: 120_000 },
    (_, place) => {
      const compact = vi.spyOn(RuleEvent.prototype, 'compact');
      const names = new Set<string>();
      let compacted = 0;
      fc.assert(
        fc.property(streams, (stream) => {
          const lines = linesOf(stream, 2500);
          compact.mockClear();
          const found = overflowsOf(sets[place]!, lines, false);
          compacted += compact.mock.results.length;
          expect(found).toEqual(overflowsOf(sets[place]!, lines, true));
          for (const { name } of found) names.add(name);
        }),
        { numRuns: process.env.TENSTRIP_FULL === '1' ? 200 : 6 },
      );
      compact.mockRestore();
      // Something was at stake: every scenario overflowed, and events were let go for their lines.
      expect(compacted).toBeGreaterThan(1000);
      const all = sets[place]!.map(({ text }) => /^name: (\S+)/.exec(text)![1]!);
      expect([...names].filter((name) => name.startsWith('t/')).sort()).toEqual(all.sort());
    },
  );
});

it('leads to one and the same ledger each time, where the governor is deterministic', { timeout: 60_000 }, async () => {
  const lines = linesOf({ seed: 7, addresses: 700, stepMs: 1500, failing: 0.9 }, 4000);
  async function* bytes() {
    for (const { line } of lines) yield Buffer.from(`${line.text}\n`);
  }
  const read = async () => {
    const compact = vi.spyOn(RuleEvent.prototype, 'compact');
    await using governor = new ResourceGovernor(testing('seed'));
    const rules = compileRules([parser, date, ...sets[1]!], { strict: true });
    await using ledger = await AutoblockerLedger.open({ folder: 'memory:', time: 'events', governor, rules });
    const { decided } = await ledger.readLogs([new StdinSource(bytes())], { newestTime: Date.UTC(2027, 0) });
    expect(decided).toBeGreaterThan(20);
    expect(compact.mock.results.length).toBeGreaterThan(1000);
    compact.mockRestore();
    return ledger.checkpoint;
  };
  expect(await read()).toBe(await read());
});
