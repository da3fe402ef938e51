// Who logged in within the last 24 hours, and under how many names. Bounded: beyond 100,000 sources the one that was quiet
// longest is forgotten. Asked in event time; an entry keeps its first and last success, so "before the attack began" can be
// answered.

import { type BlockTarget, targetKey } from '../events/index.js';
import { formatIpAddress, type IpPrefix, isHost, prefixCovers, requireIpPrefix } from '../lookup/index.js';

const windowMs = 86_400_000;
const maxSources = 100_000;
/** Names kept of one source. */
const maxUsers = 64;

interface Successes {
  readonly target: BlockTarget;
  first: number;
  last: number;
  /** When each user logged in last, longest ago first; `undefined`: no name was told. */
  users: Map<string, number> | undefined;
}

/** Addresses, keys and sessions with a recent success. */
export class RecentSuccesses {
  /** By key, in order of the last success noted. */
  readonly #sources = new Map<string, Successes>();
  /** Keys of addresses under which more than one user logged in. */
  readonly #crowded = new Set<string>();
  #addresses = 0;

  /** Addresses held; those whose window has passed are dropped when others are noted. */
  get size(): number {
    return this.#addresses;
  }

  /** Notes a success of a canonical target. */
  note(target: BlockTarget, user: string | undefined, time: number): void {
    const key = targetKey(target);
    const before = this.#sources.get(key);
    if (before !== undefined) this.#sources.delete(key);
    else if (target.kind === 'ip') this.#addresses += 1;
    const fresh = before === undefined || time - before.last > windowMs;
    const entry = fresh ? { target, first: time, last: time, users: undefined } : before;
    entry.first = Math.min(entry.first, time);
    entry.last = Math.max(entry.last, time);
    this.#sources.set(key, entry);
    if (fresh) this.#crowded.delete(key);
    if (target.kind === 'ip' && user !== undefined) this.#noteUser(key, entry, user, time);
    for (const [oldest, { last }] of this.#sources) {
      if (this.#sources.size <= maxSources && time - last <= windowMs) break;
      this.#drop(oldest);
    }
  }

  /** Whether the target had a success before `start`, and its last no more than 24 hours before it. */
  succeededBefore(target: BlockTarget, start: number): boolean {
    const successes = this.#sources.get(targetKey(target));
    return successes !== undefined && successes.first < start && start - successes.last <= windowMs;
  }

  /** How many addresses inside a network had a success before `start`. O(sources). */
  succeededInside(network: IpPrefix, start: number): number {
    let count = 0;
    for (const address of this.addresses()) {
      if (!this.succeededBefore({ kind: 'ip', value: address }, start)) continue;
      if (prefixCovers(network, requireIpPrefix(address))) count += 1;
    }
    return count;
  }

  /**
   * Whether so many users or more logged in from an address inside the network within the last 24 hours. O(1) for the network
   * of one address, else O(addresses with several users).
   */
  isShared(network: IpPrefix, users: number, time: number): boolean {
    if (this.#crowded.size === 0) return false;
    if (isHost(network)) return this.#isCrowded(`ip:${formatIpAddress(network.address)}`, users, time);
    for (const key of this.#crowded) {
      if (this.#isCrowded(key, users, time) && prefixCovers(network, requireIpPrefix(key.slice('ip:'.length))))
        return true;
    }
    return false;
  }

  /** The addresses held. */
  *addresses(): Generator<string> {
    for (const { target } of this.#sources.values()) if (target.kind === 'ip') yield target.value;
  }

  #isCrowded(key: string, users: number, time: number): boolean {
    const seen = this.#crowded.has(key) ? this.#sources.get(key)?.users : undefined;
    if (seen === undefined || seen.size < users) return false;
    let recent = 0;
    for (const last of seen.values()) if (Math.abs(time - last) <= windowMs) recent += 1;
    return recent >= users;
  }

  #noteUser(key: string, entry: Successes, user: string, time: number): void {
    entry.users ??= new Map();
    const { users } = entry;
    const last = Math.max(time, users.get(user) ?? time);
    users.delete(user);
    users.set(user, last);
    if (users.size > maxUsers) users.delete(users.keys().next().value!);
    if (users.size > 1) this.#crowded.add(key);
  }

  #drop(key: string): void {
    if (this.#sources.get(key)?.target.kind === 'ip') this.#addresses -= 1;
    this.#sources.delete(key);
    this.#crowded.delete(key);
  }
}
