// Texts of an event by the place where they stand, for what most filters and statics do: compare one, and copy one. To follow
// a field is faster than to call a function that is another one each time; and each is a load from a known place where it
// matters.

import { internedName } from '../patterns/index.js';
import type { EventRecord } from './rule-event.js';

/** Texts that rules may write. */
export type TextField = 'StrTime' | 'StrTimeFormat' | 'MarshaledTime' | 'WhitelistReason';
/** Maps of texts that rules may write into. */
export type TextMap = 'Parsed' | 'Meta' | 'Enriched';

/** Where a rule may write a text: under a name in a map, or in a field. */
export type TextPlace =
  | { readonly field: TextMap; readonly name: string }
  | { readonly field: TextField; readonly name: undefined };

/** Where a rule may read a text: also what belongs to the line. */
export type TextSource =
  | { readonly field: TextMap | 'labels'; readonly name: string }
  | { readonly field: TextField | 'raw' | 'source' | 'module'; readonly name: undefined };

const inMap = /^evt\.(Parsed|Meta|Enriched|Line\.Labels)\.(\w+)$/;
const fields: ReadonlyMap<string, TextSource['field']> = new Map([
  ['evt.StrTime', 'StrTime'],
  ['evt.StrTimeFormat', 'StrTimeFormat'],
  ['evt.MarshaledTime', 'MarshaledTime'],
  ['evt.Line.Raw', 'raw'],
  ['evt.Line.Src', 'source'],
  ['evt.Line.Module', 'module'],
]);

/** The text that an expression names: to read it has no effect and cannot fail. `undefined`: any other expression. */
export function textSourceOf(expression: string): TextSource | undefined {
  const [, map, name] = inMap.exec(expression) ?? [];
  if (map !== undefined)
    return { field: map === 'Line.Labels' ? 'labels' : (map as TextMap), name: internedName(name!) };
  const field = fields.get(expression);
  return field === undefined ? undefined : { field: field as TextField, name: undefined };
}

/** The text at a place; "" where there is none, as in Go. */
export function textAt(record: EventRecord, { field, name }: TextSource): string {
  switch (field) {
    case 'Parsed':
      return record.Parsed.get(name) ?? '';
    case 'Meta':
      return record.Meta.get(name) ?? '';
    case 'Enriched':
      return record.Enriched.get(name) ?? '';
    case 'labels':
      return record.labels.get(name) ?? '';
    case 'StrTime':
      return record.StrTime;
    default:
      return record[field];
  }
}

export function setTextAt(record: EventRecord, { field, name }: TextPlace, text: string): void {
  switch (field) {
    case 'Parsed':
      record.Parsed.set(name, text);
      return;
    case 'Meta':
      record.Meta.set(name, text);
      return;
    case 'Enriched':
      record.Enriched.set(name, text);
      return;
    case 'StrTime':
      record.StrTime = text;
      return;
    default:
      record[field] = text;
  }
}

const comparison = /^\s*(evt\.[\w.]+)\s*([=!]=)\s*(?:'([^'\\]*)'|"([^"\\]*)")\s*$/;

/** What most filters are: a text that equals another, or does not. */
export class TextComparison {
  readonly #source: TextSource;
  readonly #text: string;
  readonly #isEqual: boolean;

  private constructor(source: TextSource, text: string, isEqual: boolean) {
    this.#source = source;
    this.#text = text;
    this.#isEqual = isEqual;
  }

  /** `undefined` for any other expression. */
  static of(expression: string): TextComparison | undefined {
    const [, left, operator, single, double] = comparison.exec(expression) ?? [];
    const source = left === undefined ? undefined : textSourceOf(left);
    return source && new TextComparison(source, internedName((single ?? double)!), operator === '==');
  }

  holds(record: EventRecord): boolean {
    return (textAt(record, this.#source) === this.#text) === this.#isEqual;
  }
}
