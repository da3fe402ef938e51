// What an experiment leaves behind: Chaos Toolkit's journal, so that its reports read it, and beside it what only we know.

import type { Fault, FaultTarget } from '../faults/index.js';
import type { Activity, Experiment } from './experiment.js';

/** One run of an activity. Times are ISO 8601, durations seconds. */
export interface ActivityRun {
  activity: Activity;
  output: unknown;
  start: string;
  status: 'succeeded' | 'failed';
  end: string;
  duration: number;
  /** Why it failed. */
  exception?: string[];
  /** Of a probe of the hypothesis. */
  tolerance_met?: boolean;
  /** Why the tolerance is not met. */
  tolerance_reason?: string;
}

/** One asking of the hypothesis. */
export interface SteadyState {
  steady_state_met: boolean;
  probes: ActivityRun[];
}

/** A fault that was injected. Times are ISO 8601. */
export interface FaultRun {
  readonly id: string;
  readonly activity: string;
  readonly target: FaultTarget;
  readonly fault: Fault;
  readonly start: string;
  /** When it was reverted, or its time was over. */
  end: string;
}

/** How an experiment ended. */
export type ExperimentStatus = 'completed' | 'failed' | 'aborted' | 'interrupted';

/** The journal of one run. */
export interface ExperimentJournal {
  readonly 'chaoslib-version': string;
  readonly platform: string;
  readonly node: string;
  readonly experiment: Experiment;
  readonly start: string;
  /** `failed`: a probe could not be asked; `aborted`: a guardrail, a time bound; `interrupted`: from outside, or a control. */
  status: ExperimentStatus;
  /** Whether the hypothesis was met before and no longer after. */
  deviated: boolean;
  steady_states: { before: SteadyState | null; after: SteadyState | null; during: SteadyState[] };
  run: ActivityRun[];
  rollbacks: ActivityRun[];
  end: string;
  duration: number;
  'x-tenstrip': {
    /** Why it was stopped. */
    stopped?: string;
    dry?: string;
    faults: FaultRun[];
    /** Faults that could not be undone at its end; they stay with their surface. */
    notReverted: string[];
    guardrails: ActivityRun[];
    /** The share of askings of the hypothesis that were met, in percent; `null` when it was never asked. */
    score: number | null;
  };
}
