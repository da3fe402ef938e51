export type { BlockAction, BlockProposal, Decision, DecisionOutcome, DecisionState, RevokeReason } from './decision.js';
export type { RailCode, RailLimits } from './safety-rails.js';
