/**
 * The ground floor of Tenstrip: what every engine needs and none should write again.
 *
 * Every public name is listed: what the modules need of each other is not for everybody.
 *
 * @module
 */

// Governing work

export {
  type Governed,
  type GovernorLimits,
  type GovernorOptions,
  type GovernorStatistics,
  type IoCost,
  type OperationContext,
  type OperationSpec,
  type Permit,
  processMeter,
  production,
  type Quantiles,
  type Reservation,
  ResourceGovernor,
  type SharedOperation,
  testing,
  type UsageMeter,
  ungoverned,
  type WorkerOperation,
  workerOperation,
} from './governor/index.js';

// Plugins and strips

export {
  type CallOptions,
  type Calls,
  type CamelCase,
  definePlugin,
  defineStrip,
  type Health,
  type MountedStrip,
  type Plugin,
  type PluginContext,
  type PluginDescription,
  type PluginLimits,
  type PluginList,
  PluginRegistry,
  type RegistryDescription,
  type RegistryOptions,
  type Strip,
  type StripDescription,
  type StripState,
  type TypedPlugin,
} from './plugins/index.js';

// Borders: what code may ask the outside world for, and where untrusted code runs

export {
  type Capability,
  type CapabilityHandles,
  capabilities,
  type FileReading,
  type FileWriting,
  type Grants,
  type NativeLoading,
  type Networking,
  type ProgramRunning,
  type RunOptions,
  type SandboxPolicy,
} from './capabilities/index.js';
export { Isolate, type IsolateContext, type IsolateOptions, type IsolatePromise } from './sandbox/index.js';

// Time and chance

export {
  type Clock,
  type RandomSource,
  type ScheduleOptions,
  seededRandom,
  systemClock,
  VirtualClock,
} from './determinism/index.js';

// Keys, hashes, signatures

export {
  type Backend,
  boxPublicKey,
  canonicalJson,
  createSigner,
  createVerifier,
  equalBytes,
  isStrictPublicKey,
  type LocalSigner,
  nonceBytes,
  openBox,
  openSecretBox,
  publicKeyBytes,
  readKeyFile,
  type Signer,
  type SignerOptions,
  sealBox,
  sealSecretBox,
  seedBytes,
  sha256,
  sha512,
  signatureBytes,
  type Verifier,
  type VerifierOptions,
  writeKeyFile,
} from './crypto/index.js';

// Files that are whole or not there

export {
  type FolderOptions,
  makeFolder,
  maximumWholeFileBytes,
  syncFolder,
  type WholeFileOptions,
  writeWholeFile,
} from './files/index.js';

// The durable log

export {
  type AppendReceipt,
  commitErasable,
  type ErasableCommitment,
  type LogEntry,
  type LogProblem,
  LogReader,
  type LogResources,
  LogWriter,
  type LogWriterOptions,
  maximumErasableBytes,
  maximumRecordBytes,
  minimumSaltBytes,
  type RecoveredRecords,
  SegmentedLog,
  type SegmentedLogOptions,
  type VerifyOptions,
} from './durable-log/index.js';

// Transparency: signed checkpoints, proofs, trust. Trees and tiles in detail are in `@tenstrip/shared-core/transparency`

export {
  type Checkpoint,
  type CheckpointRefusal,
  type CheckpointVerdict,
  CompactRange,
  type Cosignature,
  checkCheckpoint,
  cosign,
  leafHash,
  type MessageSigner,
  type NodeAddress,
  type NodeReader,
  type NodeVisitor,
  type NoteSignature,
  parseCheckpoint,
  parseSignedCheckpoint,
  parseSignedNote,
  parseTlogProof,
  parseTrustPolicy,
  parseVerifierKey,
  printCheckpoint,
  printSignedNote,
  printTlogProof,
  printTrustPolicy,
  printVerifierKey,
  proveConsistency,
  proveInclusion,
  type RefusedTlogProof,
  type Sha256,
  SignatureType,
  type SignedCheckpoint,
  type SignedNote,
  signNote,
  type TlogProof,
  type TlogProofVerdict,
  type TreeHead,
  type TrustedCheckpoint,
  type TrustedLog,
  type TrustPolicy,
  type UntrustedCheckpoint,
  type VerifiedTlogProof,
  type VerifierKey,
  type VerifySignature,
  verifierKey,
  verifyConsistency,
  verifyCosignature,
  verifyInclusion,
  verifyNoteSignature,
  verifyTlogProof,
  type Witness,
  type WitnessedBy,
  type WitnessGroup,
} from './transparency/index.js';

// Errors, graphs, configuration, logging, telemetry

export { type ConfigSources, loadConfig, type Problem } from './config/index.js';
export {
  assert,
  type CoreErrorCode,
  type ErrorJson,
  isTenstripError,
  TenstripError,
  type TenstripErrorOptions,
  unreachable,
} from './errors/index.js';
export { type DirectedGraph, directedGraph, findCycle, topologicalOrder } from './graph/index.js';
export { createLogger, type Logger, type LoggerOptions } from './logging/index.js';
export { type Counter, counter, type Histogram, histogram, span } from './telemetry/index.js';
