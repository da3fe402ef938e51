// The event of one line. Its digest is computed when somebody asks: most events never become evidence.

import {
  type BlockTarget,
  type CompactableEvent,
  type CompactEvent,
  type EventEvidence,
  lineDigest,
  type SecurityEvent,
  type SourceLine,
} from '../events/index.js';
import { compactLine } from './line-form.js';

/** What a parser found in a line. */
export interface LogFinding {
  readonly time: number;
  readonly domain: string;
  readonly kind: string;
  /** A canonical address. */
  readonly address: string;
  readonly victim?: { readonly host?: string; readonly user?: string; readonly path?: string };
  readonly outcome: SecurityEvent['outcome'];
  readonly fields: Readonly<Record<string, string>>;
}

/** A {@link SecurityEvent} that was read from a line. */
export class LogEvent implements CompactableEvent {
  readonly time: number;
  readonly domain: string;
  readonly kind: string;
  readonly actor: readonly BlockTarget[];
  readonly victim?: { readonly host?: string; readonly user?: string; readonly path?: string };
  readonly outcome: SecurityEvent['outcome'];
  readonly fields: Readonly<Record<string, string>>;
  readonly #line: SourceLine;
  readonly #source: string;
  #evidence: EventEvidence | undefined;

  constructor(finding: LogFinding, line: SourceLine, source: string) {
    this.time = finding.time;
    this.domain = finding.domain;
    this.kind = finding.kind;
    this.actor = [{ kind: 'ip', value: finding.address }];
    if (finding.victim !== undefined) this.victim = finding.victim;
    this.outcome = finding.outcome;
    this.fields = finding.fields;
    this.#line = line;
    this.#source = source;
  }

  get evidence(): EventEvidence {
    this.#evidence ??= {
      digest: this.#line.digest ?? lineDigest(this.#line.text),
      line: this.#line.text,
      source: this.#source,
      offset: this.#line.offset,
    };
    return this.#evidence;
  }

  /** See {@link CompactableEvent}. */
  compact(): CompactEvent {
    const { text: line, digest, offset } = this.#line;
    return compactLine({ event: this, line, digest, source: this.#source, offset });
  }
}
