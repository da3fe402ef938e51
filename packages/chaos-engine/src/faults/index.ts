export { type Fault, type FaultKind, type FaultTarget, faultSchema, faultTargetSchema, targetName } from './fault.js';
export type { ActiveFault, FaultCapability, FaultSurface, InjectOptions } from './fault-surface.js';
