export {
  explorePlugin,
  type NamedScenario,
  replayPlugin,
  type SimulationService,
  simulatePlugin,
} from './simulation-plugins.js';
