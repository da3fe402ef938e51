export {
  type Derivative,
  type DifferentiateOptions,
  Differentiator,
  differentiate,
  differentiateWithProof,
} from './differentiate.js';
