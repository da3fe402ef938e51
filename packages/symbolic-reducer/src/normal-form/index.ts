export type { Fraction } from './fraction.js';
export type { TracedStep } from './identity-trace.js';
export { KernelSpace } from './kernel-space.js';
export { NormalForms } from './normal-form.js';
export { smallForm } from './small-form.js';
