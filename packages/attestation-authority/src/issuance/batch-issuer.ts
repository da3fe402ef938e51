// The one appender of an authority's log. Lines gather while a commit is under way; then one commit takes them all, and their
// proofs are cut together. So the number of signatures and syncs follows the disk, not the requests. A full commit starts before the
// one under way has ended, so that proofs are cut while the disk is at work.
import type { LogEntry, LogWriter } from '@tenstrip/shared-core/durable-log';
import { TenstripError } from '@tenstrip/shared-core/errors';
import type { AttestationErrorCode } from '../errors/index.js';

/** Entries, one after the other in the log, that are durable and under a signed checkpoint. */
export interface ProvenEntries {
  /** The index of the first one. */
  readonly first: bigint;
  /** For each a C2SP tlog-proof. */
  readonly proofs: readonly string[];
}

interface Waiting {
  readonly lines: readonly Uint8Array[];
  resolve(entries: ProvenEntries): void;
  reject(error: unknown): void;
}

/** Most lines of one commit. */
const batchLines = 4096;

/** Appends lines and proves them. */
export class BatchIssuer {
  readonly #log: LogWriter;
  readonly #maxWaiting: number;
  readonly #waiting: Waiting[] = [];
  #waitingLines = 0;
  #running: Promise<void> | undefined;
  #paused = false;
  #closed = false;

  constructor(log: LogWriter, maxWaiting: number) {
    this.#log = log;
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Appends lines in order, at most {@link batchLines} at once; resolves when they are durable and signed. The bytes must not
   * change before that.
   * @throws TenstripError `QueueFull` (retryable), `AuthorityClosed`, and what the log throws.
   */
  append(lines: readonly Uint8Array[]): Promise<ProvenEntries> {
    if (this.#closed) return Promise.reject(closed());
    if (this.#waitingLines + lines.length > this.#maxWaiting) return Promise.reject(full(this.#waitingLines));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ lines, resolve, reject });
      this.#waitingLines += lines.length;
      if (!this.#paused) this.#running ??= this.#run();
    });
  }

  /** Waits for the commit under way; what is appended from now on waits for {@link BatchIssuer.resume}. */
  async pause(): Promise<void> {
    this.#paused = true;
    await this.#running;
  }

  resume(): void {
    this.#paused = false;
    if (this.#waiting.length > 0) this.#running ??= this.#run();
  }

  /** Appends while paused, before what waits. */
  appendNow(lines: readonly Uint8Array[]): Promise<ProvenEntries> {
    return this.#appendAll(lines);
  }

  /** Refuses what waits, and all that comes. */
  fail(error: unknown): void {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    this.#waitingLines = 0;
  }

  /** Waits for what was appended; nothing more is taken. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // what is appended in the same turn comes into the same commit
    let under = Promise.resolve();
    for (;;) {
      if (this.#waitingLines < batchLines || this.#paused) {
        await under; // what comes meanwhile comes into the same commit
        under = Promise.resolve();
      }
      if (this.#waiting.length === 0 || this.#paused) break;
      const committed = this.#commit(this.#take());
      await under;
      under = committed;
    }
    this.#running = undefined;
  }

  #take(): Waiting[] {
    let count = 0;
    let lines = 0;
    for (const one of this.#waiting) {
      lines += one.lines.length;
      if (count > 0 && lines > batchLines) break;
      count++;
    }
    const taken = this.#waiting.splice(0, count);
    for (const { lines: own } of taken) this.#waitingLines -= own.length;
    return taken;
  }

  async #commit(taken: readonly Waiting[]): Promise<void> {
    try {
      const lines = taken.length === 1 ? taken[0]!.lines : taken.flatMap((one) => one.lines);
      const { first, proofs } = lines.length === 0 ? { first: 0n, proofs: [] } : await this.#appendAll(lines);
      let from = 0;
      for (const { lines: own, resolve } of taken) {
        const part = own.length === proofs.length ? proofs : proofs.slice(from, from + own.length);
        resolve({ first: first + BigInt(from), proofs: part });
        from += own.length;
      }
    } catch (error) {
      for (const { reject } of taken) reject(error);
    }
  }

  async #appendAll(lines: readonly Uint8Array[]): Promise<ProvenEntries> {
    const receipts = await this.#log.appendAll(entriesOf(lines));
    // One checkpoint as a rule; more when the log cuts its commits otherwise. Each covers a run of lines, and ends with it.
    const all: string[][] = [];
    for (let from = 0; from < receipts.length; ) {
      const { index, checkpoint } = receipts[from]!;
      let to = from + 1;
      while (receipts[to]?.checkpoint === checkpoint) to++;
      all.push(await this.#log.reader.tlogProofs(index, index + BigInt(to - from), checkpoint));
      from = to;
    }
    return { first: receipts[0]!.index, proofs: all.length === 1 ? all[0]! : all.flat() };
  }
}

/** A loop of a function that stays, where `map` would want a closure of each batch, compiled anew with it. */
function entriesOf(lines: readonly Uint8Array[]): LogEntry[] {
  const entries: LogEntry[] = [];
  for (const entry of lines) entries.push({ entry });
  return entries;
}

/** That an authority takes nothing more. */
export function closed(): Error {
  return new TenstripError<AttestationErrorCode>('AuthorityClosed', 'The authority was closed. Open it again.');
}

function full(waiting: number): Error {
  return new TenstripError('QueueFull', `${waiting} entries wait to be logged; wait for some, or raise maxWaiting.`, {
    details: { waiting },
    retryable: true,
  });
}
