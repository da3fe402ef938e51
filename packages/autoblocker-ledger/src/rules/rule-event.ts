// A line while rules work on it, with the names that they use (docs.crowdsec.net, "Event object"), and the security event
// that it becomes.

import {
  type BlockTarget,
  type EventEvidence,
  lineDigest,
  type SecurityEvent,
  type SourceLine,
} from '../events/index.js';
import { canonicalAddress } from '../lookup/index.js';
import type { PreselectedEvent, Scenario } from '../scenarios/index.js';

/** What rules see as `evt`. String maps are `Map`s. */
export interface EventRecord {
  readonly Line: { readonly Raw: string; readonly Src: string; Module: string; readonly Labels: Map<string, string> };
  Parsed: Map<string, string>;
  Meta: Map<string, string>;
  Enriched: Map<string, string>;
  Unmarshaled: Record<string, unknown>;
  StrTime: string;
  StrTimeFormat: string;
  MarshaledTime: string;
  Time: Date;
  Whitelisted: boolean;
  WhitelistReason: string;
  /** Number of the stage that it has reached. */
  stage: number;
}

/** Fields of `evt` that rules may name. What speaks of overflows or of a firewall's requests has no place here. */
export const eventFields: ReadonlySet<string> = new Set([
  'Line',
  'Parsed',
  'Meta',
  'Enriched',
  'Unmarshaled',
  'StrTime',
  'StrTimeFormat',
  'MarshaledTime',
  'Time',
  'Whitelisted',
  'WhitelistReason',
]);

/** Text fields that a rule may write by `target`. */
export const writableFields: ReadonlySet<string> = new Set([
  'StrTime',
  'StrTimeFormat',
  'MarshaledTime',
  'WhitelistReason',
]);
/** Maps that a rule may write into by `target`. */
export const writableMaps: ReadonlySet<string> = new Set(['Parsed', 'Meta', 'Enriched', 'Unmarshaled']);

/** A record for a line that was just read. */
export function newRecord(raw: string, source: string, labels: Map<string, string>, now: number): EventRecord {
  return {
    Line: { Raw: raw, Src: source, Module: 'file', Labels: labels },
    Parsed: new Map(),
    Meta: new Map(),
    Enriched: new Map(),
    Unmarshaled: Object.create(null) as Record<string, unknown>,
    StrTime: '',
    StrTimeFormat: '',
    MarshaledTime: '',
    Time: new Date(now),
    Whitelisted: false,
    WhitelistReason: '',
    stage: 0,
  };
}

/** The security event of a line that passed all parsers. */
export class RuleEvent implements PreselectedEvent {
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

  constructor(record: EventRecord, line: SourceLine, candidates: readonly Scenario[]) {
    const { Meta: meta } = record;
    this.record = record;
    this.scope = { evt: record };
    this.time = record.Time.getTime();
    this.domain = identifier(meta.get('service')) ?? 'log';
    this.kind = identifier(meta.get('log_type')) ?? 'line';
    const address = canonicalAddress(meta.get('source_ip') ?? '');
    this.actor = address === undefined ? [] : [{ kind: 'ip', value: address }];
    this.outcome = outcomeOf(meta);
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

  get evidence(): EventEvidence {
    this.#evidence ??= {
      digest: this.#line.digest ?? lineDigest(this.#line.text),
      line: this.#line.text,
      source: this.record.Line.Src,
      offset: this.#line.offset,
    };
    return this.#evidence;
  }
}

/** Rules write `http_access-log`; an event's words are in kebab-case. */
function identifier(text: string | undefined): string | undefined {
  const word = text
    ?.toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-$/g, '')
    .slice(0, 32);
  return word === undefined || word === '' ? undefined : word;
}

/** Hub parsers say `auth_success` or `success` of a login, in one of two places. */
function outcomeOf(meta: ReadonlyMap<string, string>): SecurityEvent['outcome'] {
  const said = `${meta.get('auth_status') ?? ''} ${meta.get('log_type') ?? ''}`;
  if (/\b(?:auth_)?success(?:ful)?\b|_success\b/.test(said)) return 'success';
  return /fail|denied|invalid|bad|refused/.test(said) ? 'failure' : 'unknown';
}
