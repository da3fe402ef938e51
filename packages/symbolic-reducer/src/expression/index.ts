export * from './assumptions.js';
export * from './expression-store.js';
export * from './functions.js';
export * from './store.js';
export * from './traverse.js';
