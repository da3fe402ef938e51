export { countIn, functionIn, iterableIn, objectIn, optionsIn, refuseInput, textIn } from './input.js';
export { latticeError, textOf } from './lattice-error.js';
export type { SemanticLatticeErrorCode } from './lattice-error-code.js';
