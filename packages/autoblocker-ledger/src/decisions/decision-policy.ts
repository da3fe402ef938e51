// From an overflow or a person's wish to what the ledger shall record: a new decision, a longer one, a refusal, a review,
// or nothing. Pure: all it knows is in the state that it is given, which the ledger rebuilds from its own entries.

import type { BlockTarget } from '../events/index.js';
import type { Overflow } from '../scenarios/index.js';
import { type BanEscalation, banLengthMs } from './ban-escalation.js';
import { canonicalTarget, targetPrefix } from './block-target-prefix.js';
import { checked } from './checked.js';
import { type BlockAction, type BlockProposal, blockProposalSchema } from './decision.js';
import { applyRails, type RailCode, type RailContext, type RailVerdict } from './safety-rails.js';

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
  railContext(target: BlockTarget, scenario: string, time: number, evidenceStart: number): RailContext;
}

/** What the ledger shall record. */
export type Plan =
  | { readonly kind: 'decide'; readonly from: number; readonly until: number | null; readonly score: number }
  | { readonly kind: 'extend'; readonly decision: bigint; readonly until: number | null; readonly score: number }
  | {
      readonly kind: 'review';
      readonly from: number;
      readonly until: number | null;
      readonly score: number;
      readonly code: RailCode;
      readonly detail: string;
    }
  | { readonly kind: 'refuse'; readonly score: number; readonly code: RailCode; readonly detail: string }
  /** A decision runs and would hardly become longer. */
  | { readonly kind: 'nothing'; readonly decision: bigint };

/** The scenario of decisions that people make. */
const personScenario = { name: 'person/manual', version: '1.0.0' };

/** The proposal of an overflow: against the one whom its scenario accuses, in all domains. */
export function proposalOf(overflow: Overflow): Proposal | undefined {
  const { name, version, description, score, action = 'ban', target: accused } = overflow.scenario;
  const last = overflow.events.at(-1);
  const target = last === undefined || accused === undefined ? last?.actor[0] : accused(last);
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
    score,
    eventCount: overflow.eventCount,
  };
}

/** The proposal of a caller. @throws TenstripError `TargetInvalid`, `OptionsInvalid` */
export function requestedProposal(request: BlockProposal, now: number): Proposal {
  const target = canonicalTarget(request.target);
  const { action, domains, reason, origin, scenario, durationMs, time, score } = checked(
    blockProposalSchema,
    request,
    'a block',
  );
  return {
    target,
    action: action ?? 'ban',
    domains: domains ?? 'all',
    reason,
    origin: origin ?? 'person',
    scenario: scenario ?? personScenario,
    time: time ?? now,
    evidenceStart: time ?? now,
    durationMs,
    score: score ?? 1,
    eventCount: 0,
  };
}

/** What the rails say to a proposal, whether or not a decision runs. */
export function judge(proposal: Proposal, state: PolicyState, escalation: BanEscalation): RailVerdict {
  const { target, time, origin } = proposal;
  const until = endOf(proposal, state.earlier(target), escalation);
  const score = state.scoreAt(target, time) + proposal.score;
  const context = state.railContext(target, proposal.scenario.name, time, proposal.evidenceStart);
  return applyRails({ prefix: targetPrefix(target), origin, until, score }, context);
}

/** What to record for a proposal. */
export function decide(proposal: Proposal, state: PolicyState, escalation: BanEscalation): Plan {
  const { target, time } = proposal;
  const earlier = state.earlier(target);
  const until = endOf(proposal, earlier, escalation);
  const score = state.scoreAt(target, time) + proposal.score;
  const context = state.railContext(target, proposal.scenario.name, time, proposal.evidenceStart);
  const running = earlier.findLast((decision) => isSame(decision, proposal) && runsAt(decision, time));
  if (running === undefined) {
    const verdict = applyRails({ prefix: targetPrefix(target), origin: proposal.origin, until, score }, context);
    if (verdict.kind === 'allow') return { kind: 'decide', from: time, until, score };
    const { code, detail } = verdict;
    return verdict.kind === 'refuse'
      ? { kind: 'refuse', score, code, detail }
      : { kind: 'review', from: time, until, score, code, detail };
  }
  if (!isWorthExtending(running, proposal, until)) return { kind: 'nothing', decision: running.id };
  // A longer ban adds no target and needs no place under RATE or BLAST_RADIUS; whom it must not touch still holds.
  const verdict = applyRails(
    { prefix: targetPrefix(target), origin: proposal.origin, until, score },
    { ...context, recentBlocks: 0, recentBlocksOfScenario: 0, blockedAddresses: 0, knownGood: false },
  );
  if (verdict.kind === 'refuse') return { kind: 'refuse', score, code: verdict.code, detail: verdict.detail };
  return { kind: 'extend', decision: running.id, until: laterOf(running.until, until), score };
}

/** A key for "the same whom and where": what extends instead of adding. */
function isSame(decision: EarlierDecision, proposal: Proposal): boolean {
  return decision.action === proposal.action && domainsKey(decision.domains) === domainsKey(proposal.domains);
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

function endOf(proposal: Proposal, earlier: readonly EarlierDecision[], escalation: BanEscalation): number | null {
  if (proposal.durationMs === null) return null;
  if (proposal.durationMs !== undefined) return proposal.time + proposal.durationMs;
  const remembered = earlier.filter(
    (decision) =>
      decision.held === 'active' &&
      decision.from <= proposal.time &&
      decision.from > proposal.time - escalation.memoryMs &&
      !(isSame(decision, proposal) && runsAt(decision, proposal.time)),
  );
  return proposal.time + banLengthMs(escalation, remembered.length);
}

function laterOf(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : Math.max(one, other);
}

function domainsKey(domains: 'all' | readonly string[]): string {
  return domains === 'all' ? 'all' : [...domains].sort().join(' ');
}
