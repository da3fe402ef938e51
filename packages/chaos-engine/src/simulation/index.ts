export {
  type DeterminismVerdict,
  type ExploreOptions,
  type ExploreProgress,
  type ExploreReport,
  explore,
  type FoundFailure,
  type ReplayOptions,
  type ReplayResult,
  replay,
  verifyDeterminism,
} from './explore.js';
export { exploreInParallel, type ParallelExploreOptions } from './explore-in-parallel.js';
export type { PlannedFault, SwarmOptions, WorldFaultKind } from './fault-plan.js';
export type { RecordOptions } from './history.js';
export type { Driver } from './microtask-driver.js';
export type { ScenarioModule } from './scenario-module.js';
export type { SimClock } from './sim-clock.js';
export type { DiskLoss, DiskOptions, SimDisk } from './sim-disk.js';
export type { LinkFaults, SimNetwork, Undo } from './sim-network.js';
export type { NodeEnv, NodeMain, NodeOptions, ProcessState, SimNode } from './sim-process.js';
export { type SimResult, simulate, type WorldOptions } from './simulate.js';
export { formatSteps, type TraceStep } from './step-log.js';
export type { Strategy } from './strategies.js';
export type { NodeCrash, Scenario, SimFailure, World } from './world.js';
export { worldSettingsSchema } from './world-options.js';
