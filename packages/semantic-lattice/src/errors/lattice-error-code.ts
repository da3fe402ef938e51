/**
 * The codes of the errors that this package throws on purpose. That a fact does not hold is an answer, not an error. What comes up
 * while a rule is evaluated has the rule's text in `details.rule`; where rules were dropped for it, their texts in `details.dropped`.
 */
export type SemanticLatticeErrorCode =
  /** Options of an engine or a call are wrong. `details.issues` */
  | 'OptionsInvalid'
  /** A relation that was not declared. `details.relation`, `details.known` */
  | 'RelationUnknown'
  /** A fact does not fit its relation's columns: number of values, a value's kind. `details.relation`, `details.column`, `details.value` */
  | 'FactInvalid'
  /** The text of rules cannot be read. `details.line`, `details.column` */
  | 'RuleSyntax'
  /** A variable of a head, a negation, a comparison or an expression that no positive atom binds. `details.variable`, `details.line`, `details.column` */
  | 'RuleUnsafe'
  /** An atom with more or fewer arguments than its relation has columns. `details.line`, `details.column` */
  | 'ArityMismatch'
  /** A variable or a constant where a value of another kind belongs. `details.line`, `details.column` */
  | 'KindMismatch'
  /** A relation that depends on its own negation, or on a test of its own lattice values. `details.cycle` */
  | 'NotStratifiable'
  /** A function that was not registered. `details.function`, `details.known` */
  | 'FunctionUnknown'
  /** A rule's arithmetic left the 32-bit integers, or divided by zero. `details.line`, `details.column` */
  | 'IntegerOverflow'
  /** A registered function or a lattice threw, or broke a law that was looked at. `details.name` */
  | 'LatticeInvalid'
  /** A cell of a lattice-valued relation rose more often than the bound allows. `details.relation`, `details.key` */
  | 'LatticeDidNotStabilise'
  /** A transaction needed more than its budget; nothing of it remains. `details.resource`, `details.allowed` */
  | 'BudgetExceeded'
  /** The engine would hold more rows, terms or bytes than it may; nothing of the transaction remains. `details.resource`, `details.allowed` */
  | 'CapacityExceeded'
  /** A transaction is being evaluated; await it first. Retryable. */
  | 'EngineBusy'
  /** The engine's revision is another than the one expected. Retryable. `details.expected`, `details.revision` */
  | 'RevisionConflict'
  /** A transaction was told more after its function had ended, or its promise. */
  | 'TransactionOver'
  /** An engine without proofs was asked for one, or to retract. */
  | 'ProofsOff'
  /** A fact that does not hold was asked for its proof. `details.relation`, `details.values` */
  | 'FactUnknown'
  /** What was to be read as an ontology is no RDF of its format. `details.line` where it is known */
  | 'OntologyInvalid'
  /** The completion of an order has more elements than allowed. `details.maxElements` */
  | 'CompletionTooLarge'
  /** A completion that the strip does not keep, or no longer; ask `complete-lattice` again. `details.completion`, `details.known` */
  | 'CompletionUnknown'
  /** A proof that no certificate can have: a cell's value was widened, so that it does not follow from the facts. `details.relation` */
  | 'ProofNotCertifiable';
