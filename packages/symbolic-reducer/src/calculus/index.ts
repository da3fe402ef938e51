export {
  type Derivative,
  Differentiator,
  type DifferentiateOptions,
  differentiate,
  differentiateWithProof,
} from './differentiate.js';
