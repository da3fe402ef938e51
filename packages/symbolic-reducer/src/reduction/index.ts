export { type CostModel, operationCount } from './cost-model.js';
export {
  type Expansion,
  expand,
  type GreatestCommonDivisor,
  greatestCommonDivisor,
  type NormalForm,
  normalForm,
} from './expand.js';
export { type ReduceOptions, type Reduction, type ReductionStatistics, reduce } from './reduce.js';
