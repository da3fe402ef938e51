export { type BanEscalation, banLengthMs, defaultEscalation } from './ban-escalation.js';
export { canonicalTarget, targetPrefix } from './block-target-prefix.js';
export type { BlockAction, BlockProposal, Decision, DecisionOutcome, DecisionState, RevokeReason } from './decision.js';
export {
  decide,
  type EarlierDecision,
  judge,
  type Plan,
  type PolicyState,
  type Proposal,
  personScenario,
  proposalOf,
  requestedProposal,
} from './decision-policy.js';
export { RecentSuccesses } from './recent-successes.js';
export {
  applyRails,
  type RailCode,
  type RailContext,
  type RailLimits,
  type RailProposal,
  type RailVerdict,
  railLimitsSchema,
} from './safety-rails.js';
export { neverBlocked, readSelfAddresses } from './self-addresses.js';
