// An append-only journal of records: no tree, no signature. Appends are durable when they resolve, a torn tail is cut when
// the journal is opened, and damage before the tail is an error that says where. Cost: one write and one fdatasync for all
// that was appended meanwhile.
import { type CoreErrorCode, TenstripError } from '../errors/index.js';
import { CommitQueue } from './commit-queue.js';
import { FrameKind, frameHeaderBytes, isRecord, maximumPayloadBytes } from './frame.js';
import { checkBytes, checkFolder, checkIsOptions, wrongOption } from './given-values.js';
import { unavailableIfSystemError } from './log-error.js';
import { openLogFolder } from './log-folder.js';
import { SegmentChain } from './segment-chain.js';
import { lockFolder, type WriterLock } from './writer-lock.js';

/** How a {@link SegmentedLog} is opened. */
export interface SegmentedLogOptions {
  /**
   * `fsync`: what was appended survives a crash of the machine. `os`: it survives a crash of the process only, and appending
   * is faster. Default `fsync`.
   */
  durability?: 'fsync' | 'os';
  /** A new file is started when the present one would become longer than this. Default 64 MiB. */
  segmentBytes?: number;
}

/** What opening a {@link SegmentedLog} found. */
export interface RecoveredRecords {
  /** How many records there are. */
  readonly records: number;
  /** How many bytes of a torn tail were cut off. */
  readonly bytesCut: number;
}

/** Longest record of a {@link SegmentedLog}: 16 MiB less one byte. */
export const maximumRecordBytes = maximumPayloadBytes;

const maximumWaiting = 65_536;
const maximumWaitingBytes = 64 * 2 ** 20;
const batchRecords = 4_096;
const batchBytes = 8 * 2 ** 20;

/** A journal of records, numbered from 0. */
export class SegmentedLog implements AsyncDisposable {
  /** What opening found. */
  readonly recovered: RecoveredRecords;
  readonly #chain: SegmentChain;
  readonly #lock: WriterLock;
  readonly #queue: CommitQueue<Uint8Array, number>;

  private constructor(chain: SegmentChain, lock: WriterLock) {
    this.#chain = chain;
    this.#lock = lock;
    this.recovered = { records: chain.records, bytesCut: chain.bytesCut };
    this.#queue = new CommitQueue<Uint8Array, number>({
      commit: (batch, bytes) => this.#commit(batch, bytes),
      bytesOf: (record) => record.length + frameHeaderBytes,
      maxWaiting: maximumWaiting,
      maxWaitingBytes: maximumWaitingBytes,
      batchItems: batchRecords,
      batchBytes,
    });
  }

  /**
   * Opens the journal in `folder` (a path, made when it does not exist, or `memory:`) for this process alone.
   * @throws TenstripError `LogLocked` when it is open elsewhere, `LogCorrupt` when a record before the tail is damaged,
   * `LogUnavailable` when the disk refuses, `ConfigInvalid` when an argument is missing or of a wrong kind.
   */
  static async open(folder: string, options: SegmentedLogOptions = {}): Promise<SegmentedLog> {
    checkFolder(folder);
    checkIsOptions(options);
    const { durability = 'fsync' } = options;
    if (!['fsync', 'os'].includes(durability)) throw wrongOption('durability', durability, "'fsync' or 'os'");
    return unavailableIfSystemError(() => SegmentedLog.#open(folder, options));
  }

  static async #open(folder: string, options: SegmentedLogOptions): Promise<SegmentedLog> {
    const files = await openLogFolder(folder);
    const lock = await lockFolder(files);
    try {
      const chain = await SegmentChain.open(files, 'records', {
        mode: 'write',
        durable: options.durability !== 'os',
        ...(options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }),
      });
      return new SegmentedLog(chain, lock);
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Appends a record; resolves with its number once it is durable. The bytes must not change before that.
   * @throws TenstripError `EntryTooLarge` above 16 MiB, `QueueFull` when more than 65,536 records or 64 MiB wait,
   * `LogUnavailable` when the disk refuses (both retryable).
   * @throws RangeError when `record` is no `Uint8Array`.
   */
  append(record: Uint8Array): Promise<number> {
    try {
      checkRecord(record);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#queue.append(record); // no second promise
  }

  /**
   * The records that were durable when reading started, or became so meanwhile, from number `from` (default 0) on.
   * @throws TenstripError `LogCorrupt` at a damaged record.
   */
  async *records(from = 0): AsyncGenerator<Uint8Array> {
    if (!Number.isSafeInteger(from) || from < 0 || from > this.#chain.records) {
      throw new RangeError(`from is ${from}; expected 0 to ${this.#chain.records}`);
    }
    for await (const frames of this.#chain.frames(from)) {
      for (const frame of frames) if (isRecord(frame.kind)) yield new Uint8Array(frame.payload);
    }
  }

  /** Waits for appends under way, closes the files and lets others open the journal. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue.close();
    try {
      await this.#chain[Symbol.asyncDispose]();
    } finally {
      await this.#lock[Symbol.asyncDispose]();
    }
  }

  async #commit(batch: readonly Uint8Array[], bytes: number): Promise<number[]> {
    let first = 0;
    await this.#chain.commit(bytes, (frames, next) => {
      first = next;
      batch.forEach((record, at) => {
        frames.add(FrameKind.record, next + at, record);
      });
    });
    return batch.map((_, at) => first + at);
  }
}

function checkRecord(record: Uint8Array): void {
  checkBytes(record, 'record');
  if (record.length <= maximumRecordBytes) return;
  throw new TenstripError<CoreErrorCode>(
    'EntryTooLarge',
    `the record has ${record.length} bytes; it may have at most ${maximumRecordBytes}: split it`,
    { details: { bytes: record.length, maximum: maximumRecordBytes } },
  );
}
