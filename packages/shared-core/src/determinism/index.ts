export type { Clock } from './clock.js';
export type { RandomSource } from './random-source.js';
