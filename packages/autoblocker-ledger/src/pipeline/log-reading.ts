// Sources to events, in the order of their times, and how far each was read to the ledger: read to the end, or followed.

import type { OperationContext, ResourceGovernor } from '@tenstrip/shared-core';
import { isTenstripError } from '@tenstrip/shared-core/errors';
import { FileTail, type FileTailOptions, type LineSource, type SecurityEvent } from '../events/index.js';
import type { BlockLedger } from '../ledger/index.js';
import { type LineParser, LogLineParser } from '../parsing/index.js';
import type { RuleSet } from '../rules/index.js';
import type { Settled } from './decision-maker.js';
import { LogIntake } from './log-intake.js';
import type { ReadLogsOptions, ReadProgress, StampOptions } from './read-report.js';
import type { ReadTally } from './read-tally.js';

/** What a {@link LogReading} works with. */
export interface LogReadingParts {
  readonly governor: ResourceGovernor;
  readonly ledger: BlockLedger;
  readonly rules: RuleSet | undefined;
  /** How long an event matters, in milliseconds: a restart looks back as far. */
  readonly memoryMs: number;
  /** The clock that no event may be ahead of. */
  readonly clockNow: () => number;
  /** Looks at an event. */
  readonly observe: (event: SecurityEvent, replayed: boolean) => readonly Settled[];
  /** Before anything new is taken: see `BlockLedger.recover`; the host's own addresses. */
  readonly ready: () => Promise<void>;
  /** The times of an entry that is written now. */
  readonly times: () => { readonly time: number; readonly recordedAt: number };
  /** Makes durable what was recorded. */
  readonly flush: () => Promise<void>;
}

/**
 * What was found and how far was read is committed after so many bytes of a source or so many entries, and before anything is waited
 * for: a file gives its next lines at once, so that a commit for each chunk of it would only be more files written and synced. Four
 * MiB are read in a fifth of a second.
 */
const commitBytes = 4 * 1024 * 1024;
const commitEntries = 1024;
/** Who follows a file tries again so long after a full disk refused, in milliseconds: first, and at most. */
const firstWaitMs = 200;
const longestWaitMs = 30_000;
/** Between two looks at pause, abort and caps. */
export const eventsPerCheckpoint = 256;

/** Reads the sources of one ledger. */
export class LogReading {
  readonly #parts: LogReadingParts;
  readonly #observe: LogReadingParts['observe'];
  /** Sources whose buckets are warm in this process. */
  readonly #warm = new Set<string>();
  /**
   * The reading that ended last. It keeps V8's description of what readings are made of alive: when a full collection finds no
   * reading at all, the code that was compiled for them is thrown away, and a service that reads now and then compiles it each time.
   */
  lastEnded: object | undefined;

  constructor(parts: LogReadingParts) {
    this.#parts = parts;
    this.#observe = parts.observe;
  }

  /**
   * Reads sources to their ends; the names of those that could be opened. `following`: until it aborts they are followed after, so that
   * a last line without its end is left, and a disk that is full is waited for.
   */
  async toEnd(
    files: readonly (string | LineSource)[],
    options: ReadLogsOptions,
    tally: ReadTally,
    op: OperationContext,
    following?: AbortSignal,
  ): Promise<string[]> {
    await this.#whenWritable(this.#parts.ready, op, following);
    const how = { follow: false, takesUnfinished: following === undefined };
    const intakes = await this.#openIntakes(files, options, how, tally);
    try {
      await this.#readMerged(intakes, options, tally, op, following);
    } finally {
      await this.#finish(intakes, tally);
    }
    const last = intakes.at(-1);
    if (last !== undefined) options.onProgress?.(progressOf(last, intakes, tally)); // all that was found is durable now
    tally.read(intakes);
    return intakes.map(({ source }) => source.name);
  }

  /** Follows files until the signal aborts. */
  async follow(
    files: readonly string[],
    options: ReadLogsOptions & { readonly signal: AbortSignal },
    tally: ReadTally,
    op: OperationContext,
  ): Promise<void> {
    const intakes = options.signal.aborted ? [] : await this.#openIntakes(files, options, { follow: true }, tally);
    try {
      await Promise.all(intakes.map((intake) => this.#followOne(intake, intakes, options, tally, op)));
    } finally {
      await this.#finish(intakes, tally);
    }
    tally.read(intakes);
  }

  /** Opens sources; those that cannot be read are skipped, unless none can. */
  async #openIntakes(
    files: readonly (string | LineSource)[],
    options: ReadLogsOptions,
    how: Pick<FileTailOptions, 'follow' | 'takesUnfinished'>,
    tally: ReadTally,
  ): Promise<LogIntake[]> {
    const intakes: LogIntake[] = [];
    const { follow = false } = how;
    let reason: unknown;
    for (const file of new Set(files)) {
      try {
        const source = typeof file === 'string' ? await this.#openFile(file, how) : file;
        intakes.push(this.#intake(source, options, follow, follow || source === file));
      } catch (error) {
        if (!isTenstripError(error, 'SourceUnreadable', 'CapabilityDenied')) throw error;
        reason = error;
        tally.skipped.push({ path: String(file), error: error.toJSON() });
      }
    }
    if (intakes.length === 0 && reason !== undefined) throw reason;
    return intakes;
  }

  async #openFile(path: string, how: Pick<FileTailOptions, 'follow' | 'takesUnfinished'>): Promise<FileTail> {
    const { governor, ledger } = this.#parts;
    const granted = governor.sandboxed ? await governor.use('fs.read').resolve(path) : path;
    const known = ledger.projections.positions.get(path);
    const from = known !== undefined && this.#warm.has(path) ? { ...known, warmFrom: known.offset } : known;
    const io = <T>(cost: { ops: number; bytes: number }, work: () => Promise<T>) => governor.io(cost, work);
    return FileTail.open({ path: granted, name: path, from, ...how, clock: governor.clock, io });
  }

  /** What reads the lines of a source. `modifiedMs`: as {@link LineSource} has it. */
  parserOf(source: string, modifiedMs: number | undefined, options: StampOptions): LineParser {
    const { governor, rules } = this.#parts;
    const { clock } = governor;
    const newestTime = () => options.newestTime ?? modifiedMs ?? clock.now();
    const utcOffsetMinutes = options.utcOffsetMinutes ?? (governor.deterministic ? 0 : 'local');
    const reading = { newestTime, utcOffsetMinutes };
    return rules?.lineParser(source, reading) ?? new LogLineParser(source, reading);
  }

  #intake(source: LineSource, options: ReadLogsOptions, follow: boolean, mayWait: boolean): LogIntake {
    const { ledger, memoryMs, clockNow } = this.#parts;
    // A file that is followed grows on; one that is read to its end holds nothing younger than itself.
    const parser = this.parserOf(source.name, follow ? undefined : source.modifiedMs, options);
    const known = ledger.projections.positions.get(source.name);
    return new LogIntake({ source, parser, memoryMs, known, clockNow, mayWait, signal: options.signal });
  }

  /** Reads sources to their ends, always taking the earliest event that any of them shows. */
  async #readMerged(
    intakes: readonly LogIntake[],
    options: ReadLogsOptions,
    tally: ReadTally,
    op: OperationContext,
    wait: AbortSignal | undefined,
  ): Promise<void> {
    while (!options.signal?.aborted) {
      for (const intake of intakes) {
        while (intake.head === undefined && !intake.ended && !options.signal?.aborted) {
          if (this.#isCommitDue(intakes, intake)) await this.#whenWritable(() => this.#commit(intakes), op, wait);
          await intake.pull();
          options.onProgress?.(progressOf(intake, intakes, tally));
          if (intake.head === undefined) await op.checkpoint();
        }
      }
      if (!this.#takeSome(intakes, options.signal, tally)) return;
      await op.checkpoint();
    }
  }

  /**
   * Takes events until a source has none at hand, some hundred were taken or the signal aborts; false when all sources have ended.
   * It waits for nothing: what waits in its midst is not compiled as well.
   */
  #takeSome(intakes: readonly LogIntake[], signal: AbortSignal | undefined, tally: ReadTally): boolean {
    for (let taken = 0; taken < eventsPerCheckpoint; taken += 1) {
      const next = earliest(intakes);
      if (next === undefined) return false;
      this.#takeOne(next, tally);
      if ((next.head === undefined && !next.ended) || signal?.aborted) return true;
    }
    return true;
  }

  async #followOne(
    intake: LogIntake,
    intakes: readonly LogIntake[],
    options: ReadLogsOptions & { readonly signal: AbortSignal },
    tally: ReadTally,
    op: OperationContext,
  ): Promise<void> {
    while (!intake.ended) {
      await intake.pull();
      await this.#whenWritable(this.#parts.ready, op, options.signal);
      while (intake.head !== undefined) this.#takeOne(intake, tally);
      if (intake.mayWait) await this.#whenWritable(() => this.#commit([intake]), op, options.signal);
      options.onProgress?.(progressOf(intake, intakes, tally));
      await op.checkpoint();
    }
  }

  #takeOne(intake: LogIntake, tally: ReadTally): void {
    const { event, replayed } = intake.take();
    if (!replayed) tally.countEvent(event);
    const settled = this.#observe(event, replayed);
    for (let at = 0; at < settled.length; at += 1) tally.countSettled(settled[at]!);
  }

  /** Whether to commit before the next lines of `next` are pulled. */
  #isCommitDue(intakes: readonly LogIntake[], next: LogIntake): boolean {
    const { recordedCount } = this.#parts.ledger;
    const bytes = intakes.reduce((most, intake) => Math.max(most, intake.uncommittedBytes), 0);
    return bytes >= commitBytes || recordedCount >= commitEntries || (recordedCount > 0 && next.mayWait);
  }

  /** Makes durable what was found, and behind it how far was read: a crash in between repeats lines and no effect. */
  async #commit(intakes: readonly LogIntake[]): Promise<void> {
    const { ledger, times, flush } = this.#parts;
    for (const intake of intakes) {
      const position = await intake.position();
      if (position === undefined) continue;
      const { time, recordedAt } = times();
      ledger.record({
        class: 'source-position',
        fact: { time, recordedAt, offset: position.offset },
        personal: { source: intake.source.name, position },
      });
    }
    await flush();
  }

  /**
   * Does what needs the disk. Where it refuses, it is tried again until `wait` aborts, and nothing is read meanwhile; without
   * `wait` the refusal is the caller's.
   * @throws TenstripError `LogUnavailable`
   */
  async #whenWritable(work: () => Promise<void>, op: OperationContext, wait: AbortSignal | undefined): Promise<void> {
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(2 * waitMs, longestWaitMs)) {
      try {
        return await work();
      } catch (error) {
        if (wait === undefined || wait.aborted || !isTenstripError(error, 'LogUnavailable')) throw error;
        op.logger.warn({ waitMs, reason: error.message }, 'reading waits for room on the disk of the ledger');
      }
      await this.#parts.governor.clock.sleep(waitMs, { signal: wait }).catch((error: unknown) => {
        if (!wait.aborted) throw error;
      });
    }
  }

  async #finish(intakes: readonly LogIntake[], tally: ReadTally): Promise<void> {
    const last = intakes.at(-1);
    if (last !== undefined) this.lastEnded = { last, tally };
    try {
      await this.#commit(intakes);
    } finally {
      for (const intake of intakes) {
        this.#warm.add(intake.source.name);
        await intake.close();
      }
    }
  }
}

function earliest(intakes: readonly LogIntake[]): LogIntake | undefined {
  let first: LogIntake | undefined;
  for (let at = 0; at < intakes.length; at += 1) {
    const intake = intakes[at]!;
    if (intake.head !== undefined && (first?.head === undefined || intake.head.event.time < first.head.event.time))
      first = intake;
  }
  return first;
}

function progressOf(current: LogIntake, intakes: readonly LogIntake[], tally: ReadTally): ReadProgress {
  // What was read to its end before it was followed counts too.
  const all = [...tally.ended, ...intakes];
  const sum = (count: (intake: LogIntake) => number) => all.reduce((total, intake) => total + count(intake), 0);
  return {
    path: current.source.name,
    bytesRead: sum((intake) => intake.bytesRead),
    bytesTotal: sum((intake) => intake.source.sizeBytes),
    lines: sum((intake) => intake.lines),
    events: sum((intake) => intake.events),
    decisions: tally.decided,
  };
}
