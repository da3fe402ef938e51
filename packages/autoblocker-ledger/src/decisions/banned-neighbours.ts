// Which networks send one attacker after the other: the addresses of a /24, or the /64s of a /48, that rules banned lately.
// Bounded in networks and in addresses of each; the one that was quiet longest goes first.

import { formatIpPrefix, type IpPrefix, networkOf, parseIpv4, requireIpAddress } from '../lookup/index.js';

const maxNetworks = 10_000;
/** Newest hosts kept of a network: more than any number that is asked for. */
const maxHosts = 16;
/** So many hosts make a network a target of its own. */
export const recidiveHosts = 8;
/** Within this time, in milliseconds. */
export const recidiveWindowMs = 86_400_000;
const networkLength = { 4: 24, 6: 48 };
const hostLength = { 6: 64 };

/** One host of a network, as it was banned last. */
interface BannedHost<Evidence> {
  readonly time: number;
  readonly evidence: Evidence | undefined;
}

/** A network of repeat offenders. */
export interface RecidiveNetwork<Evidence> {
  readonly network: IpPrefix;
  /** How many hosts of it were banned; the count ends at 16. */
  readonly hosts: number;
  /** Something of each, oldest first. */
  readonly evidence: () => readonly Evidence[];
}

/** Bans by rules, by network. `Evidence`: what is kept of each host. */
export class BannedNeighbours<Evidence> {
  /** Least recently banned first; hosts in the same order. */
  readonly #networks = new Map<PlaceKey, Map<PlaceKey, BannedHost<Evidence>>>();

  /** Notes the ban of an address in canonical text. */
  note(address: string, time: number, evidence: Evidence | undefined): void {
    const { network, host } = placeOf(address);
    const hosts = this.#networks.get(network) ?? new Map<PlaceKey, BannedHost<Evidence>>();
    const before = hosts.get(host);
    hosts.delete(host);
    hosts.set(host, { time: Math.max(time, before?.time ?? time), evidence: evidence ?? before?.evidence });
    if (hosts.size > maxHosts) hosts.delete(hosts.keys().next().value!);
    this.#networks.delete(network);
    this.#networks.set(network, hosts);
    if (this.#networks.size > maxNetworks) this.#networks.delete(this.#networks.keys().next().value!);
  }

  /** Forgets the ban of an address: it was taken back. */
  forget(address: string): void {
    const { network, host } = placeOf(address);
    this.#networks.get(network)?.delete(host);
  }

  /** The network of an address, if {@link recidiveHosts} or more of it were banned within {@link recidiveWindowMs} of `time`. */
  recidive(address: string, time: number): RecidiveNetwork<Evidence> | undefined {
    const hosts = this.#networks.get(placeOf(address).network);
    if (hosts === undefined || hosts.size < recidiveHosts) return undefined;
    let recent = 0;
    for (const host of hosts.values()) if (isRecent(host, time)) recent += 1;
    if (recent < recidiveHosts) return undefined;
    const banned = requireIpAddress(address);
    const evidence = () =>
      [...hosts.values()].flatMap((host) =>
        isRecent(host, time) && host.evidence !== undefined ? [host.evidence] : [],
      );
    return { network: networkOf(banned, networkLength[banned.family]), hosts: recent, evidence };
  }
}

function isRecent(host: BannedHost<unknown>, time: number): boolean {
  return Math.abs(time - host.time) <= recidiveWindowMs;
}

/** What stands for a network or a host: the bits of IPv4 as a number, the text of IPv6. */
type PlaceKey = number | string;

function placeOf(text: string): { readonly network: PlaceKey; readonly host: PlaceKey } {
  const ipv4 = parseIpv4(text);
  if (ipv4 >= 0) return { network: ipv4 >>> (32 - networkLength[4]), host: ipv4 };
  const address = requireIpAddress(text);
  return {
    network: formatIpPrefix(networkOf(address, networkLength[6])),
    host: formatIpPrefix(networkOf(address, hostLength[6])),
  };
}
