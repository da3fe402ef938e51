/**
 * Exact symbolic computation whose every reduction carries a proof.
 *
 * @module
 */

// How much a call may take
export { Budget, type BudgetLimits, type Stoppable } from './budget/index.js';
export type { ReducerErrorCode } from './errors/index.js';
// Polynomials over the integers
export {
  type GcdWithCofactors,
  gcd,
  gcdWithCofactors,
  Polynomial,
  type PolynomialTerm,
  type PseudoDivision,
  type SquareFreeDecomposition,
  squareFree,
} from './polynomial/index.js';
