// The relations that an ontology's engine has: the triples, and what its rules and its loader say about them.

import { rel } from '../relations/index.js';

/** The relations of an engine made by `loadOntology`. What is read goes into `triple`; the rest is for rules. */
export const ontologyRelations = {
  /** Every triple, read or derived: terms as `termText` has them. */
  triple: rel('term', 'term', 'term'),
  /** Triples that a rule set begins with. */
  axiom: rel('term', 'term', 'term'),
  /** What contradicts: the rule, the term that it is about, and the class, property or other term. */
  inconsistent: rel('term', 'term', 'term'),
  /** Of recognised datatypes: which there are, which literals' values they have and have not, and texts that are none of theirs. */
  recognised: rel('term'),
  literalType: rel('term', 'term'),
  excluded: rel('term', 'term'),
  illTyped: rel('term', 'term'),
  /** `rdf:_1`, `rdf:_2`, …, as far as they occur. */
  membership: rel('term'),
  /** Literals that say 0 or 1 for `owl:maxCardinality`. */
  cardinality: rel('term', 'term'),
  maximum: rel('term', 'term', 'term'),
  /** Lists that constructs have, with their tails, members and pairs of members. */
  list: rel('term'),
  pairList: rel('term'),
  listTail: rel('term', 'term'),
  listMember: rel('term', 'term'),
  listPair: rel('term', 'term', 'term'),
  allOf: rel('term', 'term'),
  chainList: rel('term'),
  chain: rel('term', 'term', 'term'),
  allDifferent: rel('term'),
  different: rel('term', 'term'),
} as const;
