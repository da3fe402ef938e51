// The rails: a pure function between every proposal and the ledger. An unattended blocker must not be able to lock out its
// owner, so the rails are always on; their bounds can be set within limits, and no rule or option switches one off.
// All are asked about each proposal, and the gravest answer counts.

import { z } from 'zod';
import { type IpPrefix, isHost } from '../lookup/index.js';
import type { BlockAction } from './decision.js';

/** Every rail, in the order in which they are asked. */
export const railCodes = [
  'SELF',
  'ALLOW_LIST',
  'FEEDBACK_LOOP',
  'EXPIRY_REQUIRED',
  'KNOWN_GOOD',
  'RATE',
  'BLAST_RADIUS',
  'SPOOFABLE',
  'SHARED_ADDRESS',
] as const;

/**
 * Which rail refused, wants a person to look, or allows less.
 *
 * - `SELF`: the host's own addresses, its gateway and resolvers, loopback, link-local, administrators' connections
 * - `ALLOW_LIST`: an allow-listed address or network is touched; allow beats block, whichever came first
 * - `FEEDBACK_LOOP`: the evidence is nothing but the refusals of an earlier block
 * - `EXPIRY_REQUIRED`: a rule asked for a block without end, or of more than a year
 * - `KNOWN_GOOD`: the target logged in before, and the evidence is not strong enough for that
 * - `RATE`: too many new blocks in a minute
 * - `BLAST_RADIUS`: too large a network, too much of the address space, or too many of the clients that log in
 * - `SPOOFABLE`: some evidence could have been sent under a false address
 * - `SHARED_ADDRESS`: many people are behind the address
 */
export type RailCode = (typeof railCodes)[number];

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
  /** Users who logged in from one address within 24 hours, from which on it is a shared one: 2 to 64. Default 5. */
  readonly sharedUsers: number;
}

/** {@link RailLimits} from outside, with their defaults. */
export const railLimitsSchema = z.strictObject({
  blocksPerMinute: z.number().int().min(1).max(10_000).default(120),
  blocksPerMinuteOfScenario: z.number().int().min(1).max(10_000).default(60),
  addressShare: z.number().positive().max(0.01).default(0.001),
  knownGoodScore: z.number().min(2).max(100).default(3),
  sharedUsers: z.number().int().min(2).max(64).default(5),
});

/** What a proposal rests on. */
export interface EvidenceFacts {
  readonly events: number;
  /** Of them, refusals by an earlier block. */
  readonly causedByBlock: number;
  /** Of them, such as could have been sent under a false address. */
  readonly spoofable: number;
}

/** What the rails judge: a proposal with nothing left open. */
export interface RailProposal {
  /** The network of the target; `undefined` when it is no address. */
  readonly prefix: IpPrefix | undefined;
  readonly action: BlockAction;
  readonly origin: 'scenario' | 'person';
  /** From when, in milliseconds since 1970. */
  readonly from: number;
  /** Until when; `null`: without end. */
  readonly until: number | null;
  readonly score: number;
  readonly evidence: EvidenceFacts;
}

/** What the rails know. Counts are of the moment of the proposal. */
export interface RailContext {
  readonly limits: RailLimits;
  /** Whether a network touches what must never be blocked. */
  readonly touchesSelf: (prefix: IpPrefix) => boolean;
  readonly touchesAllowList: (prefix: IpPrefix) => boolean;
  /** Whether many people are behind some address of a network. */
  readonly touchesShared: (prefix: IpPrefix) => boolean;
  /** IPv4 addresses under a running block. */
  readonly blockedAddresses: number;
  /** Sources with a success in the last 24 hours before the evidence begins that the proposal would block. */
  readonly knownGoodInside: number;
  /** All sources with a success in the last 24 hours, and how many of them are blocked. */
  readonly knownGoodSources: number;
  readonly blockedKnownGoodSources: number;
  /** Blocks that rules made in the minute before, and those of the same scenario. */
  readonly recentBlocks: number;
  readonly recentBlocksOfScenario: number;
}

/** What the rails say. `throttle`: no more than that is allowed. */
export type RailVerdict =
  | { readonly kind: 'allow' }
  | { readonly kind: 'throttle' | 'refuse' | 'review'; readonly code: RailCode; readonly detail: string };

/** What one rail objects to. */
export type RailFinding = Exclude<RailVerdict, { kind: 'allow' }>;

const ipv4Addresses = 2 ** 32;
/** No rule blocks for longer, in milliseconds: a hundred years are no end. */
const longestMs = 366 * 86_400_000;
/** Prefixes shorter than these need a person. */
const shortestPrefix = { 4: 24, 6: 48 };

/** The gravest of what the rails object to. */
export function applyRails(proposal: RailProposal, context: RailContext): RailVerdict {
  return gravest(askRails(proposal, context));
}

/**
 * Everything that the rails object to, in the order of {@link railCodes}. Every rail holds for rules; for persons all but those
 * that only a person can answer: on what grounds, how many, how sure, and how long. `SELF`, `ALLOW_LIST` and `BLAST_RADIUS`
 * hold for everybody.
 */
export function askRails(proposal: RailProposal, context: RailContext): readonly RailFinding[] {
  const forRules = proposal.origin === 'scenario';
  const findings = [
    proposal.prefix === undefined ? undefined : untouchable(proposal.prefix, context),
    forRules ? feedbackLoop(proposal) : undefined,
    forRules ? expiryRequired(proposal) : undefined,
    forRules ? knownGood(proposal, context) : undefined,
    forRules ? rate(context) : undefined,
    blastRadius(proposal.prefix, context),
    ...softenings(proposal, context),
  ];
  return findings.filter((finding) => finding !== undefined);
}

/** What allows a throttle only: asked beforehand, since it says which decision a proposal would be. */
export function softenings(
  { action, origin, evidence, prefix }: Pick<RailProposal, 'action' | 'origin' | 'evidence' | 'prefix'>,
  context: Pick<RailContext, 'touchesShared'>,
): readonly RailFinding[] {
  const found: RailFinding[] = [];
  if (origin !== 'scenario') return found;
  if ((action === 'ban' || action === 'captcha') && evidence.spoofable > 0) {
    const share = `${evidence.spoofable} of ${evidence.events} events`;
    found.push(
      throttle('SPOOFABLE', `Nothing proves the sender of ${share}: good for a throttle, not for a ${action}.`),
    );
  }
  if (action === 'ban' && prefix !== undefined && context.touchesShared(prefix)) {
    found.push(throttle('SHARED_ADDRESS', 'Many people are behind this address: it is throttled and not banned.'));
  }
  return found;
}

/** Of several findings the one that counts: a refusal, else a review, else the first. */
export function gravest(findings: readonly RailFinding[]): RailVerdict {
  const grave =
    findings.find(({ kind }) => kind === 'refuse') ?? findings.find(({ kind }) => kind === 'review') ?? findings[0];
  return grave ?? { kind: 'allow' };
}

function untouchable(prefix: IpPrefix, context: RailContext): RailFinding | undefined {
  if (context.touchesSelf(prefix)) return refuse('SELF', 'The target touches an address that this host needs.');
  if (context.touchesAllowList(prefix)) return refuse('ALLOW_LIST', 'The target touches an allow-listed network.');
  return undefined;
}

function feedbackLoop({ evidence }: RailProposal): RailFinding | undefined {
  if (evidence.events === 0 || evidence.causedByBlock < evidence.events) return undefined;
  return refuse('FEEDBACK_LOOP', 'All of the evidence is refusals that an earlier block caused.');
}

function expiryRequired({ from, until }: RailProposal): RailFinding | undefined {
  if (until !== null && until - from <= longestMs) return undefined;
  return refuse('EXPIRY_REQUIRED', 'A rule may not block without end, nor for more than a year.');
}

function knownGood({ prefix, score }: RailProposal, context: RailContext): RailFinding | undefined {
  const { knownGoodInside, limits } = context;
  if (knownGoodInside === 0) return undefined;
  if (prefix !== undefined && !isHost(prefix)) {
    return review('KNOWN_GOOD', `${knownGoodInside} sources in this network logged in within 24 hours before.`);
  }
  if (score >= limits.knownGoodScore) return undefined;
  return refuse(
    'KNOWN_GOOD',
    `The target logged in within 24 hours before; score ${score.toFixed(2)} is below ${limits.knownGoodScore}.`,
  );
}

function rate({ limits, recentBlocks, recentBlocksOfScenario }: RailContext): RailFinding | undefined {
  if (recentBlocks >= limits.blocksPerMinute) {
    return review(
      'RATE',
      `Rules made ${recentBlocks} blocks in the last minute; ${limits.blocksPerMinute} are allowed.`,
    );
  }
  if (recentBlocksOfScenario >= limits.blocksPerMinuteOfScenario) {
    return review(
      'RATE',
      `This scenario made ${recentBlocksOfScenario} blocks in the last minute; ${limits.blocksPerMinuteOfScenario} are allowed.`,
    );
  }
  return undefined;
}

function blastRadius(prefix: IpPrefix | undefined, context: RailContext): RailFinding | undefined {
  if (prefix === undefined) return undefined;
  const { family } = prefix.address;
  const blocked = context.blockedAddresses + (family === 4 ? 2 ** (32 - prefix.length) : 0);
  const isTooLarge = prefix.length < shortestPrefix[family];
  if (!isTooLarge && blocked > context.limits.addressShare * ipv4Addresses) {
    return refuse(
      'BLAST_RADIUS',
      `${blocked} addresses would be blocked, more than a share of ${context.limits.addressShare}.`,
    );
  }
  if (isTooLarge) {
    return review('BLAST_RADIUS', `A network of /${prefix.length} is larger than /${shortestPrefix[family]}.`);
  }
  const allowed = Math.max(1, Math.floor(context.knownGoodSources / 100));
  const { blockedKnownGoodSources, knownGoodInside } = context;
  if (knownGoodInside > 0 && blockedKnownGoodSources + knownGoodInside > allowed) {
    return review(
      'BLAST_RADIUS',
      `${blockedKnownGoodSources} of the sources that log in are blocked already, and this would be ${knownGoodInside} more; ${allowed} is 1 %.`,
    );
  }
  return undefined;
}

const refuse = (code: RailCode, detail: string): RailFinding => ({ kind: 'refuse', code, detail });
const review = (code: RailCode, detail: string): RailFinding => ({ kind: 'review', code, detail });
const throttle = (code: RailCode, detail: string): RailFinding => ({ kind: 'throttle', code, detail });
