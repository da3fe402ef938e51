export * from './assumptions.js';
export * from './condition.js';
export * from './evaluate.js';
export * from './expression-store.js';
export * from './functions.js';
export { giveBackPairs, takePairs } from './pairs.js';
export * from './store.js';
export * from './traverse.js';
