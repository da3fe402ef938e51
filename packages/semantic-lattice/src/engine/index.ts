export {
  createEngine,
  Engine,
  type EngineStatistics,
  type Pattern,
  type Transaction,
  type TransactOptions,
} from './engine.js';
export type { EngineOptions } from './options.js';
