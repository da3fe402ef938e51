/**
 * Fault injection and deterministic simulation under one vocabulary of faults.
 *
 * @module
 */

export type { ChaosErrorCode } from './errors/index.js';
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
// Simulation
export {
  type DeterminismVerdict,
  type DiskLoss,
  type DiskOptions,
  type Driver,
  type ExploreOptions,
  type ExploreProgress,
  type ExploreReport,
  explore,
  type FoundFailure,
  formatSteps,
  type LinkFaults,
  type NodeCrash,
  type NodeEnv,
  type NodeMain,
  type NodeOptions,
  type PlannedFault,
  type ProcessState,
  type RecordedOperation,
  type RecordOptions,
  type ReplayOptions,
  type ReplayResult,
  replay,
  type Scenario,
  type SimClock,
  type SimDisk,
  type SimFailure,
  type SimNetwork,
  type SimNode,
  type SimResult,
  type Strategy,
  type SwarmOptions,
  simulate,
  type TraceStep,
  type Undo,
  verifyDeterminism,
  type World,
  type WorldFaultKind,
  type WorldOptions,
} from './simulation/index.js';
// The governed strip
export { chaosStrip, type NamedScenario } from './strip.js';
