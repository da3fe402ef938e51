export type { IoCost } from './io-gate.js';
export type { GovernorLimits, GovernorOptions } from './limits.js';
export type {
  Governed,
  OperationContext,
  OperationSpec,
  Permit,
  Reservation,
  SharedOperation,
} from './operation.js';
export { production, testing, ungoverned } from './presets.js';
export { ResourceGovernor, recordDecision } from './resource-governor.js';
export { type WorkerOperation, workerOperation } from './shared-operation.js';
export type { GovernorStatistics, Quantiles } from './statistics.js';
export { processMeter, type UsageMeter } from './usage-meter.js';
