// Operations drawn over time: a line a process, a box an operation. Distances mean nothing, order does: two boxes overlap on
// the page exactly when they overlapped in time.

import type { History, HistoryEntry } from './history.js';
import { type Answer, type Model, unknownResult } from './model.js';

const mostColumns = 4000;

/** One operation as the model describes it. */
function describeOperation<State, Operation, Result>(
  model: Model<State, Operation, Result>,
  { operation, result, outcome }: HistoryEntry<Operation, Result>,
): string {
  const answer: Answer<Result> = outcome === 'unknown' ? unknownResult : (result as Result);
  if (model.describe !== undefined) return model.describe(operation, answer);
  const known = answer === unknownResult ? ' → ?' : answer === undefined ? '' : ` → ${JSON.stringify(answer)}`;
  return `${JSON.stringify(operation)}${known}`;
}

/**
 * A timeline of some operations of a history as text, lines of at most 4,000 characters.
 *
 * @param indices which of them
 * @param open those of them whose return is not to be shown, because it came later than what is shown
 */
export function renderTimeline<State, Operation, Result>(
  model: Model<State, Operation, Result>,
  history: History<Operation, Result>,
  indices: readonly number[],
  open: ReadonlySet<number> = new Set(),
): string {
  const boxes = layOut(indices, history, (index) =>
    describeOperation(model, open.has(index) ? { ...history[index]!, outcome: 'unknown' } : history[index]!),
  );
  const names = [...new Set(boxes.map(({ process }) => process))];
  const title = Math.max(0, ...names.map((name) => name.length));
  return names
    .map((name) => {
      let line = `  process ${name.padEnd(title)}  `;
      const start = line.length;
      for (const { process, from, to, label, ends } of boxes) {
        if (process !== name) continue;
        line = `${line.padEnd(start + from)}├ ${label} `.padEnd(start + to, ends ? '─' : '·');
        line += ends ? '┤' : '⋯';
      }
      return line.slice(0, mostColumns).trimEnd();
    })
    .join('\n');

  function layOut(shown: readonly number[], entries: History, labelOf: (index: number) => string) {
    const isOpen = (index: number) => open.has(index) || entries[index]!.outcome !== 'ok';
    const events = shown.flatMap((index) => {
      const { call, return: returned } = entries[index]!;
      const end = isOpen(index) ? Number.POSITIVE_INFINITY : returned!;
      return [
        { index, at: call, isReturn: 0 },
        { index, at: end, isReturn: 1 },
      ];
    });
    events.sort((a, b) => (a.at === b.at ? a.isReturn - b.isReturn : a.at - b.at) || a.index - b.index);
    const from = new Map<number, number>();
    const found: { process: string; from: number; to: number; label: string; ends: boolean }[] = [];
    let column = 0;
    for (const { index, isReturn } of events) {
      if (isReturn === 0) {
        from.set(index, column);
        column += 2;
        continue;
      }
      const label = labelOf(index);
      const start = from.get(index)!;
      column = Math.max(column, start + label.length + 3);
      found.push({ process: String(entries[index]!.process), from: start, to: column, label, ends: !isOpen(index) });
      column += 2;
    }
    return found.sort((a, b) => a.from - b.from);
  }
}
