export { type BanEscalation, banLengthMs, defaultEscalation } from './ban-escalation.js';
export { canonicalTarget, targetPrefix } from './block-target-prefix.js';
export { checked } from './checked.js';
export {
  type BlockAction,
  type BlockProposal,
  type Decision,
  type DecisionOutcome,
  type DecisionState,
  type RevokeReason,
  revokeReasonSchema,
} from './decision.js';
export {
  decide,
  type EarlierDecision,
  judge,
  type Plan,
  type PolicyState,
  type Proposal,
  proposalOf,
  requestedProposal,
} from './decision-policy.js';
export { RecentSuccesses } from './recent-successes.js';
export {
  applyRails,
  type RailCode,
  type RailContext,
  type RailLimits,
  type RailVerdict,
  railLimitsSchema,
} from './safety-rails.js';
export { neverBlocked, readSelfAddresses } from './self-addresses.js';
