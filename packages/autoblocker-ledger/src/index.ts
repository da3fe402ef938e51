/**
 * Reads security events, finds attackers, decides through safety rails, and records every decision in a provable ledger.
 *
 * @module
 */

export type {
  BlockAction,
  BlockProposal,
  Decision,
  DecisionOutcome,
  DecisionState,
  RailCode,
  RailLimits,
  RevokeReason,
} from './decisions/index.js';
// Errors
export type { LedgerErrorCode } from './errors/index.js';
// Events
export {
  type BlockTarget,
  type EventEvidence,
  lineDigest,
  type SecurityEvent,
  securityEventSchema,
  targetKey,
} from './events/index.js';
// What it answers with
export type { DecisionChange, DecisionHistory, EvidenceLine, Explanation, VerificationReport } from './ledger/index.js';
// The ledger: read, decide, look up, explain, revoke, verify
export {
  type ActorRecord,
  AutoblockerLedger,
  type AutoblockerOptions,
  type CallOptions,
  type DecisionQuery,
  type IngestReceipt,
  type LedgerStatistics,
  type ReadLogsOptions,
  type ReadProgress,
  type ReadReport,
  type RevocationReceipt,
  type SourceReport,
  verifyLedger,
} from './pipeline/index.js';
// Rules
export { builtInScenarios, checkScenario, type Scenario } from './scenarios/index.js';
