export type { RecordedOperation, RecordOptions } from './history.js';
export { simulate, type SimResult, type WorldOptions } from './simulate.js';
export { World } from './world.js';
