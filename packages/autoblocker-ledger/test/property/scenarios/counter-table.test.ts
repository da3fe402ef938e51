import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { SecurityEvent } from '../../../src/events/index.js';
import { PatternDetector, type Scenario } from '../../../src/scenarios/index.js';

const windowMs = 1000;

const scenario = (isDistinct: boolean, cacheSize: number): Scenario => ({
  name: 'test/counter',
  version: '1',
  description: 'counts for a second',
  references: [],
  domains: 'all',
  filter: () => true,
  groupBy: (event) => event.fields.group,
  ...(isDistinct ? { distinct: (event: SecurityEvent) => event.fields.value } : {}),
  capacity: Number.POSITIVE_INFINITY,
  leakSpeedMs: 1,
  windowMs,
  cacheSize,
  score: 1,
});

const step = fc.record({
  delta: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 700 })),
  group: fc.constantFrom('a', 'b'),
  value: fc.integer({ min: 0, max: 15 }).map(String),
});

it('counts what came in each window, each value once, however few events it keeps', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.integer({ min: 1, max: 5 }),
      fc.array(step, { maxLength: 200, size: 'max' }),
      (isDistinct, cacheSize, steps) => {
        const detector = new PatternDetector([scenario(isDistinct, cacheSize)], 100);
        let time = 1_000_000;
        const events = steps.map(({ delta, group, value }): SecurityEvent => {
          time += delta;
          return {
            time,
            domain: 'test',
            kind: 'event',
            actor: [{ kind: 'user', value: group }],
            outcome: 'failure',
            fields: { group, value },
            evidence: { digest: '0'.repeat(64) },
          };
        });
        const found = events
          .flatMap((event) => detector.offer(event))
          .map(({ group, time: due, eventCount, events: kept }) => ({ group, due, eventCount, kept: kept.length }));

        // In slow motion: a window begins with the first event after the last window, and is due when any event has come so far.
        const expected = ['a', 'b'].flatMap((group) => {
          const windows: { group: string; due: number; eventCount: number; kept: number }[] = [];
          let rest = events.filter(({ fields }) => fields.group === group);
          while (rest.length > 0 && rest[0]!.time + windowMs <= time) {
            const due = rest[0]!.time + windowMs;
            const inside = rest.filter((event) => event.time < due);
            const eventCount = isDistinct ? new Set(inside.map(({ fields }) => fields.value)).size : inside.length;
            windows.push({ group, due, eventCount, kept: Math.min(eventCount, cacheSize) });
            rest = rest.slice(inside.length);
          }
          return windows;
        });
        const inOrder = (list: typeof found) =>
          list.sort((one, other) => one.due - other.due || (one.group < other.group ? -1 : 1));
        expect(inOrder(found)).toEqual(inOrder(expected));
      },
    ),
    { numRuns: 500 },
  );
});
