import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineDigest, type SourceLine } from '../../../src/events/index.js';
import { compileRules, RuleEvent, type RuleFile } from '../../../src/rules/index.js';

const raw: RuleFile = {
  path: 'parsers/s00-raw/t/raw.yaml',
  text: `name: t/raw
onsuccess: next_stage
grok:
  pattern: '^%{TIMESTAMP_ISO8601:stamp}? ?%{GREEDYDATA:message}$'
  apply_on: Line.Raw
statics:
  - target: evt.StrTime
    expression: evt.Parsed.stamp
`,
};
const parse: RuleFile = {
  path: 'parsers/s01-parse/t/logins.yaml',
  text: `name: t/logins
onsuccess: next_stage
nodes:
  - grok:
      pattern: 'failed for %{USERNAME:user} from %{IP:address}'
      apply_on: message
    statics:
      - meta: log_type
        value: t_failed-auth
      - meta: target_user
        expression: evt.Parsed.user
  - grok:
      pattern: 'welcome %{USERNAME:user} from %{IP:address}'
      apply_on: message
    statics:
      - meta: log_type
        value: t_success-auth
statics:
  - meta: service
    value: t
  - meta: source_ip
    expression: evt.Parsed.address
  - meta: unread
    expression: evt.Parsed.message
`,
};
const date: RuleFile = {
  path: 'parsers/s02-enrich/t/date.yaml',
  text: 'name: t/date\nstatics:\n  - method: ParseDate\n    expression: evt.StrTime\n',
};
const scenario = (filter: string): RuleFile => ({
  path: 'scenarios/t/guess.yaml',
  text: `type: leaky\nname: t/guess\ndescription: guesses\nfilter: "${filter}"\ngroupby: evt.Meta.source_ip\ncapacity: 5\nleakspeed: 10s\n`,
});
/** What scenarios read: `Meta` only, or more, for which events hold their records. */
const filters = ["evt.Meta.log_type == 't_failed-auth'", "evt.Parsed.user == 'root'"];

const line: fc.Arbitrary<SourceLine> = fc
  .record({
    stamp: fc.constantFrom(
      '',
      '2026-11-23T10:00:00Z ',
      '2026-11-23T10:00:00.123456+00:00 ',
      '2026-11-23T10:00:00+02:00 ',
    ),
    verb: fc.constantFrom('failed for', 'welcome'),
    user: fc.constantFrom('root', 'anna', 'o.b-c'),
    address: fc.oneof(fc.ipV4(), fc.constantFrom('::1', '2001:db8::7')),
    rest: fc.string({ unit: 'grapheme', maxLength: 20 }),
    offset: fc.nat(2 ** 40),
    isCut: fc.boolean(),
  })
  .map(({ stamp, verb, user, address, rest, offset, isCut }) => {
    const text = `${stamp}${verb} ${user} from ${address}${rest.replaceAll('\n', '')}`;
    const digest = isCut ? { digest: lineDigest(`${text} and more`) } : {};
    return { text, offset, end: offset + text.length + 1, cut: isCut, garbled: false, ...digest };
  });

function said(event: RuleEvent) {
  const { time, domain, kind, actor, victim, outcome, source, evidence } = event;
  const asked = ['service', 'unread', 'nowhere'].map((name) => event.fieldOf(name));
  return { time, domain, kind, actor, victim, outcome, source, evidence, asked, candidates: event.candidates.length };
}

describe('an event of rules that was let go for its line', () => {
  it('is the same when the line is read again, whatever was read between', () => {
    for (const filter of filters) {
      fc.assert(
        fc.property(fc.array(line, { minLength: 1, maxLength: 10 }), (lines) => {
          let now = Date.UTC(2026, 10, 24);
          const rules = compileRules([raw, parse, date, scenario(filter)], { strict: true });
          const parser = rules.lineParser('/log', { newestTime: () => now, utcOffsetMinutes: 0 });
          const kept = lines.flatMap((one) => {
            const event = parser.parse(one)?.event;
            now += 60_000;
            return event instanceof RuleEvent ? [{ event, compact: event.compact()! }] : [];
          });
          for (const { event, compact } of kept) {
            const again = compact.form.restore(compact.text) as RuleEvent;
            // Here only what rules read was taken, there all may be by now.
            expect(said(again)).toEqual(said(event));
            expect(again.fields).toEqual(event.fields);
          }
        }),
        { numRuns: 300 },
      );
    }
  });

  it('keeps the time to which it was brought back', () => {
    const rules = compileRules([raw, parse, date, scenario(filters[0]!)], { strict: true });
    const parser = rules.lineParser('/log', { newestTime: () => Date.UTC(2027, 0, 1), utcOffsetMinutes: 0 });
    const text = '2026-11-23T10:00:00Z failed for root from 192.0.2.1';
    const event = parser.parse({ text, offset: 0, end: text.length + 1, cut: false, garbled: false })!
      .event as RuleEvent;
    event.time -= 5000;
    const { text: kept, form } = event.compact()!;
    expect(form.restore(kept).time).toBe(Date.UTC(2026, 10, 23, 9, 59, 55));
  });

  it('stays as it is where lines live on what earlier ones left', () => {
    const stateful: RuleFile = {
      path: 'parsers/s02-enrich/t/stash.yaml',
      text: `name: t/stash\nstash:\n  - name: users\n    key: evt.Meta.source_ip\n    value: evt.Meta.target_user\n    ttl: 1m\n`,
    };
    const rules = compileRules([raw, parse, stateful, scenario(filters[0]!)], { strict: true });
    const parser = rules.lineParser('/log', { newestTime: () => 0, utcOffsetMinutes: 0 });
    const text = 'failed for root from 192.0.2.1';
    const event = parser.parse({ text, offset: 0, end: 0, cut: false, garbled: false })!.event as RuleEvent;
    expect(event.compact()).toBeUndefined();
  });
});
