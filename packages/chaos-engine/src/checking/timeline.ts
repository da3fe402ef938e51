// Operations drawn over time: a line a process, a box an operation. Distances mean nothing, order does: two boxes overlap on
// the page exactly when they overlapped in time.

import type { History, HistoryEntry } from './history.js';
import { type Answer, type Model, unknownResult } from './model.js';
import { json } from './models/scalar.js';

/** Characters of a line of a timeline. */
const mostColumns = 4000;

interface Box {
  readonly process: string;
  /** Columns. */
  readonly from: number;
  readonly to: number;
  readonly label: string;
  /** Whether its return is within what is shown. */
  readonly ends: boolean;
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
  const { boxes, processes } = layOut(model, history, indices, open);
  const title = Math.max(0, ...processes.map((name) => name.length));
  return processes
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
}

/**
 * The same as an HTML page by itself: no scripts, nothing loaded. Operations in `marked` stand out, such as those of an
 * explanation in the whole history.
 */
export function renderTimelineHtml<State, Operation, Result>(
  model: Model<State, Operation, Result>,
  history: History<Operation, Result>,
  indices: readonly number[],
  marked: ReadonlySet<number> = new Set(),
): string {
  const { boxes, processes } = layOut(model, history, indices, new Set());
  const rows = processes.map((name) => {
    const cells = boxes
      .filter(({ process }) => process === name)
      .map(({ from, to, label, ends, index }) => {
        const kind = `${marked.has(index) ? 'marked' : ''}${ends ? '' : ' open'}`.trim();
        const place = `left:${from}ch;width:${to - from}ch`;
        return `<span class="${kind}" style="${place}" title="${escaped(titleOf(history[index]!, index))}">${escaped(label)}</span>`;
      });
    return `<tr><th>${escaped(name)}</th><td>${cells.join('')}</td></tr>`;
  });
  const width = boxes.reduce((most, { to }) => Math.max(most, to), 0);
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escaped(model.name)}: ${indices.length} operations</title>
<style>
body{font:14px ui-monospace,monospace}th{text-align:right;padding-right:1ch;font-weight:normal}
td{position:relative;height:2em;width:${width}ch}
span{position:absolute;box-sizing:border-box;border:1px solid #888;background:#eee;overflow:hidden;white-space:nowrap;text-align:center}
span.open{border-right:1px dashed #888}span.marked{border-color:#a00;background:#fdd}
</style>
<table>${rows.join('\n')}</table>
</html>
`;
}

function titleOf({ process, call, return: returned, outcome }: HistoryEntry, index: number): string {
  const end = returned === undefined ? '' : `, returned at ${returned}`;
  return `operation ${index}, process ${process}, called at ${call}${end}, ${outcome}`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character]!);
}

/** Boxes by where they begin, each wide enough for its label; processes in the order in which they appear. */
function layOut<State, Operation, Result>(
  model: Model<State, Operation, Result>,
  history: History<Operation, Result>,
  indices: readonly number[],
  open: ReadonlySet<number>,
): { boxes: readonly (Box & { readonly index: number })[]; processes: readonly string[] } {
  const isOpen = (index: number) => open.has(index) || history[index]!.outcome !== 'ok';
  const events = indices.flatMap((index) => {
    const { call, return: returned } = history[index]!;
    const end = isOpen(index) ? Number.POSITIVE_INFINITY : returned!;
    return [
      { index, at: call, isReturn: 0 },
      { index, at: end, isReturn: 1 },
    ];
  });
  events.sort((a, b) => (a.at === b.at ? a.isReturn - b.isReturn : a.at - b.at) || a.index - b.index);
  const starts = new Map<number, number>();
  const boxes: (Box & { index: number })[] = [];
  let column = 0;
  for (const { index, isReturn } of events) {
    if (isReturn === 0) {
      starts.set(index, column);
      column += 2;
      continue;
    }
    const entry = history[index]!;
    const label = describeOperation(model, open.has(index) ? { ...entry, outcome: 'unknown' } : entry);
    const from = starts.get(index)!;
    column = Math.max(column, from + label.length + 3);
    boxes.push({ index, process: String(entry.process), from, to: column, label, ends: !isOpen(index) });
    column += 2;
  }
  boxes.sort((a, b) => a.from - b.from);
  return { boxes, processes: [...new Set(boxes.map(({ process }) => process))] };
}

/** One operation as the model describes it. */
function describeOperation<State, Operation, Result>(
  model: Model<State, Operation, Result>,
  { operation, result, outcome }: HistoryEntry<Operation, Result>,
): string {
  const answer: Answer<Result> = outcome === 'unknown' ? unknownResult : (result as Result);
  if (model.describe !== undefined) return model.describe(operation, answer);
  const known = answer === unknownResult ? ' → ?' : answer === undefined ? '' : ` → ${json(answer)}`;
  return `${json(operation)}${known}`;
}
