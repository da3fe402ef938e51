// Reads a log: entries, proofs, and an audit of all of it. Needs no lock, so an auditor may run while another process
// writes: what a published checkpoint covers never changes any more. Source of proofs: RFC 6962 sections 2.1.1 and 2.1.2.
// Cost: a proof reads at most one tile a level, from memory if it can; an entry one block of its segment.
import { equalBytes, sha256 } from '../crypto/index.js';
import { isTenstripError } from '../errors/index.js';
import { isSystemError } from '../files/index.js';
import {
  type Checkpoint,
  fullTileWidth,
  parseSignedCheckpoint,
  planConsistency,
  planInclusion,
  printTlogProof,
  verifyInclusion,
} from '../transparency/index.js';
import { ErasableParts } from './erasable-parts.js';
import { isRecord } from './frame.js';
import { checkBigint, checkFolder } from './given-values.js';
import { checkpointFork, logCorrupt, logUnavailable } from './log-error.js';
import { type LogFolder, memoryFolderName, openLogFolder } from './log-folder.js';
import { entriesDirectory, type LogEntry, readMinimumIndex, storedEntry } from './log-layout.js';
import { readCheckpoint } from './log-recovery.js';
import { type LogProblem, type VerifyOptions, verifyLog } from './log-verification.js';
import { cutProofs } from './proof-run.js';
import { SegmentChain } from './segment-chain.js';
import { TileStore } from './tile-store.js';
import { TiledTree } from './tiled-tree.js';

/** Most proofs that are cut at once: their tiles stay in memory meanwhile. */
const maximumRun = 32_768n;
const tileWidth = BigInt(fullTileWidth);

/** What a {@link LogReader} reads from. The writer's own moves on by itself. */
export interface LogView {
  /** Whether it moves on by itself. */
  readonly live?: true;
  readonly folder: LogFolder;
  /** @throws TenstripError `LogCorrupt` when the file is none. */
  readonly checkpoint: string;
  readonly minimumIndex: number;
  /** Read when it is first asked for. */
  readonly tree: TiledTree | Promise<TiledTree>;
  readonly entries: SegmentChain;
  readonly parts: ErasableParts;
}

/** A log, to be read. */
export class LogReader implements AsyncDisposable {
  #view: LogView;

  /** @internal */
  constructor(view: LogView) {
    this.#view = view;
  }

  /**
   * Opens the log in `folder` as it was last published. See {@link LogReader.refresh} for what comes later.
   * @throws TenstripError `LogUnavailable` when there is no log (retryable: a writer may make it). A damaged log opens, so that
   * it can be audited; what is asked of its damaged parts is `LogCorrupt`.
   */
  static async open(folder: string): Promise<LogReader> {
    checkFolder(folder);
    if (folder === memoryFolderName) throw logUnavailable('a log in memory is read by the reader of its writer');
    try {
      return new LogReader(await openView(await openLogFolder(folder, { mustExist: true })));
    } catch (error) {
      throw isSystemError(error) ? logUnavailable(`there is no log to read in ${folder}`, error) : error;
    }
  }

  /** The signed checkpoint that everything read here belongs to. */
  get checkpoint(): string {
    return this.#view.checkpoint;
  }

  /** How many entries the checkpoint covers. */
  get size(): bigint {
    return headOf(this.#view).size;
  }

  /** The oldest index that was not pruned. */
  get minimumIndex(): bigint {
    return BigInt(this.#view.minimumIndex);
  }

  /** Moves on to what was published last; resolves with its checkpoint. The writer's own reader moves on by itself. */
  async refresh(): Promise<string> {
    if (this.#view.live !== true) this.#view = await openView(this.#view.folder);
    return this.checkpoint;
  }

  /**
   * The entry at `index`.
   * @throws RangeError unless `minimumIndex <= index < size`.
   * @throws TenstripError `LogCorrupt` when it is damaged.
   */
  async entry(index: bigint): Promise<LogEntry> {
    checkBigint(index, 'index');
    this.#checkRange(index, index + 1n);
    const view = this.#view;
    return readEntry(view.parts, storedEntry(await view.entries.read(Number(index))), Number(index));
  }

  /**
   * The entries from index `from` up to, without, `to`, in order. Memory: about 1 MiB.
   * @throws RangeError unless `minimumIndex <= from <= to <= size`.
   * @throws TenstripError `LogCorrupt` at a damaged entry.
   */
  async *entries(from: bigint, to: bigint): AsyncGenerator<LogEntry> {
    for await (const batch of this.batches(from, to)) {
      for (const entry of batch) yield entryOf(entry.entry, entry.erasable);
    }
  }

  /**
   * The same in lists of some thousand, at a fraction of the cost: for whoever looks at each entry once. The bytes are good
   * until the next list is asked for.
   * @throws as {@link LogReader.entries}
   */
  async *batches(from: bigint, to: bigint): AsyncGenerator<readonly LogEntry[]> {
    checkBigint(from, 'from');
    checkBigint(to, 'to');
    this.#checkRange(from, to);
    if (from === to) return;
    const view = this.#view;
    const parts = view.parts.inOrder();
    const end = Number(to);
    try {
      for await (const frames of view.entries.frames(Number(from), true)) {
        let batch: LogEntry[] = [];
        for (const frame of frames) {
          if (!isRecord(frame.kind) || frame.record >= end) continue;
          const { entry, part } = storedEntry(frame);
          let stored = part === undefined ? undefined : parts.at(part, frame.record);
          if (part !== undefined && stored === undefined) {
            // The next block of parts takes the place of the one that the list so far points into.
            if (batch.length > 0) yield batch;
            batch = [];
            stored = await parts.read(part, frame.record);
          }
          batch.push(stored?.erasable === undefined ? { entry } : { entry, erasable: stored.erasable });
        }
        if (batch.length > 0) yield batch;
        if (isRecord(frames.at(-1)!.kind) ? frames.at(-1)!.record + 1 >= end : frames.at(-1)!.record >= end) return;
      }
    } finally {
      await parts.close();
    }
    throw logCorrupt(entriesDirectory, 0, `it ends before entry ${to - 1n}`);
  }

  /**
   * The proof that entry `index` is in the tree of `size` leaves (default: of the checkpoint), leaf's sibling first.
   * @throws RangeError unless `0 <= index < size` and `size` is at most the checkpoint's.
   * @throws TenstripError `LogCorrupt` when a tile that it needs is damaged.
   */
  async proveInclusion(index: bigint, size: bigint = this.size): Promise<Uint8Array[]> {
    const view = this.#view;
    const head = headOf(view);
    checkBigint(index, 'index');
    checkSize(size, head);
    const tree = await view.tree;
    return provenPath(tree, index, size, size === head.size ? head.root : undefined);
  }

  /**
   * The proof that the tree of `to` leaves extends the one of `from` leaves.
   * @throws RangeError unless `0 <= from <= to`, and `to` is at most the checkpoint's size.
   */
  async proveConsistency(from: bigint, to: bigint): Promise<Uint8Array[]> {
    const view = this.#view;
    checkBigint(from, 'from');
    checkSize(to, headOf(view));
    const tree = await view.tree;
    return tree.prove(planConsistency(from, to));
  }

  /**
   * The proof of inclusion as a text that stands for itself: index, path, signed checkpoint (C2SP tlog-proof).
   * @throws as {@link LogReader.proveInclusion}
   */
  async tlogProof(index: bigint): Promise<string> {
    const { checkpoint } = this;
    const { size } = parseSignedCheckpoint(checkpoint)!.checkpoint;
    return printTlogProof({ index, path: await this.proveInclusion(index, size), checkpoint });
  }

  /**
   * The proofs of the entries from index `from` up to, without, `to` under one checkpoint of this log, in order: for whoever has
   * just appended them and gives each its own. Each is the text that {@link LogReader.tlogProof} gives; together they cost some
   * 0.5 µs each, as nothing that the log has hashed is hashed again.
   * @param checkpoint a signed checkpoint of this log, for instance a receipt's; default the reader's
   * @throws RangeError unless `0 <= from <= to <= size of the checkpoint <= size of the log`, and they are at most 32,768.
   * @throws TenstripError `CheckpointFork` when it is none of this log's; `LogCorrupt` when a tile that they need is damaged.
   */
  async tlogProofs(from: bigint, to: bigint, checkpoint: string = this.checkpoint): Promise<string[]> {
    const view = this.#view;
    checkBigint(from, 'from');
    checkBigint(to, 'to');
    const given = parseSignedCheckpoint(checkpoint)?.checkpoint;
    if (given === undefined) throw new RangeError('the checkpoint is no signed one; expected that of a receipt');
    const head = headOf(view);
    checkSize(given.size, head);
    if (from < 0n || from > to || to > given.size || to - from > maximumRun) {
      throw new RangeError(
        `entries ${from} up to, without, ${to}: expected at most ${maximumRun} of those in the tree of ${given.size}`,
      );
    }
    if (from === to) return [];
    const tree = await view.tree;
    const size = Number(given.size);
    const root = given.size === head.size ? head.root : await tree.rootAt(size);
    if (!equalBytes(root, given.root)) {
      throw checkpointFork(
        `the checkpoint of ${size} entries has another root than this log had. Give one of its own`,
        {
          size: given.size,
        },
      );
    }
    // The nodes of a tile are made from its hashes: one proof that leads to the root shows that all of them are right.
    for (let index = from; index < to; index += tileWidth - (index % tileWidth)) {
      await provenPath(tree, index, given.size, root);
    }
    return cutProofs(tree, { from: Number(from), to: Number(to), size, checkpoint });
  }

  /**
   * Audits the whole log as it is on the disk, and yields every problem with the index of the entry where it lies: damaged
   * or exchanged entries, erasable parts, tiles and bundles, a wrong checkpoint, a missing end. Nothing yielded means that
   * every byte is what was signed. Memory: some MiB; cost: about 4 µs an entry.
   */
  verify(options: VerifyOptions = {}): AsyncIterable<LogProblem> {
    return verifyLog(this.#view.folder, options);
  }

  /** Nothing is held open between calls. */
  async [Symbol.asyncDispose](): Promise<void> {}

  #checkRange(from: bigint, to: bigint): void {
    const { size, minimumIndex } = this;
    if (from >= minimumIndex && from <= to && to <= size) return;
    throw new RangeError(
      `entries ${from} to ${to} are not all there; the log has ${minimumIndex} up to, without, ${size}`,
    );
  }
}

async function openView(folder: LogFolder): Promise<LogView> {
  const checkpoint = await checkpointText(folder);
  const entries = await SegmentChain.open(folder, entriesDirectory, { mode: 'read' });
  const parts = await ErasableParts.open(folder, { mode: 'read' });
  const minimumIndex = await readMinimumIndex(folder);
  let tree: Promise<TiledTree> | undefined;
  return {
    folder,
    minimumIndex,
    entries,
    parts,
    get checkpoint() {
      return checkpoint();
    },
    get tree() {
      tree ??= loadTree(folder, entries, Number(parseSignedCheckpoint(checkpoint())!.checkpoint.size));
      return tree;
    },
  };
}

/** Gives the published checkpoint, or throws what is wrong with it whenever it is asked for. */
async function checkpointText(folder: LogFolder): Promise<() => string> {
  try {
    const stored = await readCheckpoint(folder);
    if (stored === undefined) throw logUnavailable(`there is no log in ${folder.path}; a writer must make it first`);
    return () => stored.text;
  } catch (error) {
    if (!isTenstripError(error, 'LogCorrupt')) throw error;
    return () => {
      throw error;
    };
  }
}

/** Full tiles from their files, the leaves after the last full tile from the entries. */
async function loadTree(folder: LogFolder, entries: SegmentChain, size: number): Promise<TiledTree> {
  const full = size - (size % fullTileWidth);
  const tree = await TiledTree.load(new TileStore(folder), full, sha256);
  if (full === size) return tree;
  for await (const frames of entries.frames(full)) {
    for (const frame of frames) {
      if (!isRecord(frame.kind)) continue;
      tree.append(storedEntry(frame).entry);
      if (tree.size === size) return tree;
    }
  }
  throw logCorrupt(entriesDirectory, 0, `it ends before entry ${size - 1}`);
}

/** Of bytes of its own. */
function entryOf(entry: Uint8Array, erasable: Uint8Array | undefined): LogEntry {
  return {
    entry: new Uint8Array(entry),
    ...(erasable === undefined ? {} : { erasable: new Uint8Array(erasable) }),
  };
}

async function readEntry(
  parts: Pick<ErasableParts, 'read'>,
  { entry, part }: { readonly entry: Uint8Array; readonly part?: number },
  index: number,
): Promise<LogEntry> {
  const stored = part === undefined ? undefined : await parts.read(part, index);
  return entryOf(entry, stored?.erasable);
}

/** The path of a leaf, shown to lead to the root that the tree had at `size`. */
async function provenPath(tree: TiledTree, index: bigint, size: bigint, known?: Uint8Array): Promise<Uint8Array[]> {
  const path = await tree.prove(planInclusion(index, size));
  const leaf = await tree.node({ level: 0, index: Number(index) });
  const root = known ?? (await tree.rootAt(Number(size)));
  if (!verifyInclusion(index, size, leaf, path, root, sha256)) throw damagedTile(index);
  return path;
}

function headOf({ checkpoint }: LogView): Checkpoint {
  return parseSignedCheckpoint(checkpoint)!.checkpoint;
}

function checkSize(size: bigint, head: Checkpoint): void {
  checkBigint(size, 'size');
  if (size > head.size) throw new RangeError(`size is ${size}; the checkpoint covers ${head.size} entries`);
}

function damagedTile(index: bigint): Error {
  return logCorrupt('public/tile', 0, `the tiles around entry ${index} do not lead to the signed root`);
}
