// The event of a line in some 150 bytes, where its objects and texts take 700: the line itself, and where in it the values are
// that its parser found. What events of its kind have in common is their form. The text is read again whenever it is asked
// for, which is when a bucket overflows.

import {
  type BlockTarget,
  type CompactEvent,
  type CompactForm,
  type EventEvidence,
  lineDigest,
  type SecurityEvent,
} from '../events/index.js';

/** What a line says: as its parser found it, with one actor, an address. */
interface LineFacts {
  readonly event: SecurityEvent;
  /** The line, or what is left of it with the `digest` of the whole. */
  readonly line: string;
  readonly digest: string | undefined;
  readonly source: string;
  readonly offset: number;
}

/** All but the values. */
interface Shape {
  readonly domain: string;
  readonly kind: string;
  readonly outcome: SecurityEvent['outcome'];
  readonly source: string;
  readonly victim: readonly ('host' | 'user' | 'path')[];
  readonly fields: readonly string[];
}

/** Numbers are written in this base. */
const base = 36;
/** A value that does not stand in the line: JSON, which begins with a `"` and holds no end of a line. */
const isQuoted = /^"/;
/** Forms are known by the kind of their events, so many of each, so many kinds. */
const maxForms = 32;
const maxKinds = 256;
const forms = new Map<string, LineForm[]>();

/** {@link CompactEvent} of the event of a line. */
export function compactLine({ event, line, digest, source, offset }: LineFacts): CompactEvent {
  const { time, domain, kind, outcome, victim = {}, fields } = event;
  const named = (['host', 'user', 'path'] as const).filter((name) => victim[name] !== undefined);
  const shape = { domain, kind, outcome, source, victim: named, fields: Object.keys(fields) };
  const address = (event.actor[0] as { readonly value: string }).value;
  const values = [address, ...named.map((name) => victim[name]!), ...shape.fields.map((name) => fields[name]!)];
  const head = [time.toString(base), offset.toString(base), digest ?? ''];
  const parts = [...head, ...values.map((value) => placeIn(line, value)), line];
  // What `join` makes is in one piece and points into no other text.
  return { text: parts.join('\n'), form: sharedForm(shape) };
}

/** Events of one shape. Their texts are lines: time, offset, digest of a line that was cut, place of each value, the line. */
class LineForm implements CompactForm {
  readonly #shape: Shape;

  constructor(shape: Shape) {
    this.#shape = shape;
  }

  is({ domain, kind, outcome, source, victim, fields }: Shape): boolean {
    const own = this.#shape;
    return (
      own.kind === kind &&
      own.source === source &&
      own.outcome === outcome &&
      own.domain === domain &&
      areSame(own.victim, victim) &&
      areSame(own.fields, fields)
    );
  }

  /** See {@link CompactForm}. */
  restore(text: string): SecurityEvent {
    const { domain, kind, outcome, source, victim, fields } = this.#shape;
    const count = 3 + 1 + victim.length + fields.length;
    const parts: string[] = [];
    let from = 0;
    for (let part = 0; part < count; part += 1) {
      const end = text.indexOf('\n', from);
      parts.push(text.slice(from, end));
      from = end + 1;
    }
    const line = text.slice(from);
    const [time, offset, digest, ...places] = parts as [string, string, string, ...string[]];
    const [address, ...values] = places.map((place) => valueAt(line, place));
    const evidence = { line, source, offset: Number.parseInt(offset, base) };
    return new RestoredEvent(
      {
        time: Number.parseInt(time, base),
        domain,
        kind,
        actor: [{ kind: 'ip', value: address! }],
        victim: Object.fromEntries(victim.map((name, index) => [name, values[index]!])),
        outcome,
        fields: Object.fromEntries(fields.map((name, index) => [name, values[victim.length + index]!])),
      },
      evidence,
      digest === '' ? undefined : digest,
    );
  }
}

/** The event that a text said. Its digest is computed when somebody asks. */
class RestoredEvent implements SecurityEvent {
  readonly time: number;
  readonly domain: string;
  readonly kind: string;
  readonly actor: readonly BlockTarget[];
  readonly victim: NonNullable<SecurityEvent['victim']>;
  readonly outcome: SecurityEvent['outcome'];
  readonly fields: SecurityEvent['fields'];
  readonly #evidence: Omit<EventEvidence, 'digest'> & { readonly line: string };
  readonly #digest: string | undefined;

  constructor(
    said: Required<Pick<SecurityEvent, 'time' | 'domain' | 'kind' | 'actor' | 'victim' | 'outcome' | 'fields'>>,
    evidence: Omit<EventEvidence, 'digest'> & { readonly line: string },
    digest: string | undefined,
  ) {
    this.time = said.time;
    this.domain = said.domain;
    this.kind = said.kind;
    this.actor = said.actor;
    this.victim = said.victim;
    this.outcome = said.outcome;
    this.fields = said.fields;
    this.#evidence = evidence;
    this.#digest = digest;
  }

  get evidence(): EventEvidence {
    return { digest: this.#digest ?? lineDigest(this.#evidence.line), ...this.#evidence };
  }
}

function placeIn(line: string, value: string): string {
  const start = line.indexOf(value);
  return start < 0 ? JSON.stringify(value) : `${start.toString(base)} ${value.length.toString(base)}`;
}

function valueAt(line: string, place: string): string {
  if (isQuoted.test(place)) return JSON.parse(place) as string;
  const [start, length] = place.split(' ').map((number) => Number.parseInt(number, base)) as [number, number];
  return line.slice(start, start + length);
}

function sharedForm(shape: Shape): LineForm {
  let ofKind = forms.get(shape.kind);
  if (ofKind === undefined) {
    ofKind = [];
    if (forms.size < maxKinds) forms.set(shape.kind, ofKind);
  }
  for (const known of ofKind) if (known.is(shape)) return known;
  const form = new LineForm(shape);
  if (ofKind.length === maxForms) ofKind.shift();
  ofKind.push(form);
  return form;
}

function areSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index]);
}
