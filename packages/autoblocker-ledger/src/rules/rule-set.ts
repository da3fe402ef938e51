// Rules of CrowdSec's hub, compiled together: a parser of lines and scenarios for the detector, with a report of what runs
// and of what was refused and why.

import { readdir, readFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import type { SourceLine } from '../events/index.js';
import { type DataFiles, ruleVocabulary, StringMap, type Vocabulary } from '../expressions/index.js';
import type { LineParser, ParsedLine, StampReading } from '../parsing/index.js';
import { SafePattern } from '../patterns/index.js';
import { LineStash } from './line-stash.js';
import { ParsePipeline, type ParseTrace } from './parse-pipeline.js';
import { type CompiledParser, compileParser, type ParseEnvironment } from './parser-compiler.js';
import { RuleCompilation } from './rule-compilation.js';
import { type RuleMapping, readRuleDocuments } from './rule-document.js';
import { EventRecord, eventFields, eventReader, RuleEvent } from './rule-event.js';
import { RefusedRule, type RuleRefusal, refusalError } from './rule-refusal.js';
import { type CompiledScenario, compileScenario, type RuleScenario } from './scenario-compiler.js';
import { ScenarioIndex } from './scenario-index.js';

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

/** Reads all rules of a folder of CrowdSec's hub, or of a part of it. */
export async function readRuleFiles(folder: string): Promise<readonly RuleFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const files = paths.sort().slice(0, maximumFiles);
  return Promise.all(files.map(async (path) => ({ path: relative(folder, path), text: await readFile(path, 'utf8') })));
}

/**
 * Compiles rules. What cannot run is in the report with file, line and construct, and does not run in part.
 * @throws TenstripError `RuleUnsupported` for the first refusal, when `strict`.
 */
export function compileRules(files: readonly RuleFile[], options: RuleOptions = {}): RuleSet {
  const builder = new RuleSetBuilder(options);
  for (const file of files.slice(0, maximumFiles)) builder.add(file);
  const [first] = builder.refused;
  if (options.strict === true && first !== undefined) throw refusalError(first);
  return builder.build();
}

const noLines = new Map<string, string>();

class RuleSetBuilder {
  readonly refused: RuleRefusal[] = [];
  readonly #options: RuleOptions;
  readonly #files: DataFilesBuilder;
  readonly #parsers: { readonly file: string; readonly parser: CompiledParser }[] = [];
  readonly #scenarios: CompiledScenario[] = [];
  readonly #compiled: CompiledRule[] = [];
  readonly #stash = { current: new LineStash() };

  constructor(options: RuleOptions) {
    this.#options = options;
    this.#files = new DataFilesBuilder(options.dataFiles ?? noLines);
  }

  add({ path, text }: RuleFile): void {
    let rule: string | undefined;
    const refuse = ({ line, construct, message }: RefusedRule) => {
      this.refused.push({ file: path, line, rule, construct, problem: message });
    };
    readRuleDocuments(
      text,
      (document) => {
        try {
          rule = document.text('name')?.text;
          this.#compile(path, text, document);
        } catch (error) {
          if (!(error instanceof RefusedRule)) throw error;
          refuse(error);
        }
      },
      refuse,
    );
  }

  build(): RuleSet {
    const parsers = this.#parsers.sort((one, other) =>
      basename(one.file) < basename(other.file) ? -1 : basename(one.file) > basename(other.file) ? 1 : 0,
    );
    const index = new ScenarioIndex(this.#scenarios, this.#vocabulary(['evt']));
    const pipeline = new ParsePipeline(parsers.map(({ parser }) => parser));
    const scenarios = this.#scenarios.map(({ scenario }) => scenario);
    const labelsOf = this.#options.labelsOf ?? (() => ({ type: 'syslog' }));
    const stash = this.#stash;
    return {
      scenarios,
      report: { compiled: this.#compiled, refused: this.refused },
      lineParser: (source, reading, trace) =>
        new RuleLineParser({ pipeline, index, stash, source, labels: labelsOf(source), reading, trace }),
    };
  }

  #compile(path: string, text: string, document: RuleMapping): void {
    const stage = document.text('stage')?.text ?? /(?:^|\/)(s\d\d-[a-z]+)\//.exec(path)?.[1];
    if (/(?:^|\/)postoverflows\//.test(path))
      throw new RefusedRule(document.line, 'postoverflow', 'rules on overflows are not supported');
    this.#files.declare(document);
    if (stage !== undefined) {
      const parser = compileParser(document, stage, new RuleCompilation(this.#vocabulary(['evt'])));
      this.#parsers.push({ file: path, parser });
      this.#compiled.push({ file: path, name: parser.name, kind: 'parser', detail: stage });
      return;
    }
    if (!document.has('type'))
      throw new RefusedRule(document.line, 'stage', 'neither a parser (its folder names no stage) nor a scenario');
    // As CrowdSec 1.4.6 has it: an overflow has no event of its own. Of what it gives there, `signal` and `leaky` are not supported.
    const compilation = new RuleCompilation(this.#vocabulary(['evt']), {
      condition: this.#vocabulary(['evt', 'queue']),
      overflow_filter: this.#vocabulary(['queue']),
    });
    const scenario = compileScenario(document, text, compilation);
    this.#scenarios.push(scenario);
    this.#compiled.push({
      file: path,
      name: scenario.scenario.name,
      kind: 'scenario',
      detail: document.requiredText('type').text,
    });
  }

  #vocabulary(variables: readonly string[]): Vocabulary {
    const stash = this.#stash;
    const fields = new Map([
      ['evt', eventFields],
      ['queue', new Set(['Queue'])],
    ]);
    const host = { files: this.#files, stash: { get: (name: string, key: string) => stash.current.get(name, key) } };
    return ruleVocabulary(variables, fields, host, eventReader);
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

interface RuleLineParserParts {
  readonly pipeline: ParsePipeline;
  readonly index: ScenarioIndex;
  readonly stash: { current: LineStash };
  readonly source: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly reading: StampReading;
  readonly trace: ParseTrace | undefined;
}

/** Reads the lines of one source by rules. */
class RuleLineParser implements LineParser {
  readonly #parts: RuleLineParserParts;
  readonly #environment: ParseEnvironment;
  readonly #stash = new LineStash();
  /** No rule can write into labels, so that all lines share them. */
  readonly #labels: StringMap;

  constructor(parts: RuleLineParserParts) {
    const newestTime = () => parts.reading.newestTime();
    this.#parts = parts;
    this.#labels = new StringMap(Object.entries(parts.labels));
    this.#environment = {
      stash: this.#stash,
      lastStage: Math.max(parts.pipeline.stages - 1, 0),
      newestTime,
      now: newestTime,
    };
  }

  parse(line: SourceLine): ParsedLine {
    const { pipeline, index, stash, source, trace } = this.#parts;
    // Sources are read one line at a time, each with a stash of its own.
    stash.current = this.#stash;
    const now = this.#environment.now();
    this.#stash.advance(now);
    const record = new EventRecord(line.text, source, this.#labels, now);
    const scope = { evt: record };
    const { complete, parser } = pipeline.run(scope, this.#environment, trace);
    if (parser === undefined) return undefined;
    if (!complete || record.Whitelisted) return { parser };
    return { parser, event: new RuleEvent(scope, line, index.candidates(scope)) };
  }
}
