/**
 * Exact symbolic computation whose every reduction carries a proof.
 *
 * @module
 */

// How much a call may take
export { Budget, type BudgetLimits, type Stoppable } from './budget/index.js';
// Certificates, and the checker that shares nothing with what finds them
export {
  type Certificate,
  type CertificateBase,
  type CertifiedCondition,
  type CertifiedRule,
  type CheckLimits,
  type CheckResult,
  type CoprimalityWitness,
  checkCertificate,
  DERIVATIVES,
  type DerivativeCertificate,
  type EqualityCertificate,
  type GcdCertificate,
  IDENTITIES,
  type Identity,
  type IdentityName,
  type IdentityStep,
  type MathJson,
  NOT_NUMBERS,
  type QuotientCertificate,
  type RewritingCertificate,
  type RewritingStep,
  SHORTHANDS,
  type SquareFreeCertificate,
} from './certificate/index.js';
export type { ReducerErrorCode } from './errors/index.js';
// Polynomials over the integers
export {
  certifyGcd,
  certifyQuotient,
  certifySquareFree,
  type GcdWithCofactors,
  gcd,
  gcdWithCofactors,
  Polynomial,
  type PolynomialTerm,
  type PseudoDivision,
  polynomialToMathJson,
  type SquareFreeDecomposition,
  squareFree,
} from './polynomial/index.js';
