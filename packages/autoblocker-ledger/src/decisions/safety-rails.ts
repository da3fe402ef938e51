// The rails: a pure function between every proposal and the ledger. An unattended blocker must not be able to lock out its
// owner, so the rails are always on; their bounds can be set within limits, and no rule or option switches one off.

import { z } from 'zod';
import type { IpPrefix } from '../lookup/index.js';

/** Which rail refused, or wants a person to look. */
export type RailCode =
  /** The host's own addresses, its gateway and resolvers, loopback, link-local, administrators' connections. */
  | 'SELF'
  /** An allow-listed address or network is touched. Allow beats block, whichever came first. */
  | 'ALLOW_LIST'
  /** Too large a network, too much of the address space, or too many of the clients that log in. */
  | 'BLAST_RADIUS'
  /** Too many new blocks in a minute. */
  | 'RATE'
  /** The target logged in successfully before, and the evidence is not strong enough for that. */
  | 'KNOWN_GOOD'
  /** A rule asked for a block without end. */
  | 'EXPIRY_REQUIRED';

/** Bounds of the rails. Each has a floor and a ceiling; none can be switched off. */
export interface RailLimits {
  /** New blocks by rules in one minute, all scenarios together: 1 to 10,000. Default 120. */
  readonly blocksPerMinute: number;
  /** New blocks in one minute by one scenario: 1 to 10,000. Default 60. */
  readonly blocksPerMinuteOfScenario: number;
  /** Blocked IPv4 addresses in total, as a share of all 2^32: at most 0.01. Default 0.001. */
  readonly addressShare: number;
  /** Score that a target with a successful login in the last 24 hours must reach: 2 to 100. Default 3. */
  readonly knownGoodScore: number;
}

/** {@link RailLimits} from outside, with their defaults. */
export const railLimitsSchema = z.strictObject({
  blocksPerMinute: z.number().int().min(1).max(10_000).default(120),
  blocksPerMinuteOfScenario: z.number().int().min(1).max(10_000).default(60),
  addressShare: z.number().positive().max(0.01).default(0.001),
  knownGoodScore: z.number().min(2).max(100).default(3),
});

/** What the rails judge: a proposal with nothing left open. */
export interface RailProposal {
  /** The network of the target; `undefined` when it is no address. */
  readonly prefix: IpPrefix | undefined;
  readonly origin: 'scenario' | 'person';
  readonly until: number | null;
  readonly score: number;
}

/** What the rails know. Counts are of the moment of the proposal. */
export interface RailContext {
  readonly limits: RailLimits;
  /** Whether a network touches what must never be blocked. */
  readonly touchesSelf: (prefix: IpPrefix) => boolean;
  readonly touchesAllowList: (prefix: IpPrefix) => boolean;
  /** IPv4 addresses under a running block. */
  readonly blockedAddresses: number;
  /** Whether the target had a success in the last 24 hours, before the evidence begins. */
  readonly knownGood: boolean;
  /** Sources with a success in the last 24 hours, and how many of them are blocked. */
  readonly knownGoodSources: number;
  readonly blockedKnownGoodSources: number;
  /** Blocks that rules made in the minute before, and those of the same scenario. */
  readonly recentBlocks: number;
  readonly recentBlocksOfScenario: number;
}

/** What the rails say. */
export type RailVerdict =
  | { readonly kind: 'allow' }
  | { readonly kind: 'refuse' | 'review'; readonly code: RailCode; readonly detail: string };

const ipv4Addresses = 2 ** 32;
/** Prefixes shorter than these need a person. */
const shortestPrefix = { 4: 24, 6: 48 };

/**
 * Judges a proposal. Every rail holds for rules; for persons all but those that only a person can answer: how many, how
 * sure, and how long. `SELF`, `ALLOW_LIST` and `BLAST_RADIUS` hold for everybody.
 */
export function applyRails(proposal: RailProposal, context: RailContext): RailVerdict {
  const { prefix } = proposal;
  if (prefix !== undefined) {
    if (context.touchesSelf(prefix)) return refuse('SELF', 'The target touches an address that this host needs.');
    if (context.touchesAllowList(prefix)) return refuse('ALLOW_LIST', 'The target touches an allow-listed network.');
  }
  if (proposal.origin === 'scenario') {
    const verdict = railsForRules(proposal, context);
    if (verdict !== undefined) return verdict;
  }
  return blastRadius(prefix, context) ?? { kind: 'allow' };
}

function railsForRules(proposal: RailProposal, context: RailContext): RailVerdict | undefined {
  const { limits } = context;
  if (proposal.until === null) return refuse('EXPIRY_REQUIRED', 'A rule may not block without end.');
  if (context.knownGood && proposal.score < limits.knownGoodScore) {
    return refuse(
      'KNOWN_GOOD',
      `The target logged in within 24 hours before; score ${proposal.score.toFixed(2)} is below ${limits.knownGoodScore}.`,
    );
  }
  if (context.recentBlocks >= limits.blocksPerMinute) {
    return review(
      'RATE',
      `Rules made ${context.recentBlocks} blocks in the last minute; ${limits.blocksPerMinute} are allowed.`,
    );
  }
  if (context.recentBlocksOfScenario >= limits.blocksPerMinuteOfScenario) {
    return review(
      'RATE',
      `This scenario made ${context.recentBlocksOfScenario} blocks in the last minute; ${limits.blocksPerMinuteOfScenario} are allowed.`,
    );
  }
  return undefined;
}

function blastRadius(prefix: IpPrefix | undefined, context: RailContext): RailVerdict | undefined {
  if (prefix === undefined) return undefined;
  const { family } = prefix.address;
  if (prefix.length < shortestPrefix[family]) {
    return review('BLAST_RADIUS', `A network of /${prefix.length} is larger than /${shortestPrefix[family]}.`);
  }
  const blocked = context.blockedAddresses + (family === 4 ? 2 ** (32 - prefix.length) : 0);
  if (blocked > context.limits.addressShare * ipv4Addresses) {
    return refuse(
      'BLAST_RADIUS',
      `${blocked} addresses would be blocked, more than a share of ${context.limits.addressShare}.`,
    );
  }
  const allowed = Math.max(1, Math.floor(context.knownGoodSources / 100));
  if (context.knownGood && context.blockedKnownGoodSources >= allowed) {
    return review(
      'BLAST_RADIUS',
      `${context.blockedKnownGoodSources} of the sources that log in are blocked already; ${allowed} is 1 %.`,
    );
  }
  return undefined;
}

const refuse = (code: RailCode, detail: string): RailVerdict => ({ kind: 'refuse', code, detail });
const review = (code: RailCode, detail: string): RailVerdict => ({ kind: 'review', code, detail });
