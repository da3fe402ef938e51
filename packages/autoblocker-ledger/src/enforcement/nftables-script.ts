// The words of nft(8) for a batch. One hash set for each address family and prefix length in use, each with one rule that
// masks the source address: so networks of different lengths never collide, as they do in one interval set (which cannot
// hold 10.0.0.0/8 and 10.1.0.0/16 with different ends), every change is O(1) in the kernel, and a packet costs one look-up
// for each length in use. Elements carry kernel timeouts.

import { TenstripError } from '@tenstrip/shared-core/errors';
import type { LedgerErrorCode } from '../errors/index.js';
import {
  formatIpAddress,
  formatIpPrefix,
  type IpAddress,
  networkOf,
  requireIpAddress,
  requireIpPrefix,
} from '../lookup/index.js';
import type { EnforcementBatch, NetworkBlock } from './enforcer.js';

/** Where and how the packet filter drops. */
export interface NftablesPlace {
  readonly table: string;
  readonly hooks: readonly ('input' | 'forward' | 'prerouting')[];
  readonly priority: number;
  readonly verdict: 'drop' | 'reject';
}

/**
 * A longer block, also one without end, gets this timeout and is renewed with every whole set: so each element ends by itself
 * some day after the process that renews it died.
 */
const longestTimeoutMs = 30 * 86_400_000;

/** Elements of one `add element` at most: keeps lines and nft's parser small. */
const elementsPerCommand = 2000;

/** A set by family and prefix length: `v4_32`. */
export type SetName = `v${4 | 6}_${number}`;

/** The script that makes the table anew with these blocks, in one transaction: there is no moment without. */
export function replacingScript(place: NftablesPlace, blocks: readonly NetworkBlock[]): string {
  const sets = bySet(blocks, ({ network }) => network, timedElements());
  const table = `inet ${place.table}`;
  const lines = [`add table ${table}`, `delete table ${table}`, `add table ${table}`];
  for (const hook of place.hooks) {
    lines.push(`add chain ${table} ${hook} { type filter hook ${hook} priority ${place.priority}; policy accept; }`);
  }
  for (const set of sets.keys()) lines.push(...declaration(place, set));
  for (const [set, elements] of sets) lines.push(...commands('add', place, set, elements));
  return `${lines.join('\n')}\n`;
}

/**
 * The script for a difference. nft refuses to delete what is not there and leaves the timeout of what is there, so whatever
 * is touched is added, deleted, and added with its new end: right whether or not it was there.
 *
 * @param known sets that the table has.
 */
export function changingScript(place: NftablesPlace, batch: EnforcementBatch, known: ReadonlySet<SetName>): string {
  const networks = [...batch.add.map(({ network }) => network), ...batch.remove];
  const touched = bySet(networks, (network) => network, addressOf);
  const lines: string[] = [];
  for (const [set, bare] of touched) {
    if (!known.has(set)) lines.push(...declaration(place, set));
    lines.push(...commands('add', place, set, bare), ...commands('delete', place, set, bare));
  }
  for (const [set, elements] of bySet(batch.add, ({ network }) => network, timedElements())) {
    lines.push(...commands('add', place, set, elements));
  }
  return `${lines.join('\n')}\n`;
}

/** The sets that a batch needs. */
export function setsOf(batch: EnforcementBatch): SetName[] {
  return [...new Set([...batch.add.map(({ network }) => setOf(network)), ...batch.remove.map(setOf)])];
}

/** The networks of a place, checked: names go into a script. @throws TenstripError `OptionsInvalid` */
export function checkedPlace(place: NftablesPlace): NftablesPlace {
  const { table, hooks, priority, verdict } = place;
  const problems = [
    /^[A-Za-z][\w-]{0,30}$/.test(table) ? '' : `table: ${JSON.stringify(table)} is no name of nft`,
    Array.isArray(hooks) && hooks.length > 0 && hooks.every((hook) => ['input', 'forward', 'prerouting'].includes(hook))
      ? ''
      : 'hooks: give input, forward or prerouting',
    Number.isInteger(priority) && Math.abs(priority) <= 1000 ? '' : 'priority: an integer from -1000 to 1000',
    verdict === 'drop' || (verdict === 'reject' && !hooks?.includes('prerouting'))
      ? ''
      : 'verdict: drop, or reject where no hook is prerouting',
  ].filter((problem) => problem !== '');
  if (problems.length === 0) return { table, hooks: [...new Set(hooks)], priority, verdict };
  throw new TenstripError<LedgerErrorCode>('OptionsInvalid', `nftables cannot be set up so: ${problems.join('; ')}.`, {
    details: { issues: problems },
  });
}

/** A set and the rule of each hook that drops by it. */
function declaration({ table, hooks, verdict }: NftablesPlace, set: SetName): string[] {
  const family = set.startsWith('v4') ? 4 : 6;
  const length = Number(set.slice(3));
  const [type, header] = family === 4 ? ['ipv4_addr', 'ip'] : ['ipv6_addr', 'ip6'];
  const single = length === (family === 4 ? 32 : 128);
  const source = single ? `${header} saddr` : `${header} saddr & ${maskText(family, length)}`;
  return [
    `add set inet ${table} ${set} { type ${type}; flags timeout; }`,
    ...hooks.map((hook) => `add rule inet ${table} ${hook} ${source} @${set} counter ${verdict}`),
  ];
}

function maskText(family: 4 | 6, length: number): string {
  const ones: IpAddress = family === 4 ? requireIpAddress('255.255.255.255') : requireIpAddress(allOnes);
  return formatIpAddress(networkOf(ones, length).address);
}

const allOnes = Array.from({ length: 8 }, () => 'ffff').join(':');

function commands(
  verb: 'add' | 'delete',
  { table }: NftablesPlace,
  set: SetName,
  elements: readonly string[],
): string[] {
  const lines: string[] = [];
  for (let from = 0; from < elements.length; from += elementsPerCommand) {
    const some = elements.slice(from, from + elementsPerCommand);
    lines.push(`${verb} element inet ${table} ${set} { ${some.join(', ')} }`);
  }
  return lines;
}

/** Elements with their timeouts. Blocks of one list mostly end together: the text of the last timeout is kept. */
function timedElements(): (block: NetworkBlock) => string {
  let lastMs: number | null | undefined;
  let lastText = '';
  return ({ network, remainingMs }) => {
    if (remainingMs !== lastMs) [lastMs, lastText] = [remainingMs, timeoutText(remainingMs)];
    return network.slice(0, network.indexOf('/')) + lastText;
  };
}

function timeoutText(remainingMs: number | null): string {
  const timeout = Math.max(1, Math.min(Math.ceil(remainingMs ?? longestTimeoutMs), longestTimeoutMs));
  const [seconds, ms] = [Math.floor(timeout / 1000), timeout % 1000];
  return ` timeout ${seconds}s${ms === 0 ? '' : `${ms}ms`}`;
}

function addressOf(network: string): string {
  return network.slice(0, network.indexOf('/'));
}

/** The texts of values by the set that their networks belong to, in order of first sight. */
function bySet<T>(
  values: readonly T[],
  networkIn: (value: T) => string,
  textOf: (value: T) => string,
): Map<SetName, string[]> {
  const sets = new Map<SetName, string[]>();
  // Networks of one kind come together: nearly all of a list are single addresses.
  let last: SetName | undefined;
  let members: string[] = [];
  for (const value of values) {
    const set = setOf(networkIn(value));
    if (set !== last) {
      last = set;
      members = sets.get(set) ?? [];
      sets.set(set, members);
    }
    members.push(textOf(value));
  }
  return sets;
}

function setOf(network: string): SetName {
  if (network.endsWith('/32') && !network.includes(':')) return 'v4_32';
  const slash = network.indexOf('/');
  return `v${network.includes(':') ? 6 : 4}_${network.slice(slash + 1) as `${number}`}`;
}

/** What nft reads as an address and a length, and as nothing else; whether it is one, nft says. */
const networkText = /^(?:\d{1,3}(?:\.\d{1,3}){3}\/\d{1,2}|[0-9a-f:]{2,39}\/\d{1,3})$/;

/** Checks every network of a batch: its text goes into a script that root runs. @throws TenstripError `TargetInvalid` */
export function checkNetworks(batch: EnforcementBatch): void {
  for (const { network } of batch.add) if (!networkText.test(network)) requireNetwork(network);
  for (const network of batch.remove) if (!networkText.test(network)) requireNetwork(network);
}

function requireNetwork(network: string): never {
  const canonical = formatIpPrefix(requireIpPrefix(network));
  throw new TenstripError<LedgerErrorCode>(
    'TargetInvalid',
    `${JSON.stringify(network)} is a network in another spelling than ${canonical}. Give enforcers the canonical one.`,
    { details: { value: network } },
  );
}
