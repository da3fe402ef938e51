// A reading that is interrupted anywhere, any number of times, ends with the decisions of one that was not; and a ledger
// that is opened again answers as the one that ran.

import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AutoblockerLedger, builtInScenarios, type ReadReport, type Scenario } from '../../../src/index.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'interrupted-'));
});
afterEach(() => rm(folder, { recursive: true }));

const line = fc.record({
  gap: fc.integer({ min: 0, max: 9 }),
  address: fc.constantFrom('203.0.113.1', '203.0.113.2', '2001:db8::3'),
  user: fc.constantFrom('root', 'admin', 'alice', 'bob'),
  accepted: fc.integer({ min: 0, max: 11 }).map((one) => one === 0),
});

/** A place at which a log is read while it is written: after so many parts in a hundred, in a line's midst, or before its end. */
const stop = fc.record({ part: fc.nat(99), cut: fc.constantFrom('whole', 'without its end', 'in its stamp') });

function placeOf({ part, cut }: { part: number; cut: string }, text: readonly string[]): number {
  const line = Math.floor((part * text.length) / 100);
  const start = text.slice(0, line).join('').length;
  if (cut === 'whole') return start;
  return cut === 'in its stamp' ? start + 10 : start + text[line]!.length - 1;
}

interface Login {
  readonly gap: number;
  readonly address: string;
  readonly user: string;
  readonly accepted: boolean;
}

function written(logins: readonly Login[]): string[] {
  let time = Date.UTC(2026, 10, 23);
  return logins.map(({ gap, address, user, accepted }) => {
    time += gap * 1000;
    const stamp = new Date(time).toISOString();
    return `${stamp} web sshd[1]: ${accepted ? 'Accepted' : 'Failed'} password for ${user} from ${address} port 4 ssh2\n`;
  });
}

/** What the ledger decided, without the indexes, which depend on where positions were committed. */
function decided(ledger: AutoblockerLedger): unknown {
  return ledger.actors().map(({ target, scenarios, eventCount, decisions }) => ({
    target,
    scenarios,
    eventCount,
    decisions: decisions.map(({ from, until, evidence, state, extensions }) => ({
      from,
      until,
      evidence,
      state,
      extensions,
    })),
  }));
}

/** Counts nothing and stops a reading at some event, in the midst of the lines that were read together. */
class Stop {
  controller = new AbortController();
  events = Number.POSITIVE_INFINITY;
  readonly scenario: Scenario = {
    name: 'test/stop',
    version: '1',
    description: 'Stops a reading',
    references: [],
    domains: 'all',
    filter: () => {
      this.events -= 1;
      if (this.events === 0) this.controller.abort();
      return false;
    },
    groupBy: () => undefined,
    capacity: 1,
    leakSpeedMs: 1000,
    score: 1,
  };

  after(events: number): AbortSignal {
    this.controller = new AbortController();
    this.events = events;
    return this.controller.signal;
  }
}

/** What readings counted, added up. */
function summed(reports: readonly ReadReport[]): unknown {
  const total = (count: (report: ReadReport) => number) => reports.reduce((sum, report) => sum + count(report), 0);
  const ofSources = (key: 'recognised' | 'unrecognised' | 'cut' | 'garbled') =>
    total(({ sources }) => sources.reduce((sum, source) => sum + source[key], 0));
  return {
    lines: total(({ lines }) => lines),
    bytes: total(({ bytes }) => bytes),
    events: total(({ events }) => events),
    parsed: total(({ parsers }) => parsers.sshd ?? 0),
    decided: total(({ decided: count }) => count),
    recognised: ofSources('recognised'),
    unrecognised: ofSources('unrecognised'),
    cut: ofSources('cut'),
    garbled: ofSources('garbled'),
  };
}

/** Lines that are no events, some of them long or of no text. */
const noise = fc.constantFrom(
  '',
  '\0\n',
  'of no program\n',
  `${'long '.repeat(2000)}\n`,
  '2026-11-23T00:00:00.000Z web sshd[1]: Server listening on 0.0.0.0 port 22.\n',
);

describe('a reading that is interrupted', () => {
  it('counts each line once over all readings, wherever they were aborted', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(line, noise), { minLength: 1, maxLength: 80 }),
        fc.array(fc.record({ events: fc.integer({ min: 1, max: 40 }), restart: fc.boolean() }), { maxLength: 6 }),
        async (lines, stops) => {
          run += 1;
          const log = join(folder, `${run}-aborted.log`);
          const logins = written(lines.map(([login]) => login));
          await writeFile(log, lines.map(([, before], at) => before + logins[at]!).join(''));
          const open = (place: string, stop: Stop) =>
            AutoblockerLedger.open({
              folder: place,
              time: 'events',
              durability: 'os',
              scenarios: [...builtInScenarios, stop.scenario],
            });
          await using uninterrupted = await open('memory:', new Stop());
          const whole = await uninterrupted.readLogs([log]);

          const reports: ReadReport[] = [];
          let stop = new Stop();
          let ledger = await open(join(folder, `${run}-aborted`), stop);
          try {
            for (const { events, restart } of stops) {
              reports.push(await ledger.readLogs([log], { signal: stop.after(events) }));
              if (!restart) continue;
              await ledger.close();
              stop = new Stop();
              ledger = await open(ledger.folder, stop);
            }
            reports.push(await ledger.readLogs([log]));
            expect(summed(reports)).toEqual(summed([whole]));
            expect(decided(ledger)).toEqual(decided(uninterrupted));
          } finally {
            await ledger.close();
          }
        },
      ),
      { numRuns: process.env.TENSTRIP_FULL === '1' ? 500 : 25 },
    );
  }, 120_000);

  it('ends with the same decisions as one that was not, over any number of restarts', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 80, size: 'max' }),
        fc.array(stop, { maxLength: 8, size: 'max' }),
        async (lines, stops) => {
          run += 1;
          const text = written(lines);
          const bytes = text.join('');
          const places = stops.map((one) => placeOf(one, text)).sort((a, b) => a - b);
          const whole = join(folder, `${run}-whole.log`);
          const grown = join(folder, `${run}-grown.log`);
          await writeFile(whole, bytes);
          await using uninterrupted = await AutoblockerLedger.open({ folder: 'memory:', time: 'events' });
          await uninterrupted.readLogs([whole]);

          const place = join(folder, `${run}-ledger`);
          /** One life of a process: it reads once for each part that was written meanwhile. */
          const live = async (...parts: string[]) => {
            await using ledger = await AutoblockerLedger.open({ folder: place, time: 'events', durability: 'os' });
            for (const part of parts) {
              await appendFile(grown, part);
              await ledger.readLogs([grown]);
            }
            return [decided(ledger), ledger.size] as const;
          };
          await writeFile(grown, '');
          let from = 0;
          while (places.length > 0) {
            const [middle = from, to = bytes.length] = places.splice(0, 2);
            await live(bytes.slice(from, middle), bytes.slice(middle, to));
            from = to;
          }
          const [last, size] = await live(bytes.slice(from));
          expect(last).toEqual(decided(uninterrupted));
          expect(await live('')).toEqual([last, size]);
        },
      ),
      { numRuns: process.env.TENSTRIP_FULL === '1' ? 500 : 25 },
    );
  }, 120_000);
});
