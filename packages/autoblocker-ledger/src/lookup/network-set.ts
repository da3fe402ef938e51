// A set of networks that can say whether a target touches any of them: covers it, equals it, or lies inside it.

import { formatIpPrefix, type IpPrefix, isHost, prefixCovers } from './ip-address.js';
import { IpPrefixIndex } from './ip-prefix-index.js';

/** Networks, at most some thousands. A look-up of one address is O(prefix lengths), of a network O(size). */
export class NetworkSet {
  readonly #index = new IpPrefixIndex();
  readonly #networks = new Map<string, IpPrefix>();

  constructor(networks: Iterable<IpPrefix> = []) {
    for (const network of networks) this.add(network);
  }

  get size(): number {
    return this.#networks.size;
  }

  /** Adds a network; whether it is new. */
  add(network: IpPrefix): boolean {
    const key = formatIpPrefix(network);
    if (this.#networks.has(key)) return false;
    this.#networks.set(key, network);
    this.#index.set(network, 0);
    return true;
  }

  /** Takes exactly this network out; whether it was in. */
  delete(network: IpPrefix): boolean {
    return this.#networks.delete(formatIpPrefix(network)) && this.#index.delete(network);
  }

  /** Whether `target` and some network have an address in common. */
  touches(target: IpPrefix): boolean {
    if (isHost(target)) return this.#index.lookupAddress(target.address) >= 0;
    for (const network of this.#networks.values()) {
      if (prefixCovers(network, target) || prefixCovers(target, network)) return true;
    }
    return false;
  }

  /** The networks in canonical text. */
  toArray(): string[] {
    return [...this.#networks.keys()];
  }
}
