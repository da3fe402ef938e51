// What the line formats share: calls and completions of numbered processes, line by line, become operations.

import {
  assertHistoryText,
  type History,
  type HistoryEntry,
  historyMalformed,
  maxOperations,
  type Outcome,
} from '../history.js';

/** What a line says. */
export type LogEvent<Operation, Result> =
  | { readonly kind: 'call'; readonly process: number; readonly operation: Operation }
  | { readonly kind: 'end'; readonly process: number; readonly outcome: Outcome; readonly result?: Result };

/** Characters of a line. */
const longestLine = 1 << 16;

/**
 * Reads lines in order; positions are line numbers from 0. What is open at the end is of unknown outcome.
 *
 * @param parse gives what a line says, `undefined` for one that says nothing of the history
 */
export function historyFromLines<Operation, Result>(
  text: string,
  parse: (line: string, number: number) => LogEvent<Operation, Result> | undefined,
): History<Operation, Result> {
  assertHistoryText(text);
  const entries: HistoryEntry<Operation, Result>[] = [];
  const open = new Map<number, number>();
  const lines = text.split('\n');
  for (let number = 0; number < lines.length; number++) {
    const line = lines[number]!;
    if (line.length > longestLine) throw historyMalformed(`line ${number + 1} is longer than ${longestLine}`, number);
    const event = parse(line, number);
    if (event === undefined) continue;
    const { process } = event;
    const at = open.get(process);
    if (event.kind === 'call') {
      if (at !== undefined)
        throw historyMalformed(`line ${number + 1}: process ${process} invoked twice without completion`, number);
      if (entries.length >= maxOperations) throw historyMalformed(`more than ${maxOperations} operations`, number);
      open.set(process, entries.length);
      entries.push({ process, operation: event.operation, call: number, outcome: 'unknown' });
      continue;
    }
    if (at === undefined)
      throw historyMalformed(`line ${number + 1}: a completion of process ${process} without invocation`, number);
    open.delete(process);
    const { operation, call } = entries[at]!;
    const answer = event.result === undefined ? {} : { result: event.result };
    entries[at] = { process, operation, ...answer, call, return: number, outcome: event.outcome };
  }
  return entries;
}
