export { BucketTable, type Overflow } from './bucket-table.js';
export { builtInScenarios } from './built-in-scenarios.js';
export { PatternDetector } from './pattern-detector.js';
export { checkScenario, type PreselectedEvent, type Scenario } from './scenario.js';
