// Histories: what processes asked an object for, what they were answered, and in which order that is known to have been
// (Herlihy and Wing, 1990). A history is checked once, at the border; everything below trusts it.

import { TenstripError } from '@tenstrip/shared-core';
import type { ChaosErrorCode } from '../errors/index.js';

/** How an operation ended: it took place; it did not; nobody knows, and it may still take place. */
export type Outcome = 'ok' | 'fail' | 'unknown';

/** One operation of a {@link History}. */
export interface HistoryEntry<Operation = unknown, Result = unknown> {
  /** Who asked. A process has one open operation at a time. */
  readonly process: string | number;
  /** What was asked for, in the model's terms. */
  readonly operation: Operation;
  /** What was answered; left out when nothing was. */
  readonly result?: Result;
  /** When it was called: a time or a sequence number; one axis for the whole history. */
  readonly call: number;
  /** When it was answered, on the same axis. Needed for `ok`; for `unknown` only when the caller gave up. */
  readonly return?: number;
  readonly outcome: Outcome;
}

/**
 * Operations in any order. One is before another when it returned at a smaller position than the other was called; equal
 * positions overlap, so who records should count events rather than read a coarse clock.
 */
export type History<Operation = unknown, Result = unknown> = readonly HistoryEntry<Operation, Result>[];

/** Operations that a history has at most. */
export const maxOperations = 5_000_000;

/** The error of a history that is none. `details.index`: of the entry, or of the line, from 0. */
export function historyMalformed(message: string, index: number, details: object = {}): TenstripError<ChaosErrorCode> {
  return new TenstripError<ChaosErrorCode>('HistoryMalformed', message, { details: { index, ...details } });
}

/** @throws TenstripError `HistoryMalformed` with the index of the first entry that is wrong */
export function assertHistory(history: History): void {
  if (!Array.isArray(history)) throw historyMalformed('a history is an array of operations', 0);
  if (history.length > maxOperations)
    throw historyMalformed(
      `${history.length} operations; a history has at most ${maxOperations}: split it`,
      maxOperations,
    );
  for (let index = 0; index < history.length; index++) {
    const problem = entryProblem(history[index]);
    if (problem !== undefined) throw historyMalformed(`operation ${index}: ${problem}`, index);
  }
  assertOneAtATime(history);
}

function entryProblem(entry: HistoryEntry | undefined): string | undefined {
  if (typeof entry !== 'object' || entry === null)
    return `it is ${entry}; give { process, operation, call, outcome, … }`;
  const { process, operation, call, return: returned, outcome } = entry;
  if (typeof process !== 'string' && typeof process !== 'number') return '`process` must be a text or a number';
  if (operation === undefined || operation === null) return '`operation` is missing; say what was asked for';
  if (!Number.isFinite(call)) return `\`call\` is ${call}; give a finite number`;
  if (outcome !== 'ok' && outcome !== 'fail' && outcome !== 'unknown')
    return `\`outcome\` is ${JSON.stringify(outcome)}; give 'ok', 'fail' or 'unknown'`;
  if (returned === undefined) return outcome === 'ok' ? "`return` is missing, and the outcome is 'ok'" : undefined;
  if (!Number.isFinite(returned)) return `\`return\` is ${returned}; give a finite number`;
  return returned < call ? `it returned at ${returned}, before its call at ${call}` : undefined;
}

/** Two operations of one process may touch and never overlap. O(n log n). */
function assertOneAtATime(history: History): void {
  const order = Array.from(history, (_, index) => index);
  order.sort((a, b) => history[a]!.call - history[b]!.call || (history[a]!.return ?? 0) - (history[b]!.return ?? 0));
  const last = new Map<string | number, number>();
  for (const index of order) {
    const { process, call } = history[index]!;
    const before = last.get(process);
    const until = before === undefined ? undefined : history[before]!.return;
    if (before !== undefined && until !== undefined && until > call) {
      throw historyMalformed(
        `process ${process} was called at ${call} (operation ${index}) while its operation ${before} was open until ${until}: one operation at a time, or two processes`,
        index,
        { process },
      );
    }
    last.set(process, index);
  }
}

/** Characters of a text. */
const longestText = 1 << 28;

/** Refuses what is no text, or too long a one. @throws TenstripError `HistoryMalformed` @internal */
export function assertHistoryText(text: unknown): asserts text is string {
  if (typeof text !== 'string') throw historyMalformed(`the text of a history is ${typeof text}; give a string`, 0);
  if (text.length > longestText)
    throw historyMalformed(`the text has ${text.length} characters; at most ${longestText}`, 0);
}

/** How an operation that a {@link HistoryRecorder} opened ends; the first call counts, later ones change nothing. */
export interface OpenOperation<Result> {
  /** It took place, with this answer. */
  ok(result: Result): void;
  /** It did not take place, for sure. */
  fail(): void;
  /** It may have taken place, or may still. */
  unknown(): void;
}

/** Records a history by counting events, so that no two have one position. */
export class HistoryRecorder<Operation = unknown, Result = unknown> {
  readonly #entries: HistoryEntry<Operation, Result>[] = [];
  #position = 0;

  /** `process` calls `operation` now. */
  call(process: string | number, operation: Operation): OpenOperation<Result> {
    const index = this.#entries.length;
    if (index >= maxOperations) throw historyMalformed(`more than ${maxOperations} operations were recorded`, index);
    const call = this.#position++;
    this.#entries.push({ process, operation, call, outcome: 'unknown' });
    let open = true;
    const end = (outcome: Outcome, answer: { result?: Result }) => {
      if (!open) return;
      open = false;
      this.#entries[index] = { process, operation, ...answer, call, return: this.#position++, outcome };
    };
    return {
      ok: (result) => end('ok', { result }),
      fail: () => end('fail', {}),
      unknown: () => end('unknown', {}),
    };
  }

  /**
   * Calls, and records what becomes of it: a value is `ok`, an error is `unknown` unless `didNotHappen` says that it is `fail`.
   * Gives and throws what `run` does.
   */
  async record(
    process: string | number,
    operation: Operation,
    run: () => Promise<Result>,
    didNotHappen: (error: unknown) => boolean = () => false,
  ): Promise<Result> {
    const open = this.call(process, operation);
    try {
      const result = await run();
      open.ok(result);
      return result;
    } catch (error) {
      if (didNotHappen(error)) open.fail();
      else open.unknown();
      throw error;
    }
  }

  /** What was recorded so far; what is open has an unknown outcome. */
  get history(): History<Operation, Result> {
    return [...this.#entries];
  }
}
