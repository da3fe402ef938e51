// Why a history could not have been, for a reader: the longest prefix that could, and a smallest set of operations whose places
// in time contradict each other.
//
// Everything here only weakens the history. A linearizable history stays linearizable when its end is cut off, when a read is
// left out, and when an operation becomes one that took place "at some time, or never"; so what is illegal after that is illegal
// before. The set is found by delta debugging (Zeller and Hildebrandt, 2002).

import type { Clock, OperationContext } from '@tenstrip/shared-core';
import type { History, HistoryEntry } from './history.js';
import { type Model, unknownResult } from './model.js';
import { type Progress, Search } from './search.js';
import { renderTimeline } from './timeline.js';

/** Why a part of a history is illegal. Numbers are indices into the history. */
export interface FailureExplanation<Operation = unknown, Result = unknown> {
  /** The part, as the model calls it; `undefined` when the history was not divided. */
  readonly partition: string | undefined;
  /**
   * Operations that cannot be ordered even if the others of the part had taken place at any other time, or never, and whatever
   * they had been answered; what was answered so that it changes nothing is left out. In the order of their calls.
   */
  readonly operations: readonly number[];
  /** Whether none of them can be left out; `false` when a bound was reached before that was shown. */
  readonly minimal: boolean;
  /** What could have been. */
  readonly prefix: LinearizablePrefix;
  /** The operations themselves. */
  readonly entries: readonly HistoryEntry<Operation, Result>[];
  /** All this as a text with a timeline. */
  readonly text: string;
}

/** The beginning of a history, up to a return, that is linearizable. */
export interface LinearizablePrefix {
  /** The operation with whose return it is no longer linearizable. */
  readonly endsBefore: number;
  /** The operations that it begins with, in an order that explains them. */
  readonly order: readonly number[];
  /** Whether it is the longest for certain; `false` when a bound was reached. */
  readonly exact: boolean;
}

/** The part of a history that is illegal. */
export interface FailingPart {
  readonly partition: string | undefined;
  readonly indices: readonly number[];
  /** The first return that the search did not get past. */
  readonly stuckAt: number;
}

interface Limits {
  readonly endMs: number;
  readonly clock: Clock;
  readonly context: OperationContext | undefined;
}

/** Steps of one attempt, and of all of them together; an operation of an attempt counts like so many steps. */
const stepsPerAttempt = 200_000;
const stepsOfAll = 10_000_000;
const stepsPerOperation = 16;
const statesPerAttempt = 50_000;

/** Explains a part that is known to be illegal. */
export function explainFailure<State, Operation, Result>(
  model: Model<State, Operation, Result>,
  history: History<Operation, Result>,
  part: FailingPart,
  limits: Limits,
): FailureExplanation<Operation, Result> {
  const attempts = new Attempts(model, limits);
  const { prefix, cut } = longestPrefix(history, part, attempts);
  const { operations, minimal } = smallestContradiction(cut, attempts);
  const entries = operations.map((index) => history[index]!);
  const found = { partition: part.partition, operations, minimal, prefix, entries };
  return { ...found, text: explanationText(model, history, part, cut, found) };
}

/** Searches with bounds on each and on all. */
class Attempts<State, Operation, Result> {
  readonly #model: Model<State, Operation, Result>;
  readonly #limits: Limits;
  #left = stepsOfAll;

  constructor(model: Model<State, Operation, Result>, limits: Limits) {
    this.#model = model;
    this.#limits = limits;
  }

  get exhausted(): boolean {
    const { clock, endMs } = this.#limits;
    return this.#left <= 0 || clock.monotonicMs() > endMs;
  }

  try(history: History<Operation, Result>): { progress: Progress; order: readonly number[] } {
    this.#limits.context?.throwIfStopped();
    if (this.exhausted) return { progress: 'more', order: [] };
    const indices = Array.from(history, (_, index) => index);
    const search = new Search(this.#model, history, indices, { left: statesPerAttempt });
    const progress = search.run(stepsPerAttempt);
    this.#left -= history.length * stepsPerOperation + search.steps;
    return { progress, order: progress === 'ok' ? search.order : [] };
  }

  /** Whether an operation changes nothing, so that a history is weaker without it. */
  changesNothing({ operation, result, outcome }: HistoryEntry<Operation, Result>): boolean {
    const answer = outcome === 'unknown' ? unknownResult : (result as Result);
    return this.#model.readOnly?.(operation, answer) === true;
  }
}

/** A part of a history, each entry with its index in the whole. */
interface Cut<Operation, Result> {
  readonly indices: readonly number[];
  readonly entries: History<Operation, Result>;
}

/** The longest prefix that is linearizable, and the one that is one return longer. */
function longestPrefix<State, Operation, Result>(
  history: History<Operation, Result>,
  { indices, stuckAt }: FailingPart,
  attempts: Attempts<State, Operation, Result>,
): { prefix: LinearizablePrefix; cut: Cut<Operation, Result> } {
  const returned = indices
    .filter((index) => history[index]!.outcome === 'ok')
    .sort((a, b) => history[a]!.return! - history[b]!.return! || a - b);
  const cutAfter = (rank: number) => cutAt(history, indices, returned, rank);
  // Up to the return where the search stuck it is linearizable; all of it is not. What is open at a cut has one answer in the
  // whole and any in the cut, so that the truth may be further on.
  let linearizable = returned.indexOf(stuckAt) - 1;
  let illegal = returned.length - 1;
  let exact = true;
  for (let stride = 1; linearizable + 1 < illegal && exact; stride *= 2) {
    const rank = Math.min(linearizable + stride, illegal - 1);
    const { progress } = attempts.try(cutAfter(rank).entries);
    if (progress === 'ok') linearizable = rank;
    else if (progress === 'illegal') {
      illegal = rank;
      stride = 0.5;
    } else exact = false;
  }
  const before = cutAfter(linearizable);
  const order = attempts.try(before.entries).order.map((at) => before.indices[at]!);
  return { prefix: { endsBefore: returned[illegal]!, order, exact }, cut: cutAfter(illegal) };
}

/** What was called before a return, with what had returned by then; the rest of it is of unknown outcome. */
function cutAt<Operation, Result>(
  history: History<Operation, Result>,
  indices: readonly number[],
  returned: readonly number[],
  rank: number,
): Cut<Operation, Result> {
  if (rank < 0) return { indices: [], entries: [] };
  const end = history[returned[rank]!]!.return!;
  const kept = new Set(returned.slice(0, rank + 1));
  const inside = indices.filter((index) => history[index]!.call <= end);
  const entries = inside.map((index): HistoryEntry<Operation, Result> => {
    const entry = history[index]!;
    return kept.has(index) ? entry : { ...entry, outcome: 'unknown' };
  });
  return { indices: inside, entries };
}

/** Operations that are needed for the contradiction; the others are weakened. */
function smallestContradiction<State, Operation, Result>(
  { indices, entries }: Cut<Operation, Result>,
  attempts: Attempts<State, Operation, Result>,
): { operations: readonly number[]; minimal: boolean } {
  const isIllegal = (needed: ReadonlySet<number>) => {
    const weakened = entries.flatMap((entry, at): HistoryEntry<Operation, Result>[] => {
      if (needed.has(at)) return [entry];
      if (attempts.changesNothing(entry)) return [];
      return [{ ...entry, outcome: 'unknown', call: Number.NEGATIVE_INFINITY }];
    });
    return attempts.try(weakened).progress === 'illegal';
  };

  // By calls; the contradiction is near the end, so begin with as few of the last as are enough.
  let needed = Array.from(entries, (_, at) => at).sort((a, b) => entries[a]!.call - entries[b]!.call || a - b);
  for (let last = 4; last < needed.length; last *= 2) {
    const few = needed.slice(-last);
    if (!isIllegal(new Set(few))) continue;
    needed = few;
    break;
  }
  let minimal = false;
  for (let size = Math.max(1, needed.length >> 1); !minimal && !attempts.exhausted; size = Math.max(1, size >> 1)) {
    let removed = false;
    for (let start = 0; start < needed.length && needed.length > 1; ) {
      const rest = [...needed.slice(0, start), ...needed.slice(start + size)];
      if (isIllegal(new Set(rest))) {
        needed = rest;
        removed = true;
      } else {
        start += size;
      }
    }
    minimal = size === 1 && !removed && !attempts.exhausted;
  }
  return { operations: needed.map((at) => indices[at]!), minimal };
}

function explanationText<State, Operation, Result>(
  model: Model<State, Operation, Result>,
  history: History<Operation, Result>,
  part: FailingPart,
  cut: Cut<Operation, Result>,
  { operations, minimal, prefix }: Omit<FailureExplanation<Operation, Result>, 'text'>,
): string {
  const where = part.partition === undefined ? '' : `, part ${JSON.stringify(part.partition)}`;
  const others = cut.indices.length - operations.length;
  const whatever =
    others === 0
      ? ''
      : `, even if the ${others} other${others === 1 ? '' : 's'} before had been at any other time, or never`;
  const open = new Set(cut.indices.filter((_, at) => cut.entries[at]!.outcome === 'unknown'));
  const count =
    operations.length === 1 ? 'this operation is impossible' : `these ${operations.length} cannot be ordered`;
  const longest = prefix.exact ? 'The longest linearizable prefix' : 'A linearizable prefix';
  const end = history[prefix.endsBefore]!;
  return [
    `Not linearizable (${model.name}${where}): ${count}${whatever}${minimal ? '' : '; perhaps fewer would do'}.`,
    '',
    renderTimeline(model, history, operations, open),
    '',
    `${longest} ends before operation ${prefix.endsBefore} (process ${end.process}) returned at ${end.return}; it holds ${prefix.order.length} of ${part.indices.length} operations.`,
    '',
  ].join('\n');
}
