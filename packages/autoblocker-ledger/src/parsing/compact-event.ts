// The event of a line as one text of JSON: some 200 bytes, where the objects and texts of an event are some 700. It is made
// of what the event says and read again whenever it is asked, which is when its bucket overflows.

import { type BlockTarget, type EventEvidence, lineDigest, type SecurityEvent } from '../events/index.js';

/** What the text holds: time, domain, kind, actors, victim, outcome, fields, line, its digest if it was cut, source, offset. */
type Parts = [
  number,
  string,
  string,
  readonly BlockTarget[],
  SecurityEvent['victim'] | null,
  SecurityEvent['outcome'],
  SecurityEvent['fields'],
  string,
  string | null,
  string,
  number,
];

/** A {@link SecurityEvent} in few bytes. */
export class CompactEvent implements SecurityEvent {
  readonly #text: string;

  /** `line`: the whole text, or what is left of it with the `digest` of the whole. */
  constructor(event: SecurityEvent, line: string, digest: string | undefined, source: string, offset: number) {
    const { time, domain, kind, actor, victim, outcome, fields } = event;
    const parts: Parts = [
      time,
      domain,
      kind,
      actor,
      victim ?? null,
      outcome,
      fields,
      line,
      digest ?? null,
      source,
      offset,
    ];
    this.#text = JSON.stringify(parts);
  }

  get time(): number {
    return this.#parts[0];
  }

  get domain(): string {
    return this.#parts[1];
  }

  get kind(): string {
    return this.#parts[2];
  }

  get actor(): readonly BlockTarget[] {
    return this.#parts[3];
  }

  get victim(): NonNullable<SecurityEvent['victim']> {
    return this.#parts[4] ?? {};
  }

  get outcome(): SecurityEvent['outcome'] {
    return this.#parts[5];
  }

  get fields(): SecurityEvent['fields'] {
    return this.#parts[6];
  }

  get evidence(): EventEvidence {
    const [, , , , , , , line, digest, source, offset] = this.#parts;
    return { digest: digest ?? lineDigest(line), line, source, offset };
  }

  get #parts(): Parts {
    return JSON.parse(this.#text) as Parts;
  }
}
