export { type CheckingService, checkLinearizabilityPlugin } from './checking-plugins.js';
export { runExperimentPlugin } from './experiment-plugins.js';
export { injectFaultPlugin, probeHostPlugin, revertFaultPlugin } from './fault-plugins.js';
export { controlProxyPlugin, type ProxyService } from './proxy-plugins.js';
export { hostOptionsSchema, openRealFaults, type RealFaults, type RealFaultsService } from './real-faults.js';
export {
  explorePlugin,
  type NamedScenario,
  replayPlugin,
  type SimulationService,
  simulatePlugin,
} from './simulation-plugins.js';
