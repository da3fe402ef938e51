// What the policy and the rails may know, read from the projections and from who logged in lately.

import type { EarlierDecision, PolicyState, RailContext, RailLimits, RecentSuccesses } from '../decisions/index.js';
import { targetPrefix } from '../decisions/index.js';
import type { BlockTarget } from '../events/index.js';
import { NetworkSet, requireIpPrefix } from '../lookup/index.js';
import type { Projections } from './projections.js';

/** The state of a ledger, as the policy asks for it. */
export class LedgerPolicyState implements PolicyState {
  /** Networks that are never blocked; may be replaced when the host's addresses change. */
  self: NetworkSet;
  readonly #projections: Projections;
  readonly #successes: RecentSuccesses;
  readonly #limits: RailLimits;

  constructor(projections: Projections, successes: RecentSuccesses, self: NetworkSet, limits: RailLimits) {
    this.#projections = projections;
    this.#successes = successes;
    this.self = self;
    this.#limits = limits;
  }

  earlier(target: BlockTarget): readonly EarlierDecision[] {
    return this.#projections.earlier(target);
  }

  scoreAt(target: BlockTarget, time: number): number {
    return this.#projections.scoreAt(target, time);
  }

  railContext(target: BlockTarget, scenario: string, time: number, evidenceStart: number): RailContext {
    const knownGood = this.#isKnownGood(target, evidenceStart);
    return {
      limits: this.#limits,
      touchesSelf: (prefix) => this.self.touches(prefix),
      touchesAllowList: (prefix) => this.#projections.allowList.touches(prefix),
      blockedAddresses: this.#projections.blockedAddresses,
      knownGood,
      knownGoodSources: this.#successes.size,
      blockedKnownGoodSources: knownGood ? this.#blockedKnownGood(time) : 0,
      recentBlocks: this.#projections.recentBlocks(time),
      recentBlocksOfScenario: this.#projections.recentBlocks(time, scenario),
    };
  }

  #isKnownGood(target: BlockTarget, evidenceStart: number): boolean {
    if (target.kind === 'ip') return this.#successes.succeededBefore(target.value, evidenceStart);
    const network = target.kind === 'range' ? targetPrefix(target) : undefined;
    if (network === undefined) return false;
    const inside = new NetworkSet([network]);
    for (const address of this.#successes.addresses()) {
      if (inside.touches(requireIpPrefix(address)) && this.#successes.succeededBefore(address, evidenceStart))
        return true;
    }
    return false;
  }

  #blockedKnownGood(time: number): number {
    let blocked = 0;
    for (const address of this.#successes.addresses()) {
      if (this.#projections.blocking({ kind: 'ip', value: address }, undefined, time) !== undefined) blocked += 1;
    }
    return blocked;
  }
}
