export {
  type CellUpdate,
  type Change,
  changeOf,
  type FactSet,
  type RelationChange,
  settle,
  type TouchingChange,
} from './change.js';
export type { Fact } from './fact.js';
export { checkedLimits, type EngineLimits } from './limits.js';
export { any, Schema } from './schema.js';
export { stateDigest } from './state-digest.js';
