// A line while rules work on it, with the names that they use (docs.crowdsec.net, "Event object"), and the security event
// that it becomes.

import {
  type BlockTarget,
  type EventEvidence,
  type FieldTeller,
  lineDigest,
  type SecurityEvent,
  type SourceLine,
} from '../events/index.js';
import { type Evaluate, internedName, StringMap } from '../expressions/index.js';
import { canonicalAddress } from '../lookup/index.js';
import type { PreselectedEvent, Scenario } from '../scenarios/index.js';

/** What rules see as `evt`. */
export class EventRecord {
  readonly raw: string;
  readonly source: string;
  readonly labels: StringMap;
  module = 'file';
  Parsed = new StringMap();
  Meta = new StringMap();
  Enriched = new StringMap();
  StrTime = '';
  StrTimeFormat = '';
  MarshaledTime = '';
  /** In milliseconds since 1970. */
  time: number;
  Whitelisted = false;
  WhitelistReason = '';
  /** Number of the stage that it has reached. */
  stage = 0;
  #unmarshaled: Record<string, unknown> | undefined;

  /** A record for a line that was just read at `now`. */
  constructor(raw: string, source: string, labels: StringMap, now: number) {
    this.raw = raw;
    this.source = source;
    this.labels = labels;
    this.time = now;
  }

  get Line(): { readonly Raw: string; readonly Src: string; readonly Module: string; readonly Labels: StringMap } {
    return { Raw: this.raw, Src: this.source, Module: this.module, Labels: this.labels };
  }

  get Time(): Date {
    return new Date(this.time);
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

/** The security event of a line that passed all parsers. */
export class RuleEvent implements PreselectedEvent, FieldTeller {
  readonly record: EventRecord;
  /** The scope in which scenarios evaluate their expressions. */
  readonly scope: { readonly evt: EventRecord };
  readonly time: number;
  readonly domain: string;
  readonly kind: string;
  readonly actor: readonly BlockTarget[];
  readonly outcome: SecurityEvent['outcome'];
  readonly candidates: readonly Scenario[];
  readonly #line: SourceLine;
  #evidence: EventEvidence | undefined;
  #fields: Readonly<Record<string, string>> | undefined;

  constructor(scope: { readonly evt: EventRecord }, line: SourceLine, candidates: readonly Scenario[]) {
    const record = scope.evt;
    const { Meta: meta } = record;
    const logType = meta.get('log_type');
    this.record = record;
    this.scope = scope;
    this.time = record.time;
    this.domain = identifiers.of(meta.get('service')) ?? 'log';
    this.kind = identifiers.of(logType) ?? 'line';
    const address = canonicalAddress(meta.get('source_ip') ?? '');
    this.actor = address === undefined ? [] : [{ kind: 'ip', value: address }];
    const status = meta.get('auth_status');
    this.outcome = outcomes.of(status === undefined ? (logType ?? '') : `${status} ${logType ?? ''}`);
    this.candidates = candidates;
    this.#line = line;
  }

  get victim(): { readonly user?: string; readonly path?: string } {
    const { Meta: meta } = this.record;
    const [user, path] = [meta.get('target_user') ?? meta.get('username') ?? meta.get('user'), meta.get('http_path')];
    return { ...(user === undefined ? {} : { user }), ...(path === undefined ? {} : { path }) };
  }

  get fields(): Readonly<Record<string, string>> {
    this.#fields ??= Object.fromEntries(
      [...this.record.Meta].slice(0, 64).map(([key, value]) => [key.slice(0, 64), value.slice(0, 8192)]),
    );
    return this.#fields;
  }

  fieldOf(name: string): string | undefined {
    return this.record.Meta.get(name)?.slice(0, 8192);
  }

  get evidence(): EventEvidence {
    this.#evidence ??= {
      digest: this.#line.digest ?? lineDigest(this.#line.text),
      line: this.#line.text,
      source: this.record.source,
      offset: this.#line.offset,
    };
    return this.#evidence;
  }
}

/** What a function says of the words that rules write: few words, many lines. */
class Memo<Answer> {
  readonly #answers = new Map<string | undefined, Answer>();
  readonly #answer: (text: string | undefined) => Answer;

  constructor(answer: (text: string | undefined) => Answer) {
    this.#answer = answer;
  }

  of(text: string | undefined): Answer {
    const known = this.#answers.get(text);
    if (known !== undefined) return known;
    const answer = this.#answer(text);
    // A rule may take a word from a line: what is beyond the bound is worked out each time.
    if (this.#answers.size < maximumWords && (text === undefined || text.length <= maximumWordLength))
      this.#answers.set(text, answer);
    return answer;
  }
}

const maximumWords = 1000;
const maximumWordLength = 64;

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
