// Statics: what a parser writes into the event when it matches. Values are written as CrowdSec writes them: an integer
// plainly, a float with six digits, nothing for nil.

import { type CompiledExpression, goFloat, internedName } from '../expressions/index.js';
import { type GoTime, goTime, parseGoTime, parseUsualTime } from './go-time.js';
import { attempt, type RuleCompilation } from './rule-compilation.js';
import type { RuleMapping, RuleText } from './rule-document.js';
import { type EventRecord, type FieldReads, writableFields, writableMaps } from './rule-event.js';
import { RefusedRule } from './rule-refusal.js';

/** What statics know of the reading. */
export interface ParseContext {
  /** Newest time that a date without a year can mean, in milliseconds since 1970. */
  readonly newestTime: () => number;
  /** The time of a line that states none. */
  readonly now: () => number;
  /** Whether what no rule reads is written too. */
  readonly isComplete: boolean;
}

/** Writes one value. */
export interface Static {
  /** @throws StaticFailure for a value that CrowdSec would stop at. */
  readonly write: (scope: { readonly evt: EventRecord }, context: ParseContext) => void;
  /** The field that it writes, and the name in it; `undefined` where it does more than to write one text that is there. */
  readonly target: { readonly field: string; readonly name: string | undefined } | undefined;
  /** What it reads. */
  readonly paths: readonly (readonly string[])[];
  /** Whether some rule reads what it writes. */
  isNeeded: boolean;
}

/** Finds out which statics are needed: those that write what is read, by rules or by another that is needed. */
export function markNeeded(statics: readonly Static[], reads: FieldReads): void {
  const isWanted = ({ target }: Static) => target === undefined || reads.isRead(target.field, target.name);
  for (let found: readonly Static[] = statics; found.length > 0; ) {
    found = statics.filter((one) => !one.isNeeded && isWanted(one));
    for (const one of found) {
      one.isNeeded = true;
      for (const path of one.paths) reads.note(path);
    }
  }
}

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
  const { write, target } = writerOf(mapping);
  const value = mapping.text('value');
  const expression = mapping.text('expression');
  const made = (part: Pick<Static, 'write' | 'paths'>, isPlain: boolean) => {
    const one: Static = { ...part, target: isPlain ? target : undefined, isNeeded: false };
    compilation.statics.push(one);
    return one;
  };
  if (value !== undefined && value.text !== '')
    return made({ write: (scope, context) => write(scope.evt, value.text, context), paths: [] }, true);
  const { read, paths, isPlain } = readerOf(expression, compilation);
  const takesEmpty = mapping.text('method')?.text === 'ParseDate';
  const written: Static['write'] = (scope, context) => {
    const text = read(scope);
    if (text !== '' || takesEmpty) write(scope.evt, text, context);
  };
  return made({ write: written, paths }, isPlain);
}

/** `isPlain`: it is the name of a text, so that to read it has no effect and cannot fail. */
interface Reader {
  readonly read: (scope: { readonly evt: EventRecord }) => string;
  readonly paths: Static['paths'];
  readonly isPlain: boolean;
}

const plainText =
  /^evt\.(?:Line\.(?:Raw|Src|Module)|(?:Parsed|Meta|Enriched)\.\w+|StrTime|StrTimeFormat|MarshaledTime)$/;

function readerOf(expression: RuleText | undefined, compilation: RuleCompilation): Reader {
  if (expression === undefined) return { read: nothing, paths: [], isPlain: true };
  const { compiled, paths } = compilation.expressionApart('expression', expression);
  const isPlain = plainText.test(expression.text);
  return { read: isPlain ? (compiled.evaluate as unknown as Reader['read']) : textReader(compiled), paths, isPlain };
}

function textReader({ evaluate, whole }: CompiledExpression): Reader['read'] {
  return (scope) => {
    const value = attempt(evaluate, scope as never);
    if (typeof value === 'string') return value;
    if (typeof value === 'number') return whole ? String(value) : goFloat(value);
    if (typeof value === 'boolean') throw new StaticFailure('a static cannot hold true or false');
    return '';
  };
}

type Writer = (record: EventRecord, text: string, context: ParseContext) => void;

/** A writer, and the place that it writes into; `undefined` where it does more. */
interface Target {
  readonly write: Writer;
  readonly target: Static['target'];
}

function writerOf(mapping: RuleMapping): Target {
  const method = mapping.text('method');
  if (method !== undefined) return { write: methodOf(method), target: undefined };
  for (const [key, map] of [
    ['parsed', 'Parsed'],
    ['meta', 'Meta'],
    ['enriched', 'Enriched'],
  ] as const) {
    const name = mapping.text(key)?.text;
    if (name !== undefined) return { write: writerInto(map, internedName(name)), target: { field: map, name } };
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

function targetOf({ text, line }: RuleText): Target {
  const [field, ...rest] = text.replace(/^evt\./, '').split('.');
  if (rest.length === 0 && writableFields.has(field!)) {
    const write: Writer = (record, value) => {
      record[field as 'StrTime'] = value;
    };
    return { write, target: { field: field!, name: undefined } };
  }
  if (field === 'Line' && rest.length === 1 && rest[0] === 'Module') {
    const write: Writer = (record, value) => {
      record.module = value;
    };
    return { write, target: undefined };
  }
  const key = rest[0];
  if (!writableMaps.has(field!) || key === undefined || key === '__proto__') {
    throw new RefusedRule(line, 'target', `${text} cannot be written to`);
  }
  if (field === 'Unmarshaled') {
    const write: Writer = (record, value) => {
      record.Unmarshaled[key] = value;
    };
    return { write, target: undefined };
  }
  return { write: writerInto(field as 'Meta', internedName(key)), target: { field: field!, name: key } };
}
