import type { Scenario } from './scenario.js';
export declare const builtInScenarios: readonly Scenario[];
