// A line while rules work on it, with the names that they use (docs.crowdsec.net, "Event object"), and the security event
// that it becomes.

import {
  type BlockTarget,
  type CompactableEvent,
  type CompactEvent,
  type CompactForm,
  type EventEvidence,
  type FieldTeller,
  lineDigest,
  type SecurityEvent,
  type SourceLine,
} from '../events/index.js';
import { type Evaluate, madeField, StringMap } from '../expressions/index.js';
import { canonicalAddress } from '../lookup/index.js';
import { internedName } from '../patterns/index.js';
import type { PreselectedEvent, Scenario } from '../scenarios/index.js';

/** What rules see as `evt`. */
export class EventRecord {
  raw: string;
  readonly source: string;
  readonly labels: StringMap;
  module = 'file';
  readonly Parsed = new StringMap();
  Meta = new StringMap();
  readonly Enriched = new StringMap();
  StrTime = '';
  StrTimeFormat = '';
  MarshaledTime = '';
  /** In milliseconds since 1970. */
  time: number;
  Whitelisted = false;
  WhitelistReason = '';
  /** Number of the stage that it has reached. */
  stage = 0;
  /** The last parser before enrichment that accepted it. */
  parser: string | undefined;
  #unmarshaled: Record<string, unknown> | undefined;

  /** A record for a line that was just read at `now`. */
  constructor(raw: string, source: string, labels: StringMap, now: number) {
    this.raw = raw;
    this.source = source;
    this.labels = labels;
    this.time = now;
  }

  /** Makes it the record of another line that was read at `now`: nothing is left of the one before. */
  begin(raw: string, now: number): void {
    this.raw = raw;
    this.module = 'file';
    this.Parsed.clear();
    this.Meta.clear();
    this.Enriched.clear();
    this.StrTime = '';
    this.StrTimeFormat = '';
    this.MarshaledTime = '';
    this.time = now;
    this.Whitelisted = false;
    this.WhitelistReason = '';
    this.stage = 0;
    this.parser = undefined;
    this.#unmarshaled = undefined;
  }

  /** `Meta`, which is the caller's from now on; the record has another. */
  giveMeta(): StringMap {
    const { Meta: given } = this;
    this.Meta = new StringMap();
    return given;
  }

  get Line(): { readonly Raw: string; readonly Src: string; readonly Module: string; readonly Labels: StringMap } {
    return { Raw: this.raw, Src: this.source, Module: this.module, Labels: this.labels };
  }

  get Time(): Date {
    return new Date(this.time);
  }

  /** For what reads an event of a list: `map(queue.Queue, {#.Time})`. */
  [madeField](name: unknown): unknown {
    if (name === 'Time') return this.Time;
    if (name === 'Line') return this.Line;
    return name === 'Unmarshaled' ? this.Unmarshaled : null;
  }

  /** Made when it is asked for: few lines hold what is unmarshaled. */
  get Unmarshaled(): Record<string, unknown> {
    this.#unmarshaled ??= Object.create(null) as Record<string, unknown>;
    return this.#unmarshaled;
  }
}

/** Fields of `evt` that rules may name. What speaks of overflows or of a firewall's requests has no place here. */
const readersOfFields = {
  // Written out, so that each is a load from a known place and not a search for a name.
  Line: (scope) => recordOf(scope).Line,
  Parsed: (scope) => recordOf(scope).Parsed,
  Meta: (scope) => recordOf(scope).Meta,
  Enriched: (scope) => recordOf(scope).Enriched,
  Unmarshaled: (scope) => recordOf(scope).Unmarshaled,
  StrTime: (scope) => recordOf(scope).StrTime,
  StrTimeFormat: (scope) => recordOf(scope).StrTimeFormat,
  MarshaledTime: (scope) => recordOf(scope).MarshaledTime,
  Time: (scope) => recordOf(scope).Time,
  Whitelisted: (scope) => recordOf(scope).Whitelisted,
  WhitelistReason: (scope) => recordOf(scope).WhitelistReason,
} satisfies Readonly<Record<string, Evaluate>>;

/** Names of these fields. */
export const eventFields: ReadonlySet<string> = new Set(Object.keys(readersOfFields));

const readersOfLine: Readonly<Record<string, Evaluate>> = {
  Raw: (scope) => recordOf(scope).raw,
  Src: (scope) => recordOf(scope).source,
  Module: (scope) => recordOf(scope).module,
  Labels: (scope) => recordOf(scope).labels,
};

/** Meta that is read of every event, by {@link RuleEvent} and by whitelists. */
const metaOfEvents = [
  'service',
  'log_type',
  'auth_status',
  'source_ip',
  'target_user',
  'username',
  'user',
  'http_path',
];
/** Meta that rails and scores ask every event for. */
const metaOfRails = ['status', 'http_status', 'resource'];

/** Which fields of `evt` rules read: what none of them reads need not be taken from a line, or kept. */
export class FieldReads {
  readonly #fields = new Set<string>();
  readonly #names = new Set<string>();
  #isAllRead = false;

  /** Notes that what stands at a path of names is read. */
  note([variable, field, name]: readonly string[]): void {
    if (variable !== 'evt' || field === undefined) this.#isAllRead = true;
    else if (name === undefined) this.#fields.add(field);
    else this.#names.add(`${field}.${name}`);
  }

  /** Whether a field, or a name in a map, may be read. */
  isRead(field: string, name?: string): boolean {
    return this.#isAllRead || this.#fields.has(field) || (name !== undefined && this.#names.has(`${field}.${name}`));
  }

  /** The names that may be read of a map; `undefined`: all. */
  namesIn(field: string): ReadonlySet<string> | undefined {
    if (this.isRead(field)) return undefined;
    const start = `${field}.`;
    const names = [...this.#names].filter((one) => one.startsWith(start));
    return new Set(names.map((one) => one.slice(start.length)));
  }

  /** Whether nothing is read but `evt.Meta`. */
  get isMetaOnly(): boolean {
    const isMeta = (one: string) => one === 'Meta' || one.startsWith('Meta.');
    return !this.#isAllRead && [...this.#fields, ...this.#names].every(isMeta);
  }

  /** Notes what is read of every event, whatever the rules: the layout of dates by those that parse them. */
  noteUsual(): void {
    this.note(['evt', 'StrTimeFormat']);
    for (const name of [...metaOfEvents, ...metaOfRails]) this.note(['evt', 'Meta', name]);
  }
}

/** What stands in the event at a path of names, in one step: `evt.StrTime`, `evt.Line.Raw`, `evt.Meta.service`. */
export function eventReader([variable, field, ...rest]: readonly string[]): Evaluate | undefined {
  if (variable !== 'evt' || field === undefined || !eventFields.has(field)) return undefined;
  if (rest.length === 0) return readersOfFields[field as keyof typeof readersOfFields];
  const [first, second, third] = rest;
  if (field === 'Line') {
    if (second === undefined) return Object.hasOwn(readersOfLine, first!) ? readersOfLine[first!] : undefined;
    return first === 'Labels' && third === undefined ? readerIn(field, internedName(second)) : undefined;
  }
  return second === undefined ? readerIn(field, internedName(first!)) : undefined;
}

/** A text of one of the maps; without it "", as in Go. */
function readerIn(map: string, name: string): Evaluate | undefined {
  switch (map) {
    case 'Parsed':
      return (scope) => recordOf(scope).Parsed.get(name) ?? '';
    case 'Meta':
      return (scope) => recordOf(scope).Meta.get(name) ?? '';
    case 'Enriched':
      return (scope) => recordOf(scope).Enriched.get(name) ?? '';
    case 'Line':
      return (scope) => recordOf(scope).labels.get(name) ?? '';
    default:
      return undefined;
  }
}

function recordOf(scope: Readonly<Record<string, unknown>>): EventRecord {
  return (scope as { readonly evt: EventRecord }).evt;
}

/** Text fields that a rule may write by `target`. */
export const writableFields: ReadonlySet<string> = new Set([
  'StrTime',
  'StrTimeFormat',
  'MarshaledTime',
  'WhitelistReason',
]);
/** Maps that a rule may write into by `target`. */
export const writableMaps: ReadonlySet<string> = new Set(['Parsed', 'Meta', 'Enriched', 'Unmarshaled']);

/**
 * What the event of a line comes from, and where it can be had once more: of a line only that is taken which rules read, until
 * somebody asks for the rest.
 */
export interface LineOrigin {
  /** Whether a name of `Meta` is taken from every line that has it. */
  isTaken(name: string): boolean;
  /** All of the `Meta` of a line; `undefined`: all was taken. */
  metaOf(line: SourceLine): StringMap | undefined;
  /** The event of a line that gave one, as it was. */
  eventOf(line: SourceLine): RuleEvent;
}

/** The security event of a line that passed all parsers. */
export class RuleEvent implements PreselectedEvent, FieldTeller, CompactableEvent {
  readonly Meta: StringMap;
  readonly source: string;
  time: number;
  readonly domain: string;
  readonly kind: string;
  readonly actor: readonly BlockTarget[];
  readonly outcome: SecurityEvent['outcome'];
  readonly candidates: readonly Scenario[];
  readonly #record: EventRecord | undefined;
  readonly #line: SourceLine;
  readonly #origin: LineOrigin | undefined;
  #evidence: EventEvidence | undefined;
  #fields: Readonly<Record<string, string>> | undefined;

  /**
   * `keepsRecord`: the record is the event's from now on; otherwise its `Meta` is, and the record gets another. `origin`:
   * `undefined` where a line says something once only.
   */
  constructor(
    record: EventRecord,
    keepsRecord: boolean,
    line: SourceLine,
    candidates: readonly Scenario[],
    origin: LineOrigin | undefined,
  ) {
    const meta = keepsRecord ? record.Meta : record.giveMeta();
    const words = wordsOf(meta.get('service'), meta.get('log_type'), meta.get('auth_status'));
    this.Meta = meta;
    this.#record = keepsRecord ? record : undefined;
    this.#origin = origin;
    this.source = record.source;
    this.time = record.time;
    this.domain = words.domain;
    this.kind = words.kind;
    this.actor = actors.of(meta.get('source_ip'));
    this.outcome = words.outcome;
    this.candidates = candidates;
    this.#line = line;
  }

  /** What scenarios see as `evt`, the event being the scope of their expressions: the record, or `Meta` where they read no more. */
  get evt(): EventRecord | this {
    return this.#record ?? this;
  }

  get victim(): { readonly user?: string; readonly path?: string } {
    const { Meta: meta } = this;
    const [user, path] = [meta.get('target_user') ?? meta.get('username') ?? meta.get('user'), meta.get('http_path')];
    return { ...(user === undefined ? {} : { user }), ...(path === undefined ? {} : { path }) };
  }

  get fields(): Readonly<Record<string, string>> {
    this.#fields ??= Object.fromEntries(
      [...(this.#origin?.metaOf(this.#line) ?? this.Meta)]
        .slice(0, 64)
        .map(([key, value]) => [key.slice(0, 64), value.slice(0, 8192)]),
    );
    return this.#fields;
  }

  fieldOf(name: string): string | undefined {
    const value = this.Meta.get(name);
    if (value !== undefined) return value.length <= 8192 ? value : value.slice(0, 8192);
    return this.#origin?.isTaken(name) === false ? this.fields[name] : undefined;
  }

  get evidence(): EventEvidence {
    this.#evidence ??= {
      digest: this.#line.digest ?? lineDigest(this.#line.text),
      line: this.#line.text,
      source: this.source,
      offset: this.#line.offset,
    };
    return this.#evidence;
  }

  /** The line, to be read again: see {@link CompactableEvent}. */
  compact(): CompactEvent | undefined {
    return this.#origin && { text: this.#line.text, form: new ReadLine(this.#line, this.time, this.#origin) };
  }
}

/** A line whose event is read again when it is asked for. Its text is kept beside it. */
class ReadLine implements CompactForm {
  readonly #offset: number;
  readonly #end: number;
  /** Of a line that was cut. */
  readonly #digest: string | undefined;
  readonly #time: number;
  readonly #origin: LineOrigin;

  constructor({ offset, end, digest }: SourceLine, time: number, origin: LineOrigin) {
    this.#offset = offset;
    this.#end = end;
    this.#digest = digest;
    this.#time = time;
    this.#origin = origin;
  }

  /** See {@link CompactForm}. */
  restore(text: string): RuleEvent {
    const digest = this.#digest;
    const cut = digest === undefined ? { cut: false } : { cut: true, digest };
    const event = this.#origin.eventOf({ text, offset: this.#offset, end: this.#end, garbled: false, ...cut });
    // It may have been brought back from the future.
    event.time = this.#time;
    return event;
  }
}

/** What a function says of the words that rules write: few words, many lines. */
class Memo<Answer> {
  readonly #answers = new Map<string | undefined, Answer>();
  readonly #answer: (text: string | undefined) => Answer;
  /** Who is asked for is often asked for again at once, and a look-up of a new text takes longer than to compare it. */
  #last: { readonly text: string | undefined; readonly answer: Answer } | undefined;

  constructor(answer: (text: string | undefined) => Answer) {
    this.#answer = answer;
  }

  of(text: string | undefined): Answer {
    if (this.#last?.text === text && this.#last !== undefined) return this.#last.answer;
    const answer = this.#lookUp(text);
    this.#last = { text, answer };
    return answer;
  }

  #lookUp(text: string | undefined): Answer {
    const known = this.#answers.get(text);
    if (known !== undefined) return known;
    const answer = this.#answer(text);
    if (text !== undefined && text.length > maximumWordLength) return answer;
    // A rule may take a word from a line, and an address comes from it: there is no end of them.
    if (this.#answers.size === maximumWords) this.#answers.clear();
    this.#answers.set(text, answer);
    return answer;
  }
}

const maximumWords = 1000;
const maximumWordLength = 64;

/** What the words of a rule say of an event. */
interface EventWords {
  readonly service: string | undefined;
  readonly logType: string | undefined;
  readonly status: string | undefined;
  readonly domain: string;
  readonly kind: string;
  readonly outcome: SecurityEvent['outcome'];
}

/** The words of the last event: those of rules are constants mostly, and one and the same text. */
let lastWords: EventWords | undefined;

function wordsOf(service: string | undefined, logType: string | undefined, status: string | undefined): EventWords {
  const last = lastWords;
  if (last?.service === service && last?.logType === logType && last?.status === status && last !== undefined)
    return last;
  const words = wordsAnew(service, logType, status);
  lastWords = words;
  return words;
}

function wordsAnew(service: string | undefined, logType: string | undefined, status: string | undefined): EventWords {
  return {
    service,
    logType,
    status,
    domain: identifiers.of(service) ?? 'log',
    kind: identifiers.of(logType) ?? 'line',
    outcome: outcomes.of(status === undefined ? (logType ?? '') : `${status} ${logType ?? ''}`),
  };
}

/** Who sends one line sends many: their events share the list of actors. */
const actors = new Memo((text = ''): SecurityEvent['actor'] => {
  const value = canonicalAddress(text);
  return value === undefined ? [] : [{ kind: 'ip', value }];
});

/** Rules write `http_access-log`; an event's words are in kebab-case. */
const identifiers = new Memo((text) => {
  const word = text
    ?.toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-$/g, '')
    .slice(0, 32);
  return word === undefined || word === '' ? undefined : word;
});

/** Hub parsers say `auth_success` or `success` of a login, in one of two places. */
const outcomes = new Memo((said = ''): SecurityEvent['outcome'] => {
  if (/\b(?:auth_)?success(?:ful)?\b|_success\b/.test(said)) return 'success';
  return /fail|denied|invalid|bad|refused/.test(said) ? 'failure' : 'unknown';
});
