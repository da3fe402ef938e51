export * from './operation.js';
export type { ResourceGovernor } from './resource-governor.js';
