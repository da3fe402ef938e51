// A partition as an nftables table of its own: sets whose elements end in the kernel when their time is over, and rules that
// drop what this namespace sends to them or has from them, before any other filter (priority `raw`).

import { BlockList, isIP } from 'node:net';

/** A peer as `address/length`. */
interface Network {
  readonly address: string;
  readonly length: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** What is wrong with a peer; `undefined` when nothing is. */
export function peerProblem(peer: string): string | undefined {
  return parsed(peer) === undefined
    ? `${JSON.stringify(peer)} is no IP address and no network in CIDR notation`
    : undefined;
}

/** The script for nft. Networks that lie in others are left out, since a set refuses them. */
export function partitionScript(table: string, peers: readonly string[], oneWay: boolean, ttlMs: number): string {
  const networks = outermost(peers.flatMap((peer) => parsed(peer) ?? []));
  const timeout = `timeout ${Math.floor(ttlMs / 1000)}s${Math.max(1, Math.round(ttlMs % 1000))}ms`;
  const lines = [`table inet ${table} {`];
  for (const [name, type, family] of sets) {
    const members = networks.filter((network) => network.family === family);
    const elements = members.map(({ address, length }) => `${address}/${length} ${timeout}`).join(', ');
    lines.push(`set ${name} {`, `type ${type}`, 'flags interval, timeout');
    if (elements !== '') lines.push(`elements = { ${elements} }`);
    lines.push('}');
  }
  lines.push(...chain('output', 'daddr'));
  if (!oneWay) lines.push(...chain('input', 'saddr'));
  lines.push('}', '');
  return lines.join('\n');
}

const sets = [
  ['peers4', 'ipv4_addr', 'ipv4'],
  ['peers6', 'ipv6_addr', 'ipv6'],
] as const;

function chain(hook: 'output' | 'input', field: 'daddr' | 'saddr'): string[] {
  return [
    `chain ${hook} {`,
    `type filter hook ${hook} priority raw; policy accept;`,
    `ip ${field} @peers4 drop`,
    `ip6 ${field} @peers6 drop`,
    '}',
  ];
}

function parsed(peer: string): Network | undefined {
  const [address = '', length, ...more] = peer.split('/');
  const version = isIP(address);
  const bits = version === 4 ? 32 : 128;
  if (version === 0 || more.length > 0 || address.includes('%')) return undefined;
  if (length !== undefined && (!/^\d{1,3}$/.test(length) || Number(length) > bits)) return undefined;
  return { address, length: length === undefined ? bits : Number(length), family: version === 4 ? 'ipv4' : 'ipv6' };
}

function outermost(networks: readonly Network[]): Network[] {
  const covered = new BlockList();
  return networks
    .toSorted((a, b) => a.length - b.length)
    .filter(({ address, length, family }) => {
      if (covered.check(address, family)) return false;
      covered.addSubnet(address, length, family);
      return true;
    });
}
