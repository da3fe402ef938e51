/**
 * The ground floor of Tenstrip: what every engine needs and none should write again.
 *
 * @module
 */

// Governing work: named one by one, since what the modules above need of the governor is not for everybody

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

export * from './plugins/index.js';

// Borders

export * from './capabilities/index.js';
export * from './sandbox/index.js';

// Time and chance

export * from './determinism/index.js';

// Keys, hashes, proofs, the durable log

export * from './crypto/index.js';
export * from './durable-log/index.js';
export * from './transparency/index.js';

// Errors, graphs, configuration, logging, telemetry

export * from './config/index.js';
export * from './errors/index.js';
export * from './graph/index.js';
export * from './logging/index.js';
export * from './telemetry/index.js';
