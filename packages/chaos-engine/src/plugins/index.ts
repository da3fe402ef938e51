export { checkLinearizabilityPlugin } from './checking-plugins.js';
export { runExperimentPlugin } from './experiment-plugins.js';
export { injectFaultPlugin, probeHostPlugin, revertFaultPlugin } from './fault-plugins.js';
export { controlProxyPlugin } from './proxy-plugins.js';
export { hostOptionsSchema, openRealFaults, type RealFaults } from './real-faults.js';
export {
  explorePlugin,
  type NamedScenario,
  replayPlugin,
  simulatePlugin,
} from './simulation-plugins.js';
