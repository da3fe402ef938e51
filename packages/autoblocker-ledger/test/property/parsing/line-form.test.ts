import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventKeeper, lineDigest, type SecurityEvent } from '../../../src/events/index.js';
import { LogEvent } from '../../../src/parsing/log-event.js';

/** All that an event says. */
function said({
  time,
  domain,
  kind,
  actor,
  authenticated,
  transport,
  victim,
  outcome,
  fields,
  evidence,
}: SecurityEvent) {
  return { time, domain, kind, actor, authenticated, transport, victim: { ...victim }, outcome, fields, evidence };
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', '"', '\\', 'root', '8000', '\u{1f600}', '\ud800', 'é', '\0'),
);
const event = fc
  .record({
    before: text,
    between: text,
    after: text,
    user: fc.option(text, { nil: undefined }),
    host: fc.option(text, { nil: undefined }),
    path: fc.option(text, { nil: undefined }),
    // Values that stand in the line and values that do not, as decoded ones.
    shown: fc.boolean(),
    fields: fc.dictionary(fc.constantFrom('method', 'status', 'resource', '__proto_', '7'), text),
    time: fc.integer({ min: 0, max: 8.64e15 }),
    offset: fc.nat(2 ** 40),
    outcome: fc.constantFrom('failure', 'success', 'unknown'),
    address: fc.ipV4(),
    isCut: fc.boolean(),
  })
  .map(({ before, between, after, user, host, path, shown, fields, time, offset, outcome, address, isCut }) => {
    const values = shown ? [user, host, path, ...Object.values(fields)].join(between) : '';
    const line = `${before}${values}${address}${after}`;
    const victim = {
      ...(user === undefined ? {} : { user }),
      ...(host === undefined ? {} : { host }),
      ...(path === undefined ? {} : { path }),
    };
    const finding = { time, domain: 'ssh', kind: 'authentication-failure', address, victim, outcome, fields } as const;
    const digest = isCut ? { digest: lineDigest(`${line} and more`) } : {};
    return new LogEvent(
      finding,
      { text: line, offset, end: offset + 1, cut: isCut, garbled: false, ...digest },
      '/log',
    );
  });

describe('an event in few bytes', () => {
  it('says what it said before', () => {
    fc.assert(
      fc.property(event, (one) => {
        const { text, form } = one.compact();
        expect(said(form.restore(text))).toEqual(said(one));
      }),
      { numRuns: 2000 },
    );
  });

  it('is what a keeper has of those that stay, and only of those', () => {
    const made = fc.sample(event, { numRuns: 5000, seed: 4 });
    const keeper = new EventKeeper();
    const kept = made.map((one) => keeper.keep(one));
    // The next who keeps it has the same.
    expect(keeper.keep(made.at(-1)!)).toBe(kept.at(-1));
    const young = kept.filter(({ whole }, index) => whole === made[index]);
    expect(young).toEqual(kept.slice(-young.length));
    expect(young.length).toBeLessThan(2500);
    expect(kept.slice(0, -young.length).every(({ whole }) => whole === undefined)).toBe(true);
    expect(keeper.eventsOf(kept).map(said)).toEqual(made.map(said));
    // Who was asked for is young again, and as many are as before.
    const places = kept.flatMap(({ whole }, place) => (whole === undefined ? [] : [place]));
    expect(places).toEqual(young.map((_, place) => made.length - young.length + place));
    const others = made.map((one) => {
      const fleeting = keeper.keep(one);
      keeper.release(fleeting);
      return fleeting;
    });
    expect(others.every(({ whole }, index) => whole === made[index])).toBe(true);
  });
});
