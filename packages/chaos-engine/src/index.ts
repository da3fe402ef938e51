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
