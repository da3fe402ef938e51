// One source of a reading: lines to events, in order, with counts, and the place from which a restart goes on.

import {
  bringBack,
  type LineBatch,
  type LineSource,
  type SecurityEvent,
  type SourceLine,
  type SourcePosition,
} from '../events/index.js';
import type { LineParser, ParsedLine } from '../parsing/index.js';
import type { SourceReport } from './read-report.js';

/** An event that waits for its turn. */
export class WaitingEvent {
  readonly event: SecurityEvent;
  /** Where the next line begins. */
  readonly end: number;
  readonly replayed: boolean;

  constructor(event: SecurityEvent, end: number, replayed: boolean) {
    this.event = event;
    this.end = end;
    this.replayed = replayed;
  }
}

/** A restart refills buckets from at most so many bytes of a file. */
const maxWarmBytes = 64 * 1024 * 1024;
/** Places to restart from are so far apart, so that there are about a thousand of them at most. */
const markSpacingBytes = 64 * 1024;

/** What a {@link LogIntake} is made of. */
export interface LogIntakeParts {
  readonly source: LineSource;
  readonly parser: LineParser;
  /** How long an event matters to buckets and rails, in milliseconds. */
  readonly memoryMs: number;
  /** Where an earlier reading of this source came to. */
  readonly known: SourcePosition | undefined;
  /** The clock that no event may be ahead of, in milliseconds since 1970. */
  readonly clockNow: () => number;
  /** Its next lines may be long in coming. */
  readonly mayWait: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Reads one source. */
export class LogIntake {
  readonly source: LineSource;
  /** The event that was taken last, see `LogReading.lastEnded`. */
  lastTaken: WaitingEvent | undefined;
  readonly #isLive: boolean;
  readonly #parser: LineParser;
  /** Events by parser; the one that found the last is at hand. */
  readonly #found = new Map<string, { events: number }>();
  #lastParser: string | undefined;
  #lastFound = { events: 0 };
  readonly #memoryMs: number;
  readonly #clockNow: () => number;
  readonly #batches: AsyncIterator<LineBatch>;
  #counts = { lines: 0, events: 0, recognised: 0, unrecognised: 0, cut: 0, garbled: 0, bytes: 0 };
  /** The lines of the last batch; those from `#nextLine` on are not parsed yet. */
  #lines: readonly SourceLine[] = [];
  #nextLine = 0;
  /** The time by the clock when they were read: none of them can be younger. */
  #readAt = 0;
  #head: WaitingEvent | undefined;
  #hasMore = false;
  #ended = false;
  #lastLineEnd = 0;
  #readTo: number;
  /** Everything before it was taken. */
  #taken: number;
  #committed: number;
  #rotations = 0;
  /** Places to restart from, each with the time of the first event after it. */
  readonly #marks: { readonly offset: number; readonly time: number }[] = [];
  #newestTime = Number.NEGATIVE_INFINITY;

  constructor({ source, parser, memoryMs, known, clockNow, mayWait, signal }: LogIntakeParts) {
    this.source = source;
    this.#isLive = mayWait;
    this.#parser = parser;
    this.#memoryMs = memoryMs;
    this.#clockNow = clockNow;
    // Where the earlier reading would restart from is as good for this one, as long as it goes on in the same file.
    if (known !== undefined && known.offset === source.resumedAt) {
      this.#marks.push({ offset: known.warmFrom, time: Number.NEGATIVE_INFINITY });
    }
    this.#readTo = source.resumedAt;
    this.#taken = source.resumedAt;
    this.#committed = source.resumedAt;
    this.#rotations = source.rotations;
    this.#batches = source.batches(signal)[Symbol.asyncIterator]();
  }

  /** The next event, if one was pulled. */
  get head(): WaitingEvent | undefined {
    return this.#head;
  }

  /** The source has no more lines. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Its next lines may be long in coming. */
  get mayWait(): boolean {
    return this.#isLive && !this.#hasMore;
  }

  /** Bytes taken and not yet committed. */
  get uncommittedBytes(): number {
    return Math.abs(this.#taken - this.#committed);
  }

  /** Events by the parser that found them. */
  get parsers(): Record<string, number> {
    return Object.fromEntries(Array.from(this.#found, ([parser, { events }]) => [parser, events]));
  }

  get bytesRead(): number {
    return this.#counts.bytes;
  }

  get lines(): number {
    return this.#counts.lines;
  }

  get events(): number {
    return this.#counts.events;
  }

  get report(): SourceReport {
    const { name, resumedAt, rotations } = this.source;
    return { path: name, ...this.#counts, resumedAt, rotations };
  }

  /**
   * Reads one batch of lines and parses it up to its first event; only when no event waits. Lines are parsed when their turn
   * comes: a batch of events at once would outlive the collector's young generation.
   */
  async pull(): Promise<void> {
    const result = await this.#batches.next();
    if (result.done === true) {
      this.#ended = true;
      return;
    }
    const { lines, end, hasMore = false } = result.value;
    this.#hasMore = hasMore;
    if (this.source.rotations !== this.#rotations) {
      this.#rotations = this.source.rotations;
      this.#marks.length = 0;
      this.#readTo = 0;
      this.#taken = 0;
      this.#committed = -1;
    }
    const start = lines[0]?.offset ?? this.#readTo;
    this.#counts.bytes += Math.max(0, end - Math.max(this.#readTo, start));
    this.#readTo = end;
    this.#lines = lines;
    this.#readAt = this.#clockNow();
    this.#nextLine = 0;
    this.#head = this.#parseOn();
    this.#mark(start);
    if (this.#head === undefined) this.#taken = Math.max(lines.at(-1)?.end ?? this.#taken, this.#resumeFloor());
  }

  /** Takes the event at the head. */
  take(): WaitingEvent {
    const taken = this.#head!;
    this.lastTaken = taken;
    this.#head = this.#parseOn();
    this.#taken = Math.max(this.#head === undefined ? this.#lastLineEnd : taken.end, this.#resumeFloor());
    return taken;
  }

  /** The position to commit, if it moved since the last. */
  async position(): Promise<SourcePosition | undefined> {
    if (this.#taken === this.#committed) return undefined;
    this.#committed = this.#taken;
    return this.source.position(this.#taken, this.#marks[0]?.offset ?? 0);
  }

  async close(): Promise<void> {
    this.#lines = this.#lines.slice(-1); // not more of what was read stays with a reading that ended
    this.#nextLine = this.#lines.length;
    await this.#batches.return?.();
    await this.source[Symbol.asyncDispose]();
  }

  /** Replayed lines move nothing: what they led to is committed up to where the earlier reading came. */
  #resumeFloor(): number {
    return this.source.rotations === 0 ? this.source.resumedAt : 0;
  }

  /** Parses lines up to the next event of the batch. */
  #parseOn(): WaitingEvent | undefined {
    while (this.#nextLine < this.#lines.length) {
      const line = this.#lines[this.#nextLine]!;
      this.#nextLine += 1;
      this.#lastLineEnd = line.end;
      const parsed = this.#parser.parse(line);
      this.#count(line, parsed);
      const event = parsed?.event;
      if (event === undefined) continue;
      if (event.time > this.#newestTime) {
        bringBack(event, this.#readAt);
        this.#newestTime = Math.max(this.#newestTime, event.time);
      }
      return new WaitingEvent(event, line.end, line.replayed === true);
    }
    return undefined;
  }

  #count(line: SourceLine, parsed: ParsedLine): void {
    if (line.replayed === true) return;
    this.#counts.lines += 1;
    if (line.cut) this.#counts.cut += 1;
    if (line.garbled) this.#counts.garbled += 1;
    if (parsed === undefined) this.#counts.unrecognised += 1;
    else if (parsed.event === undefined) this.#counts.recognised += 1;
    else {
      this.#counts.events += 1;
      if (parsed.parser !== this.#lastParser) this.#noteParser(parsed.parser);
      this.#lastFound.events += 1;
    }
  }

  #noteParser(parser: string): void {
    this.#lastFound = this.#found.get(parser) ?? { events: 0 };
    this.#found.set(parser, this.#lastFound);
    this.#lastParser = parser;
  }

  /** Remembers a batch as a place to restart from, and forgets those from which nothing matters any more. */
  #mark(offset: number): void {
    const first = this.#head?.event.time;
    const last = this.#marks.at(-1)?.offset ?? Number.NEGATIVE_INFINITY;
    if (first !== undefined && offset - last >= markSpacingBytes) this.#marks.push({ offset, time: first });
    const horizon = this.#newestTime - this.#memoryMs;
    while (
      this.#marks.length > 1 &&
      (this.#marks[1]!.time <= horizon || this.#readTo - this.#marks[0]!.offset > maxWarmBytes)
    ) {
      this.#marks.shift();
    }
  }
}
