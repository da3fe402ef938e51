// Histories as JSON: an array of entries as they are, or one entry a line.

import { assertHistory, assertHistoryText, type History, historyMalformed } from '../history.js';

/**
 * Reads a history from a JSON array of entries, or from lines of one entry each.
 *
 * @throws TenstripError `HistoryMalformed`; for lines `details.index` is the line, from 0
 */
export function parseHistoryJson<Operation = unknown, Result = unknown>(text: string): History<Operation, Result> {
  assertHistoryText(text);
  const whole = text.trimStart().startsWith('[');
  const history = whole ? parsed(text, 0) : linesOf(text).map(({ line, number }) => parsed(line, number));
  assertHistory(history as History);
  return history as History<Operation, Result>;
}

function linesOf(text: string): { line: string; number: number }[] {
  return text
    .split('\n')
    .map((line, number) => ({ line, number }))
    .filter(({ line }) => line.trim() !== '');
}

function parsed(text: string, number: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw historyMalformed(`line ${number + 1} is not JSON: ${cause instanceof Error ? cause.message : cause}`, number);
  }
}
