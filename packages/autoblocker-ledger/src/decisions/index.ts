export { type BanEscalation, banLengthMs, defaultEscalation, escalationFrom } from './ban-escalation.js';
export { BannedNeighbours, recidiveHosts, recidiveWindowMs } from './banned-neighbours.js';
export { canonicalTarget, targetPrefix } from './block-target-prefix.js';
export { checked, hasMethods } from './checked.js';
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
  networkRecidiveRule,
  type Plan,
  type PolicyState,
  type Proposal,
  proposalOf,
  recidiveProposal,
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
  railCodes,
  railLimitsSchema,
} from './safety-rails.js';
export { neverBlocked, readSelfAddresses } from './self-addresses.js';
