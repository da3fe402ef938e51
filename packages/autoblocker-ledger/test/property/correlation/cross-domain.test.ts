// The detector against a slow one that remembers every event and works everything out anew at each.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CrossDomainDetector } from '../../../src/correlation/index.js';
import { type BlockTarget, lineDigest, type SecurityEvent, targetKey } from '../../../src/events/index.js';

const day = 86_400_000;
const halfLife = 30 * 60_000;
const weights: Record<string, number> = { 'authentication-failure': 1, 'pam-failure': 1, 'protocol-error': 0.5 };

interface Step {
  readonly gap: number;
  readonly domain: string;
  readonly address: string;
  readonly kind: string;
  readonly outcome: 'failure' | 'success';
  readonly user: string;
  readonly session: string | undefined;
  readonly authenticated: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  gap: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(0, 1000, 60_000) },
    { weight: 1, arbitrary: fc.constantFrom(600_000, halfLife, day / 2) },
  ),
  domain: fc.constantFrom('ssh', 'ssh', 'api', 'api', 'mail'),
  address: fc.constantFrom('203.0.113.1', '203.0.113.2', '2001:db8::3'),
  kind: fc.constantFrom('authentication-failure', 'authentication-failure', 'pam-failure', 'protocol-error'),
  outcome: fc.integer({ min: 0, max: 9 }).map((one) => (one === 0 ? 'success' : 'failure')),
  user: fc.constantFrom('ann', 'bob'),
  session: fc.constantFrom(undefined, undefined, 's1', 's2'),
  authenticated: fc.boolean(),
});

function eventsOf(steps: readonly Step[]): SecurityEvent[] {
  let time = Date.UTC(2026, 10, 23);
  return steps.map(({ gap, domain, address, kind, outcome, user, session, authenticated }, n) => {
    time += gap;
    const actor: BlockTarget[] = [{ kind: 'ip', value: address }];
    if (session !== undefined) actor.push({ kind: 'session', value: session });
    const plain = { time, domain, kind, actor, victim: { user }, outcome, fields: {} };
    const evidence = { digest: lineDigest(String(n)) };
    return outcome === 'failure' && authenticated ? { ...plain, evidence, authenticated } : { ...plain, evidence };
  });
}

/** What the slow detector knows of one event. */
interface Known {
  readonly event: SecurityEvent;
  readonly holder: string;
  spent: boolean;
}

const isVerified = (event: SecurityEvent) => event.authenticated ?? event.outcome === 'success';

/** Everybody whom an event names for sure, the address last. */
function named(event: SecurityEvent): string[] {
  const verified = event.actor.filter(({ kind }) => kind === 'session').map(targetKey);
  if (event.outcome === 'success') verified.push(`user:${event.victim?.user} at ${event.domain}`);
  return [...verified, targetKey(event.actor[0]!)];
}

class SlowDetector {
  readonly #past: SecurityEvent[] = [];
  readonly #failures: Known[] = [];

  offer(event: SecurityEvent): number | undefined {
    this.#past.push(event);
    if (event.outcome === 'success') this.#forgive(event);
    if (event.outcome !== 'failure') return undefined;
    const address = targetKey(event.actor[0]!);
    const session = event.actor[1];
    const holder = session !== undefined && isVerified(event) ? targetKey(session) : address;
    this.#failures.push({ event, holder, spent: false });
    const members = this.#actor(holder, event.time);
    const mine = this.#failures.filter((known) => !known.spent && members.has(known.holder));
    const strongest = new Map<string, { sum: number; kind: string }>();
    for (const domain of new Set(mine.map((known) => known.event.domain))) {
      for (const kind of Object.keys(weights)) {
        const sum = mine
          .filter((known) => known.event.domain === domain && known.event.kind === kind)
          .reduce((total, known) => total + weights[kind]! * 2 ** (-(event.time - known.event.time) / halfLife), 0);
        if (sum > (strongest.get(domain)?.sum ?? 0)) strongest.set(domain, { sum, kind });
      }
    }
    const sums = [...strongest.values()].map(({ sum }) => sum);
    if (sums.reduce((total, sum) => total + sum, 0) <= 5 || sums.filter((sum) => sum >= 1.5).length < 2)
      return undefined;
    const counted = mine.filter((known) => strongest.get(known.event.domain)?.kind === known.event.kind);
    for (const known of mine) known.spent = true;
    return counted.length;
  }

  #forgive({ actor, domain, victim }: SecurityEvent): void {
    const address = targetKey(actor[0]!);
    for (const kind of Object.keys(weights)) {
      const held = this.#failures.filter(
        ({ spent, holder, event }) => !spent && holder === address && event.domain === domain && event.kind === kind,
      );
      if (held.length > 6 || held.some(({ event }) => event.victim?.user !== victim?.user)) continue;
      for (const known of held) known.spent = true;
    }
  }

  /** Pairs that some event named together within a day. */
  #pairs(time: number): [string, string][] {
    return this.#past
      .filter((event) => isVerified(event) && time - event.time <= day)
      .flatMap((event) => {
        const all = named(event);
        return all.flatMap((one) =>
          all.filter((other) => other !== one).map((other): [string, string] => [one, other]),
        );
      });
  }

  #actor(holder: string, time: number): Set<string> {
    const pairs = this.#pairs(time);
    const neighbours = (one: string) => pairs.filter(([from]) => from === one).map(([, to]) => to);
    const isAddress = (one: string) => one.startsWith('ip:');
    const start = isAddress(holder) ? neighbours(holder)[0] : holder;
    if (start === undefined) return new Set([holder]);
    const core = new Set([start]);
    for (const one of core) for (const other of neighbours(one)) if (!isAddress(other)) core.add(other);
    const belongs = (address: string) => neighbours(address).every((verified) => core.has(verified));
    if (isAddress(holder) && !belongs(holder)) return new Set([holder]);
    const addresses = [...core].flatMap(neighbours).filter((one) => isAddress(one) && belongs(one));
    return new Set([holder, ...core, ...addresses]);
  }
}

describe('an actor’s score', () => {
  it('is what a detector that remembers everything makes of the same events', () => {
    let overflows = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const [fast, slow] = [new CrossDomainDetector(() => false), new SlowDetector()];
        for (const event of eventsOf(steps)) {
          const overflow = fast.offer(event);
          if (overflow !== undefined) overflows += 1;
          expect(overflow?.eventCount).toBe(slow.offer(event));
        }
      }),
      { numRuns: process.env.TENSTRIP_FULL === '1' ? 5000 : 300 },
    );
    expect(overflows).toBeGreaterThan(50);
  });

  it('accuses only addresses that failed, and what was verified with them', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const detector = new CrossDomainDetector(() => false);
        for (const event of eventsOf(steps)) {
          const overflow = detector.offer(event);
          if (overflow === undefined) continue;
          expect(overflow.target!.kind).not.toBe('user');
          for (const one of overflow.events) expect(one.outcome).toBe('failure');
          if (overflow.target!.kind !== 'ip') continue;
          const acted = overflow.events.map(({ actor }) => targetKey(actor[0]!));
          expect(acted).toContain(targetKey(overflow.target!));
        }
      }),
    );
  });
});
