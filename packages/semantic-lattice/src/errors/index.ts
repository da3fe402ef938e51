export { latticeError, textOf } from './lattice-error.js';
export type { SemanticLatticeErrorCode } from './lattice-error-code.js';
