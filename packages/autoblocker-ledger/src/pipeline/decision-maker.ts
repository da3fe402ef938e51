// One event at a time: buckets, overflow, proposal, rails, ledger entry. The recipe of the whole package.

import { hash } from 'node:crypto';
import type { CrossDomainDetector } from '../correlation/index.js';
import {
  type BanEscalation,
  type BlockProposal,
  type DecisionOutcome,
  decide,
  judge,
  type Plan,
  type Proposal,
  proposalOf,
  type RailVerdict,
  type RecentSuccesses,
  recidiveProposal,
  requestedProposal,
} from '../decisions/index.js';
import { isVerified, type SecurityEvent } from '../events/index.js';
import {
  type BlockLedger,
  type EvidenceLine,
  evidenceOf,
  type LedgerEntry,
  type LedgerPolicyState,
} from '../ledger/index.js';
import type { Overflow, PatternDetector } from '../scenarios/index.js';

/** What a {@link DecisionMaker} works with. */
export interface DecisionMakerParts {
  readonly detector: PatternDetector;
  readonly crossDomain: CrossDomainDetector;
  readonly successes: RecentSuccesses;
  readonly state: LedgerPolicyState;
  readonly ledger: BlockLedger;
  readonly escalation: BanEscalation;
  /** The clock, for `recordedAt`. */
  readonly clockNow: () => number;
  /** What "now" means in this ledger. */
  readonly now: () => number;
  /** What no rule may be ahead of. */
  readonly latest: () => number;
}

/** What came of an overflow. */
export interface Settled {
  readonly scenario: string;
  /** `undefined`: it had its effect before a restart. */
  readonly carriedOut: CarriedOut | undefined;
}

/** What was done about a proposal, and the entry or the decision that says more. */
interface CarriedOut {
  readonly plan: Plan;
  /** Of the entry that was recorded; of the decision that runs where nothing was. */
  readonly index: bigint;
}

/** Turns events and wishes into entries of the ledger. */
export class DecisionMaker {
  // Each by itself: parts that are put together from others have now this layout and now that, and code compiled for one is
  // thrown away with the next ledger.
  readonly #detector: PatternDetector;
  readonly #crossDomain: CrossDomainDetector;
  readonly #successes: RecentSuccesses;
  readonly #state: LedgerPolicyState;
  readonly #ledger: BlockLedger;
  readonly #escalation: BanEscalation;
  readonly #clockNow: () => number;
  readonly #now: () => number;
  readonly #latest: () => number;
  /** Events that were our own refusals, since the start. */
  feedbackEvents = 0;

  constructor(parts: DecisionMakerParts) {
    this.#detector = parts.detector;
    this.#crossDomain = parts.crossDomain;
    this.#successes = parts.successes;
    this.#state = parts.state;
    this.#ledger = parts.ledger;
    this.#escalation = parts.escalation;
    this.#clockNow = parts.clockNow;
    this.#now = parts.now;
    this.#latest = parts.latest;
  }

  /**
   * Looks at one event. A replayed one only refills buckets: what it led to is in the ledger. `tell` is told each outcome, with
   * its decision as it is then; without it no decision is made for nobody.
   */
  observe(event: SecurityEvent, replayed: boolean, tell?: (outcome: DecisionOutcome) => void): readonly Settled[] {
    if (this.#state.isCausedByBlock(event)) {
      this.feedbackEvents += 1;
      return none;
    }
    const overflows = this.#detector.offer(event);
    const joined = this.#crossDomain.offer(event);
    if (event.outcome === 'success') this.#noteSuccess(event);
    if (replayed || (overflows.length === 0 && joined === undefined)) return none;
    const settled: Settled[] = [];
    for (const overflow of overflows) this.#settle(overflow, settled, tell);
    if (joined !== undefined) this.#settle(joined, settled, tell);
    return settled;
  }

  /** Puts a caller's wish before the rails. @throws TenstripError `TargetInvalid` */
  propose(request: BlockProposal): DecisionOutcome {
    const proposal = requestedProposal(request, this.#now(), this.#latest());
    return this.#outcomeOf(this.#carryOut(proposal, () => proposal.evidence, undefined));
  }

  /** What the rails say to a caller's wish now; nothing is recorded. @throws TenstripError `TargetInvalid` */
  judge(request: BlockProposal): RailVerdict {
    return judge(requestedProposal(request, this.#now(), this.#latest()), this.#state, this.#escalation);
  }

  #noteSuccess(event: SecurityEvent): void {
    const named = event.actor.find(({ kind }) => kind === 'user') as { readonly value: string } | undefined;
    const user = event.victim?.user ?? named?.value;
    for (const actor of event.actor) {
      const isKnown = actor.kind === 'ip' || (actor.kind !== 'user' && actor.kind !== 'range' && isVerified(event));
      if (isKnown) this.#successes.note(actor, user, event.time);
    }
  }

  /** Adds what comes of an overflow: its decision, and perhaps one on the network around it. */
  #settle(overflow: Overflow, settled: Settled[], tell?: (outcome: DecisionOutcome) => void): void {
    const scenario = overflow.scenario.name;
    const key = overflowKey(overflow);
    const proposal = this.#ledger.projections.hasOverflow(key) ? undefined : proposalOf(overflow);
    if (proposal === undefined) {
      settled.push({ scenario, carriedOut: undefined });
      return;
    }
    const carriedOut = this.#carryOut(proposal, () => overflow.events, key);
    settled.push({ scenario, carriedOut });
    tell?.(this.#outcomeOf(carriedOut));
    const wider = this.#proposeNetwork(proposal, carriedOut.plan);
    if (wider === undefined) return;
    settled.push(wider);
    tell?.(this.#outcomeOf(wider.carriedOut));
  }

  /** After the ban of one more address: its network, when too many of it were banned. */
  #proposeNetwork({ target, time }: Proposal, plan: Plan): (Settled & { readonly carriedOut: CarriedOut }) | undefined {
    if (target.kind !== 'ip' || (plan.kind !== 'decide' && plan.kind !== 'extend')) return undefined;
    const network = this.#ledger.projections.neighbours.recidive(target.value, time);
    if (network === undefined) return undefined;
    const proposal = recidiveProposal(network, time);
    return { scenario: proposal.scenario.name, carriedOut: this.#carryOut(proposal, network.evidence, undefined) };
  }

  /**
   * Evidence is made only for what is recorded: most proposals find a decision that runs. An extension states what its decision
   * does not hold yet: rules that look at the same events differently overflow on the same lines.
   */
  #carryOut(
    proposal: Proposal,
    seen: () => readonly SecurityEvent[] | readonly EvidenceLine[],
    overflow: string | undefined,
  ): CarriedOut {
    const plan = decide(proposal, this.#state, this.#escalation);
    if (plan.kind === 'nothing') return { plan, index: plan.decision };
    const { projections } = this.#ledger;
    const isNew = (digest: string) => plan.kind !== 'extend' || !projections.isEvidence(plan.decision, digest);
    const evidence: EvidenceLine[] = [];
    for (const one of seen()) {
      if (isNew('evidence' in one ? one.evidence.digest : one.digest)) {
        evidence.push('evidence' in one ? evidenceOf(one) : one);
      }
    }
    return { plan, index: this.#ledger.record(entryOf(plan, proposal, { evidence, overflow }, this.#clockNow())) };
  }

  /** What a caller is told of what was done. */
  #outcomeOf({ plan, index }: CarriedOut): DecisionOutcome {
    const decisionOf = (id: bigint) => this.#ledger.requireDecision(id, this.#now());
    switch (plan.kind) {
      case 'nothing':
        return { kind: 'unchanged', decision: decisionOf(plan.decision) };
      case 'decide':
        return { kind: 'decided', decision: decisionOf(index) };
      case 'extend':
        return { kind: 'extended', decision: decisionOf(plan.decision) };
      case 'review':
        return { kind: 'review', decision: decisionOf(index), ...plan.rail! };
      case 'refuse':
        return { kind: 'refused', entry: index, code: plan.code, detail: plan.detail };
    }
  }
}

interface Evidence {
  readonly overflow: string | undefined;
  readonly evidence: readonly EvidenceLine[];
}

const none: readonly never[] = [];

/** The entry that a plan asks for. */
function entryOf(
  plan: Exclude<Plan, { kind: 'nothing' }>,
  proposal: Proposal,
  evidence: Evidence,
  recordedAt: number,
): LedgerEntry {
  const { time, scenario, eventCount, origin, target, reason, domains } = proposal;
  const { score } = plan;
  // Members in the order of canonical JSON, which the ledger then only checks.
  const personal = () => ({ evidence: evidence.evidence, overflow: evidence.overflow, reason, target });
  switch (plan.kind) {
    case 'extend': {
      const { until } = plan;
      const fact = { decision: String(plan.decision), eventCount, recordedAt, scenario, score, time, until };
      return { class: 'extension', fact, personal: evidence };
    }
    case 'refuse': {
      const { code, detail } = plan;
      const fact = { code, detail, eventCount, origin, recordedAt, scenario, score, time };
      return { class: 'refusal', fact, personal: personal() };
    }
    case 'decide':
    case 'review': {
      const { from, until, action, earlier, rail } = plan;
      const held = plan.kind === 'decide' ? ('active' as const) : ('pending-review' as const);
      const fact = {
        action,
        domains,
        earlier,
        eventCount,
        from,
        held,
        origin,
        rail,
        recordedAt,
        scenario,
        score,
        time,
        until,
      };
      return { class: 'decision', fact, personal: personal() };
    }
  }
}

/** The same for the same overflow of the same lines, whenever they are read. No two overflows are one text: the name has no blank. */
function overflowKey({ scenario, group, time, events }: Overflow): string {
  const { digest = '', source = '', offset = '' } = events.at(-1)?.evidence ?? {};
  const text = `${scenario.name} ${time} ${digest} ${offset} ${source.length} ${source}${group}`;
  return hash('sha256', text, 'hex').slice(0, 32);
}
