// Who is one actor: an address, and the addresses that verified identifiers join to it. A link is an event that verified an
// identifier at an address; it ends when it was not seen for a day, which is why there is no union-find here. What was
// merely tried is no link, because the attacker chooses it. An address that independent identifiers used belongs to none of
// them, and neither does a shared one. Bounded in identifiers, links and the size of an actor; O(1) where there is no link.

import type { BlockTarget, SecurityEvent } from '../events/index.js';
import { EventKeeper, isVerified, targetKey } from '../events/index.js';
import { type KindScore, releaseEvents } from './actor-score.js';

/** What all have who were never linked, which are most; nobody writes into it. */
const noLinks = new Map<Identity, number>();
const noScores: KindScore[] = [];

/** An address, or an identifier that was verified. */
export class Identity {
  readonly key: string;
  readonly target: BlockTarget;
  readonly isAddress: boolean;
  /** What it failed at, by domain and kind. */
  scores: KindScore[] = noScores;
  /** Neighbours by the time of the last event that named both, least recently seen first. */
  links: Map<Identity, number> = noLinks;
  /** When it was put last where the youngest are. */
  placed: number;
  /** Neighbours in that order. A map's own order is no use here: its first entry costs a walk over all that were deleted. */
  older: Identity | undefined;
  newer: Identity | undefined;

  constructor(key: string, target: BlockTarget, isAddress: boolean, placed: number) {
    this.key = key;
    this.target = target;
    this.isAddress = isAddress;
    this.placed = placed;
  }
}

/** Bounds of an {@link ActorGraph}. */
export interface ActorGraphLimits {
  readonly maxIdentities: number;
  readonly maxLinks: number;
  /** Identifiers of one actor. */
  readonly maxMembers: number;
  /** How long a link holds, in milliseconds. */
  readonly linkMs: number;
}

/** 65,536 identifiers, 8 links each, 16 to an actor, for a day. */
const defaultGraphLimits: ActorGraphLimits = {
  maxIdentities: 65_536,
  maxLinks: 8,
  maxMembers: 16,
  linkMs: 86_400_000,
};

/** An identity that was seen is put last at most so often, in milliseconds: order is needed for eviction only. */
const placeEveryMs = 60_000;

/** Identifiers and what joins them. */
export class ActorGraph {
  readonly #limits: ActorGraphLimits;
  readonly #keeper: EventKeeper;
  readonly #isShared: (address: BlockTarget, time: number) => boolean;
  /** By address, which needs no key made for it. */
  readonly #addresses = new Map<string, Identity>();
  readonly #verified = new Map<string, Identity>();
  #oldest: Identity | undefined;
  #newest: Identity | undefined;
  #evicted = 0;
  #linksDropped = 0;

  /** `isShared`: whether many people are behind an address, so that it joins nothing. */
  constructor(
    isShared: (address: BlockTarget, time: number) => boolean,
    limits: ActorGraphLimits = defaultGraphLimits,
    keeper: EventKeeper = new EventKeeper(),
  ) {
    this.#keeper = keeper;
    this.#isShared = isShared;
    this.#limits = limits;
  }

  /** Identifiers held, and since the start those that were evicted and the links that were dropped for room. */
  get statistics(): { identities: number; evicted: number; linksDropped: number } {
    const identities = this.#addresses.size + this.#verified.size;
    return { identities, evicted: this.#evicted, linksDropped: this.#linksDropped };
  }

  /** Whom an event is to be held against: a verified identifier that is no user, else its address. */
  holderOf(event: SecurityEvent): Identity | undefined {
    const address = addressOf(event);
    const verified = isVerified(event) ? event.actor.find(isCredential) : undefined;
    if (verified !== undefined) {
      this.link(event);
      return this.#identity(verified, scopedKey(verified, event), event.time);
    }
    return address === undefined ? undefined : this.#identity(address, undefined, event.time);
  }

  /** The address of an event, if it is known here. */
  addressOf(event: SecurityEvent): Identity | undefined {
    const address = addressOf(event);
    return address === undefined ? undefined : this.#addresses.get(address.value);
  }

  /** Takes in what an event that verified somebody says of who belongs together. */
  link(event: SecurityEvent): void {
    if (!isVerified(event)) return;
    const address = addressOf(event);
    const named = event.actor.filter(({ kind }) => kind !== 'ip' && kind !== 'range');
    const user = event.outcome === 'success' ? event.victim?.user : undefined;
    if (user !== undefined && user !== '') named.push({ kind: 'user', value: user });
    if (named.length + (address === undefined ? 0 : 1) < 2) return;
    const identities = named.map((target) => this.#identity(target, scopedKey(target, event), event.time));
    if (address !== undefined) identities.push(this.#identity(address, undefined, event.time));
    const last = identities.at(-1)!;
    for (const identity of identities) if (identity !== last) this.#join(identity, last, event.time);
    // The verified ones are one person's: each knows the first, whatever becomes of the address.
    for (const identity of identities.slice(1)) {
      if (!identity.isAddress && identity !== identities[0]) this.#join(identities[0]!, identity, event.time);
    }
  }

  /** The identities of one actor, the given one first. */
  actorOf(identity: Identity, time: number): readonly Identity[] {
    if (identity.links.size === 0) return [identity];
    const core = identity.isAddress ? this.#coreOf(identity, time) : this.#connected(identity, time);
    if (core === undefined) return [identity];
    const members = new Set([identity, ...core]);
    for (const verified of core) {
      for (const neighbour of this.#live(verified, time)) {
        if (members.size >= this.#limits.maxMembers) return [...members];
        if (neighbour.isAddress && this.#belongsTo(neighbour, core, time)) members.add(neighbour);
      }
    }
    return [...members];
  }

  /** The verified identifiers that an address belongs to; `undefined` when it is nobody's alone. */
  #coreOf(address: Identity, time: number): ReadonlySet<Identity> | undefined {
    const [first] = this.#live(address, time);
    const core = first === undefined ? undefined : this.#connected(first, time);
    return core !== undefined && this.#belongsTo(address, core, time) ? core : undefined;
  }

  #belongsTo(address: Identity, core: ReadonlySet<Identity>, time: number): boolean {
    for (const verified of this.#live(address, time)) if (!core.has(verified)) return false;
    return !this.#isShared(address.target, time);
  }

  /** Verified identifiers that are linked with one another, without going over addresses. */
  #connected(start: Identity, time: number): ReadonlySet<Identity> {
    const found = new Set([start]);
    for (const identity of found) {
      for (const neighbour of this.#live(identity, time)) {
        if (found.size >= this.#limits.maxMembers) return found;
        if (!neighbour.isAddress) found.add(neighbour);
      }
    }
    return found;
  }

  *#live({ links }: Identity, time: number): Generator<Identity> {
    for (const [neighbour, seen] of links) if (time - seen <= this.#limits.linkMs) yield neighbour;
  }

  #join(one: Identity, other: Identity, time: number): void {
    const seen = Math.max(time, one.links.get(other) ?? time);
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      if (from.links === noLinks) from.links = new Map();
      from.links.delete(to);
      from.links.set(to, seen);
      if (from.links.size <= this.#limits.maxLinks) continue;
      const oldest = from.links.keys().next().value!;
      from.links.delete(oldest);
      oldest.links.delete(from);
      this.#linksDropped += 1;
    }
  }

  #identity(target: BlockTarget, scoped: string | undefined, time: number): Identity {
    const isAddress = scoped === undefined;
    const table = isAddress ? this.#addresses : this.#verified;
    const key = scoped ?? (target as { readonly value: string }).value;
    let identity = table.get(key);
    if (identity === undefined) {
      if (this.#addresses.size + this.#verified.size >= this.#limits.maxIdentities) this.#evict();
      const name = this.#keeper.own(key);
      identity = new Identity(name, isAddress ? { kind: 'ip', value: name } : target, isAddress, time);
      table.set(name, identity);
      this.#append(identity);
    } else if (time - identity.placed > placeEveryMs) {
      identity.placed = time;
      this.#remove(identity);
      this.#append(identity);
    }
    return identity;
  }

  /** Drops the one that was quiet longest. */
  #evict(): void {
    const oldest = this.#oldest!;
    for (const neighbour of oldest.links.keys()) neighbour.links.delete(oldest);
    (oldest.isAddress ? this.#addresses : this.#verified).delete(oldest.key);
    releaseEvents(oldest.scores, this.#keeper);
    this.#remove(oldest);
    this.#evicted += 1;
  }

  #append(identity: Identity): void {
    identity.older = this.#newest;
    identity.newer = undefined;
    if (this.#newest === undefined) this.#oldest = identity;
    else this.#newest.newer = identity;
    this.#newest = identity;
  }

  #remove({ older, newer }: Identity): void {
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
  }
}

function addressOf({ actor }: SecurityEvent): { readonly kind: 'ip'; readonly value: string } | undefined {
  for (const target of actor) {
    if (target.kind === 'ip') return target as { readonly kind: 'ip'; readonly value: string };
  }
  return undefined;
}

function isCredential({ kind }: BlockTarget): boolean {
  return kind === 'certificate' || kind === 'apiKey' || kind === 'session';
}

/** A name means somebody at its own service only: whoever may register there chooses it. Keys are the same everywhere. */
function scopedKey(target: BlockTarget, { domain, victim }: SecurityEvent): string {
  const key = targetKey(target);
  return target.kind === 'user' ? `${key}\0${domain}\0${victim?.host ?? ''}` : key;
}
