// Whether a history could have been: whether its operations can be put into one order, each at some moment between its call and
// its return, in which a sequential object would have answered as it did (Herlihy and Wing, 1990).

import type { OperationContext } from '@tenstrip/shared-core';
import { systemClock, TenstripError } from '@tenstrip/shared-core';
import type { ChaosErrorCode } from '../errors/index.js';
import { explainFailure, type FailureExplanation } from './explanation.js';
import { assertHistory, type History } from './history.js';
import type { Model } from './model.js';
import { Search, type SearchBound } from './search.js';

/** Exact, or `unknown` when a bound was reached before it was decided. */
export type Verdict = 'ok' | 'illegal' | 'unknown';

/** Options of {@link checkLinearizable}. */
export interface LinearizabilityOptions {
  /** Milliseconds after which an undecided history is `unknown`. Default: no limit. Nothing under a deterministic governor. */
  readonly timeoutMs?: number;
  /** Configurations kept before it is `unknown`, all parts together, 16 bytes and more each. Default 5,000,000. */
  readonly maxStates?: number;
  /** Whether an illegal history is explained, which searches it some more times. Default `true`. */
  readonly explain?: boolean;
  /** Stops the search when it is aborted or over its deadline; counts the cache against `ramBytes`. */
  readonly context?: OperationContext;
}

/** What was found out about one part of a history. */
export interface PartitionVerdict {
  /** What the model calls it; `undefined` when the history was not divided. */
  readonly partition: string | undefined;
  /** `unknown` also where another part was found illegal before this one was decided. */
  readonly verdict: Verdict;
  readonly operations: number;
  /** After `ok`: indices into the history, in an order that explains it. What is of unknown outcome and not needed is left out. */
  readonly order?: readonly number[];
}

/** What {@link checkLinearizable} found out. */
export interface LinearizabilityReport<Operation = unknown, Result = unknown> {
  readonly verdict: Verdict;
  readonly partitions: readonly PartitionVerdict[];
  /** Configurations that were kept. */
  readonly states: number;
  /** Why it is `unknown`. */
  readonly reason?: 'timeoutMs' | 'maxStates';
  /** Why it is `illegal`, unless it was not to be explained. */
  readonly failure?: FailureExplanation<Operation, Result>;
}

const defaultMaxStates = 5_000_000;
/** Steps between two looks at the clock. */
const stepsBetweenLooks = 4096;
const firstBudget = 4096;

/**
 * Judges a history against a model. `ok` and `illegal` are exact. Exponential at worst in the number of operations that are open
 * at once; close to linear where few are.
 *
 * @throws TenstripError `HistoryMalformed`, `OptionsInvalid`; those of `context` when it is stopped
 */
export function checkLinearizable<State, Operation, Result>(
  model: Model<State, Operation, Result>,
  history: History<Operation, Result>,
  options: LinearizabilityOptions = {},
): LinearizabilityReport<Operation, Result> {
  assertModel(model);
  if (typeof options !== 'object' || options === null) throw wrong('options', options, 'an object');
  const { timeoutMs = Number.POSITIVE_INFINITY, maxStates = defaultMaxStates, explain = true, context } = options;
  assertPositive('timeoutMs', timeoutMs);
  assertPositive('maxStates', maxStates);
  assertHistory(history);
  const clock = context?.clock ?? systemClock;
  const endMs = clock.monotonicMs() + timeoutMs;
  const bound: SearchBound = { left: maxStates };
  const parts = divide(model, history);
  const searches = parts.map(({ indices }) => new Search(model, history, indices, bound));
  using memory = context?.reserve(0);

  const verdicts: Verdict[] = parts.map(() => 'unknown');
  let reason: 'timeoutMs' | 'maxStates' | undefined;
  let open = parts.map((_, at) => at);
  let illegalAt: number | undefined;
  for (let budget = firstBudget; open.length > 0 && reason === undefined && illegalAt === undefined; budget *= 2) {
    const undecided: number[] = [];
    for (const at of open) {
      const progress = runFor(searches[at]!, budget);
      if (progress === 'ok' || progress === 'illegal') verdicts[at] = progress;
      if (progress === 'more') undecided.push(at);
      if (progress === 'illegal') illegalAt = at;
      else if (progress === 'full') reason = 'maxStates';
      else if (progress === 'late') reason = 'timeoutMs';
      if (illegalAt !== undefined || reason !== undefined) break;
    }
    open = undecided;
  }

  function runFor(search: Search<State, Operation, Result>, budget: number) {
    for (let left = budget; left > 0; left -= stepsBetweenLooks) {
      const progress = search.run(Math.min(left, stepsBetweenLooks));
      if (progress !== 'more') return progress;
      context?.throwIfStopped();
      if (clock.monotonicMs() > endMs) return 'late';
    }
    memory?.resize(searches.reduce((bytes, { bytes: more }) => bytes + more, 0));
    return 'more';
  }

  const partitions = parts.map(({ partition, indices }, at): PartitionVerdict => {
    const verdict = verdicts[at]!;
    const found = { partition, verdict, operations: indices.length };
    return verdict === 'ok' ? { ...found, order: searches[at]!.order } : found;
  });
  const states = searches.reduce((sum, { configurations }) => sum + configurations, 0);
  if (illegalAt !== undefined) {
    const { partition, indices } = parts[illegalAt]!;
    const report = { verdict: 'illegal' as const, partitions, states };
    if (!explain) return report;
    const failing = { partition, indices, stuckAt: searches[illegalAt]!.stuckAt! };
    return { ...report, failure: explainFailure(model, history, failing, { endMs, clock, context }) };
  }
  if (reason !== undefined) return { verdict: 'unknown', partitions, states, reason };
  return { verdict: 'ok', partitions, states };
}

/** The parts that the model makes of a history; one when an operation concerns everything, or there are no parts. */
function divide<State, Operation, Result>(model: Model<State, Operation, Result>, history: History<Operation, Result>) {
  const parts = new Map<string, number[]>();
  const whole: number[] = [];
  let divided = model.partition !== undefined;
  for (let index = 0; index < history.length; index++) {
    if (history[index]!.outcome === 'fail') continue;
    whole.push(index);
    const partition = divided ? model.partition?.(history[index]!.operation) : undefined;
    if (partition === undefined) {
      divided = false;
      continue;
    }
    const part = parts.get(partition);
    if (part === undefined) parts.set(partition, [index]);
    else part.push(index);
  }
  if (!divided) return [{ partition: undefined, indices: whole }];
  return Array.from(parts, ([partition, indices]) => ({ partition, indices }));
}

function assertPositive(name: string, value: number): void {
  if (typeof value === 'number' && value > 0) return;
  throw wrong(name, value, 'a number above 0');
}

function assertModel(model: unknown): void {
  if (typeof model === 'object' && model !== null && typeof (model as Model).step === 'function') return;
  throw wrong('model', model, 'a model, with name, initial and step()');
}

function wrong(name: string, value: unknown, wanted: string): TenstripError<ChaosErrorCode> {
  const shown = typeof value === 'object' && value !== null ? 'an object' : String(value);
  return new TenstripError<ChaosErrorCode>('OptionsInvalid', `${name} is ${shown}; give ${wanted}`, {
    details: { issues: [{ path: name, value: shown }] },
  });
}
