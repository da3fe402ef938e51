/**
 * Reads security events, finds attackers, decides through safety rails, and records every decision in a provable ledger.
 *
 * @module
 */

export type { ListenAddress, ListeningServer } from './access/index.js';
export {
  type BlockAction,
  type BlockProposal,
  type Decision,
  type DecisionOutcome,
  type DecisionState,
  type RailCode,
  type RailLimits,
  type RailVerdict,
  type RevokeReason,
  railCodes,
} from './decisions/index.js';
export {
  type ConnectMiddleware,
  dryRun,
  type EnforcementBatch,
  type EnforcementHealth,
  EnforcementLoop,
  type EnforcementOptions,
  type Enforcer,
  type FastifyLike,
  type FastifyReplyLike,
  HttpProtection,
  type HttpProtectionOptions,
  type HttpRefusal,
  type NetworkBlock,
  NftablesEnforcer,
  type NftablesOptions,
} from './enforcement/index.js';
export type { LedgerErrorCode } from './errors/index.js';
export {
  type BlockTarget,
  type EventEvidence,
  type LineBatch,
  type LineSource,
  lineDigest,
  ocsfClassOf,
  type SecurityEvent,
  type SourceLine,
  type SourcePosition,
  StdinSource,
  securityEventSchema,
  targetKey,
} from './events/index.js';
export { type EventSender, HttpIntake, type HttpIntakeOptions } from './intake/index.js';
export {
  type DecisionChange,
  type DecisionHistory,
  type EvidenceLine,
  type Explanation,
  type VerificationReport,
  verifyLedger,
} from './ledger/index.js';
export {
  openSharedLookup,
  type SharedAction,
  type SharedBlock,
  type SharedLookup,
  type SharedLookupHandle,
  type SharedLookupOptions,
} from './lookup/index.js';
export {
  type ActorRecord,
  AutoblockerLedger,
  type AutoblockerOptions,
  type CallOptions,
  type DecisionQuery,
  type IngestOptions,
  type IngestReceipt,
  type LedgerStatistics,
  type LineOptions,
  type LineReceipt,
  type ReadLogsOptions,
  type ReadProgress,
  type ReadReport,
  type RevocationReceipt,
  type SourceReport,
  type StampOptions,
} from './pipeline/index.js';
export {
  type CompiledRule,
  compileRules,
  type OverflowSource,
  type RuleFile,
  type RuleOptions,
  type RuleRefusal,
  type RuleReport,
  type RuleScenario,
  type RuleSet,
  readRuleFiles,
} from './rules/index.js';
export { builtInScenarios, checkScenario, type Scenario } from './scenarios/index.js';
export { ledgerStrip } from './strip.js';
