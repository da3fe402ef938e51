// Statics: what a parser writes into the event when it matches. Values are written as CrowdSec writes them: an integer
// plainly, a float with six digits, nothing for nil.

import { goFloat, internedName } from '../expressions/index.js';
import { type GoTime, goTime, parseGoTime, parseUsualTime } from './go-time.js';
import { attempt, type RuleCompilation } from './rule-compilation.js';
import type { RuleMapping, RuleText } from './rule-document.js';
import { type EventRecord, writableFields, writableMaps } from './rule-event.js';
import { RefusedRule } from './rule-refusal.js';

/** What statics know of the reading. */
export interface ParseContext {
  /** Newest time that a date without a year can mean, in milliseconds since 1970. */
  readonly newestTime: () => number;
  /** The time of a line that states none. */
  readonly now: () => number;
}

/** Writes one value. Throws {@link StaticFailure} for a value that CrowdSec would stop at. */
export type Static = (scope: { readonly evt: EventRecord }, context: ParseContext) => void;

/** Written out, so that each is a load from a known place. */
function writerInto(map: 'Parsed' | 'Meta' | 'Enriched', name: string): Writer {
  switch (map) {
    case 'Parsed':
      return (record, text) => void record.Parsed.set(name, text);
    case 'Meta':
      return (record, text) => void record.Meta.set(name, text);
    case 'Enriched':
      return (record, text) => void record.Enriched.set(name, text);
  }
}

/** A static met a value that it cannot write: the line is dropped. */
export class StaticFailure extends Error {}

const keys = new Set(['meta', 'parsed', 'enriched', 'target', 'method', 'value', 'expression']);
const marshaledTime = internedName('MarshaledTime');
const nothing = () => '';

/** @throws RefusedRule */
export function compileStatic(mapping: RuleMapping, compilation: RuleCompilation): Static {
  mapping.onlyKeys(keys);
  const write = writerOf(mapping);
  const value = mapping.text('value');
  const expression = mapping.text('expression');
  if (value !== undefined && value.text !== '') return (scope, context) => write(scope.evt, value.text, context);
  const read = expression === undefined ? nothing : readerOf(expression, compilation);
  const takesEmpty = mapping.text('method')?.text === 'ParseDate';
  return (scope, context) => {
    const text = read(scope);
    if (text !== '' || takesEmpty) write(scope.evt, text, context);
  };
}

function readerOf(
  expression: RuleText,
  compilation: RuleCompilation,
): (scope: { readonly evt: EventRecord }) => string {
  const { evaluate, whole } = compilation.expression('expression', expression);
  return (scope) => {
    const value = attempt(evaluate, scope as never);
    if (typeof value === 'string') return value;
    if (typeof value === 'number') return whole ? String(value) : goFloat(value);
    if (typeof value === 'boolean') throw new StaticFailure('a static cannot hold true or false');
    return '';
  };
}

type Writer = (record: EventRecord, text: string, context: ParseContext) => void;

function writerOf(mapping: RuleMapping): Writer {
  const method = mapping.text('method');
  if (method !== undefined) return methodOf(method);
  for (const [key, map] of [
    ['parsed', 'Parsed'],
    ['meta', 'Meta'],
    ['enriched', 'Enriched'],
  ] as const) {
    const name = mapping.text(key)?.text;
    if (name !== undefined) return writerInto(map, internedName(name));
  }
  return targetOf(mapping.requiredText('target'));
}

function methodOf({ text, line }: RuleText): Writer {
  if (text !== 'ParseDate')
    throw new RefusedRule(line, 'method', `the method ${text} is not supported (it needs a database or the network)`);
  return (record, date, { newestTime, now }) => {
    const { time, text: marshaled } = readDate(record, date, newestTime()) ?? goTime(now());
    record.time = time;
    record.Enriched.set(marshaledTime, marshaled);
  };
}

function readDate({ StrTimeFormat: layout }: EventRecord, date: string, newest: number): GoTime | undefined {
  return (layout === '' ? undefined : parseGoTime(date, layout, newest)) ?? parseUsualTime(date, newest);
}

function targetOf({ text, line }: RuleText): Writer {
  const [field, ...rest] = text.replace(/^evt\./, '').split('.');
  if (rest.length === 0 && writableFields.has(field!)) {
    return (record, value) => {
      record[field as 'StrTime'] = value;
    };
  }
  if (field === 'Line' && rest.length === 1 && rest[0] === 'Module') {
    return (record, value) => {
      record.module = value;
    };
  }
  const key = rest[0];
  if (!writableMaps.has(field!) || key === undefined || key === '__proto__') {
    throw new RefusedRule(line, 'target', `${text} cannot be written to`);
  }
  if (field === 'Unmarshaled') {
    return (record, value) => {
      record.Unmarshaled[key] = value;
    };
  }
  return writerInto(field as 'Meta', internedName(key));
}
