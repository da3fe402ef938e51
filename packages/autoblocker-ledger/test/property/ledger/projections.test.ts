// The rows of numbers against a list of objects: every answer is found again by going through all decisions that were made,
// with Node's own BlockList to say which network holds which.

import { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BlockTarget } from '../../../src/events/index.js';
import type { LedgerEntry } from '../../../src/ledger/index.js';
import { Projections } from '../../../src/ledger/projections.js';
import {
  formatIpAddress,
  formatIpPrefix,
  type IpAddress,
  isHost,
  networkOf,
  parseIpv6,
  requireIpAddress,
  requireIpPrefix,
} from '../../../src/lookup/index.js';

const ip = (value: string): BlockTarget => ({ kind: 'ip', value });
const range = (value: string): BlockTarget => ({ kind: 'range', value });
const targets: readonly BlockTarget[] = [
  ip('203.0.113.1'),
  ip('203.0.113.2'),
  ip('203.0.114.1'),
  range('203.0.113.0/30'),
  range('203.0.113.0/24'),
  range('203.0.112.0/22'),
  range('203.0.0.0/16'),
  range('202.0.0.0/7'),
  range('0.0.0.0/0'),
  ip('2001:db8::1'),
  ip('2001:db8::1:0:0:1'),
  range('2001:db8::/64'),
  range('2001:db8::/48'),
  range('::/0'),
  { kind: 'user', value: 'anna' },
  { kind: 'apiKey', value: 'anna' },
];
const rules = ['test/one', 'test/two'];
const domainLists = ['all', ['ssh'], ['http', 'mail']] as const;
const actions = ['ban', 'throttle', 'observe'] as const;

interface Made {
  readonly id: bigint;
  readonly target: BlockTarget;
  readonly action: string;
  readonly domains: 'all' | readonly string[];
  readonly from: number;
  readonly held: string;
  until: number;
  revokedAt: number | undefined;
  score: number;
  eventCount: number;
  extensions: number;
  readonly scenarios: Set<string>;
  readonly evidence: string[];
  readonly history: bigint[];
}

function boundsOf(target: BlockTarget): { address: string; length: number; family: 'ipv4' | 'ipv6' } | undefined {
  if (target.kind !== 'ip' && target.kind !== 'range') return undefined;
  const [address, length] = target.value.split('/') as [string, string | undefined];
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  return { address, family, length: Number(length ?? (family === 'ipv4' ? 32 : 128)) };
}

/** Whether every address of `inner` is in `outer`, or the two are the same. */
function holds(outer: BlockTarget, inner: BlockTarget): boolean {
  const [around, inside] = [boundsOf(outer), boundsOf(inner)];
  if (around === undefined || inside === undefined) return JSON.stringify(outer) === JSON.stringify(inner);
  if (around.family !== inside.family || around.length > inside.length) return false;
  if (around.length === 0) return true;
  const list = new BlockList();
  list.addSubnet(around.address, around.length, around.family);
  return list.check(inside.address, inside.family);
}

const holding = new Map(
  targets.map((inner) => [
    inner,
    new Set(targets.filter((outer) => holds(outer, inner)).map((t) => JSON.stringify(t))),
  ]),
);
const isAround = (outer: BlockTarget, inner: BlockTarget) => holding.get(inner)!.has(JSON.stringify(outer));

/** The same as the projections, with nothing but a list. */
class NaiveProjections {
  readonly made: Made[] = [];
  readonly #scores = new Map<string, { score: number; time: number }>();

  apply(index: bigint, entry: LedgerEntry): void {
    if (entry.class === 'decision') {
      const { fact, personal } = entry;
      const { action, domains, from, held, score, eventCount, scenario } = fact;
      this.made.push({
        id: index,
        target: personal!.target,
        action,
        domains,
        from,
        held,
        until: fact.until ?? Number.POSITIVE_INFINITY,
        revokedAt: undefined,
        score,
        eventCount,
        extensions: 0,
        scenarios: new Set([scenario.name]),
        evidence: personal!.evidence.map(({ digest }) => digest),
        history: [],
      });
      this.#note(personal!.target, score, fact.time);
    } else if (entry.class === 'extension') {
      const one = this.made.find(({ id }) => id === BigInt(entry.fact.decision))!;
      one.until = entry.fact.until ?? Number.POSITIVE_INFINITY;
      one.score = entry.fact.score;
      one.eventCount += entry.fact.eventCount;
      one.extensions += 1;
      one.scenarios.add(entry.fact.scenario.name);
      one.evidence.push(...entry.personal!.evidence.map(({ digest }) => digest));
      one.history.push(index);
      this.#note(one.target, entry.fact.score, entry.fact.time);
    } else if (entry.class === 'revocation') {
      const one = this.made.find(({ id }) => id === BigInt(entry.fact.decision))!;
      if (one.revokedAt !== undefined) return;
      one.revokedAt = entry.fact.time;
      one.history.push(index);
      this.#scores.delete(JSON.stringify(one.target));
    } else if (entry.class === 'refusal') this.#note(entry.personal!.target, entry.fact.score, entry.fact.time);
  }

  #note(target: BlockTarget, score: number, time: number): void {
    this.#scores.set(JSON.stringify(target), { score, time });
  }

  scoreAt(target: BlockTarget, at: number): number {
    const { score, time } = this.#scores.get(JSON.stringify(target)) ?? { score: 0, time: at };
    return score * 0.5 ** (Math.max(0, at - time) / 86_400_000);
  }

  stateOf({ revokedAt, until, held }: Made, at: number): string {
    return revokedAt !== undefined ? 'revoked' : at < until ? held : 'expired';
  }

  inForce(target: BlockTarget, at: number): Made[] {
    return this.made.filter((one) => isAround(one.target, target) && this.stateOf(one, at) === 'active');
  }

  longest(target: BlockTarget, domain: string | undefined, at: number): readonly bigint[] {
    const found = this.inForce(target, at).filter(
      ({ action, domains }) =>
        action !== 'observe' && (domain === undefined || domains === 'all' || domains.includes(domain)),
    );
    const latest = Math.max(...found.map(({ until }) => until));
    return found.filter(({ until }) => until === latest).map(({ id }) => id);
  }

  blockedAddresses(at: number): number {
    const networks = new Map<string, number>();
    for (const one of this.made) {
      const bounds = boundsOf(one.target);
      if (bounds?.family === 'ipv4' && this.stateOf(one, at) === 'active')
        networks.set(JSON.stringify(one.target), 2 ** (32 - bounds.length));
    }
    return [...networks.values()].reduce((sum, addresses) => sum + addresses, 0);
  }

  within(network: BlockTarget, at: number): bigint[] {
    return this.made
      .filter(
        (one) =>
          ['active', 'pending-review'].includes(this.stateOf(one, at)) &&
          (isAround(one.target, network) || isAround(network, one.target)) &&
          boundsOf(one.target) !== undefined,
      )
      .map(({ id }) => id);
  }

  wasInForce(actor: BlockTarget, domain: string, time: number): boolean {
    const web = ['http', 'api'];
    return this.made.some(
      ({ target, held, action, domains, from, until, revokedAt = Number.POSITIVE_INFINITY }) =>
        isAround(target, actor) &&
        held === 'active' &&
        action !== 'observe' &&
        (domains === 'all' || domains.some((one) => one === domain || (web.includes(one) && web.includes(domain)))) &&
        from < time &&
        time < Math.min(until, revokedAt) + 60_000,
    );
  }
}

const minute = 60_000;
const start = Date.UTC(2026, 10, 23);
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('block' as const),
      target: fc.constantFrom(...targets),
      action: fc.constantFrom(...actions),
      domains: fc.constantFrom(...domainLists),
      rule: fc.constantFrom(...rules),
      minutes: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.constant(200 * 1440), fc.constant(null)),
      held: fc.constantFrom('active' as const, 'active' as const, 'pending-review' as const),
      score: fc.constantFrom(1, 1, 2.5),
      lines: fc.nat(3),
      late: fc.constantFrom(0, 0, 5),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('extend' as const),
      nth: fc.nat(20),
      rule: fc.constantFrom(...rules),
      minutes: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.constant(null)),
      lines: fc.nat(2),
    }),
  },
  fc.record({ do: fc.constant('revoke' as const), nth: fc.nat(20) }),
  fc.record({ do: fc.constant('refuse' as const), target: fc.constantFrom(...targets) }),
  // Forward mostly, by a step back now and then, and by months, which a chunk of rows does not hold as it holds hours.
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      minutes: fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 0, max: 40 }) },
        { weight: 3, arbitrary: fc.integer({ min: -60, max: 0 }) },
        { weight: 1, arbitrary: fc.constant(60 * 1440) },
      ),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

let digests = 0;
const evidence = (lines: number) =>
  Array.from({ length: lines }, () => {
    digests += 1;
    const digest = digests.toString(16).padStart(64, '0');
    return { digest, line: undefined, source: undefined, offset: undefined, time: 0 };
  });

function entryOf(one: Exclude<Step, { do: 'wait' }>, now: number, made: readonly Made[]): LedgerEntry | undefined {
  const times = { time: now, recordedAt: now };
  if (one.do === 'refuse') {
    const fact = { ...times, code: 'RATE' as const, detail: 'test', origin: 'scenario' as const };
    const scenario = { name: rules[0]!, version: '1' };
    const personal = { evidence: [], target: one.target, reason: 'test' };
    return { class: 'refusal', fact: { ...fact, scenario, score: 3, eventCount: 1 }, personal };
  }
  if (one.do === 'block') {
    const { action, domains, held, score, lines, target } = one;
    const scenario = { name: one.rule, version: '1' };
    const until = one.minutes === null ? null : now + one.minutes * minute;
    const stated = { action, domains, held, score, scenario, origin: 'person' as const, eventCount: lines };
    const fact = { ...times, ...stated, from: now - one.late * minute, until };
    return { class: 'decision', fact, personal: { evidence: evidence(lines), target, reason: `by ${one.rule}` } };
  }
  // What was taken back is never extended.
  const open = made.filter(({ revokedAt }) => one.do === 'revoke' || revokedAt === undefined);
  const decision = open[one.nth % Math.max(1, open.length)];
  if (decision === undefined) return undefined;
  if (one.do === 'revoke')
    return { class: 'revocation', fact: { ...times, decision: String(decision.id), code: 'mistake' }, personal: {} };
  const scenario = { name: one.rule, version: '1' };
  const until = one.minutes === null ? null : now + one.minutes * minute;
  const fact = { ...times, decision: String(decision.id), until, scenario, score: 1.5, eventCount: one.lines };
  return { class: 'extension', fact, personal: { evidence: evidence(one.lines) } };
}

function expectSame(rows: Projections, naive: NaiveProjections, now: number): void {
  expect(rows.blockedAddresses).toBe(naive.blockedAddresses(now));
  for (const target of targets) {
    for (const domain of [undefined, 'ssh', 'http']) {
      const expected = naive.longest(target, domain, now);
      const found = rows.blocking(target, domain, now);
      if (expected.length === 0) expect(found).toBeUndefined();
      else expect(expected).toContain(found!.id);
      if (target.kind === 'ip') {
        expect(rows.blockingAddress(requireIpAddress(target.value), domain, () => now)).toEqual(found);
        expect(rows.wasInForce([target], domain ?? 'api', now)).toBe(naive.wasInForce(target, domain ?? 'api', now));
      }
    }
    const inForce = rows.inForceOn(target, now).map(({ id }) => id);
    expect([...inForce].sort()).toEqual(
      naive
        .inForce(target, now)
        .map(({ id }) => id)
        .sort(),
    );
    expect(rows.scoreAt(target, now)).toBe(naive.scoreAt(target, now));
    const own = naive.made.filter((one) => JSON.stringify(one.target) === JSON.stringify(target));
    expect(rows.earlier(target).map(({ id }) => id)).toEqual(own.map(({ id }) => id));
    const bounds = boundsOf(target);
    if (bounds !== undefined)
      expect(rows.inForceWithin(requireIpPrefix(`${bounds.address}/${bounds.length}`))).toEqual(
        naive.within(target, now),
      );
  }
  expect(Array.from(rows.decisions(now), plain)).toEqual(naive.made.map((one) => plainMade(one, naive, now)));
  const counts = { active: 0, 'pending-review': 0, revoked: 0, expired: 0 };
  for (const one of naive.made) counts[naive.stateOf(one, now) as keyof typeof counts] += 1;
  expect(rows.states(now)).toEqual(counts);
  for (const { id, history, scenarios } of naive.made) {
    expect(rows.history(id)).toEqual(history);
    expect(rows.decision(id, now)!.id).toBe(id);
    expect(new Set(rows.earlier(rows.decision(id, now)!.target).find((one) => one.id === id)!.scenarios)).toEqual(
      scenarios,
    );
  }
}

function plain({
  id,
  target,
  action,
  domains,
  from,
  until,
  score,
  evidence: lines,
  ...rest
}: ReturnType<Projections['decision']> & object) {
  const { eventCount, extensions, state } = rest;
  return { id, target, action, domains, from, until, score, evidence: lines, eventCount, extensions, state };
}

function plainMade(one: Made, naive: NaiveProjections, now: number) {
  const { id, target, action, domains, from, score, eventCount, extensions } = one;
  const until = one.until === Number.POSITIVE_INFINITY ? null : one.until;
  const state = naive.stateOf(one, now);
  return { id, target, action, domains, from, until, score, evidence: one.evidence, eventCount, extensions, state };
}

/** Addresses that share leading bits with others as often as not, at every level that look-ups go by. */
function closeAddress(next: () => number): IpAddress {
  const close = (bits: number) => (next() % 4 === 0 ? next() : 1) % 2 ** bits;
  if (next() % 2 === 0) {
    const word = ((10 + close(2)) << 24) | (close(8) << 16) | (close(8) << 8) | close(8);
    return { family: 4, words: [word >>> 0, 0, 0, 0] };
  }
  const word = () => ((close(16) << 16) | close(16)) >>> 0;
  return { family: 6, words: [0x20010000 + close(16), word(), word(), word()] };
}

describe('the tables in memory', () => {
  it('answer as a list of all decisions does, whatever was blocked, extended, taken back, and whichever way the clock went', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(step, { maxLength: 60, size: 'max' }), (seed, steps) => {
        const [rows, naive] = [new Projections(seed), new NaiveProjections()];
        let now = start;
        let index = 0n;
        for (const one of steps) {
          if (one.do === 'wait') now += one.minutes * minute;
          else {
            const entry = entryOf(one, now, naive.made);
            // Not all numbers are decisions.
            index += 2n;
            if (entry !== undefined) for (const table of [rows, naive]) table.apply(index, entry);
          }
          rows.expire(now);
          if (one.do === 'wait' && one.minutes < 0) expectSame(rows, naive, now);
        }
        expectSame(rows, naive, now);
      }),
      { numRuns: process.env.TENSTRIP_FULL === '1' ? 5000 : 100 },
    );
  }, 120_000);

  it('find each of many networks, and no other', () => {
    const rows = new Projections(7);
    const ends = new Map<string, number>();
    // Past the size of a chunk, the first size of the index, and that of the table of lengths.
    for (let number = 0; number < 20_000; number += 1) {
      const value = `10.${number >>> 8}.${number & 255}.${(number * 7) & 255}`;
      const wide = number % 10 === 0;
      const target = wide ? range(`10.${number >>> 8}.${number & 255}.0/${24 + (number % 7)}`) : ip(value);
      const until = start + (number % 1000) * minute + 1;
      const fact = { time: start, recordedAt: start, from: start, until, action: 'ban', domains: 'all' } as const;
      const common = {
        origin: 'person',
        scenario: { name: 'test/list', version: '1' },
        score: 1,
        eventCount: 0,
      } as const;
      const personal = { evidence: [], target, reason: 'on a list' };
      rows.apply(BigInt(number), { class: 'decision', fact: { ...fact, ...common, held: 'active' }, personal });
      ends.set(JSON.stringify(target), until);
    }
    for (const now of [start, start + 500 * minute, start + 2000 * minute]) {
      rows.expire(now);
      const alive = [...ends.values()].filter((until) => now < until).length;
      const wrong = [...ends].filter(([text, until]) => {
        const found = rows.inForceOn(JSON.parse(text) as BlockTarget, now);
        return found.some(({ target }) => JSON.stringify(target) === text) !== now < until;
      });
      expect(wrong).toEqual([]);
      expect(rows.states(now).active).toBe(alive);
      expect(rows.blockingAddress(requireIpAddress('11.0.0.1'), undefined, now)).toBeUndefined();
    }
    expect(rows.blockedAddresses).toBe(0);
  });

  it('look an address up as a search by every length does, with all lengths of both families in use', () => {
    let seed = 1;
    const next = () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed >>> 4;
    };
    const rows = new Projections(11);
    const held = new Map<string, { id: bigint; until: number; revoked: boolean }>();
    const words = new Uint32Array(4);
    let index = 0n;
    const decide = () => {
      const address = closeAddress(next);
      const bits = address.family === 4 ? 32 : 128;
      const network = networkOf(address, next() % 3 === 0 ? next() % (bits + 1) : bits);
      const key = formatIpPrefix(network);
      if (held.has(key)) return;
      const until = start + (1 + (next() % 1000)) * minute;
      const times = { time: start, recordedAt: start, from: start, until };
      const made = {
        action: 'ban',
        domains: 'all',
        origin: 'person',
        score: 1,
        eventCount: 0,
        held: 'active',
      } as const;
      const value = isHost(network) ? formatIpAddress(network.address) : key;
      const personal = { evidence: [], target: isHost(network) ? ip(value) : range(value), reason: 'on a list' };
      const fact = { ...times, ...made, scenario: { name: 'test/list', version: '1' } };
      rows.apply(index, { class: 'decision', fact, personal });
      held.set(key, { id: index, until, revoked: false });
      index += 1n;
    };
    const revoke = () => {
      const one = [...held.values()][next() % held.size]!;
      one.revoked = true;
      const fact = { time: start, recordedAt: start, decision: String(one.id), code: 'mistake' } as const;
      rows.apply(index, { class: 'revocation', fact, personal: {} });
      index += 1n;
    };
    const expected = (address: IpAddress, now: number) => {
      const bits = address.family === 4 ? 32 : 128;
      const around = Array.from({ length: bits + 1 }, (_, length) =>
        held.get(formatIpPrefix(networkOf(address, length))),
      );
      return Math.max(...around.map((one) => (one === undefined || one.revoked || one.until <= now ? 0 : one.until)));
    };
    for (const [decisions, now] of [
      [40, start],
      [2000, start + 100 * minute],
      [10_000, start + 600 * minute],
    ] as const) {
      for (let count = 0; count < decisions; count += 1) decide();
      for (let count = 0; count < decisions / 10; count += 1) revoke();
      // The same questions again, before ends are noticed and after.
      const asked = Array.from({ length: 400 }, () => closeAddress(next));
      for (let turn = 0; turn < 3; turn += 1) {
        for (const address of asked) {
          const found = rows.blockingAddress(address, undefined, now);
          expect([formatIpAddress(address), found?.until ?? 0]).toEqual([
            formatIpAddress(address),
            expected(address, now),
          ]);
          if (address.family === 4) expect(rows.blockingIpv4(address.words[0], 'ssh', now)?.id).toBe(found?.id);
          else if (parseIpv6(formatIpAddress(address), words))
            expect(rows.blockingIpv6(words, 'ssh', now)?.id).toBe(found?.id);
        }
        rows.expire(now);
      }
    }
  });

  it('keep no answer that a change made old', () => {
    const rows = new Projections(3);
    const until = start + 60 * minute;
    const times = { time: start, recordedAt: start };
    const made = { action: 'ban', domains: 'all', origin: 'person', score: 1, eventCount: 0, held: 'active' } as const;
    const scenario = { name: 'test/list', version: '1' };
    const decision = { ...times, ...made, from: start, until, scenario };
    const personal = { evidence: [], target: ip('203.0.113.1'), reason: 'on a list' };
    rows.apply(0n, { class: 'decision', fact: decision, personal });
    const ask = (at = start) => rows.blockingIpv4(0xcb007101, undefined, at);
    for (let time = 0; time < 3; time += 1)
      expect(ask()).toMatchObject({ id: 0n, until, extensions: 0, state: 'active' });
    expect(ask()).toBe(ask());
    const later = until + 60 * minute;
    const extension = { ...times, decision: '0', until: later, scenario, score: 2, eventCount: 0 };
    rows.apply(1n, { class: 'extension', fact: extension, personal: { evidence: [] } });
    for (let time = 0; time < 3; time += 1) expect(ask(until)).toMatchObject({ until: later, extensions: 1, score: 2 });
    expect(rows.decision(0n, later)!.state).toBe('expired');
    expect(ask(later)).toBeUndefined();
    rows.apply(2n, { class: 'revocation', fact: { ...times, decision: '0', code: 'mistake' }, personal: {} });
    expect(ask()).toBeUndefined();
    expect(rows.decision(0n, start)!.state).toBe('revoked');
  });
});
