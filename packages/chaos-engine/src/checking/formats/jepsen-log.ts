// Logs of Jepsen's register tests: `INFO jepsen.util - 3 :invoke :cas [1 2]`. A compare-and-set that `:fail`s was answered with no,
// which says something of the register; any other `:fail` did not happen, and `:info` is of unknown outcome.

import { type History, historyMalformed } from '../history.js';
import type { CasRegisterOperation } from '../models/register.js';
import { historyFromLines, type LogEvent } from './lines.js';

const event = /(?:^|\s)(\d{1,15})\s+:(invoke|ok|fail|info)\s+:(read|write|cas)\s+(\S.*?)\s*$/;
const integer = /^-?\d{1,15}$/;
const pair = /^\[(-?\d{1,15}) (-?\d{1,15})\]$/;

/**
 * A history of a register with compare-and-set. Lines without an operation are passed over.
 *
 * @throws TenstripError `HistoryMalformed`; `details.index` is the line, from 0
 */
export function parseJepsenLog(text: string): History<CasRegisterOperation, unknown> {
  return historyFromLines(text, (line, number): LogEvent<CasRegisterOperation, unknown> | undefined => {
    const found = event.exec(line);
    if (found === null) return undefined;
    const [, who, type, f, value] = found as unknown as [string, string, string, 'read' | 'write' | 'cas', string];
    const process = Number(who);
    if (type === 'invoke') return { kind: 'call', process, operation: operationOf(f, value, number) };
    if (type === 'info') return { kind: 'end', process, outcome: 'unknown' };
    if (type === 'fail') {
      return f === 'cas' && pair.test(value)
        ? { kind: 'end', process, outcome: 'ok', result: false }
        : { kind: 'end', process, outcome: 'fail' };
    }
    if (f === 'read') return { kind: 'end', process, outcome: 'ok', result: scalar(value, number) };
    return { kind: 'end', process, outcome: 'ok', result: f === 'cas' ? true : undefined };
  });
}

function operationOf(f: 'read' | 'write' | 'cas', value: string, number: number): CasRegisterOperation {
  if (f === 'read') return { f };
  if (f === 'write') return { f, value: scalar(value, number) };
  const found = pair.exec(value);
  if (found === null) throw historyMalformed(`line ${number + 1}: :cas takes [from to], not ${value}`, number);
  return { f, from: Number(found[1]), to: Number(found[2]) };
}

function scalar(value: string, number: number): number | null {
  if (value === 'nil') return null;
  if (integer.test(value)) return Number(value);
  throw historyMalformed(`line ${number + 1}: ${value.slice(0, 60)} is neither nil nor an integer`, number);
}
