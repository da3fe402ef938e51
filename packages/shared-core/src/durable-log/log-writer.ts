// A transparency log on disk with one writer. A commit is, in this order: frames and fdatasync, signed checkpoint of the
// tree, answers. The tree grows in memory, and tiles of earlier commits are written, while the disk is at work. Nothing is
// signed or answered, and no tile of a commit is written, before its sync returned.
// Sources: C2SP tlog-tiles and tlog-checkpoint (https://c2sp.org), RFC 6962 section 2.1. Cost: some 2.5 µs an entry, and 1 µs
// or more in the kernel, most of that for making tile files; one write and one fdatasync a commit.

import { createVerifier, type Signer, sha256 } from '../crypto/index.js';
import { type Clock, systemClock } from '../determinism/index.js';
import { assert, type CoreErrorCode, isTenstripError, TenstripError } from '../errors/index.js';
import {
  checkEntryLength,
  fullTileWidth,
  isSignatureBy,
  type NoteSignature,
  printCheckpoint,
  printSignedNote,
  SignatureType,
  signNote,
  type TilePath,
  type VerifierKey,
  verifierKey,
  verifyNoteSignature,
} from '../transparency/index.js';
import { CommitQueue } from './commit-queue.js';
import { checkErasableLength, ErasableParts, isCommittedTo } from './erasable-parts.js';
import { type FrameBuffer, FrameKind, frameHeaderBytes } from './frame.js';
import { checkBigint, checkBytes, checkFolder, checkIsOptions, described, wrongOption } from './given-values.js';
import { checkpointFork, logCorrupt, logUnavailable, unavailableIfSystemError } from './log-error.js';
import { type LogFolder, openLogFolder } from './log-folder.js';
import { entriesDirectory, type LogEntry, readMinimumIndex, storedEntry, writeMinimumIndex } from './log-layout.js';
import { LogReader, type LogView } from './log-reader.js';
import { type RecoveredTree, readCheckpoint, recoverTree, type StoredCheckpoint } from './log-recovery.js';
import { SegmentChain, type SegmentChainOptions } from './segment-chain.js';
import { checkpointFile } from './tile-store.js';
import { lockFolder, type WriterLock } from './writer-lock.js';

/** What a log takes from its surroundings: a `ResourceGovernor` has this shape. */
export interface LogResources {
  /** Says when a checkpoint is to be published again. */
  readonly clock: Clock;
  /** Waits for I/O tokens, then does the work. Called once a commit. */
  io<T>(cost: { ops?: number; bytes?: number }, work: () => Promise<T>): Promise<T>;
  /** Counts the memory of a commit until disposed. */
  reserve(bytes: number): Disposable;
}

/** How a {@link LogWriter} is opened. */
export interface LogWriterOptions {
  /** A path, made when it does not exist, or `memory:` for a log that ends with its writer. */
  folder: string;
  /** The log's name: one line without spaces and `+`; by custom a URL without scheme. Also the name of its key. */
  origin: string;
  /**
   * Signs checkpoints. Must be the one that signed the log's last checkpoint, unless `rotateKey` is set. Its public key is
   * read for each of them, so a signer may change its key between two appends.
   */
  signer: Signer;
  /**
   * Whether a log whose last checkpoint has the signature of another key may be taken over: `signer` then signs what comes,
   * from a checkpoint of the present entries on. Tell those who verify the log of the new key first. Default `false`.
   */
  rotateKey?: boolean;
  /**
   * `fsync`: what was acknowledged survives a crash of the machine. `os`: a crash of the process only, and it is faster.
   * Default `fsync`.
   */
  durability?: 'fsync' | 'os';
  /** Default: the system clock, no limits. */
  resources?: LogResources;
  /** Most entries that may wait to be written; also at most 64 MiB. Default 65,536. */
  maxWaiting?: number;
  /** Most entries in one commit. Default 4,096. */
  batchEntries?: number;
  /** A new segment is started when the present one would become longer than this. Default 64 MiB. */
  segmentBytes?: number;
}

/** That an entry is durable, and in the tree of a signed checkpoint. */
export interface AppendReceipt {
  /** Its place in the log, from 0. */
  readonly index: bigint;
  /** A signed note that covers it. */
  readonly checkpoint: string;
}

const maximumWaitingBytes = 64 * 2 ** 20;
const batchBytes = 8 * 2 ** 20;
/** While appends never pause, a checkpoint is published after this many entries, or this long. */
const publishEntries = 65_536;
const publishMs = 1_000;
/** A commit does not start while more tiles and bundles than this are unwritten. */
const maximumUnwritten = 128;

/** What an open log consists of. */
interface OpenLog extends RecoveredTree {
  readonly folder: LogFolder;
  readonly lock: WriterLock;
  readonly entries: SegmentChain;
  readonly parts: ErasableParts;
}

/** The one writer of a log. */
export class LogWriter implements AsyncDisposable {
  /** Reads what was acknowledged, at once. */
  readonly reader: LogReader;

  readonly #log: OpenLog;
  readonly #origin: string;
  readonly #signer: Signer;
  readonly #resources: LogResources;
  readonly #queue: CommitQueue<LogEntry, AppendReceipt>;
  #checkpoint = '';
  /** The size of the tree that {@link LogWriter.#checkpoint} covers. */
  #size = 0;
  #minimumIndex: number;
  #published = { checkpoint: '', size: 0, atMs: Number.NEGATIVE_INFINITY };
  #publishing: Promise<void> | undefined;
  #publishAgain = false;
  /** The writing of tiles that is under way; never rejects. */
  #flushing: Promise<void> | undefined;
  #tilesRefused = false;
  #signerProven = false;
  #erasing: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(log: OpenLog, options: LogWriterOptions, minimumIndex: number) {
    this.#log = log;
    this.#origin = options.origin;
    this.#signer = options.signer;
    this.#resources = options.resources ?? unlimited;
    this.#minimumIndex = minimumIndex;
    this.reader = new LogReader(this.#view());
    this.#queue = new CommitQueue<LogEntry, AppendReceipt>({
      commit: (batch, bytes) => this.#commit(batch, bytes),
      idle: () => this.#publishSoon(),
      bytesOf: storedBytes,
      maxWaiting: options.maxWaiting ?? 65_536,
      maxWaitingBytes: maximumWaitingBytes,
      batchItems: options.batchEntries ?? 4_096,
      batchBytes,
    });
  }

  /**
   * Opens a log for writing, or makes it. A torn tail is cut; entries that were durable and not yet under a checkpoint come
   * under a new one. The log is published when this resolves.
   * @throws TenstripError `LogLocked` when it is open for writing elsewhere; `LogCorrupt` when its files are damaged;
   * `CheckpointFork` when its entries are not those of its last checkpoint, or that has another origin; `LogUnavailable`
   * when the disk refuses (retryable, unless a file is in the way); `KeyInvalid` when another key signed the last checkpoint
   * and `rotateKey` is not set, or when the signer's signature is not that of its public key; `ConfigInvalid` when an
   * option is missing or of a wrong kind.
   * @throws RangeError when `origin` cannot be the name of a log, or a limit is no positive integer.
   */
  static async open(options: LogWriterOptions): Promise<LogWriter> {
    checkOptions(options);
    const { log, last } = await unavailableIfSystemError(() => openLog(options));
    try {
      const writer = new LogWriter(log, options, await readMinimumIndex(log.folder));
      await writer.#resume(last);
      return writer;
    } catch (error) {
      await abandon(log);
      throw error;
    }
  }

  /**
   * Appends an entry; resolves when it is durable and under a signed checkpoint. The bytes must not change before that.
   * @throws TenstripError `EntryTooLarge`; `QueueFull` when more than `maxWaiting` entries or 64 MiB wait; `LogUnavailable`
   * when the disk or the signer refuses, and then the entry is not in the log (both retryable); `KeyInvalid` when the signer's
   * first signature is false.
   * @throws RangeError when `entry` or `erasable` is no `Uint8Array`, or `entry` does not hold the SHA-256 of `erasable`.
   */
  append(entry: LogEntry): Promise<AppendReceipt> {
    try {
      checkEntry(entry);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#queue.append(entry); // no second promise
  }

  /**
   * Appends entries in order, with few promises and few commits. Refused as a whole when one of them is wrong or too many
   * wait; when the disk refuses, a prefix of them may be in the log.
   * @throws as {@link LogWriter.append}
   */
  async appendAll(entries: readonly LogEntry[]): Promise<AppendReceipt[]> {
    if (!Array.isArray(entries)) throw new RangeError(`entries is ${described(entries)}; expected an array`);
    for (const entry of entries) checkEntry(entry);
    return this.#queue.appendAll(entries);
  }

  /**
   * Overwrites the erasable part of entry `index` with zeros, where it lies, and syncs. Entry, hash and proofs stay as they
   * are. Nothing happens when there is none, or none any more. (A disk that remaps blocks may keep an old copy inside.)
   * @throws RangeError unless `minimumIndex <= index < size`.
   */
  erase(index: bigint): Promise<void> {
    const erased = this.#erasing.then(() => this.#eraseNow(index));
    this.#erasing = erased.catch(() => {});
    return erased;
  }

  /**
   * Removes entries below `minimumIndex`, their bundles and erasable parts; whole segments at a time, so that some of them
   * stay on the disk until a later call. Hashes stay: proofs for every index go on to work (C2SP tlog-tiles, "Pruning").
   * @throws RangeError unless `minimumIndex` is at most the log's size.
   */
  async prune(minimumIndex: bigint): Promise<void> {
    checkBigint(minimumIndex, 'minimumIndex');
    if (minimumIndex < 0n || minimumIndex > BigInt(this.#size)) {
      throw new RangeError(`minimumIndex is ${minimumIndex}; expected 0 to ${this.#size}`);
    }
    const { folder, store, entries, parts } = this.#log;
    const [from, to] = [this.#minimumIndex, Number(minimumIndex)];
    if (to <= from) return;
    await unavailableIfSystemError(async () => {
      await this.#flushTiles();
      await store.syncTiles(from, to); // they cannot be made again without the entries
      await writeMinimumIndex(folder, to);
      this.#minimumIndex = to;
      await entries.roll();
      await entries.removeBefore(to - (to % fullTileWidth)); // the rightmost tile needs its entries
      await parts.removeBefore(to);
      await store.removeBundles(from, to);
    });
  }

  /** Waits for appends under way, publishes the last checkpoint, and lets others open the log. Closing twice is closing. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  // --------------------------------------------------------------------------------------------------------- commits

  async #commit(batch: readonly LogEntry[], bytes: number): Promise<AppendReceipt[]> {
    using _ = this.#resources.reserve(bytes);
    return this.#resources.io({ ops: 1 + this.#log.store.unwritten, bytes }, () => this.#write(batch, bytes));
  }

  /** The recipe: parts, frames and sync, tree, checkpoint, receipts. When a step fails, those before it are undone. */
  async #write(batch: readonly LogEntry[], bytes: number): Promise<AppendReceipt[]> {
    const { tree, bundle, entries, parts } = this.#log;
    await this.#awaitTiles();
    const first = tree.size;
    const marks = { tree: tree.mark(), bundle: bundle.mark() };
    const undo: (() => Promise<void>)[] = [];
    try {
      const firstPart = parts.nextNumber;
      if (await this.#storeParts(batch, first)) undo.unshift(() => parts.undoLastCommit());
      await this.#storeEntries(batch, bytes, firstPart);
      undo.unshift(() => entries.undoLastCommit());
      this.#checkpoint = await this.#sign();
      this.#size = tree.size;
    } catch (error) {
      tree.reset(marks.tree);
      bundle.reset(marks.bundle);
      for (const step of undo) await step().catch(() => {}); // what cannot be undone now is before the next commit
      throw error;
    }
    this.#publishIfDue();
    return receiptsFor(first, batch.length, this.#checkpoint);
  }

  /** Erasable parts come first: an entry that is durable has its part. */
  async #storeParts(batch: readonly LogEntry[], first: number): Promise<boolean> {
    const parts: Uint8Array[] = [];
    const indexes: number[] = [];
    for (let at = 0; at < batch.length; at++) {
      const { erasable } = batch[at]!;
      if (erasable === undefined) continue;
      parts.push(erasable);
      indexes.push(first + at);
    }
    if (parts.length > 0) await this.#log.parts.commit(parts, indexes);
    return parts.length > 0;
  }

  /** Makes the entries durable; hashes them, and writes tiles of earlier commits, while the disk is at work. */
  #storeEntries(batch: readonly LogEntry[], bytes: number, firstPart: number): Promise<void> {
    const { entries, tree } = this.#log;
    const first = tree.size;
    const checkpoint = Buffer.from(this.#checkpoint);
    return entries.commit(
      bytes + frameHeaderBytes + checkpoint.length,
      (frames, next) => {
        assert(next === first, 'there are as many leaves as entries');
        frames.add(FrameKind.checkpoint, next, checkpoint);
        addFrames(frames, batch, next, firstPart);
      },
      () => {
        this.#flushTilesSoon();
        this.#grow(batch);
      },
    );
  }

  /** Puts entries into tree and bundle, in memory: tiles that they fill are written once the next checkpoint covers them. */
  #grow(batch: readonly LogEntry[]): void {
    const { tree, bundle, store } = this.#log;
    for (const { entry } of batch) {
      tree.append(entry);
      bundle.add(entry);
      if (bundle.width === fullTileWidth) store.addBundle(tree.size / fullTileWidth - 1, bundle.bytes);
    }
  }

  /** Waits while too many tiles are unwritten. @throws TenstripError `LogUnavailable` when the disk refuses them. */
  async #awaitTiles(): Promise<void> {
    const { store } = this.#log;
    if (store.unwritten > maximumUnwritten) await this.#flushing; // those that came since are written meanwhile, mostly
    if (this.#tilesRefused || store.unwritten > maximumUnwritten) await this.#flushTiles();
  }

  async #flushTiles(): Promise<void> {
    try {
      await this.#log.store.flush(this.#size);
      this.#tilesRefused = false;
    } catch (error) {
      throw logUnavailable(`the tiles in ${this.#log.folder.path} cannot be written`, error);
    }
  }

  /** No entry depends on it; after a refusal the next commit does not start without. */
  #flushTilesSoon(): void {
    this.#flushing ??= this.#flushTiles()
      .catch(() => {
        this.#tilesRefused = true;
      })
      .finally(() => {
        this.#flushing = undefined;
      });
  }

  async #sign(): Promise<string> {
    const { tree } = this.#log;
    const text = printCheckpoint({
      origin: this.#origin,
      size: BigInt(tree.size),
      root: tree.root(),
      extensions: [],
    });
    try {
      const signature = await signNote(text, this.#origin, this.#signer, sha256);
      if (!this.#signerProven) this.#proveSigner(text, signature);
      return printSignedNote({ text, signatures: [signature] });
    } catch (error) {
      if (isTenstripError(error, 'KeyInvalid')) throw error;
      throw logUnavailable(`the checkpoint of ${tree.size} entries could not be signed`, error);
    }
  }

  /** A signer with a wrong key, or none, is found by its first signature, before anything is acknowledged. */
  #proveSigner(text: string, signature: NoteSignature): void {
    const key = signerKey(this.#origin, this.#signer);
    const { verify } = createVerifier();
    this.#signerProven = signature.signature instanceof Uint8Array && verifyNoteSignature(text, signature, key, verify);
    if (this.#signerProven) return;
    throw keyInvalid(
      `the signer's signature is not that of its public key (key id ${hexId(key)}); check its private key`,
      {
        keyId: hexId(key),
      },
    );
  }

  // ----------------------------------------------------------------------------------------------------- publication

  #publishIfDue(): void {
    const { size, atMs } = this.#published;
    const due = this.#size - size >= publishEntries || this.#resources.clock.monotonicMs() - atMs >= publishMs;
    if (due) this.#publishSoon();
  }

  /** A refusal is met again by the next publication, and told by the one at close. */
  #publishSoon(): void {
    this.#publish().catch(() => {});
  }

  /** One at a time; what is asked for meanwhile is one more. */
  #publish(): Promise<void> {
    if (this.#publishing !== undefined) this.#publishAgain = true;
    this.#publishing ??= this.#publishNow().finally(() => {
      this.#publishing = undefined;
    });
    return this.#publishing;
  }

  async #publishNow(): Promise<void> {
    const { tree, store } = this.#log;
    do {
      this.#publishAgain = false;
      if (this.#checkpoint === this.#published.checkpoint) return;
      if (tree.size !== this.#size) return; // a commit is just being signed, and publishes after it
      const published = { checkpoint: this.#checkpoint, size: this.#size, atMs: this.#resources.clock.monotonicMs() };
      await store.publish(published.checkpoint, published.size, this.#partialTiles());
      this.#published = published;
    } while (this.#publishAgain);
  }

  *#partialTiles(): Generator<readonly [TilePath, Uint8Array]> {
    const { tree, bundle } = this.#log;
    yield* tree.partialTiles();
    if (bundle.width === 0 || bundle.width === fullTileWidth) return;
    const index = Math.floor(tree.size / fullTileWidth);
    yield [{ level: 'entries', index, width: bundle.width }, bundle.bytes];
  }

  // ------------------------------------------------------------------------------------------------- opening, closing

  /** Takes the last checkpoint up, or signs one for what was durable and not yet under one. */
  async #resume(last: StoredCheckpoint | undefined): Promise<void> {
    const { tree } = this.#log;
    const covers = last !== undefined && last.checkpoint.size === BigInt(tree.size);
    const key = signerKey(this.#origin, this.#signer);
    const signed = last?.note.signatures.some((signature) => isSignatureBy(signature, key)) ?? false;
    this.#checkpoint = covers && signed ? last!.text : await this.#sign();
    this.#size = tree.size;
    await unavailableIfSystemError(() => this.#publish());
  }

  async #eraseNow(index: bigint): Promise<void> {
    checkBigint(index, 'index');
    if (index < BigInt(this.#minimumIndex) || index >= BigInt(this.#size)) {
      throw new RangeError(`index is ${index}; expected ${this.#minimumIndex} up to, without, ${this.#size}`);
    }
    const { entries, parts } = this.#log;
    const { part } = storedEntry(await entries.read(Number(index)));
    if (part !== undefined) await unavailableIfSystemError(() => parts.erase(part));
  }

  async #close(): Promise<void> {
    await this.#queue.close();
    await this.#erasing;
    const { entries, parts, lock } = this.#log;
    await using _lock = lock;
    await using _parts = parts;
    await using _entries = entries;
    await this.#publishing?.catch(() => {});
    await unavailableIfSystemError(() => this.#publish());
  }

  #view(): LogView {
    const { folder, tree, entries, parts } = this.#log;
    const writer = this;
    return {
      live: true,
      folder,
      tree,
      entries,
      parts,
      get checkpoint() {
        return writer.#checkpoint;
      },
      get minimumIndex() {
        return writer.#minimumIndex;
      },
    };
  }
}

const unlimited: LogResources = {
  clock: systemClock,
  io: (_cost, work) => work(),
  reserve: () => ({ [Symbol.dispose]() {} }),
};

function checkOptions(options: LogWriterOptions): void {
  checkIsOptions(options);
  const { folder, origin, signer, durability = 'fsync', maxWaiting = 1, batchEntries = 1 } = options;
  checkFolder(folder);
  if (typeof origin !== 'string') throw wrongOption('origin', origin, "the log's name");
  if (!(signer?.publicKey instanceof Uint8Array && typeof signer.sign === 'function')) {
    throw wrongOption('signer', signer, 'a Signer, with publicKey and sign: see createSigner');
  }
  if (!['fsync', 'os'].includes(durability)) throw wrongOption('durability', durability, "'fsync' or 'os'");
  signerKey(origin, signer); // throws for a name that cannot be written
  for (const [name, value] of Object.entries({ maxWaiting, batchEntries })) {
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} is ${value}; expected 1 or more`);
  }
}

async function openLog(options: LogWriterOptions): Promise<{ log: OpenLog; last: StoredCheckpoint | undefined }> {
  const folder = await openLogFolder(options.folder);
  const lock = await lockFolder(folder);
  const opened: { abandon(): Promise<void> }[] = [];
  try {
    const last = await readCheckpoint(folder);
    if (last !== undefined) checkOwner(last, options);
    const chain = chainOptions(options);
    const acknowledged = Number(last?.checkpoint.size ?? 0n);
    const entries = await SegmentChain.open(folder, entriesDirectory, { ...chain, acknowledged });
    opened.push(entries);
    const parts = await ErasableParts.open(folder, chain, entries.records);
    opened.push(parts);
    const recovered = await recoverTree(folder, entries, last, sha256);
    return { log: { folder, lock, entries, parts, ...recovered }, last };
  } catch (error) {
    for (const one of opened) await one.abandon();
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/** A failed opening must leave the log as it was. */
async function abandon({ entries, parts, lock }: OpenLog): Promise<void> {
  await entries.abandon();
  await parts.abandon();
  await lock[Symbol.asyncDispose]();
}

function chainOptions({ durability, segmentBytes }: LogWriterOptions): SegmentChainOptions {
  return {
    mode: 'write',
    durable: durability !== 'os',
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
  };
}

/** The last checkpoint must be this log's and signed by our key, unless the key changes now. */
function checkOwner({ checkpoint, note }: StoredCheckpoint, { origin, signer, rotateKey }: LogWriterOptions): void {
  if (checkpoint.origin !== origin) {
    throw checkpointFork(
      `the log is ${checkpoint.origin}; it was opened as ${origin}. Open it under its own name, or in another folder`,
      { origin, logOrigin: checkpoint.origin },
    );
  }
  const key = signerKey(origin, signer);
  const { verify } = createVerifier();
  for (const signature of note.signatures) {
    if (isSignatureBy(signature, key) && !verifyNoteSignature(note.text, signature, key, verify)) {
      throw logCorrupt(checkpointFile, 0, 'its signature is false');
    }
  }
  const own = note.signatures.filter(({ keyName }) => keyName === origin);
  if (rotateKey === true || own.some((signature) => isSignatureBy(signature, key))) return;
  const signedBy = own.map(hexId);
  throw keyInvalid(
    `the last checkpoint of ${origin} was signed by key ${signedBy.join(', ') || 'of another name'}, and the signer has key ` +
      `${hexId(key)}. Open the log with the key that signed it, or set rotateKey to go on with the new one`,
    { keyId: hexId(key), signedBy },
  );
}

function signerKey(origin: string, { publicKey }: Signer): VerifierKey {
  return verifierKey(origin, SignatureType.ed25519, publicKey, sha256);
}

/** A key's id as vkey texts show it. */
function hexId({ keyId }: { readonly keyId: number }): string {
  return keyId.toString(16).padStart(8, '0');
}

function keyInvalid(message: string, details: Readonly<Record<string, unknown>>): TenstripError<CoreErrorCode> {
  return new TenstripError('KeyInvalid', message, { details });
}

function checkEntry(given: LogEntry): void {
  if (typeof given !== 'object' || given === null) {
    throw new RangeError(`the entry is ${described(given)}; expected { entry, erasable? }`);
  }
  const { entry, erasable, commitment } = given;
  checkBytes(entry, 'entry');
  checkEntryLength(entry);
  if (erasable === undefined) return;
  checkBytes(erasable, 'erasable');
  checkErasableLength(erasable);
  if (commitment === undefined ? isCommittedTo(entry, erasable, sha256) : holdsDigits(entry, commitment)) return;
  throw new RangeError('the entry does not hold the SHA-256 of its erasable part; make both with commitErasable');
}

/** A loop of a function that stays: in a closure of its commit it would be compiled again for each. */
function addFrames(frames: FrameBuffer, batch: readonly LogEntry[], firstRecord: number, firstPart: number): void {
  let record = firstRecord;
  let part = firstPart;
  for (const { entry, erasable } of batch) {
    if (erasable === undefined) frames.add(FrameKind.record, record++, entry);
    else frames.add(FrameKind.linkedRecord, record++, entry, part++);
  }
}

function holdsDigits(entry: Uint8Array, commitment: string): boolean {
  if (!/^[0-9a-f]{64}$/.test(commitment)) return false;
  return Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength).includes(commitment, 0, 'latin1');
}

/** One checkpoint covers them all. */
function receiptsFor(first: number, count: number, checkpoint: string): AppendReceipt[] {
  const receipts: AppendReceipt[] = [];
  for (let index = first; index < first + count; index++) receipts.push({ index: BigInt(index), checkpoint });
  return receipts;
}

/** What an entry takes on the disk, about. */
function storedBytes({ entry, erasable }: LogEntry): number {
  return frameHeaderBytes + entry.length + (erasable === undefined ? 0 : 2 * frameHeaderBytes + erasable.length);
}
