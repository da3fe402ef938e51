export { BucketTable, type Overflow } from './bucket-table.js';
export { builtInScenarios } from './built-in-scenarios.js';
export { field } from './event-fields.js';
export { isRefusedLogin } from './http-scenarios.js';
export { PatternDetector } from './pattern-detector.js';
export { type Accuser, checkScenario, maxDescriptionLength, type PreselectedEvent, type Scenario } from './scenario.js';
