import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SecurityEvent } from '../../../src/events/index.js';
import { BucketTable, type Scenario } from '../../../src/scenarios/index.js';

const blank: Omit<Scenario, 'capacity' | 'leakSpeedMs'> = {
  name: 'test/bucket',
  version: '1',
  description: 'events of a group',
  references: [],
  domains: ['test'],
  filter: (event) => event.kind === 'event',
  groupBy: (event) => event.fields.group,
  score: 1,
};

const event = (time: number, group: string, value: string, kind = 'event'): SecurityEvent => ({
  time,
  domain: 'test',
  kind,
  actor: [{ kind: 'user', value: group }],
  outcome: 'failure',
  fields: { group, value },
  evidence: { digest: '0'.repeat(64) },
});

/**
 * The meaning in slow motion: a bucket is the list of its events, and its level is found by pouring all of them again.
 * One that overflowed, leaked empty or was cancelled is gone, with its clock; only its silence outlives it. Written from CrowdSec's documentation, with nothing shared with the table but the rule's numbers.
 */
class NaiveBuckets {
  readonly #rule: Scenario;
  readonly #groups = new Map<string, { times: number[]; values: Set<string>; silentUntil: number }>();

  constructor(rule: Scenario) {
    this.#rule = rule;
  }

  offer(one: SecurityEvent): { group: string; count: number } | undefined {
    const { capacity, leakSpeedMs, blackholeMs = 0, distinct, cancelOn } = this.#rule;
    const group = one.fields.group!;
    const held = this.#groups.get(group) ?? {
      times: [],
      values: new Set<string>(),
      silentUntil: -Infinity,
    };
    if (one.kind !== 'event') {
      if (cancelOn !== undefined) Object.assign(held, { times: [], values: new Set<string>() });
      return undefined;
    }
    this.#groups.set(group, held);
    const newest = Math.max(...held.times);
    if (one.time - newest > (capacity + 1) * leakSpeedMs) Object.assign(held, { times: [], values: new Set<string>() });
    const value = distinct?.(one);
    if (value !== undefined) {
      if (held.values.has(value)) return undefined;
      held.values.add(value);
    }
    held.times.push(one.time);
    let [level, clock] = [0, held.times[0]!];
    for (const time of held.times) {
      level = Math.max(0, level - Math.max(0, time - clock) / leakSpeedMs) + 1;
      clock = Math.max(clock, time);
    }
    if (level <= capacity + 1e-9) return undefined;
    const count = held.times.length;
    Object.assign(held, { times: [], values: new Set<string>() });
    if (one.time < held.silentUntil) return undefined;
    if (blackholeMs > 0) held.silentUntil = one.time + blackholeMs;
    return { group, count };
  }
}

const rule = fc.record({
  capacity: fc.integer({ min: 0, max: 6 }),
  leakSpeedMs: fc.constantFrom(1, 10, 1000),
  blackholeMs: fc.constantFrom(0, 0, 25, 5000),
  isDistinct: fc.boolean(),
  cancels: fc.boolean(),
});
/** Steps of time: mostly forward, sometimes none, sometimes back. */
const step = fc.record({
  delta: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 }), fc.integer({ min: -200, max: 2000 })),
  group: fc.constantFrom('a', 'b', 'c'),
  value: fc.integer({ min: 0, max: 9 }).map(String),
  cancel: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
});

describe('BucketTable', () => {
  it('overflows when the naive model does, over equal and reversed times', () => {
    fc.assert(
      fc.property(
        rule,
        fc.array(step, { maxLength: 120, size: 'max' }),
        ({ isDistinct, cancels, ...numbers }, steps) => {
          const scenario: Scenario = {
            ...blank,
            ...numbers,
            ...(isDistinct ? { distinct: (one: SecurityEvent) => one.fields.value } : {}),
            ...(cancels ? { cancelOn: () => true } : {}),
          };
          const table = new BucketTable(scenario, 1000);
          const naive = new NaiveBuckets(scenario);
          let time = 1_000_000;
          for (const { delta, group, value, cancel } of steps) {
            time += delta;
            const one = event(time, group, value, cancel ? 'cancel' : 'event');
            const expected = naive.offer(one);
            const overflow = table.offer(one);
            expect(overflow && { group: overflow.group, count: overflow.eventCount }).toEqual(expected);
            if (overflow !== undefined) {
              expect(overflow.events.at(-1)).toBe(one);
              expect(overflow.events.length).toBe(Math.min(overflow.eventCount, scenario.capacity + 1));
            }
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('never holds more buckets than its bound, and drops the one that was quiet longest', () => {
    const table = new BucketTable({ ...blank, capacity: 2, leakSpeedMs: 1e6 }, 3);
    for (const group of ['a', 'b', 'c', 'a']) table.offer(event(0, group, ''));
    table.offer(event(1, 'd', '')); // b goes
    expect(table.statistics).toMatchObject({ live: 3, evicted: 1 });
    expect(table.offer(event(2, 'a', ''))).toMatchObject({ group: 'a', eventCount: 3 });
    table.offer(event(2, 'b', ''));
    expect(table.offer(event(2, 'b', ''))).toBeUndefined();
    expect(table.statistics.live).toBe(3);
  });

  it('forgets dead buckets by itself', () => {
    const table = new BucketTable({ ...blank, capacity: 1, leakSpeedMs: 1 }, 1_000_000);
    for (let time = 0; time < 50_000; time += 1) table.offer(event(time * 600_000, `source-${time}`, ''));
    expect(table.statistics.live).toBeLessThan(10);
  });
});
