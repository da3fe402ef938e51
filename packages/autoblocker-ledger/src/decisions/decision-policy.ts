// From an overflow or a person's wish to what the ledger shall record: a new decision, a longer one, a refusal, a review,
// or nothing. Pure: all it knows is in the state that it is given, which the ledger rebuilds from its own entries.

import { TenstripError } from '@tenstrip/shared-core/errors';
import type { LedgerErrorCode } from '../errors/index.js';
import { type BlockTarget, parseSecurityEvent, provesAddress, type SecurityEvent } from '../events/index.js';
import { formatIpPrefix } from '../lookup/index.js';
import type { Accuser, Overflow } from '../scenarios/index.js';
import { type BanEscalation, banLengthMs } from './ban-escalation.js';
import { type RecidiveNetwork, recidiveHosts } from './banned-neighbours.js';
import { canonicalTarget, targetPrefix } from './block-target-prefix.js';
import { checked } from './checked.js';
import { type BlockAction, type BlockProposal, blockProposalSchema } from './decision.js';
import {
  askRails,
  type EvidenceFacts,
  gravest,
  type RailCode,
  type RailContext,
  type RailProposal,
  type RailVerdict,
  softenings,
} from './safety-rails.js';

/** A proposal with nothing left open. */
export interface Proposal {
  readonly target: BlockTarget;
  readonly action: BlockAction;
  readonly domains: 'all' | readonly string[];
  readonly reason: string;
  readonly origin: 'scenario' | 'person';
  readonly scenario: { readonly name: string; readonly version: string };
  /** Event time in milliseconds since 1970. */
  readonly time: number;
  /** When its evidence begins. */
  readonly evidenceStart: number;
  /** `undefined`: as the escalation says. */
  readonly durationMs: number | null | undefined;
  /** What it adds to the score of its target. */
  readonly score: number;
  readonly eventCount: number;
  /** The events that it rests on, as far as they are kept. */
  readonly evidence: readonly SecurityEvent[];
}

/** A decision on the same target, as far as a new proposal cares. */
export interface EarlierDecision {
  readonly id: bigint;
  readonly from: number;
  readonly until: number | null;
  readonly action: BlockAction;
  readonly domains: 'all' | readonly string[];
  readonly scenarios: ReadonlySet<string>;
  readonly held: 'active' | 'pending-review' | 'revoked';
}

/** What the policy knows of the past. */
export interface PolicyState {
  /** Decisions on the target, oldest first. */
  earlier(target: BlockTarget): readonly EarlierDecision[];
  /** The target's score at a time, decayed. */
  scoreAt(target: BlockTarget, time: number): number;
  railContext(proposal: Proposal): RailContext;
  /** Whether an event is the refusal of an earlier block. */
  isCausedByBlock(event: SecurityEvent): boolean;
}

/** What the ledger shall record. */
export type Plan =
  | {
      readonly kind: 'decide' | 'review';
      /** As proposed, or `throttle` where a rail allows no more. */
      readonly action: BlockAction;
      readonly from: number;
      readonly until: number | null;
      readonly score: number;
      /** Bans of the target that are remembered. */
      readonly earlier: number;
      /** The rail that wants the review, or that allowed a throttle only. */
      readonly rail: { readonly code: RailCode; readonly detail: string } | undefined;
    }
  | { readonly kind: 'extend'; readonly decision: bigint; readonly until: number | null; readonly score: number }
  | { readonly kind: 'refuse'; readonly score: number; readonly code: RailCode; readonly detail: string }
  /** A decision runs and would hardly become longer. */
  | { readonly kind: 'nothing'; readonly decision: bigint };

const maxRequestedEvents = 50;

/** The scenario of decisions that people make. */
const personScenario = { name: 'person/manual', version: '1.0.0' };

/** The proposal of an overflow: against the one whom its scenario accuses, in all domains. */
export function proposalOf(overflow: Overflow): Proposal | undefined {
  const { name, version, description, score, action = 'ban', target: accused } = overflow.scenario;
  const last = overflow.events.at(-1);
  const target = overflow.target ?? (last === undefined || accused === undefined ? last?.actor[0] : accused(last));
  if (target === undefined) return undefined;
  return {
    target: canonicalTarget(target),
    action,
    domains: 'all',
    reason: description,
    origin: 'scenario',
    scenario: { name, version },
    time: overflow.time,
    evidenceStart: overflow.events.reduce((earliest, event) => Math.min(earliest, event.time), overflow.time),
    durationMs: undefined,
    score: overflow.score ?? score,
    eventCount: overflow.eventCount,
    evidence: overflow.events,
  };
}

/** The rule of proposals against whole networks. */
export const networkRecidiveRule: Accuser = {
  name: 'tenstrip/network-recidive',
  version: '1.0.0',
  description: `At least ${recidiveHosts} addresses of one /24, or /64s of one /48, banned within a day`,
  references: ['T1583.003'],
  score: 1,
};

/** The proposal against a network of repeat offenders. */
export function recidiveProposal({ network, hosts }: RecidiveNetwork<unknown>, time: number): Proposal {
  const { name, version, description, score } = networkRecidiveRule;
  return {
    target: { kind: 'range', value: formatIpPrefix(network) },
    action: 'ban',
    domains: 'all',
    reason: description,
    origin: 'scenario',
    scenario: { name, version },
    time,
    // Whoever logged in from it, at whatever time, is somebody whom a rule must not lock out with the others.
    evidenceStart: time,
    durationMs: undefined,
    score,
    eventCount: hosts,
    evidence: [],
  };
}

/**
 * The proposal of a caller. `latest`: what a rule's time may not be after, else its block would last until then.
 * @throws TenstripError `TargetInvalid`, `OptionsInvalid`, `EventInvalid`
 */
export function requestedProposal(request: BlockProposal, now: number, latest: number): Proposal {
  const wish = checked(blockProposalSchema, request, 'a block');
  const target = canonicalTarget(request.target);
  const evidence = requestedEvidence(request.evidence ?? []);
  const { action, domains, reason, origin = 'person', scenario, durationMs, score } = wish;
  const time = Math.min(wish.time ?? now, origin === 'scenario' ? latest : Number.POSITIVE_INFINITY);
  return {
    target,
    action: action ?? 'ban',
    domains: domains ?? 'all',
    reason,
    origin,
    scenario: scenario ?? personScenario,
    time,
    evidenceStart: evidence.reduce((earliest, event) => Math.min(earliest, event.time), time),
    durationMs,
    score: score ?? 1,
    eventCount: evidence.length,
    evidence,
  };
}

function requestedEvidence(events: readonly SecurityEvent[]): readonly SecurityEvent[] {
  if (Array.isArray(events) && events.length <= maxRequestedEvents) {
    return events.map(parseSecurityEvent).map((event) => ({ ...event, actor: event.actor.map(canonicalTarget) }));
  }
  throw new TenstripError<LedgerErrorCode>(
    'OptionsInvalid',
    `The evidence of a block is a list of at most ${maxRequestedEvents} events. Give the newest of them.`,
    { details: { issues: ['evidence'] } },
  );
}

/** What the rails say to a proposal, whether or not a decision runs. */
export function judge(proposal: Proposal, state: PolicyState, escalation: BanEscalation): RailVerdict {
  const earlier = state.earlier(proposal.target);
  const { until } = endOf(proposal, earlier, escalation);
  return gravest(askRails(railProposal(proposal, until, state), state.railContext(proposal)));
}

/** What to record for a proposal. */
export function decide(proposed: Proposal, state: PolicyState, escalation: BanEscalation): Plan {
  const { target, time } = proposed;
  const past = state.earlier(target);
  const context = state.railContext(proposed);
  const asked = railProposal(proposed, proposed.durationMs === null ? null : time, state);
  // Which decision it would be has to be known before one that runs can be looked for.
  const isSoftened = softenings(asked, context).length > 0;
  const proposal: Proposal = isSoftened ? { ...proposed, action: 'throttle' } : proposed;
  const { until, earlier } = endOf(proposal, past, escalation);
  const running = past.findLast((decision) => isSame(decision, proposal) && runsAt(decision, time));
  if (running !== undefined && !isWorthExtending(running, proposal, until)) {
    return { kind: 'nothing', decision: running.id };
  }
  const score = asked.score;
  const verdict = gravest(askRails(endingAt(until, asked), running === undefined ? context : contextOfLonger(context)));
  if (verdict.kind === 'refuse') return { kind: 'refuse', score, code: verdict.code, detail: verdict.detail };
  if (running !== undefined) {
    return { kind: 'extend', decision: running.id, until: laterOf(running.until, until), score };
  }
  const rail = verdict.kind === 'allow' ? undefined : { code: verdict.code, detail: verdict.detail };
  const kind = verdict.kind === 'review' ? 'review' : 'decide';
  return { kind, action: proposal.action, from: time, until, score, earlier, rail };
}

/** A longer ban adds no target and needs no place under RATE or BLAST_RADIUS; whom it must not touch still holds. */
function contextOfLonger(context: RailContext): RailContext {
  return {
    limits: context.limits,
    touchesSelf: (prefix) => context.touchesSelf(prefix),
    touchesAllowList: (prefix) => context.touchesAllowList(prefix),
    touchesShared: (prefix) => context.touchesShared(prefix),
    blockedAddresses: 0,
    knownGoodInside: 0,
    knownGoodSources: 0,
    blockedKnownGoodSources: 0,
    recentBlocks: 0,
    recentBlocksOfScenario: 0,
  };
}

function endingAt(until: number | null, { prefix, action, origin, from, score, evidence }: RailProposal): RailProposal {
  return { prefix, action, origin, from, until, score, evidence };
}

function railProposal(proposal: Proposal, until: number | null, state: PolicyState): RailProposal {
  const { target, action, origin, time } = proposal;
  const score = state.scoreAt(target, time) + proposal.score;
  return { prefix: targetPrefix(target), action, origin, from: time, until, score, evidence: factsOf(proposal, state) };
}

function factsOf({ evidence }: Proposal, state: PolicyState): EvidenceFacts {
  let causedByBlock = 0;
  let spoofable = 0;
  for (const event of evidence) {
    if (state.isCausedByBlock(event)) causedByBlock += 1;
    if (!provesAddress(event)) spoofable += 1;
  }
  return { events: evidence.length, causedByBlock, spoofable };
}

/** A key for "the same whom and where": what extends instead of adding. */
function isSame(decision: EarlierDecision, proposal: Proposal): boolean {
  if (decision.action !== proposal.action) return false;
  return decision.domains === proposal.domains || domainsKey(decision.domains) === domainsKey(proposal.domains);
}

function runsAt(decision: EarlierDecision, time: number): boolean {
  return decision.held !== 'revoked' && decision.from <= time && (decision.until === null || time < decision.until);
}

/** A ban is extended for a new reason, or when that makes it at least a tenth longer. */
function isWorthExtending(running: EarlierDecision, proposal: Proposal, until: number | null): boolean {
  if (running.until === null) return false;
  if (until === null) return true;
  const gain = until - running.until;
  return gain > 0 && (!running.scenarios.has(proposal.scenario.name) || gain >= (until - proposal.time) / 10);
}

/** When a decision would end, and how many bans of the target are remembered. */
function endOf(
  proposal: Proposal,
  past: readonly EarlierDecision[],
  escalation: BanEscalation,
): { readonly until: number | null; readonly earlier: number } {
  const { durationMs, time } = proposal;
  let earlier = 0;
  for (const decision of past) {
    const isRemembered =
      decision.held === 'active' && decision.from <= time && decision.from > time - escalation.memoryMs;
    if (isRemembered && !(isSame(decision, proposal) && runsAt(decision, time))) earlier += 1;
  }
  if (durationMs !== undefined) return { until: durationMs === null ? null : time + durationMs, earlier };
  return { until: time + banLengthMs(escalation, earlier), earlier };
}

function laterOf(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : Math.max(one, other);
}

function domainsKey(domains: 'all' | readonly string[]): string {
  return domains === 'all' ? 'all' : [...domains].sort().join(' ');
}
