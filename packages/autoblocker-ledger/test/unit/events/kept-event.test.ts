import { describe, expect, it } from 'vitest';
import { type CompactableEvent, EventKeeper, type SecurityEvent } from '../../../src/events/index.js';
import { compileRules, type RuleFile } from '../../../src/rules/index.js';
import { BucketTable, type Scenario } from '../../../src/scenarios/index.js';

/** An event that says which of its kind were read again. */
function eventOf(number: number, readAgain: number[] = []): CompactableEvent {
  const whole: SecurityEvent = {
    time: number,
    domain: 'test',
    kind: 'event',
    actor: [{ kind: 'user', value: `user${number % 7}` }],
    outcome: 'failure',
    fields: { number: String(number) },
    evidence: { digest: '0'.repeat(64) },
  };
  const restore = (text: string) => {
    readAgain.push(Number(text));
    return { ...whole };
  };
  return { ...whole, compact: () => ({ text: String(number), form: { restore } }) };
}

describe('an event that is kept', () => {
  it('is a text when so many others followed, and is read again once for those who look', () => {
    const keeper = new EventKeeper();
    const readAgain: number[] = [];
    const first = keeper.keep(eventOf(0, readAgain));
    for (let number = 1; number <= 511; number += 1) keeper.keep(eventOf(number));
    expect(first.whole).toBeDefined();
    keeper.keep(eventOf(512));
    expect(first.whole).toBeUndefined();
    expect(keeper.eventOf(first)).toMatchObject({ time: 0, fields: { number: '0' } });
    expect(keeper.eventOf(first)).toBe(keeper.eventsOf([first])[0]);
    expect(readAgain).toEqual([0]);
  });

  it('is a text also when one who kept it had let it go before the next kept it', () => {
    const keeper = new EventKeeper();
    const event = eventOf(0);
    keeper.release(keeper.keep(event));
    const kept = keeper.keep(event);
    for (let number = 1; number <= 600; number += 1) keeper.keep(eventOf(number));
    expect(kept.whole).toBeUndefined();
  });

  it('stays as it came in buckets whose condition asks for it at each event', () => {
    const readAgain: number[] = [];
    const byUser: Scenario = {
      name: 'test/conditional',
      version: '1',
      description: 'asks for all that it keeps',
      references: [],
      domains: 'all',
      filter: () => true,
      groupBy: ({ actor: [one] }) => (one?.kind === 'user' ? one.value : undefined),
      capacity: Number.POSITIVE_INFINITY,
      leakSpeedMs: 1e9,
      cacheSize: 200,
      condition: (kept) => kept.some(({ kind }) => kind === 'nothing'),
      score: 1,
    };
    const keeper = new EventKeeper();
    // Another bucket keeps the same events: seven groups of 200 are more than stay as they came.
    const tables = [byUser, { ...byUser, condition: () => false }].map((one) => new BucketTable(one, 100, keeper));
    for (let number = 0; number < 3000; number += 1) {
      const event = eventOf(number, readAgain);
      for (const table of tables) table.offer(event);
    }
    expect(readAgain).toEqual([]);
  });
});

describe('a bucket of a rule with cancel_on', () => {
  const file: RuleFile = {
    path: 'scenarios/t/cancelled.yaml',
    text: `type: leaky
name: t/cancelled
description: cancelled by a success
filter: evt.Meta.service == 'door'
groupby: evt.Meta.source_ip
cancel_on: evt.Meta.log_type == 'door_success-auth'
capacity: 3
leakspeed: 30m
`,
  };
  const parser: RuleFile = {
    path: 'parsers/s00-raw/t/door.yaml',
    text: `name: t/door
onsuccess: next_stage
grok:
  pattern: '^%{WORD:verb} %{WORD:service} from %{IP:address}$'
  apply_on: Line.Raw
statics:
  - meta: service
    expression: evt.Parsed.service
  - meta: source_ip
    expression: evt.Parsed.address
  - meta: log_type
    expression: "'door_' + evt.Parsed.verb + '-auth'"
`,
  };
  it('is emptied by what the rule names, and not looked at for anything else', () => {
    const rules = compileRules([parser, file], { strict: true });
    const lines = rules.lineParser('/log', { newestTime: () => 0, utcOffsetMinutes: 0 });
    const eventIn = (text: string) =>
      lines.parse({ text, offset: 0, end: text.length + 1, cut: false, garbled: false })!.event!;
    const [scenario] = rules.scenarios;
    expect(scenario!.cancelGroups!(eventIn('success door from 192.0.2.1'))).toEqual(['192.0.2.1']);
    expect(scenario!.cancelGroups!(eventIn('failed door from 192.0.2.1'))).toEqual([]);
    expect(scenario!.cancelGroups!(eventIn('success gate from 192.0.2.1'))).toEqual([]);

    const table = new BucketTable(scenario!, 10);
    const failed = () => table.offer(eventIn('failed door from 192.0.2.1'));
    for (let count = 0; count < 3; count += 1) expect(failed()).toBeUndefined();
    table.offer(eventIn('success door from 192.0.2.1'));
    for (let count = 0; count < 3; count += 1) expect(failed()).toBeUndefined();
    expect(failed()).toMatchObject({ group: '192.0.2.1', eventCount: 4 });
  });
});
