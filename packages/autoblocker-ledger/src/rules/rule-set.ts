// Rules of CrowdSec's hub, compiled together: a parser of lines and scenarios for the detector, with a report of what runs
// and of what was refused and why.

import { readdir, readFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { isTenstripError, TenstripError } from '@tenstrip/shared-core/errors';
import type { LedgerErrorCode } from '../errors/index.js';
import type { SourceLine } from '../events/index.js';
import { type DataFiles, ruleVocabulary, StringMap, type Vocabulary } from '../expressions/index.js';
import type { LineParser, ParsedLine, StampReading } from '../parsing/index.js';
import { type GrokExpression, SafePattern } from '../patterns/index.js';
import { LineStash } from './line-stash.js';
import { ParsePipeline, type ParseTrace } from './parse-pipeline.js';
import { type CompiledParser, compileParser, type ParseEnvironment } from './parser-compiler.js';
import { RuleCompilation } from './rule-compilation.js';
import { type RuleMapping, readRuleDocuments } from './rule-document.js';
import { EventRecord, eventFields, eventReader, FieldReads, type LineOrigin, RuleEvent } from './rule-event.js';
import { RefusedRule, type RuleRefusal, refusalError } from './rule-refusal.js';
import { type CompiledScenario, compileScenario, type RuleScenario } from './scenario-compiler.js';
import { ScenarioIndex } from './scenario-index.js';
import { markNeeded, type Static } from './static-compiler.js';

/** A file of rules: its path says what it is, as in `parsers/s01-parse/author/sshd-logs.yaml` and `scenarios/author/ssh-bf.yaml`. */
export interface RuleFile {
  readonly path: string;
  readonly text: string;
}

/** Options of {@link compileRules}. */
export interface RuleOptions {
  /** Texts of the data files that rules declare, by `dest_file`. A rule whose file is missing is refused. */
  readonly dataFiles?: ReadonlyMap<string, string>;
  /** What rules know of a source (`evt.Line.Labels`); `type` says what its lines are. Default: `{ type: 'syslog' }` for all. */
  readonly labelsOf?: (source: string) => Readonly<Record<string, string>>;
  /** Throw at the first refusal instead of reporting it. Default false. */
  readonly strict?: boolean;
}

/** A rule that runs. */
export interface CompiledRule {
  readonly file: string;
  readonly name: string;
  readonly kind: 'parser' | 'scenario';
  /** The stage of a parser, the type of a scenario's bucket. */
  readonly detail: string;
}

/** What became of the rules. */
export interface RuleReport {
  readonly compiled: readonly CompiledRule[];
  readonly refused: readonly RuleRefusal[];
}

/** Rules that are ready to run. */
export interface RuleSet {
  readonly scenarios: readonly RuleScenario[];
  readonly report: RuleReport;
  /** A parser of one source's lines. */
  lineParser(source: string, reading: StampReading, trace?: ParseTrace): LineParser;
}

/** Of one rule set. */
const maximumFiles = 10_000;

/**
 * Reads all rules of a folder of CrowdSec's hub, or of a part of it, one file after the other.
 * @throws TenstripError `SourceUnreadable`, `OptionsInvalid` when there are more than 10,000.
 */
export async function readRuleFiles(folder: string): Promise<readonly RuleFile[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name));
    checkCount(paths.length);
    const files: RuleFile[] = [];
    for (const path of paths.sort()) files.push({ path: relative(folder, path), text: await readFile(path, 'utf8') });
    return files;
  } catch (cause) {
    if (isTenstripError(cause)) throw cause;
    throw new TenstripError<LedgerErrorCode>(
      'SourceUnreadable',
      `The rules in ${String(folder)} cannot be read: ${(cause as Error).message}. Give the path of a folder of rules that this process may read.`,
      { details: { path: folder }, cause },
    );
  }
}

function checkCount(files: number): void {
  if (files <= maximumFiles) return;
  throw new TenstripError<LedgerErrorCode>(
    'OptionsInvalid',
    `${files} files of rules are more than ${maximumFiles}. Give the folders that you use one by one.`,
    { details: { issues: [`${files} files`] } },
  );
}

/**
 * Compiles rules. Documents of one file may have one name: they are parts of one rule, each with a version of its own. In two files
 * they are a rule that stands there twice, and the second is refused. What cannot run is in the report with file, line and construct, and does not run in part.
 * @throws TenstripError `RuleUnsupported` for the first refusal, when `strict`; `OptionsInvalid`.
 */
export function compileRules(files: readonly RuleFile[], options: RuleOptions = {}): RuleSet {
  checkFiles(files, options);
  const builder = new RuleSetBuilder(options);
  for (const file of files) builder.add(file);
  const [first] = builder.refused;
  if (options.strict === true && first !== undefined) throw refusalError(first);
  return builder.build();
}

function checkFiles(files: readonly RuleFile[], options: RuleOptions): void {
  const isFile = (file: unknown) =>
    typeof (file as RuleFile | undefined)?.path === 'string' && typeof (file as RuleFile).text === 'string';
  const areOptions =
    typeof options === 'object' &&
    options !== null &&
    (options.labelsOf === undefined || typeof options.labelsOf === 'function') &&
    (options.dataFiles === undefined || options.dataFiles instanceof Map);
  if (Array.isArray(files) && files.every(isFile) && areOptions) {
    checkCount(files.length);
    return;
  }
  throw new TenstripError<LedgerErrorCode>(
    'OptionsInvalid',
    'These are no files of rules. Give a list of { path, text }, as readRuleFiles reads them, and options (a Map of dataFiles, a function labelsOf) or nothing.',
    { details: { issues: ['files'] } },
  );
}

const noLines = new Map<string, string>();

class RuleSetBuilder {
  readonly refused: RuleRefusal[] = [];
  readonly #options: RuleOptions;
  readonly #files: DataFilesBuilder;
  readonly #parsers: { readonly file: string; readonly parser: CompiledParser }[] = [];
  readonly #scenarios: CompiledScenario[] = [];
  readonly #compiled: CompiledRule[] = [];
  /** Scenarios that run, by name. */
  readonly #named = new Map<string, { readonly place: string; readonly file: RuleFile; parts: number }>();
  readonly #groks: GrokExpression[] = [];
  readonly #statics: Static[] = [];
  /** What is read of events at all, and what scenarios read. */
  readonly #reads = new FieldReads();
  readonly #readByScenarios = new FieldReads();
  /** Functions that scenarios share, by what they read. */
  readonly #readers = new Map<string, unknown>();
  /** Whether lines leave something for later ones. */
  #isStateful = false;
  readonly #stash = { current: new LineStash() };

  constructor(options: RuleOptions) {
    this.#options = options;
    this.#files = new DataFilesBuilder(options.dataFiles ?? noLines);
  }

  add({ path, text }: RuleFile): void {
    const file = { path, text }; // the same one given twice is two
    let rule: string | undefined;
    const refuse = ({ line, construct, message }: RefusedRule) => {
      this.refused.push({ file: path, line, rule, construct, problem: message });
    };
    readRuleDocuments(
      text,
      (document) => {
        rule = document.text('name')?.text;
        this.#compile(file, document);
      },
      refuse,
    );
  }

  build(): RuleSet {
    const parsers = this.#parsers.sort((one, other) =>
      basename(one.file) < basename(other.file) ? -1 : basename(one.file) > basename(other.file) ? 1 : 0,
    );
    const index = new ScenarioIndex(
      this.#scenarios,
      this.#vocabulary(['evt'], (path) => this.#reads.note(path)),
    );
    this.#reads.noteUsual();
    markNeeded(this.#statics, this.#reads);
    for (const grok of this.#groks) grok.wantOnly((name) => this.#reads.isRead('Parsed', name));
    const taking = {
      keepsRecords: !this.#readByScenarios.isMetaOnly,
      meta: this.#reads.namesIn('Meta'),
      isStateful: this.#isStateful,
      needsAll: this.#isStateful,
    };
    const pipeline = new ParsePipeline(parsers.map(({ parser }) => parser));
    const scenarios = this.#scenarios.map(({ scenario }) => scenario);
    const labelsOf = this.#options.labelsOf ?? (() => ({ type: 'syslog' }));
    const stash = this.#stash;
    return {
      scenarios,
      report: { compiled: this.#compiled, refused: this.refused },
      lineParser: (source, reading, trace) =>
        new RuleLineParser({ pipeline, index, taking, stash, source, labels: labelsOf(source), reading, trace }),
    };
  }

  #compile(file: RuleFile, document: RuleMapping): void {
    const { path, text } = file;
    const stage = document.text('stage')?.text ?? /(?:^|\/)(s\d\d-[a-z]+)\//.exec(path)?.[1];
    if (/(?:^|\/)postoverflows\//.test(path))
      throw new RefusedRule(document.line, 'postoverflow', 'rules on overflows are not supported');
    this.#files.declare(document);
    if (stage !== undefined) {
      const compilation = new RuleCompilation(this.#vocabulary(['evt']), (path) => this.#reads.note(path));
      const parser = compileParser(document, stage, compilation);
      this.#groks.push(...compilation.groks);
      this.#statics.push(...compilation.statics);
      this.#isStateful ||= /stash/i.test(text);
      this.#parsers.push({ file: path, parser });
      this.#compiled.push({ file: path, name: parser.name, kind: 'parser', detail: stage });
      return;
    }
    if (!document.has('type'))
      throw new RefusedRule(document.line, 'stage', 'neither a parser (its folder names no stage) nor a scenario');
    const name = document.requiredText('name');
    const known = this.#named.get(name.text);
    if (known !== undefined && known.file !== file) {
      const problem = `the scenario ${name.text} stands in ${known.place} already, and one name is one rule in reports and decisions`;
      throw new RefusedRule(name.line, 'name', problem);
    }
    const noteRead = (path: readonly string[]) => {
      this.#reads.note(path);
      this.#readByScenarios.note(path);
    };
    // As CrowdSec 1.4.6 has it: an overflow has no event of its own. Of what it gives there, `signal` and `leaky` are not supported.
    const compilation = new RuleCompilation(this.#vocabulary(['evt']), noteRead, this.#readers, {
      condition: this.#vocabulary(['evt', 'queue']),
      overflow_filter: this.#vocabulary(['queue']),
    });
    const parts = known?.parts ?? 0;
    const scenario = compileScenario(document, parts === 0 ? text : `${text}\n# part ${parts}`, compilation);
    this.#scenarios.push(scenario);
    this.#named.set(name.text, { place: known?.place ?? `${path}:${name.line}`, file, parts: parts + 1 });
    this.#compiled.push({
      file: path,
      name: scenario.scenario.name,
      kind: 'scenario',
      detail: document.requiredText('type').text,
    });
  }

  #vocabulary(variables: readonly string[], noteRead: (path: readonly string[]) => void = () => {}): Vocabulary {
    const stash = this.#stash;
    const fields = new Map([
      ['evt', eventFields],
      ['queue', new Set(['Queue'])],
    ]);
    const host = { files: this.#files, stash: { get: (name: string, key: string) => stash.current.get(name, key) } };
    return ruleVocabulary(variables, fields, host, (path) => {
      noteRead(path);
      return eventReader(path);
    });
  }
}

const dataKeys = new Set(['source_url', 'dest_file', 'type', 'strategy', 'size', 'ttl', 'cache']);

/** Data files as rules declare them: of text, of expressions, of look-ups. */
class DataFilesBuilder implements DataFiles {
  readonly lines = new Map<string, readonly string[]>();
  readonly patterns = new Map<string, readonly SafePattern[]>();
  readonly maps = new Map<string, (text: string) => string>();
  readonly #texts: ReadonlyMap<string, string>;

  constructor(texts: ReadonlyMap<string, string>) {
    this.#texts = texts;
  }

  declare(document: RuleMapping): void {
    for (const data of document.mappings('data')) {
      data.onlyKeys(dataKeys);
      const name = data.requiredText('dest_file');
      const text = this.#texts.get(name.text);
      const type = data.text('type')?.text;
      if (text === undefined || type === undefined) continue;
      const lines = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
      if (type === 'string') this.lines.set(name.text, lines);
      else if (type === 'regex' || type === 'regexp')
        this.patterns.set(
          name.text,
          lines.map((line) => patternOf(line, name.line)),
        );
      else if (type === 'map') this.maps.set(name.text, lookupOf(lines, name.line));
      else throw new RefusedRule(name.line, 'data.type', `data files of type ${type} are not supported`);
    }
  }
}

function patternOf(text: string, line: number): SafePattern {
  const pattern = SafePattern.compile(text);
  if ('problem' in pattern) throw new RefusedRule(line, 'data', `the expression ${text}: ${pattern.problem}`);
  return pattern;
}

interface MapEntry {
  readonly pattern: string;
  readonly tag: string;
  readonly type: string;
}

/** Entries that equal come before those that are contained, and these before expressions. */
function lookupOf(lines: readonly string[], line: number): (text: string) => string {
  const entries = lines.map((text) => mapEntry(text, line));
  const equals = new Map(entries.filter(({ type }) => type === 'equals').map(({ pattern, tag }) => [pattern, tag]));
  const contained = entries.filter(({ type }) => type === 'contains');
  const patterns = entries
    .filter(({ type }) => type === 'regex')
    .map(({ pattern, tag }) => ({ pattern: patternOf(pattern, line), tag }));
  return (text) =>
    equals.get(text) ??
    contained.find(({ pattern }) => text.includes(pattern))?.tag ??
    patterns.find(({ pattern }) => pattern.test(text))?.tag ??
    '';
}

function mapEntry(text: string, line: number): MapEntry {
  let entry: unknown;
  try {
    entry = JSON.parse(text);
  } catch {
    entry = undefined;
  }
  const { pattern, tag, type } = (entry ?? {}) as Partial<Record<string, unknown>>;
  if (
    typeof pattern === 'string' &&
    typeof tag === 'string' &&
    ['equals', 'contains', 'regex'].includes(String(type))
  ) {
    return { pattern, tag, type: String(type) };
  }
  throw new RefusedRule(line, 'data', `the entry ${text.slice(0, 80)} has no pattern, tag and type`);
}

/** What is taken of a line. */
interface Taking {
  /** Whether scenarios read more of an event than its `Meta`. */
  readonly keepsRecords: boolean;
  /** The names of `Meta` that are taken; `undefined`: all. */
  readonly meta: ReadonlySet<string> | undefined;
  /** Whether lines live on what earlier ones left, so that none can be read a second time. */
  readonly isStateful: boolean;
  /** Whether all is taken from now on. */
  needsAll: boolean;
}

/** A line that gives an event. A class and no literal: see PlainLine. */
class EventLine {
  readonly parser: string;
  readonly event: RuleEvent;

  constructor(parser: string, event: RuleEvent) {
    this.parser = parser;
    this.event = event;
  }
}

interface RuleLineParserParts {
  readonly pipeline: ParsePipeline;
  readonly index: ScenarioIndex;
  readonly taking: Taking;
  readonly stash: { current: LineStash };
  readonly source: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly reading: StampReading;
  readonly trace: ParseTrace | undefined;
}

/** Reads the lines of one source by rules. */
class RuleLineParser implements LineParser {
  readonly #parts: RuleLineParserParts;
  /** When the line in hand was read, and the newest time that it can state. */
  #now = 0;
  /** Of lines from which only that is taken which rules read, and of others. */
  readonly #brief: ParseEnvironment;
  readonly #complete: ParseEnvironment;
  readonly #stash = new LineStash();
  /** No rule can write into labels, so that all lines share them. */
  readonly #labels: StringMap;
  #origin: (LineOrigin & { readonly readAt: number; readonly isComplete: boolean }) | undefined;
  /** With the record of the last line, where nobody has kept it. */
  #free: { readonly evt: EventRecord } | undefined;
  /** Where no object of a class is alive when all garbage is collected, V8 drops the code that was compiled for it. */
  #last: EventLine | undefined;

  constructor(parts: RuleLineParserParts) {
    this.#parts = parts;
    this.#labels = new StringMap(Object.entries(parts.labels));
    const now = () => this.#now;
    const lastStage = Math.max(parts.pipeline.stages - 1, 0);
    this.#brief = { stash: this.#stash, lastStage, newestTime: now, now, isComplete: false };
    this.#complete = { ...this.#brief, isComplete: true };
  }

  parse(line: SourceLine): ParsedLine {
    const { pipeline, stash, taking, trace, reading } = this.#parts;
    // Sources are read one line at a time, each with a stash of its own.
    stash.current = this.#stash;
    const now = reading.newestTime();
    this.#now = now;
    this.#stash.advance(now);
    const isTraced = trace !== undefined;
    const scope = this.#scopeFor(line.text, now, isTraced);
    const record = scope.evt;
    const environment = isTraced || taking.needsAll ? this.#complete : this.#brief;
    const complete = pipeline.run(scope, environment, trace);
    const { parser } = record;
    if (parser === undefined) return undefined;
    if (!complete || record.Whitelisted) return { parser };
    if (taking.keepsRecords) this.#free = undefined;
    this.#last = new EventLine(parser, this.#eventIn(scope, line, now, environment));
    return this.#last;
  }

  /** The event of a line that passed the parsers in an environment. */
  #eventIn(
    scope: { readonly evt: EventRecord },
    line: SourceLine,
    readAt: number,
    { isComplete }: ParseEnvironment,
  ): RuleEvent {
    const { index, taking } = this.#parts;
    const origin = taking.isStateful ? undefined : this.#originAt(readAt, isComplete);
    return new RuleEvent(scope.evt, taking.keepsRecords, line, index.candidates(scope), origin);
  }

  /** What events come from that are read at a time: lines of one moment share it. */
  #originAt(now: number, isComplete: boolean): LineOrigin {
    if (this.#origin?.readAt !== now || this.#origin.isComplete !== isComplete) {
      const { taking } = this.#parts;
      this.#origin = {
        readAt: now,
        isComplete,
        isTaken: (name) => isComplete || taking.meta?.has(name) !== false,
        metaOf: (line) => (isComplete ? undefined : this.#metaOf(line, now)),
        eventOf: (line) => this.#eventOf(line, now),
      };
    }
    return this.#origin;
  }

  /** All of the `Meta` of a line that was read at `readAt`. Who asks for one line's will ask for others': from then on all is taken. */
  #metaOf(line: SourceLine, readAt: number): StringMap {
    const { pipeline, source, taking } = this.#parts;
    const evt = new EventRecord(line.text, source, this.#labels, readAt);
    this.#now = readAt;
    pipeline.run({ evt }, this.#complete);
    taking.needsAll = true;
    return evt.Meta;
  }

  /** The event of a line that gave one when it was read at `readAt`. */
  #eventOf(line: SourceLine, readAt: number): RuleEvent {
    const { pipeline, source, taking } = this.#parts;
    const evt = new EventRecord(line.text, source, this.#labels, readAt);
    this.#now = readAt;
    const environment = taking.needsAll ? this.#complete : this.#brief;
    pipeline.run({ evt }, environment);
    return this.#eventIn({ evt }, line, readAt, environment);
  }

  /** The scope of a line in the parsers. */
  #scopeFor(text: string, now: number, isTraced: boolean): { readonly evt: EventRecord } {
    if (this.#free === undefined || isTraced)
      this.#free = { evt: new EventRecord(text, this.#parts.source, this.#labels, now) };
    else this.#free.evt.begin(text, now);
    return this.#free;
  }
}
