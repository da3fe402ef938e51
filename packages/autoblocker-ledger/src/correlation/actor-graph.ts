// Who is one actor: an address, and the addresses that verified identifiers join to it. A link is an event that verified an
// identifier at an address; it ends when it was not seen for a day, which is why there is no union-find here. What was
// merely tried is no link, because the attacker chooses it. An address that independent identifiers used belongs to none of
// them, and neither does a shared one. Bounded in identifiers, links and the size of an actor; O(1) where there is no link.

import type { BlockTarget, SecurityEvent } from '../events/index.js';
import { EventKeeper, isVerified, targetKey } from '../events/index.js';
import { type KindScore, releaseEvents } from './actor-score.js';
import { IdentityRows } from './identity-rows.js';

/** What all have who were never linked, which are most; nobody writes into it. */
const noLinks = new Map<Identity, number>();

/** An address, or an identifier that was verified. */
export class Identity {
  readonly key: string;
  readonly target: BlockTarget;
  readonly isAddress: boolean;
  /** What it failed at, by domain and kind. */
  readonly scores: KindScore[];
  /** Neighbours by the time of the last event that named both, least recently seen first. */
  links: Map<Identity, number> = noLinks;

  constructor(key: string, target: BlockTarget, isAddress: boolean, scores: KindScore[]) {
    this.key = key;
    this.target = target;
    this.isAddress = isAddress;
    this.scores = scores;
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
  /** Rows by address, which needs no key made for it. */
  readonly #addresses = new Map<string, number>();
  readonly #verified = new Map<string, number>();
  readonly #rows: IdentityRows;
  readonly #names: string[] = [];
  /** By row: those that are more than a row. */
  readonly #identities = new Map<number, Identity>();
  #evicted = 0;
  #linksDropped = 0;

  /** `isShared`: whether many people are behind an address, so that it joins nothing. */
  constructor(
    isShared: (address: BlockTarget, time: number) => boolean,
    limits: ActorGraphLimits = defaultGraphLimits,
    keeper: EventKeeper = new EventKeeper(),
  ) {
    this.#keeper = keeper;
    this.#rows = new IdentityRows(keeper);
    this.#isShared = isShared;
    this.#limits = limits;
  }

  /** Identifiers held, and since the start those that were evicted and the links that were dropped for room. */
  get statistics(): { identities: number; evicted: number; linksDropped: number } {
    const identities = this.#addresses.size + this.#verified.size;
    return { identities, evicted: this.#evicted, linksDropped: this.#linksDropped };
  }

  /**
   * Adds a failure to an address that failed at nothing else and was linked to nobody: then it is no more than that. False:
   * it is to be held against {@link ActorGraph.holderOf}.
   */
  failAlone(event: SecurityEvent, weight: number, kept: number): boolean {
    const address = addressOf(event);
    if (address === undefined || (isVerified(event) && event.actor.some(isCredential))) return false;
    const row = this.#row(address.value, true, event.time);
    return !this.#identities.has(row) && this.#rows.fail(row, event, weight, kept);
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
    const row = address === undefined ? undefined : this.#addresses.get(address.value);
    return row === undefined ? undefined : this.#identityAt(row, address!, true);
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
    const row = this.#row(scoped ?? (target as { readonly value: string }).value, isAddress, time);
    return this.#identityAt(row, target, isAddress);
  }

  #identityAt(row: number, target: BlockTarget, isAddress: boolean): Identity {
    const known = this.#identities.get(row);
    if (known !== undefined) return known;
    const name = this.#names[row]!;
    const scores = this.#rows.takeScores(row);
    const identity = new Identity(name, isAddress ? { kind: 'ip', value: name } : target, isAddress, scores);
    this.#identities.set(row, identity);
    return identity;
  }

  #row(key: string, isAddress: boolean, time: number): number {
    const table = isAddress ? this.#addresses : this.#verified;
    const known = table.get(key);
    if (known !== undefined) {
      if (time - this.#rows.placed(known) > placeEveryMs) this.#rows.makeNewest(known, time);
      return known;
    }
    if (this.#addresses.size + this.#verified.size >= this.#limits.maxIdentities) this.#evict();
    const row = this.#rows.add(time);
    const name = this.#keeper.own(key);
    this.#names[row] = name;
    table.set(name, row);
    return row;
  }

  /** Drops the one that was quiet longest. */
  #evict(): void {
    const row = this.#rows.oldest;
    const identity = this.#identities.get(row);
    if (identity !== undefined) {
      for (const neighbour of identity.links.keys()) neighbour.links.delete(identity);
      releaseEvents(identity.scores, this.#keeper);
    }
    (identity?.isAddress === false ? this.#verified : this.#addresses).delete(this.#names[row]!);
    this.#identities.delete(row);
    this.#rows.remove(row);
    this.#evicted += 1;
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
