/**
 * Fault injection and deterministic simulation under one vocabulary of faults.
 *
 * @module
 */

// Judging what happened
export {
  type Answer,
  type CasRegisterOperation,
  casRegisterModel,
  checkLinearizable,
  type FailureExplanation,
  type History,
  type HistoryEntry,
  HistoryRecorder,
  illegal,
  type KeyValueOperation,
  type KeyValueState,
  keyValueModel,
  type LinearizabilityOptions,
  type LinearizabilityReport,
  type LinearizablePrefix,
  type LockOperation,
  lockModel,
  type Model,
  type OpenOperation,
  type Outcome,
  type PartitionVerdict,
  parseHistoryJson,
  parseJepsenLog,
  parseKeyValueLog,
  type QueueOperation,
  queueModel,
  type RegisterOperation,
  registerModel,
  renderTimeline,
  renderTimelineHtml,
  type Scalar,
  type SetOperation,
  setModel,
  unknownResult,
  type Verdict,
} from './checking/index.js';
export type { ChaosErrorCode } from './errors/index.js';
// Experiments
export {
  type ActivityContext,
  type ActivityFunction,
  type ActivityRun,
  type Configuration,
  type ControlLevel,
  type ControlMoment,
  type DryLevel,
  type Experiment,
  type ExperimentControl,
  type ExperimentJournal,
  type ExperimentPhase,
  type ExperimentProgress,
  type ExperimentStatus,
  experimentSchema,
  type FaultRun,
  type ProgramAnswer,
  type ProgramRunner,
  type ProviderAllowance,
  parseExperiment,
  type RunExperimentOptions,
  renderExperimentTimeline,
  runExperiment,
  type Secrets,
  type SteadyState,
} from './experiment/index.js';
// The vocabulary
export {
  type ActiveFault,
  type Fault,
  type FaultCapability,
  type FaultKind,
  type FaultSurface,
  type FaultTarget,
  faultSchema,
  faultTargetSchema,
  type InjectOptions,
  targetName,
} from './faults/index.js';
// The real host
export {
  compareSnapshots,
  type HostProbe,
  type HostSnapshot,
  HostSurface,
  type HostSurfaceOptions,
  hostSnapshot,
  probeHost,
  type SnapshotOptions,
  type TargetPolicy,
  type TargetPolicyInput,
  targetPolicySchema,
} from './host/index.js';
// Leases: faults that end whoever dies
export {
  type Lease,
  type LeaseEnd,
  LeaseKeeper,
  type LeaseKeeperOptions,
  type LeaseRecord,
  type LeaseRequest,
  leaseRecordSchema,
  type ProcessIdentity,
  type Recovery,
  type UndoRecord,
  undoRecordSchema,
} from './lease/index.js';
// Toxics between a client and its upstream
export {
  createTcpProxy,
  type Precision,
  startToxiproxyServer,
  type TcpProxy,
  type TcpProxyChange,
  type TcpProxyOptions,
  type TcpProxyStatistics,
  type Toxic,
  type ToxicChange,
  type ToxicSpec,
  type ToxicStream,
  type ToxicType,
  type ToxiproxyServer,
  type ToxiproxyServerOptions,
} from './proxy/index.js';
// The strip
export { type ChaosService, chaosStrip } from './strip.js';
