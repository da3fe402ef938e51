/**
 * Incremental, lattice-valued Datalog whose every conclusion carries its proof.
 *
 * @module
 */

// The engine: facts, rules, transactions
export {
  createEngine,
  Engine,
  type EngineOptions,
  type EngineStatistics,
  type Pattern,
  type Transaction,
  type TransactOptions,
} from './engine/index.js';
export type { SemanticLatticeErrorCode } from './errors/index.js';
export {
  any,
  type CellUpdate,
  type Change,
  type EngineLimits,
  type Fact,
  type FactSet,
  type RelationChange,
} from './facts/index.js';
export type { Budget } from './fixpoint/index.js';
// Values of lattices, and your own
export type { Lattice } from './lattices/index.js';
// Why a fact holds
export type { Derivation, FactSets, JustificationLimits, Proof, ProofStep } from './proofs/index.js';
// Relations and their columns
export {
  type ColumnKind,
  type ColumnValue,
  type RelationDeclaration,
  type RelationDeclarations,
  type RowOf,
  rel,
} from './relations/index.js';
// Rules, as text and as typed values
export {
  apply,
  atomsOf,
  type Comparison,
  expression,
  not,
  type Operator,
  type RuleArgument,
  type RuleArguments,
  type RuleAtoms,
  type RuleFunction,
  RuleLiteral,
  RuleVariable,
  rule,
  rules,
  variable,
  where,
} from './rules/index.js';
