// Precision and recall against what each address really was. An address that the truth does not know counts as wrongly
// blocked; an attacker that stayed below every documented threshold need not be blocked, but may be.

import { readFile } from 'node:fs/promises';
import { BlockList, isIPv6 } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { TenstripError } from '@tenstrip/shared-core';
import { z } from 'zod';

const actorSchema = z.object({
  address: z.string(),
  name: z.string(),
  kind: z.enum(['legitimate', 'attacker']),
  about: z.string(),
  attack: z.string().optional(),
  threshold: z.enum(['above', 'below']).optional(),
  /** Lines that the address left, by name of the log file. */
  lines: z.record(z.string(), z.number()),
});

const truthSchema = z.object({
  recorded: z.object({ from: z.iso.datetime(), to: z.iso.datetime(), utcOffsetMinutes: z.number().int() }),
  actors: z.array(actorSchema),
});

/** What each address really was, as recorded beside the logs. */
export type Truth = z.output<typeof truthSchema>;
type TrueActor = z.output<typeof actorSchema>;

/** How well the blocks agree with the truth. */
export interface Score {
  /** Share of blocked addresses that are attackers; 1 when nothing is blocked. */
  readonly precision: number;
  /** Share of the attackers above their threshold that are blocked; 1 when there is none. */
  readonly recall: number;
  readonly attackersAbove: number;
  readonly attackersBelow: number;
  readonly legitimate: number;
  /** Addresses that are blocked and are no attackers. */
  readonly wronglyBlocked: readonly string[];
  /** Attackers above their threshold that are not blocked. */
  readonly missed: readonly { readonly address: string; readonly attack: string }[];
}

/**
 * The truth of these logs: `path`, or `truth.json` beside the first of them when that exists.
 * @throws TenstripError `TruthInvalid` when `path` is given and is not a truth.
 */
export async function loadTruth(logs: readonly string[], path: string | undefined): Promise<Truth | undefined> {
  const file = path ?? join(dirname(logs[0] ?? '.'), 'truth.json');
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    if (path === undefined) return undefined;
    throw new TenstripError('TruthInvalid', `Cannot read ${file}. Name a file as tools/lab writes it.`, { cause });
  });
  if (text === undefined) return undefined;
  const parsed = truthSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  if (path === undefined) return undefined; // some other file of that name beside somebody's logs
  const problem = parsed.error.issues[0];
  throw new TenstripError(
    'TruthInvalid',
    `${file} is no truth file: ${problem?.path.join('.') || 'document'}: ${problem?.message}. Record it with tools/lab.`,
  );
}

/**
 * Compares what is blocked with the truth, for the actors that left lines in the logs that were read. A network blocks every
 * actor in it.
 * @param targets addresses and networks
 * @param logs paths of the logs that were read
 */
export function scoreAgainst(truth: Truth, targets: ReadonlySet<string>, logs: readonly string[]): Score {
  const names = new Set(logs.map((log) => basename(log)));
  const seen = truth.actors.filter((actor) =>
    Object.entries(actor.lines).some(([log, lines]) => lines > 0 && names.has(log)),
  );
  const blocked = blockedAddresses(seen, targets);
  const attackers = seen.filter((actor) => actor.kind === 'attacker');
  const above = attackers.filter((actor) => actor.threshold !== 'below');
  const guilty = new Set(attackers.map((actor) => actor.address));
  const wronglyBlocked = [...blocked].filter((address) => !guilty.has(address)).sort();
  const missed = above.filter((actor) => !blocked.has(actor.address));
  return {
    precision: share(blocked.size - wronglyBlocked.length, blocked.size),
    recall: share(above.length - missed.length, above.length),
    attackersAbove: above.length,
    attackersBelow: attackers.length - above.length,
    legitimate: seen.length - attackers.length,
    wronglyBlocked,
    missed: missed.map(describeMissed),
  };
}

/** Blocked addresses, and those of `actors` in blocked networks. */
function blockedAddresses(actors: readonly TrueActor[], targets: ReadonlySet<string>): ReadonlySet<string> {
  const networks = new BlockList();
  for (const target of targets) {
    const [address = '', length] = target.split('/');
    if (length !== undefined) networks.addSubnet(address, Number(length), familyOf(address));
  }
  const inside = actors.filter(({ address }) => networks.check(address, familyOf(address)));
  return new Set([...targets].filter((target) => !target.includes('/')).concat(inside.map(({ address }) => address)));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

function describeMissed(actor: TrueActor): { address: string; attack: string } {
  return { address: actor.address, attack: actor.attack ?? actor.about };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
