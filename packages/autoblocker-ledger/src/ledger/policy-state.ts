// What the policy and the rails may know, read from the projections and from who logged in lately.

import type {
  EarlierDecision,
  PolicyState,
  Proposal,
  RailContext,
  RailLimits,
  RecentSuccesses,
} from '../decisions/index.js';
import { targetPrefix } from '../decisions/index.js';
import { type BlockTarget, mayBeRefusalByBlock, type SecurityEvent } from '../events/index.js';
import type { IpPrefix, NetworkSet } from '../lookup/index.js';
import type { Projections } from './projections.js';

/** What a {@link LedgerPolicyState} reads from. */
export interface PolicyStateParts {
  readonly projections: Projections;
  readonly successes: RecentSuccesses;
  readonly self: NetworkSet;
  /** Networks behind which many people are. */
  readonly shared: NetworkSet;
  readonly limits: RailLimits;
}

/** The state of a ledger, as the policy asks for it. */
export class LedgerPolicyState implements PolicyState {
  /** Networks that are never blocked; may be replaced when the host's addresses change. */
  self: NetworkSet;
  readonly #parts: PolicyStateParts;

  constructor(parts: PolicyStateParts) {
    this.#parts = parts;
    this.self = parts.self;
  }

  earlier(target: BlockTarget): readonly EarlierDecision[] {
    return this.#parts.projections.earlier(target);
  }

  scoreAt(target: BlockTarget, time: number): number {
    return this.#parts.projections.scoreAt(target, time);
  }

  railContext(proposal: Proposal): RailContext {
    const { projections, successes, limits } = this.#parts;
    const touching = {
      touchesSelf: (prefix: IpPrefix) => this.self.touches(prefix),
      touchesAllowList: (prefix: IpPrefix) => projections.allowList.touches(prefix),
      touchesShared: (prefix: IpPrefix) => this.#touchesShared(prefix, proposal.time),
    };
    const counts = { limits, blockedAddresses: projections.blockedAddresses, knownGoodSources: successes.size };
    return new ProposalContext(touching, counts, projections, proposal, {
      inside: () => this.#knownGoodInside(proposal.target, proposal.evidenceStart),
      blocked: () => this.#blockedKnownGood(proposal.time),
    });
  }

  isCausedByBlock(event: SecurityEvent): boolean {
    return mayBeRefusalByBlock(event) && this.#parts.projections.wasInForce(event.actor, event.domain, event.time);
  }

  /** Whether many people are behind an address, by the configuration or by who logged in from it. */
  isShared(target: BlockTarget, time: number): boolean {
    const prefix = targetPrefix(target);
    return prefix !== undefined && this.#touchesShared(prefix, time);
  }

  #touchesShared(prefix: IpPrefix, time: number): boolean {
    const { shared, successes, limits } = this.#parts;
    return shared.touches(prefix) || successes.isShared(prefix, limits.sharedUsers, time);
  }

  #knownGoodInside(target: BlockTarget, evidenceStart: number): number {
    const { successes } = this.#parts;
    const network = target.kind === 'range' ? targetPrefix(target) : undefined;
    if (network !== undefined) return successes.succeededInside(network, evidenceStart);
    return successes.succeededBefore(target, evidenceStart) ? 1 : 0;
  }

  #blockedKnownGood(time: number): number {
    const { projections, successes } = this.#parts;
    let blocked = 0;
    for (const address of successes.addresses()) {
      if (projections.blocking({ kind: 'ip', value: address }, undefined, time) !== undefined) blocked += 1;
    }
    return blocked;
  }
}

type Touching = Pick<RailContext, 'touchesSelf' | 'touchesAllowList' | 'touchesShared'>;
type Counts = Pick<RailContext, 'limits' | 'blockedAddresses' | 'knownGoodSources'>;

/** What has to be counted is counted when it is asked for: most proposals find a decision that runs. */
class ProposalContext implements RailContext {
  readonly limits: RailLimits;
  readonly touchesSelf: RailContext['touchesSelf'];
  readonly touchesAllowList: RailContext['touchesAllowList'];
  readonly touchesShared: RailContext['touchesShared'];
  readonly blockedAddresses: number;
  readonly knownGoodSources: number;
  readonly #projections: Projections;
  readonly #proposal: Proposal;
  readonly #knownGood: { readonly inside: () => number; readonly blocked: () => number };
  #inside: number | undefined;

  constructor(
    { touchesSelf, touchesAllowList, touchesShared }: Touching,
    { limits, blockedAddresses, knownGoodSources }: Counts,
    projections: Projections,
    proposal: Proposal,
    knownGood: { readonly inside: () => number; readonly blocked: () => number },
  ) {
    this.limits = limits;
    this.touchesSelf = touchesSelf;
    this.touchesAllowList = touchesAllowList;
    this.touchesShared = touchesShared;
    this.blockedAddresses = blockedAddresses;
    this.knownGoodSources = knownGoodSources;
    this.#projections = projections;
    this.#proposal = proposal;
    this.#knownGood = knownGood;
  }

  get knownGoodInside(): number {
    this.#inside ??= this.#knownGood.inside();
    return this.#inside;
  }

  get blockedKnownGoodSources(): number {
    return this.knownGoodInside > 0 ? this.#knownGood.blocked() : 0;
  }

  get recentBlocks(): number {
    return this.#projections.recentBlocks(this.#proposal.time);
  }

  get recentBlocksOfScenario(): number {
    return this.#projections.recentBlocks(this.#proposal.time, this.#proposal.scenario.name);
  }
}
