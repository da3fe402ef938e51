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
  /** Where no object of a class is alive when all garbage is collected, V8 drops the code that was compiled for it. */
  #lastContext: RailContext | undefined;

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
    this.#lastContext = new ProposalContext(this, this.#parts, proposal);
    return this.#lastContext;
  }

  isCausedByBlock(event: SecurityEvent): boolean {
    return mayBeRefusalByBlock(event) && this.#parts.projections.wasInForce(event.actor, event.domain, event.time);
  }

  /** Whether many people are behind an address, by the configuration or by who logged in from it. */
  isShared(target: BlockTarget, time: number): boolean {
    const prefix = targetPrefix(target);
    return prefix !== undefined && this.touchesShared(prefix, time);
  }

  /** The same for any network. */
  touchesShared(prefix: IpPrefix, time: number): boolean {
    const { shared, successes, limits } = this.#parts;
    return shared.touches(prefix) || successes.isShared(prefix, limits.sharedUsers, time);
  }
}

/** What has to be counted is counted when it is asked for: most proposals find a decision that runs. */
class ProposalContext implements RailContext {
  readonly limits: RailLimits;
  readonly #state: LedgerPolicyState;
  readonly #parts: PolicyStateParts;
  readonly #proposal: Proposal;
  #inside: number | undefined;

  constructor(state: LedgerPolicyState, parts: PolicyStateParts, proposal: Proposal) {
    this.limits = parts.limits;
    this.#state = state;
    this.#parts = parts;
    this.#proposal = proposal;
  }

  get blockedAddresses(): number {
    return this.#parts.projections.blockedAddresses;
  }

  get knownGoodSources(): number {
    return this.#parts.successes.size;
  }

  get knownGoodInside(): number {
    this.#inside ??= this.#countKnownGood();
    return this.#inside;
  }

  get blockedKnownGoodSources(): number {
    return this.knownGoodInside > 0 ? this.#countBlockedKnownGood() : 0;
  }

  get recentBlocks(): number {
    return this.#parts.projections.recentBlocks(this.#proposal.time);
  }

  get recentBlocksOfScenario(): number {
    return this.#parts.projections.recentBlocks(this.#proposal.time, this.#proposal.scenario.name);
  }

  touchesSelf(prefix: IpPrefix): boolean {
    return this.#state.self.touches(prefix);
  }

  touchesAllowList(prefix: IpPrefix): boolean {
    return this.#parts.projections.allowList.touches(prefix);
  }

  touchesShared(prefix: IpPrefix): boolean {
    return this.#state.touchesShared(prefix, this.#proposal.time);
  }

  #countKnownGood(): number {
    const { successes } = this.#parts;
    const { target, evidenceStart } = this.#proposal;
    const network = target.kind === 'range' ? targetPrefix(target) : undefined;
    if (network !== undefined) return successes.succeededInside(network, evidenceStart);
    return successes.succeededBefore(target, evidenceStart) ? 1 : 0;
  }

  #countBlockedKnownGood(): number {
    const { projections, successes } = this.#parts;
    let blocked = 0;
    for (const address of successes.addresses()) {
      const target = { kind: 'ip', value: address } as const;
      if (projections.blocking(target, undefined, this.#proposal.time) !== undefined) blocked += 1;
    }
    return blocked;
  }
}
