// Statics: what a parser writes into the event when it matches. Values are written as CrowdSec writes them: an integer
// plainly, a float with six digits, nothing for nil.

import { type CompiledExpression, goFloat } from '../expressions/index.js';
import { internedName } from '../patterns/index.js';
import { type GoTime, goTime, parseGoTime, parseUsualTime, usualTime } from './go-time.js';
import { attempt, type RuleCompilation } from './rule-compilation.js';
import type { RuleMapping, RuleText } from './rule-document.js';
import { type EventRecord, type FieldReads, writableFields, writableMaps } from './rule-event.js';
import { RefusedRule } from './rule-refusal.js';
import {
  setTextAt,
  type TextField,
  type TextMap,
  type TextPlace,
  type TextSource,
  textAt,
  textSourceOf,
} from './text-place.js';

/** What parsers work in. */
export interface ParseScope {
  readonly evt: EventRecord;
}

/** What statics know of the reading. */
export interface ParseContext {
  /** Newest time that a date without a year can mean, in milliseconds since 1970. */
  readonly newestTime: () => number;
  /** The time of a line that states none. */
  readonly now: () => number;
  /** Whether what no rule reads is written too. */
  readonly isComplete: boolean;
}

interface StaticParts {
  /** Where it takes its text from: a constant, a place, or what a function says. */
  readonly from: string | TextSource | Reader;
  /** Where it writes it: a place, or what a function does with it. */
  readonly to: TextPlace | Writer;
  /** Whether it writes "" too. */
  readonly takesEmpty: boolean;
  /** What it reads. */
  readonly paths: readonly (readonly string[])[];
}

/** Writes one value. One class for all of them, whatever they copy. */
export class Static {
  /** Whether some rule reads what it writes, or it does more than to write one text that is there. */
  isNeeded = false;
  /** Whether some rule reads the time that it writes out; only of `ParseDate`. */
  isTimeRead = true;
  readonly paths: StaticParts['paths'];
  readonly #takesEmpty: boolean;
  readonly #constant: string | undefined;
  readonly #source: TextSource | undefined;
  readonly #read: Reader | undefined;
  readonly #target: TextPlace | undefined;
  readonly #write: Writer | undefined;

  constructor({ from, to, takesEmpty, paths }: StaticParts) {
    this.paths = paths;
    this.#takesEmpty = takesEmpty;
    this.#constant = typeof from === 'string' ? from : undefined;
    this.#source = typeof from === 'object' ? from : undefined;
    this.#read = typeof from === 'function' ? from : undefined;
    this.#target = typeof to === 'object' ? to : undefined;
    this.#write = typeof to === 'function' ? to : undefined;
  }

  /** The place that it writes into; `undefined` where it may fail or has another effect. */
  get target(): TextPlace | undefined {
    return this.#read === undefined ? this.#target : undefined;
  }

  /** @throws StaticFailure for a value that CrowdSec would stop at. */
  write(scope: ParseScope, context: ParseContext): void {
    const record = scope.evt;
    const text = this.#constant ?? (this.#source === undefined ? this.#read!(scope) : textAt(record, this.#source));
    if (text === '' && !this.#takesEmpty) return;
    if (this.#target === undefined) this.#write!(record, text, context, this.isTimeRead);
    else setTextAt(record, this.#target, text);
  }
}

/** The statics of a node in their order. */
export class StaticList {
  readonly #all: readonly Static[];
  /** Known once all rules are compiled, which is before the first line. */
  #needed: readonly Static[] | undefined;

  constructor(all: readonly Static[]) {
    this.#all = all;
  }

  /** Writes what somebody reads, or everything. */
  write(scope: ParseScope, context: ParseContext): void {
    this.#needed ??= this.#all.filter(({ isNeeded }) => isNeeded);
    const statics = context.isComplete ? this.#all : this.#needed;
    for (let at = 0; at < statics.length; at += 1) statics[at]!.write(scope, context);
  }
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
  for (const one of statics) one.isTimeRead = reads.isRead('Enriched', marshaledTime);
}

/** A static met a value that it cannot write: the line is dropped. */
export class StaticFailure extends Error {}

const keys = new Set(['meta', 'parsed', 'enriched', 'target', 'method', 'value', 'expression']);
const marshaledTime = internedName('MarshaledTime');

/** @throws RefusedRule */
export function compileStatic(mapping: RuleMapping, compilation: RuleCompilation): Static {
  mapping.onlyKeys(keys);
  const to = targetOf(mapping);
  const value = mapping.text('value')?.text ?? '';
  const takesEmpty = value === '' && mapping.text('method')?.text === 'ParseDate';
  const source = value === '' ? sourceOf(mapping.text('expression'), compilation) : { from: value, paths: [] };
  const one = new Static({ ...source, to, takesEmpty });
  compilation.statics.push(one);
  return one;
}

type Reader = (scope: ParseScope) => string;

function sourceOf(expression: RuleText | undefined, compilation: RuleCompilation): Pick<StaticParts, 'from' | 'paths'> {
  if (expression === undefined) return { from: '', paths: [] };
  const { compiled, paths } = compilation.expressionApart('expression', expression);
  return { from: textSourceOf(expression.text) ?? textReader(compiled), paths };
}

function textReader({ evaluate, whole }: CompiledExpression): Reader {
  return (scope) => {
    const value = attempt(evaluate, scope as never);
    if (typeof value === 'string') return value;
    if (typeof value === 'number') return whole ? String(value) : goFloat(value);
    if (typeof value === 'boolean') throw new StaticFailure('a static cannot hold true or false');
    return '';
  };
}

type Writer = (record: EventRecord, text: string, context: ParseContext, isTimeRead: boolean) => void;

function targetOf(mapping: RuleMapping): StaticParts['to'] {
  const method = mapping.text('method');
  if (method !== undefined) return methodOf(method);
  for (const [key, field] of [
    ['parsed', 'Parsed'],
    ['meta', 'Meta'],
    ['enriched', 'Enriched'],
  ] as const) {
    const name = mapping.text(key)?.text;
    if (name !== undefined) return { field, name: internedName(name) };
  }
  return namedTarget(mapping.requiredText('target'));
}

function methodOf({ text, line }: RuleText): Writer {
  if (text !== 'ParseDate')
    throw new RefusedRule(line, 'method', `the method ${text} is not supported (it needs a database or the network)`);
  return (record, date, context, isTimeRead) => {
    if (isTimeRead || context.isComplete) {
      const { time, text: marshaled } = readDate(record, date, context.newestTime()) ?? goTime(context.now());
      record.time = time;
      record.Enriched.set(marshaledTime, marshaled);
    } else record.time = timeOf(record, date, context.newestTime()) ?? context.now();
  };
}

function readDate({ StrTimeFormat: layout }: EventRecord, date: string, newest: number): GoTime | undefined {
  return (layout === '' ? undefined : parseGoTime(date, layout, newest)) ?? parseUsualTime(date, newest);
}

/** The time of {@link readDate} alone. */
function timeOf(record: EventRecord, date: string, newest: number): number | undefined {
  return record.StrTimeFormat === '' ? usualTime(date, newest) : readDate(record, date, newest)?.time;
}

function namedTarget({ text, line }: RuleText): StaticParts['to'] {
  const [field, ...rest] = text.replace(/^evt\./, '').split('.');
  if (rest.length === 0 && writableFields.has(field!)) return { field: field as TextField, name: undefined };
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
  return { field: field as TextMap, name: internedName(key) };
}
