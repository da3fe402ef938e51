// The event of a line in some 200 bytes, where its objects and texts take 700: the line itself, where in it the values are
// that its parser found, and what events of its kind have in common. It is read again whenever it is asked, which is when its
// bucket overflows.

import { type BlockTarget, type EventEvidence, lineDigest, type SecurityEvent } from '../events/index.js';

/** What a line says: as its parser found it. */
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

/** Where a value stands in the line: its start times {@link placeFactor}, and its length; or the value, if it does not. */
type Place = number | string;

/** Time, offset, digest of the whole line if it was cut, then the values: address, victim, fields. */
type Numbers = [time: number, offset: number, digest: string | 0, ...places: Place[]];

const placeFactor = 2 ** 14;
const maxShapes = 4096;
const shapes = new Map<string, Shape>();

/** A {@link SecurityEvent} in few bytes. */
export class CompactEvent implements SecurityEvent {
  readonly #shape: Shape;
  /** {@link Numbers} as JSON without its brackets, which holds no end of a line, and the line. */
  readonly #text: string;

  /** Of an event whose one actor is an address. */
  constructor({ event, line, digest, source, offset }: LineFacts) {
    const { time, domain, kind, outcome, victim = {}, fields } = event;
    const shape = { domain, kind, outcome, source, victim: presentIn(victim), fields: Object.keys(fields) };
    this.#shape = sharedShape(shape);
    const address = (event.actor[0] as { readonly value: string }).value;
    const values = [
      address,
      ...shape.victim.map((name) => victim[name]!),
      ...shape.fields.map((name) => fields[name]!),
    ];
    const numbers: Numbers = [time, offset, digest ?? 0, ...values.map((value) => placeIn(line, value))];
    this.#text = flat(`${JSON.stringify(numbers).slice(1, -1)}\n${line}`);
  }

  get time(): number {
    return this.#numbers[0];
  }

  get domain(): string {
    return this.#shape.domain;
  }

  get kind(): string {
    return this.#shape.kind;
  }

  get actor(): readonly BlockTarget[] {
    return [{ kind: 'ip', value: this.#values[0]! }];
  }

  get victim(): NonNullable<SecurityEvent['victim']> {
    const values = this.#values;
    return Object.fromEntries(this.#shape.victim.map((name, index) => [name, values[index + 1]!]));
  }

  get outcome(): SecurityEvent['outcome'] {
    return this.#shape.outcome;
  }

  get fields(): SecurityEvent['fields'] {
    const { victim, fields } = this.#shape;
    const values = this.#values;
    return Object.fromEntries(fields.map((name, index) => [name, values[index + 1 + victim.length]!]));
  }

  get evidence(): EventEvidence {
    const line = this.#line;
    const [, offset, digest] = this.#numbers;
    return { digest: digest === 0 ? lineDigest(line) : digest, line, source: this.#shape.source, offset };
  }

  get #line(): string {
    return this.#text.slice(this.#text.indexOf('\n') + 1);
  }

  get #numbers(): Numbers {
    return JSON.parse(`[${this.#text.slice(0, this.#text.indexOf('\n'))}]`) as Numbers;
  }

  get #values(): string[] {
    const line = this.#line;
    const [, , , ...places] = this.#numbers;
    return places.map((place) => {
      if (typeof place === 'string') return place;
      const start = Math.floor(place / placeFactor);
      return line.slice(start, start + (place % placeFactor));
    });
  }
}

function presentIn(victim: NonNullable<SecurityEvent['victim']>): Shape['victim'] {
  return (['host', 'user', 'path'] as const).filter((name) => victim[name] !== undefined);
}

function placeIn(line: string, value: string): Place {
  const start = line.indexOf(value);
  return start < 0 || value.length >= placeFactor ? value : start * placeFactor + value.length;
}

function sharedShape(shape: Shape): Shape {
  const key = JSON.stringify(shape);
  const known = shapes.get(key);
  if (known !== undefined) return known;
  if (shapes.size < maxShapes) shapes.set(key, shape);
  return shape;
}

/** The same text in one piece, which points into no other. */
function flat(text: string): string {
  const latin1 = Buffer.from(text, 'latin1').toString('latin1');
  return latin1 === text ? latin1 : Buffer.from(text, 'utf16le').toString('utf16le');
}
