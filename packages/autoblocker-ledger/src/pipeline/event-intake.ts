// Events and lines that callers give: each batch once, and nothing acknowledged that is not durable.

import type { OperationContext } from '@tenstrip/shared-core';
import { TenstripError } from '@tenstrip/shared-core/errors';
import { canonicalTarget, checked, type DecisionOutcome } from '../decisions/index.js';
import type { LedgerErrorCode } from '../errors/index.js';
import {
  bringBack,
  lineDigest,
  parseSecurityEvent,
  type SecurityEvent,
  type SourceLine,
  wellFormed,
  wellFormedText,
} from '../events/index.js';
import type { BatchName, BlockLedger } from '../ledger/index.js';
import type { LineParser } from '../parsing/index.js';
import type { CallOptions, IngestOptions, IngestReceipt, LineOptions, LineReceipt } from './ledger-calls.js';
import { eventsPerCheckpoint } from './log-reading.js';

/** What an {@link EventIntake} works with. */
export interface EventIntakeParts {
  readonly ledger: BlockLedger;
  /** What reads the lines of a source. */
  readonly parserOf: (options: LineOptions) => LineParser;
  /** Looks at an event. */
  readonly observe: (event: SecurityEvent, tell: (outcome: DecisionOutcome) => void) => void;
  /** What no event may be ahead of, in milliseconds since 1970. */
  readonly latest: () => number;
  /** Before anything new is taken: see `BlockLedger.recover`; the host's own addresses. */
  readonly ready: () => Promise<void>;
  /** The times of an entry that is written now. */
  readonly times: () => { readonly time: number; readonly recordedAt: number };
  /** Makes durable what was recorded. */
  readonly flush: () => Promise<void>;
  /** Runs a body as an operation of the caller's or of the governor. */
  readonly run: <T>(name: string, options: CallOptions, body: (op: OperationContext) => Promise<T>) => Promise<T>;
}

/** As in files. */
const maxLineBytes = 8192;
const batchSchema = wellFormedText(1, 256).optional();

/** Takes the events of one ledger's callers. */
export class EventIntake {
  readonly #parts: EventIntakeParts;
  /** Batches that are being taken. */
  readonly #batches = new Map<string, Promise<IngestReceipt>>();

  constructor(parts: EventIntakeParts) {
    this.#parts = parts;
  }

  /** See `AutoblockerLedger.ingest`. */
  async take(events: SecurityEvent | readonly SecurityEvent[], options: IngestOptions): Promise<IngestReceipt> {
    const list = (Array.isArray(events) ? events : [events]).map((event) => canonicalEvent(parseSecurityEvent(event)));
    return this.#takeOnce(list, options, () => JSON.stringify(list));
  }

  /** See `AutoblockerLedger.ingestLines`. */
  async takeLines(lines: readonly string[], options: LineOptions): Promise<LineReceipt> {
    const parser = this.#parts.parserOf(options);
    const parsed = sourceLines(lines.map(wellFormed)).map((line) => parser.parse(line));
    const unrecognised = parsed.filter((line) => line === undefined).length;
    const events = parsed.flatMap((line) => line?.event ?? []);
    const receipt = await this.#takeOnce(events, options, () => JSON.stringify(lines));
    return { ...receipt, recognised: lines.length - unrecognised - events.length, unrecognised };
  }

  /** Takes events, once for each batch. `content`: what is the same when it is sent again. */
  async #takeOnce(
    events: readonly SecurityEvent[],
    options: IngestOptions,
    content: () => string,
  ): Promise<IngestReceipt> {
    const name = checked(batchSchema, options.batch, 'a batch');
    const batch = name === undefined ? undefined : { batch: name, digest: lineDigest(content()).slice(0, 32) };
    if (batch === undefined) return this.#parts.run('ingest', options, (op) => this.#observeAll(events, undefined, op));
    // Whoever sends again while the first sending is under way waits for what becomes of it.
    while (this.#batches.has(batch.batch)) await this.#batches.get(batch.batch)?.catch(() => undefined);
    const taken = this.#parts.run('ingest', options, (op) => this.#observeAll(events, batch, op));
    this.#batches.set(batch.batch, taken);
    return taken.finally(() => this.#batches.delete(batch.batch));
  }

  async #observeAll(
    events: readonly SecurityEvent[],
    batch: BatchName | undefined,
    op: OperationContext,
  ): Promise<IngestReceipt> {
    await this.#parts.ready();
    await op.checkpoint();
    const repeated = batch !== undefined && this.#wasTaken(batch);
    const outcomes: DecisionOutcome[] = [];
    for (const event of events) bringBack(event, this.#parts.latest());
    for (const [index, event] of repeated ? [] : events.entries()) {
      // A batch is all or nothing: whoever was told that it failed may give it again.
      if (batch === undefined && index % eventsPerCheckpoint === eventsPerCheckpoint - 1) await op.checkpoint();
      this.#parts.observe(event, (outcome) => outcomes.push(outcome));
    }
    if (batch !== undefined && !repeated) {
      const fact = { ...this.#parts.times(), events: events.length };
      this.#parts.ledger.record({ class: 'event-batch', fact, personal: batch });
    }
    await this.#parts.flush();
    return { events: events.length, repeated, outcomes, checkpoint: this.#parts.ledger.checkpoint };
  }

  /** Whether a batch was taken before. A sender that counts anew must hear of it: its events would be gone. */
  #wasTaken({ batch, digest }: BatchName): boolean {
    const known = this.#parts.ledger.projections.batch(batch);
    if (known === undefined) return false;
    if (known.digest === undefined || known.digest === digest) return true;
    throw new TenstripError<LedgerErrorCode>(
      'BatchReused',
      `The batch ${JSON.stringify(batch)} was taken before with other content. Give each batch a name of its own, also after a restart.`,
      { details: { batch } },
    );
  }
}

/** Lines as a source would have them; those that are too long are cut. */
function sourceLines(lines: readonly string[]): SourceLine[] {
  let offset = 0;
  return lines.map((line) => {
    const start = offset;
    const bytes = Buffer.byteLength(line);
    offset += bytes + 1;
    const cut = bytes > maxLineBytes;
    const text = cut ? Buffer.from(line).subarray(0, maxLineBytes).toString() : line;
    const digest = cut ? { digest: lineDigest(line) } : {};
    return { text, offset: start, end: offset, cut, garbled: line.includes('\0'), ...digest };
  });
}

/** The event with its actors in canonical spelling. */
function canonicalEvent(event: SecurityEvent): SecurityEvent {
  return { ...event, actor: event.actor.map(canonicalTarget) };
}
