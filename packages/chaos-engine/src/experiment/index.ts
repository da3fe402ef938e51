export type { DryLevel } from './activity-runner.js';
export type { ControlLevel, ControlMoment, ExperimentControl } from './controls.js';
export { type Experiment, experimentSchema, parseExperiment } from './experiment.js';
export type {
  ActivityRun,
  ExperimentJournal,
  ExperimentStatus,
  FaultRun,
  SteadyState,
} from './experiment-journal.js';
export {
  type ExperimentPhase,
  type ExperimentProgress,
  type RunExperimentOptions,
  runExperiment,
} from './experiment-run.js';
export { renderExperimentTimeline } from './experiment-timeline.js';
export type {
  ActivityContext,
  ActivityFunction,
  ProgramAnswer,
  ProgramRunner,
  ProviderAllowance,
} from './provider-context.js';
export type { Configuration, Secrets } from './substitution.js';
