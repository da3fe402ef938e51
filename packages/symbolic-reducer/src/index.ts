/**
 * Exact symbolic computation whose every reduction carries a proof.
 *
 * @module
 */

// How much a call may take
export { Budget, type BudgetLimits, type Stoppable } from './budget/index.js';
// Derivatives
export {
  type Derivative,
  type DifferentiateOptions,
  Differentiator,
  differentiate,
  differentiateWithProof,
} from './calculus/index.js';
// Proofs, and the checker that shares nothing with what finds them
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
// Code
export {
  type CompiledFunction,
  type CompiledModule,
  type CompileOptions,
  compile,
  type Instruction,
  instantiate,
  type Program,
  type ProvedChange,
} from './compilation/index.js';
export type { ReducerErrorCode } from './errors/index.js';
// Expressions
export {
  type Assumption,
  type Assumptions,
  type Condition,
  type DomainCondition,
  type ExactValue,
  ExpressionStore,
  type ExprId,
  evaluateExactly,
  evaluateIntervals,
  type Factor,
  type FunctionName,
  type IntervalBox,
  type Mark,
  type NodeKind,
  type RationalPoint,
  type StoreLimits,
  type SymbolFacts,
  substitute,
  symbolNames,
  type Term,
} from './expression/index.js';
// Numbers
export { Fraction, fromDouble, fromText, type Interval, type Rational, rational, toText } from './numbers/index.js';
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
// Equality and sign
export {
  type ProveOptions,
  proveEqual,
  proveSign,
  type SignVerdict,
  type UnknownReason,
  type Verdict,
} from './proof/index.js';
// Reduction
export {
  type CostModel,
  type Expansion,
  expand,
  type GreatestCommonDivisor,
  greatestCommonDivisor,
  type NormalForm,
  normalForm,
  operationCount,
  type ReduceOptions,
  type Reduction,
  type ReductionStatistics,
  reduce,
} from './reduction/index.js';
// Rules of one's own
export { type Rule, RuleSet, type RuleSetOptions, type RuleText } from './rewriting/index.js';
// As part of a service, governed
export { type ReducerService, symbolicReducerStrip } from './strip.js';
// Text, MathJSON, LaTeX
export { parseMathJson, parseText, printLatex, printMathJson, printText, toMathJson } from './syntax/index.js';
