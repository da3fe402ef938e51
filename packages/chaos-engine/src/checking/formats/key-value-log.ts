// Logs of key-value stores, one map of EDN a line: `{:process 0, :type :invoke, :f :append, :key "4", :value "x 0 1 y"}`.

import { type History, historyMalformed } from '../history.js';
import type { KeyValueOperation } from '../models/key-value.js';
import { historyFromLines, type LogEvent } from './lines.js';

const string = /"(?:[^"\\]|\\.)*"/.source;
const event = new RegExp(
  `^\\{:process (\\d{1,15}), :type :(invoke|ok|fail|info), :f :(get|put|append), :key (${string}), :value (nil|${string})\\}\\s*$`,
);

/**
 * A history of `get`, `put` and `append`; a store without a key holds `''` there, so judge it by `keyValueModel('')`.
 *
 * @throws TenstripError `HistoryMalformed`; `details.index` is the line, from 0
 */
export function parseKeyValueLog(text: string): History<KeyValueOperation, string> {
  return historyFromLines(text, (line, number): LogEvent<KeyValueOperation, string> | undefined => {
    if (line.trim() === '') return undefined;
    const found = event.exec(line);
    if (found === null) throw historyMalformed(`line ${number + 1} is not an operation: ${line.slice(0, 80)}`, number);
    const [, who, type, f, keyText, valueText] = found as unknown as [string, string, string, string, string, string];
    const process = Number(who);
    const key = unquoted(keyText, number);
    const value = valueText === 'nil' ? undefined : unquoted(valueText, number);
    if (type === 'invoke') {
      if (f === 'get') return { kind: 'call', process, operation: { f, key } };
      if (value === undefined) throw historyMalformed(`line ${number + 1}: :${f} needs a value`, number);
      return { kind: 'call', process, operation: { f: f as 'put' | 'append', key, value } };
    }
    if (type !== 'ok') return { kind: 'end', process, outcome: type === 'fail' ? 'fail' : 'unknown' };
    return f === 'get'
      ? { kind: 'end', process, outcome: 'ok', result: value ?? '' }
      : { kind: 'end', process, outcome: 'ok' };
  });
}

/** Texts of EDN are texts of JSON but for escapes that neither log uses. */
function unquoted(text: string, number: number): string {
  try {
    return JSON.parse(text) as string;
  } catch (cause) {
    throw historyMalformed(`line ${number + 1}: ${text.slice(0, 60)} is not a text`, number, { cause: String(cause) });
  }
}
