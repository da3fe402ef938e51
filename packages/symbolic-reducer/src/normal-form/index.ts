export type { Fraction } from './fraction.js';
export type { TracedStep } from './identity-trace.js';
export { KernelSpace } from './kernel-space.js';
export { NormalForms } from './normal-form.js';
export { type PredictedSize, requireSize, SizePrediction } from './predicted-size.js';
