export { builtInScenarios } from './built-in-scenarios.js';
export { checkScenario, type Scenario } from './scenario.js';
