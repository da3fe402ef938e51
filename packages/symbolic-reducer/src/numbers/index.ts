export * from './interval.js';
export * from './rational.js';
