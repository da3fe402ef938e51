// The scenario that looks at no single service: whoever fails a little everywhere. An actor whose weighted failures in at
// least two domains are together more than five overflows, with all their events as evidence, and starts from zero.

import type { BlockTarget, SecurityEvent } from '../events/index.js';
import { EventKeeper, targetKey } from '../events/index.js';
import type { Accuser, Overflow } from '../scenarios/index.js';
import { ActorGraph, type ActorGraphLimits, type Identity } from './actor-graph.js';
import { addTo, byDomain, halfLifeMs, type KindScore, releaseEvents, weightOf } from './actor-score.js';

/** More than this, all domains together. */
const threshold = 5;
/** A domain counts from here on: one mistyped password is no attack on a second service. */
const leastOfDomain = 1.5;
const domainsNeeded = 2;
/** Newest events kept of one kind in one domain, and kinds of one identity. */
const keptEvents = 6;
const maxKinds = 12;
/** Newest events of an overflow: an entry of the ledger has a bound. */
const maxEvidence = 50;

/** As it stands in decisions. */
export const crossDomainRule: Accuser = {
  name: 'tenstrip/cross-domain',
  version: '1.0.0',
  description: 'More than 5 failures of one actor in at least two domains, each halving in 30 minutes',
  references: ['T1110', 'T1595'],
  score: 1,
};

/** Its numbers, as the ledger records those of a rule. */
export const crossDomainNumbers = { capacity: threshold, leakSpeedMs: halfLifeMs, blackholeMs: 0 };

/** How long a failure can matter, in milliseconds: below a hundredth it is nothing. */
export const crossDomainMemoryMs: number = 7 * halfLifeMs;

const credentialOrder = ['certificate', 'apiKey', 'session'];

/** Adds up what actors fail at. */
export class CrossDomainDetector {
  readonly #graph: ActorGraph;
  readonly #isShared: (address: BlockTarget, time: number) => boolean;
  readonly #keeper: EventKeeper;
  #overflows = 0;

  /** `isShared`: whether many people are behind an address. `keeper`: keeps events for others too. */
  constructor(
    isShared: (address: BlockTarget, time: number) => boolean,
    limits?: ActorGraphLimits,
    keeper: EventKeeper = new EventKeeper(),
  ) {
    this.#isShared = isShared;
    this.#keeper = keeper;
    this.#graph = new ActorGraph(isShared, limits, keeper);
  }

  /** Counts since the start; `identities` now. */
  get statistics(): { identities: number; overflows: number; evicted: number; linksDropped: number } {
    return { ...this.#graph.statistics, overflows: this.#overflows };
  }

  /** Looks at one event; the overflow that it causes, if it does. */
  offer(event: SecurityEvent): Overflow | undefined {
    if (event.outcome === 'success') this.#forgive(event);
    const weight = weightOf(event);
    if (weight === 0) {
      this.#graph.link(event);
      return undefined;
    }
    if (this.#graph.failAlone(event, weight, keptEvents)) return undefined;
    const holder = this.#graph.holderOf(event);
    if (holder === undefined) return undefined;
    addTo(this.#scoreFor(holder, event), event, weight, keptEvents, this.#keeper);
    if (holder.links.size === 0 && isOfOneDomain(holder)) return undefined;
    return this.#judge(holder, event.time);
  }

  #judge(holder: Identity, time: number): Overflow | undefined {
    const members = this.#graph.actorOf(holder, time);
    const held = members.length === 1 ? holder.scores : members.flatMap(({ scores }) => scores);
    const domains = byDomain(held, time);
    const total = domains.reduce((sum, { score }) => sum + score, 0);
    const counting = domains.filter(({ score }) => score >= leastOfDomain).length;
    if (total <= threshold || counting < domainsNeeded) return undefined;
    const counted = held.filter(({ domain, kind }) =>
      domains.some((one) => one.domain === domain && one.kind === kind),
    );
    const all = counted.flatMap((one) => this.#keeper.eventsOf(one.events)).sort((a, b) => a.time - b.time);
    const events = all.slice(-maxEvidence);
    const target = this.#accused(members, events, time);
    if (target === undefined) return undefined;
    const eventCount = counted.reduce((sum, { count }) => sum + count, 0);
    for (const member of members) {
      releaseEvents(member.scores, this.#keeper);
      member.scores.length = 0;
    }
    this.#overflows += 1;
    const score = total / threshold;
    return { scenario: crossDomainRule, group: targetKey(target), time, events, eventCount, target, score };
  }

  /** The address where one acted, and is not shared; else what was verified: a user never, whose account may be the victim. */
  #accused(members: readonly Identity[], events: readonly SecurityEvent[], time: number): BlockTarget | undefined {
    const addresses = new Map(
      events.flatMap(({ actor }) => actor.filter(({ kind }) => kind === 'ip').map((one) => [targetKey(one), one])),
    );
    const last = [...addresses.values()].at(-1);
    if (addresses.size === 1 && last !== undefined && !this.#isShared(last, time)) return last;
    for (const kind of credentialOrder) {
      const credential = members.find(({ target }) => target.kind === kind);
      if (credential !== undefined) return credential.target;
    }
    return last;
  }

  #scoreFor(holder: Identity, { domain, kind, time }: SecurityEvent): KindScore {
    const { scores } = holder;
    for (const held of scores) if (held.kind === kind && held.domain === domain) return held;
    const fresh: KindScore = { domain, kind, score: 0, time, count: 0, events: [] };
    // Who sees so many kinds has forgotten none that counts: the one that was quiet longest makes room.
    if (scores.length === maxKinds) releaseEvents(scores.splice(quietest(scores), 1), this.#keeper);
    scores.push(fresh);
    return fresh;
  }

  /** A success takes back what failed at the same service for the same user, and nothing else. */
  #forgive(event: SecurityEvent): void {
    const user = event.victim?.user;
    const address = user === undefined ? undefined : this.#graph.addressOf(event);
    if (address === undefined) return;
    const { scores } = address;
    for (let index = scores.length - 1; index >= 0; index -= 1) {
      const { domain, count, events } = scores[index]!;
      if (domain !== event.domain || count > events.length) continue;
      if (!events.every((one) => this.#keeper.eventOf(one).victim?.user === user)) continue;
      releaseEvents(scores.splice(index, 1), this.#keeper);
    }
  }
}

function quietest(scores: readonly KindScore[]): number {
  return scores.reduce((place, { time }, index) => (time < scores[place]!.time ? index : place), 0);
}

function isOfOneDomain({ scores }: Identity): boolean {
  const domain = scores[0]?.domain;
  for (const score of scores) if (score.domain !== domain) return false;
  return true;
}
