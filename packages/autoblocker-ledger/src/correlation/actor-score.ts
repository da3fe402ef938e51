// What a failing event weighs, and how weights fade: exponentially, in event time, so that a score is one number and a time,
// and is brought up to date by one multiplication when it is looked at.

import type { EventKeeper, KeptEvent, SecurityEvent } from '../events/index.js';
import { provesAddress } from '../events/index.js';
import { field, isRefusedLogin } from '../scenarios/index.js';

/** A weight halves in this time, in milliseconds. */
export const halfLifeMs = 30 * 60_000;

/** Weights of events that are no requests: a login that failed is the unit. */
const weightOfKind: ReadonlyMap<string, number> = new Map(
  Object.entries({
    'authentication-failure': 1,
    'pam-failure': 1,
    'pam-error': 1,
    'invalid-user': 1,
    'user-not-allowed': 1,
    'too-many-failures': 1,
    'client-authentication-failure': 1,
    'preauth-disconnect': 1,
    'auth-database-failure': 1,
    'authorization-failure': 0.5,
    'protocol-error': 0.5,
    'malformed-request': 0.5,
  }),
);
const weightOfOther = 0.25;
const weightOfRefusedPage = 0.1;
const refusals = new Set(['400', '401', '403', '404']);

/** How much an event says against its actor: 0 when it did not fail, or when nothing proves who sent it. */
export function weightOf(event: SecurityEvent): number {
  if (event.outcome !== 'failure' || !provesAddress(event)) return 0;
  if (event.kind !== 'request') return loginWeight(event.kind);
  if (isRefusedLogin(event)) return 1;
  // A page whose pictures are missing is nobody's fault, and neither is a server that fails.
  return refusals.has(field(event, 'status')) && field(event, 'resource') !== 'static' ? weightOfRefusedPage : 0;
}

let lastKind = '';
let lastWeight = weightOfOther;

/** The weight of a kind; the last one is mostly asked for again. */
function loginWeight(kind: string): number {
  if (kind !== lastKind) {
    lastKind = kind;
    lastWeight = weightOfKind.get(kind) ?? weightOfOther;
  }
  return lastWeight;
}

/** Events of one kind in one domain, added up. One attempt writes lines of several kinds, so kinds are kept apart. */
export interface KindScore {
  readonly domain: string;
  readonly kind: string;
  /** As of `time`. */
  score: number;
  time: number;
  count: number;
  /** The newest of them, oldest first. */
  events: KeptEvent[];
}

/** What is left of a score after some milliseconds; time that goes back fades nothing. */
export function faded(score: number, elapsedMs: number): number {
  return elapsedMs <= 0 ? score : score * 0.5 ** (elapsedMs / halfLifeMs);
}

/** Adds an event, of which at most `kept` stay. */
export function addTo(held: KindScore, event: SecurityEvent, weight: number, kept: number, keeper: EventKeeper): void {
  held.score = faded(held.score, event.time - held.time) + weight;
  held.time = Math.max(held.time, event.time);
  held.count += 1;
  const fresh = keeper.keep(event);
  // Most have one, in a list of its own length: one that is pushed to reserves room for sixteen more.
  if (held.events.length === 0) held.events = [fresh];
  else {
    if (held.events.length === kept) keeper.release(held.events.shift()!);
    held.events.push(fresh);
  }
}

/** Lets go the events of scores that are forgotten. */
export function releaseEvents(scores: readonly KindScore[], keeper: EventKeeper): void {
  for (const { events } of scores) for (const kept of events) keeper.release(kept);
}

/** What an actor failed at. */
export interface DomainScore {
  readonly domain: string;
  /** The strongest kind of the domain: what the others saw of the same attempts does not count again. */
  readonly kind: string;
  readonly score: number;
}

/** The strongest kind of each domain, over everything that an actor holds. */
export function byDomain(held: readonly KindScore[], at: number): DomainScore[] {
  const sums: { domain: string; kind: string; score: number }[] = [];
  for (const one of held) {
    const sum = sums.find(({ domain, kind }) => domain === one.domain && kind === one.kind);
    if (sum === undefined) sums.push({ domain: one.domain, kind: one.kind, score: faded(one.score, at - one.time) });
    else sum.score += faded(one.score, at - one.time);
  }
  return sums.filter(
    (sum, index) =>
      !sums.some(
        (other, place) =>
          other.domain === sum.domain && (other.score > sum.score || (other.score === sum.score && place < index)),
      ),
  );
}
