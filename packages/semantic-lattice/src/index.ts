/**
 * Incremental, lattice-valued Datalog whose every conclusion carries its proof.
 *
 * @module
 */

// Conclusions that others check without the engine
export {
  type Certificate,
  CertificateChecker,
  type CertificateFact,
  type CertificateStep,
  type CertificateValue,
  type CertificateVerdict,
  type CertifyOptions,
  type CheckedLattice,
  type CheckLimits,
  type CheckOptions,
  certify,
  checkCertificate,
  givenFacts,
  type JoinStep,
  type RuleStep,
} from './certificates/index.js';
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
export {
  checkLaws,
  type FiniteLatticeOptions,
  type FlatValue,
  finiteLattice,
  flatConstant,
  type Interval,
  interval,
  type Lattice,
  type LawOptions,
  type LawViolation,
  maxInteger,
  minInteger,
  type NameSet,
  type ProductValue,
  powerSet,
  product,
  setOf,
} from './lattices/index.js';
// Ontologies
export {
  loadOntology,
  type Ontology,
  type OntologyEngine,
  type OntologyOptions,
  type OntologyProfile,
  ontologyRelations,
  type ProfileReport,
  profileRules,
  type RdfFormat,
  type RdfSource,
  rdfTerm,
  type TriplePlace,
  TripleSource,
  type TriplesOptions,
  type TripleView,
  termText,
  triplesOf,
  type UncoveredConstruct,
  type WritingOptions,
  writeTriples,
} from './ontology/index.js';
// Relations as orders
export {
  type CompletionOptions,
  MacNeilleCompletion,
  Order,
  type OrderWidth,
  orderOf,
} from './orders/index.js';
// As part of a service, governed
export { LatticeService, type LatticeServiceOptions } from './plugins/index.js';
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
export { semanticLatticeStrip } from './strip.js';
