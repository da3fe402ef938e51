export type { Fraction } from './fraction.js';
export type { IdentityTrace, TracedStep } from './identity-trace.js';
export { KernelSpace } from './kernel-space.js';
export { NormalForms } from './normal-form.js';
export { type PredictedSize, requireSize, SizePrediction } from './predicted-size.js';
export { smallForm } from './small-form.js';
