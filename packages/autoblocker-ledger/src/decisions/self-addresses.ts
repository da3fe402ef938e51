// What must never be blocked: this host's own addresses, loopback and link-local, its gateways and resolvers.
// Read from the kernel's tables (/proc/net/route, /proc/net/ipv6_route) and resolv.conf; where those are missing, what
// os.networkInterfaces() knows.

import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { formatIpAddress, type IpAddress, parseIpAddress } from '../lookup/index.js';

/** Networks that no host may block: this-network, loopback, link-local, multicast, broadcast, and IPv6's same. */
export const neverBlocked: readonly string[] = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '255.255.255.255/32',
  '::/128',
  '::1/128',
  'fe80::/10',
  'ff00::/8',
];

/** Addresses of this host's interfaces, gateways and resolvers, in canonical text. Never throws: what cannot be read is left out. */
export async function readSelfAddresses(): Promise<string[]> {
  const [routes, routes6, resolvers] = await Promise.all(
    ['/proc/net/route', '/proc/net/ipv6_route', '/etc/resolv.conf'].map((path) =>
      readFile(path, 'utf8').catch(() => ''),
    ),
  );
  const interfaces = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  const texts = [...interfaces, ...ipv4Gateways(routes!), ...ipv6Gateways(routes6!), ...nameServers(resolvers!)];
  const addresses = texts.map((text) => parseIpAddress(text.split('%')[0]!)).filter((address) => address !== undefined);
  return [...new Set(addresses.map(formatIpAddress))];
}

/** Gateways of `/proc/net/route`: hexadecimal, in the byte order of the machine, which is little-endian where Node runs. */
export function ipv4Gateways(table: string): string[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t')[2] ?? '')
    .filter((gateway) => /^[0-9A-F]{8}$/.test(gateway) && gateway !== '00000000')
    .map((gateway) => {
      const bytes = gateway.match(/../g)!.map((byte) => Number.parseInt(byte, 16));
      return bytes.reverse().join('.');
    });
}

/** Gateways of `/proc/net/ipv6_route`: 32 hexadecimal digits in network order. */
export function ipv6Gateways(table: string): string[] {
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/)[4] ?? '')
    .filter((gateway) => /^[0-9a-f]{32}$/.test(gateway) && !/^0+$/.test(gateway))
    .map((gateway) => {
      const word = (start: number) => Number.parseInt(gateway.slice(start, start + 8), 16);
      const address: IpAddress = { family: 6, words: [word(0), word(8), word(16), word(24)] };
      return formatIpAddress(address);
    });
}

function nameServers(text: string): string[] {
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1]!);
}
