export type { ByteMeter } from './byte-meter.js';
export { ChainedIndex } from './chained-index.js';
export {
  type ColumnKind,
  type ColumnValue,
  type RelationDeclaration,
  type RelationDeclarations,
  type RowOf,
  rel,
} from './declaration.js';
export { LatticeValues } from './lattice-values.js';
export {
  ASSERTED,
  DERIVED,
  DYING,
  JOINED,
  type KeyKind,
  LIVE,
  MOVED,
  type OwnPremise,
  PROOF_WIDTH,
  QUEUED,
  RETRACTED,
  Relation,
  SUPERSEDED,
} from './relation.js';
export { emptyColumn, grown } from './typed-arrays.js';
