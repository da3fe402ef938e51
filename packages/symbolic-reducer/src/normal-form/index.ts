export { type Fraction, FractionField } from './fraction.js';
export { IdentityTrace, type TracedStep } from './identity-trace.js';
export { KernelSpace } from './kernel-space.js';
export { NormalForms } from './normal-form.js';
