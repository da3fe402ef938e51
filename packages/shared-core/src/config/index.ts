export { type ConfigSources, loadConfig } from './load-config.js';
export { nearestWord } from './nearest-word.js';
export { type Problem, problemList, problemsOf } from './problem.js';
