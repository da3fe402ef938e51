export { type ConfigSources, loadConfig } from './load-config.js';
export { type Problem, problemList, problemsOf } from './problem.js';
