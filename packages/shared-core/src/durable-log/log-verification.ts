// The audit of a log: one pass over what is on the disk, trusting nothing but the key. Entries are hashed anew and must lead
// to the signed roots; tiles, bundles and erasable parts must agree with them. Where two files disagree, the tree says which
// of them is wrong. Source: RFC 6962 section 2.1. Memory: one block and one tile a level; cost: about 4 µs an entry.
import { createVerifier, sha256 } from '../crypto/index.js';
import { type CoreErrorCode, type ErrorJson, isTenstripError, type TenstripError } from '../errors/index.js';
import {
  CompactRange,
  decodeEntryBundle,
  encodeEntryBundle,
  fullTileWidth,
  hashBytes,
  hashFromTile,
  leafHash,
  type NoteSignature,
  parseSignedCheckpoint,
  SignatureType,
  type SignedCheckpoint,
  type TilePath,
  tileHeight,
  tileWidth,
  verifierKey,
  verifyNoteSignature,
} from '../transparency/index.js';
import { ErasableParts, isCommittedTo, type StoredPart, storedPart } from './erasable-parts.js';
import { type Frame, FrameKind, isRecord, isSegmentHeader, segmentHeaderBytes } from './frame.js';
import { FrameReader, findFrame } from './frame-reader.js';
import { checkpointFork, logCorrupt } from './log-error.js';
import type { LogFile, LogFolder } from './log-folder.js';
import { entriesDirectory, readMinimumIndex, storedEntry } from './log-layout.js';
import { readCheckpoint, type StoredCheckpoint } from './log-recovery.js';
import { type Segment, SegmentChain } from './segment-chain.js';
import { checkpointFile, TileStore, tileFile } from './tile-store.js';
import { TiledTree } from './tiled-tree.js';

/** What an audit checks the log against. */
export interface VerifyOptions {
  /** The log's public key, 32 bytes (Ed25519), from a place that the log's keeper cannot write to. Default: no signature is checked. */
  publicKey?: Uint8Array;
  /** An older signed checkpoint that somebody kept: the log must extend it. Finds a deleted end. */
  against?: string;
  /** Ends the audit at the next block of entries, with its reason. */
  signal?: AbortSignal;
}

/** One thing that is wrong with a log. */
export interface LogProblem {
  /** The entry where it lies; for a range of entries, the first of them. */
  readonly index: bigint;
  /** `LogCorrupt` with the file and the byte, or `CheckpointFork`, as JSON. */
  readonly problem: ErrorJson;
}

/**
 * Yields every problem of the log in `folder`.
 * @throws RangeError when `against` is no signed checkpoint.
 */
export async function* verifyLog(folder: LogFolder, options: VerifyOptions): AsyncGenerator<LogProblem> {
  const against = options.against === undefined ? undefined : parseSignedCheckpoint(options.against);
  if (options.against !== undefined && against === undefined) throw new RangeError('against is no signed checkpoint');
  const audit = new LogAudit(folder, options.publicKey, against);
  try {
    yield* audit.run(options.signal);
  } finally {
    await audit.close();
  }
}

/** An entry as the audit goes by: what is not known was reported when it was met. */
interface Slot {
  readonly leaf: Uint8Array | undefined;
  readonly entry: Uint8Array | undefined;
}

/** A checkpoint found between entries, to be compared with the tree once it has that size. */
interface Milestone {
  readonly signed: SignedCheckpoint;
  readonly where: string;
}

/** The state of one audit. Entries are settled in groups of a tile: compared with the files, then put into the tree. */
class LogAudit {
  readonly #folder: LogFolder;
  readonly #publicKey: Uint8Array | undefined;
  readonly #against: SignedCheckpoint | undefined;
  readonly #found: LogProblem[] = [];
  readonly #verify = createVerifier().verify;
  #published: StoredCheckpoint | undefined;
  #range = new CompactRange(sha256);
  /** Entries after those in `#range`, at most 256. */
  #group: Slot[] = [];
  #milestones: Milestone[] = [];
  /** The rightmost hashes of each level of tiles above 0. */
  readonly #columns: Uint8Array[][] = [];
  #parts: PartCursor | undefined;
  /** Whether a leaf could not be known, so that no root can be computed any more. */
  #lost = false;

  constructor(folder: LogFolder, publicKey: Uint8Array | undefined, against: SignedCheckpoint | undefined) {
    this.#folder = folder;
    this.#publicKey = publicKey;
    this.#against = against;
  }

  async *run(signal: AbortSignal | undefined): AsyncGenerator<LogProblem> {
    signal?.throwIfAborted();
    await this.#readCheckpoints();
    yield* this.#take();
    const { segments } = await SegmentChain.open(this.#folder, entriesDirectory, { mode: 'read' });
    const parts = await ErasableParts.open(this.#folder, { mode: 'read' });
    for (const segment of parts.segments) await this.#checkHeader(segment);
    this.#parts = new PartCursor(parts);
    await this.#start(segments[0]?.first ?? 0);
    for (const [at, segment] of segments.entries()) {
      await this.#checkHeader(segment);
      for await (const _ of this.#segment(segment, segments[at + 1])) {
        signal?.throwIfAborted();
        yield* this.#take();
      }
    }
    await this.#finish();
    yield* this.#take();
  }

  async close(): Promise<void> {
    await this.#parts?.close();
  }

  *#take(): Generator<LogProblem> {
    yield* this.#found.splice(0);
  }

  #report(index: number, error: TenstripError<CoreErrorCode>): void {
    this.#found.push({ index: BigInt(Math.max(0, index)), problem: error.toJSON() });
  }

  #reportThrown(index: number, error: unknown): void {
    if (!isTenstripError<CoreErrorCode>(error, 'LogCorrupt')) throw error;
    this.#report(index, error);
  }

  /** How many entries must be there: those of the published checkpoint. */
  get #size(): number {
    return Number(this.#published?.checkpoint.size ?? 0n);
  }

  /** The index of the next entry. */
  get #next(): number {
    return this.#range.size + this.#group.length;
  }

  // ----------------------------------------------------------------------------------------------------- checkpoints

  async #readCheckpoints(): Promise<void> {
    try {
      this.#published = await readCheckpoint(this.#folder);
      if (this.#published === undefined) this.#report(0, logCorrupt(checkpointFile, 0, 'it is missing'));
    } catch (error) {
      this.#reportThrown(0, error);
    }
    if (this.#published !== undefined) {
      this.#checkSignature(this.#published, checkpointFile);
      this.#milestones.push({ signed: this.#published, where: checkpointFile });
    }
    if (this.#against !== undefined) this.#compareWithOlder(this.#against);
  }

  #compareWithOlder(older: SignedCheckpoint): void {
    this.#checkSignature(older, 'the older checkpoint');
    const { origin } = older.checkpoint;
    const published = this.#published?.checkpoint;
    if (published !== undefined && published.origin !== origin) {
      this.#report(
        0,
        checkpointFork(`the log is ${published.origin}, the older checkpoint is of ${origin}`, { origin }),
      );
    }
    this.#milestones.push({ signed: older, where: 'the older checkpoint' });
  }

  /** Entries after a crash may reach beyond the published checkpoint: what counts is whether they are there. */
  #checkReachesOlder(): void {
    const size = this.#against?.checkpoint.size ?? 0n;
    if (BigInt(this.#range.size) >= size) return;
    const message = `the older checkpoint covers ${size} entries, the log ${this.#range.size}: its end was deleted`;
    this.#report(this.#range.size, checkpointFork(message, { size: this.#range.size, olderSize: size }));
  }

  #checkSignature({ checkpoint, note }: SignedCheckpoint, where: string, offset = 0): void {
    const publicKey = this.#publicKey;
    if (publicKey === undefined) return;
    const isOurs = (signature: NoteSignature) => {
      if (signature.keyName !== checkpoint.origin) return false; // an origin that is no key name has no signature either
      const key = verifierKey(signature.keyName, SignatureType.ed25519, publicKey, sha256);
      return verifyNoteSignature(note.text, signature, key, this.#verify);
    };
    if (note.signatures.some(isOurs)) return;
    this.#report(Number(checkpoint.size) - 1, logCorrupt(where, offset, 'it is not signed by the given key'));
  }

  /** Compares the tree with the checkpoints of its present size. */
  #passMilestones(): void {
    const size = BigInt(this.#range.size);
    const due = this.#milestones.filter(({ signed }) => signed.checkpoint.size === size);
    if (due.length === 0) return;
    this.#milestones = this.#milestones.filter(({ signed }) => signed.checkpoint.size > size);
    if (this.#lost) return;
    const root = this.#range.root();
    for (const { signed, where } of due) {
      if (isEqual(root, signed.checkpoint.root)) continue;
      const message = `the first ${size} entries are not those that this checkpoint was signed for: ${where}`;
      this.#report(this.#range.size - 1, checkpointFork(message, { size, root, signedRoot: signed.checkpoint.root }));
    }
  }

  // -------------------------------------------------------------------------------------------------------- segments

  /** A pruned log starts in the middle: its first hashes come from tiles. */
  async #start(first: number): Promise<void> {
    const start = Math.ceil(first / fullTileWidth) * fullTileWidth;
    if (start > 0) {
      try {
        const { hashes, columns } = await loadLeft(this.#folder, start);
        this.#range = new CompactRange(sha256, { size: start, hashes });
        this.#columns.push(...columns);
      } catch (error) {
        this.#reportThrown(start, error);
        this.#lost = true;
      }
    }
    this.#milestones = this.#milestones.filter(({ signed }) => signed.checkpoint.size >= BigInt(start));
    this.#passMilestones();
  }

  /** Reads a segment to its end, over damage where there is some. Pauses after each block. */
  async *#segment(segment: Segment, next: Segment | undefined): AsyncGenerator<void> {
    const file = await this.#folder.open(segment.name, 'read');
    try {
      for (let offset: number | undefined = segmentHeaderBytes; offset !== undefined; ) {
        const reader: FrameReader = new FrameReader(file, segment.first, offset);
        for (let frames = await reader.next(); frames.length > 0; frames = await reader.next()) {
          for (const frame of frames) {
            const pending = this.#frame(segment, frame); // most frames need no waiting
            if (pending !== undefined) await pending;
          }
          yield;
        }
        offset = await this.#stopped(segment, next, file, reader.offset);
        yield;
      }
    } finally {
      await file.close();
    }
  }

  async #checkHeader(segment: Segment): Promise<void> {
    const file = await this.#folder.open(segment.name, 'read');
    try {
      const header = new Uint8Array(segmentHeaderBytes);
      await file.read(header, 0);
      if (isSegmentHeader(header, segment.first)) return;
    } finally {
      await file.close();
    }
    this.#report(segment.first, logCorrupt(segment.name, 0, 'its header is not that of this segment'));
  }

  /** No whole frame at `offset`: the end, or damage. Reports what is missing; returns where whole frames go on. */
  async #stopped(
    segment: Segment,
    next: Segment | undefined,
    file: LogFile,
    offset: number,
  ): Promise<number | undefined> {
    const rest = (await file.size()) - offset;
    const later = rest > 0 ? await findFrame(file, segment.first, offset + 1) : undefined;
    const end = later?.record ?? next?.first ?? this.#size;
    const mayBeTorn = next === undefined && this.#next >= this.#size && !(later && later.commitOffset > offset);
    if (mayBeTorn) return undefined;
    if (this.#next < end) {
      const which = end - this.#next === 1 ? `entry ${this.#next} is` : `entries ${this.#next} to ${end - 1} are`;
      this.#report(this.#next, logCorrupt(segment.name, offset, `${which} not whole`));
      while (this.#next < end) await this.#add({ leaf: undefined, entry: undefined });
    } else if (rest > 0) {
      this.#report(this.#next - 1, logCorrupt(segment.name, offset, 'what follows this entry is no whole frame'));
    }
    return later?.offset;
  }

  #frame(segment: Segment, frame: Frame): Promise<void> | undefined {
    if (frame.kind === FrameKind.checkpoint) this.#milestone(segment, frame);
    if (!isRecord(frame.kind) || frame.record !== this.#next) return undefined;
    const { entry, part } = storedEntry(frame);
    const slot = { leaf: leafHash(entry, sha256), entry };
    return part === undefined
      ? this.#add(slot)
      : this.#checkPart(part, frame.record, entry).then(() => this.#add(slot));
  }

  #milestone(segment: Segment, frame: Frame): void {
    if (frame.record !== this.#next) return;
    const signed = parseSignedCheckpoint(Buffer.from(frame.payload).toString());
    if (signed === undefined || signed.checkpoint.size !== BigInt(frame.record)) {
      this.#report(frame.record - 1, logCorrupt(segment.name, frame.offset, 'no checkpoint of this place'));
      return;
    }
    const isPublished = signed.note.text === this.#published?.note.text;
    if (!isPublished) this.#checkSignature(signed, segment.name, frame.offset);
    this.#milestones.push({ signed, where: `${segment.name}, byte ${frame.offset}` });
    if (this.#group.length === 0) this.#passMilestones();
  }

  async #checkPart(number: number, index: number, entry: Uint8Array): Promise<void> {
    try {
      const { erasable } = await this.#parts!.read(number, index);
      if (erasable === undefined || isCommittedTo(entry, erasable, sha256)) return;
      this.#report(index, logCorrupt('erasable', 0, `part ${number} is not the one that entry ${index} commits to`));
    } catch (error) {
      this.#reportThrown(index, error);
    }
  }

  // ------------------------------------------------------------------------------------------------ tiles and bundles

  #add(slot: Slot): Promise<void> | undefined {
    this.#group.push(slot);
    return this.#next % fullTileWidth === 0 ? this.#settle() : undefined;
  }

  async #finish(): Promise<void> {
    while (this.#next < this.#size) await this.#add({ leaf: undefined, entry: undefined });
    await this.#settle();
    this.#checkReachesOlder();
    for (const level of this.#columns.keys()) await this.#checkColumn(level);
  }

  /** Compares a group of entries with their tile and their bundle, then puts their leaves into the tree. */
  async #settle(): Promise<void> {
    const start = this.#range.size;
    const index = Math.floor(start / fullTileWidth);
    const width = Math.min(this.#group.length, Math.max(0, this.#size - start));
    const tile = width === 0 ? undefined : await this.#file({ level: 0, index, width }, width * hashBytes);
    const leaves = await this.#chooseLeaves(start, tile);
    if (width > 0) await this.#checkBundle(index, start, width);
    for (const leaf of leaves) {
      if (leaf === undefined) this.#lost = true;
      this.#range.append(leaf ?? unknownLeaf, this.#note);
      this.#passMilestones();
    }
    this.#group = [];
    for (const [level, column] of this.#columns.entries()) {
      if (column?.length === fullTileWidth) await this.#checkColumn(level);
    }
  }

  /** The leaves that were signed: those of the entries, or of the tile where the tree says that the entry is wrong. */
  async #chooseLeaves(start: number, tile: Uint8Array | undefined): Promise<(Uint8Array | undefined)[]> {
    const inTile = (at: number) => (tile && at * hashBytes < tile.length ? hashAt(tile, at) : undefined);
    const differ = this.#group.flatMap(({ leaf }, at) => {
      const other = inTile(at);
      return leaf !== undefined && other !== undefined && !isEqual(leaf, other) ? [at] : [];
    });
    const entriesWrong = differ.length > 0 && (await this.#isTileRight(start, tile!));
    for (const at of differ) {
      const index = start + at;
      const [file, offset] = entriesWrong
        ? [`entry ${index} in ${entriesDirectory}`, 0]
        : [tileFile({ level: 0, index: start / fullTileWidth, width: tile!.length / hashBytes }), at * hashBytes];
      this.#report(
        index,
        logCorrupt(
          file,
          offset,
          entriesWrong ? 'it is not the entry that was signed' : `the hash of entry ${index} is wrong`,
        ),
      );
    }
    return this.#group.map(({ leaf }, at) => (entriesWrong || leaf === undefined ? (inTile(at) ?? leaf) : leaf));
  }

  /** Whether the tile, not the entries, leads to what was signed: to its hash in the tile above, or to the root. */
  async #isTileRight(start: number, tile: Uint8Array): Promise<boolean> {
    const index = start / fullTileWidth;
    if (tile.length === fullTileWidth * hashBytes) {
      const parents = await this.#file(this.#tileOf(1, Math.floor(index / fullTileWidth)));
      if (parents === undefined) return true;
      return isEqual(hashFromTile({ level: tileHeight, index }, tile, sha256), hashAt(parents, index % fullTileWidth));
    }
    const range = new CompactRange(sha256, { size: start, hashes: this.#range.hashes });
    for (let at = 0; at * hashBytes < tile.length; at++) range.append(hashAt(tile, at));
    return isEqual(range.root(), this.#published!.checkpoint.root);
  }

  async #checkBundle(index: number, start: number, width: number): Promise<void> {
    if ((index + 1) * fullTileWidth <= (await this.#minimumIndex())) return;
    const path: TilePath = { level: 'entries', index, width };
    const bytes = await this.#file(path);
    if (bytes === undefined) return;
    const entries = this.#group.slice(0, width).map(({ entry }) => entry);
    const known = entries.every((entry) => entry !== undefined);
    if (known && isEqual(encodeEntryBundle(entries), bytes)) return;
    const bundled = decodeEntryBundle(bytes);
    const at = entries.findIndex(
      (entry, place) => entry !== undefined && !(bundled?.[place] && isEqual(entry, bundled[place])),
    );
    if (at < 0 && (bundled?.length === width || !known)) return;
    this.#report(
      start + Math.max(0, at),
      logCorrupt(tileFile(path), 0, `entry ${start + Math.max(0, at)} is another one here`),
    );
  }

  /** Collects the hashes of tiles above level 0 as the tree completes them. */
  readonly #note = (level: number, index: number, hash: Uint8Array): void => {
    if (level === 0 || level % tileHeight !== 0) return;
    const tileLevel = level / tileHeight;
    if (index % fullTileWidth === 0) this.#columns[tileLevel] = [];
    this.#columns[tileLevel]!.push(hash);
  };

  /** Compares the hashes of a tile above level 0 with its file. */
  async #checkColumn(level: number): Promise<void> {
    const column = this.#columns[level];
    if (column === undefined || column.length === 0 || this.#lost) return;
    const count = Math.floor(this.#range.size / fullTileWidth ** level);
    const path = this.#tileOf(level, Math.floor((count - 1) / fullTileWidth));
    if (path.width === 0) return;
    const bytes = await this.#file(path, path.width * hashBytes);
    if (bytes === undefined) return;
    const at = column.slice(0, path.width).findIndex((hash, place) => !isEqual(hash, hashAt(bytes, place)));
    if (at < 0) return;
    const index = (path.index * fullTileWidth + at) * fullTileWidth ** level;
    this.#report(
      index,
      logCorrupt(tileFile(path), at * hashBytes, `the hash over the entries from ${index} on is wrong`),
    );
  }

  #tileOf(level: number, index: number): TilePath {
    return { level, index, width: tileWidth(level, index, this.#size) };
  }

  /** A file that the published checkpoint calls for, with `length` bytes if given; a problem and `undefined` if it has not. */
  async #file(path: TilePath, length?: number): Promise<Uint8Array | undefined> {
    const name = tileFile(path);
    const bytes = await this.#folder.read(name);
    if (bytes !== undefined && (length === undefined || bytes.length === length)) return bytes;
    if (bytes === undefined && path.width < fullTileWidth && (await this.#wasRepublished())) return undefined;
    const span = path.level === 'entries' ? fullTileWidth : fullTileWidth ** (path.level + 1);
    const why = bytes === undefined ? 'it is missing' : `it has ${bytes.length} bytes instead of ${length}`;
    this.#report(path.index * span, logCorrupt(name, 0, why));
    return undefined;
  }

  /** Partial tiles of a checkpoint go away some time after the next one. */
  async #wasRepublished(): Promise<boolean> {
    const bytes = await this.#folder.read(checkpointFile);
    return bytes !== undefined && Buffer.from(bytes).toString() !== this.#published?.text;
  }

  async #minimumIndex(): Promise<number> {
    return readMinimumIndex(this.#folder);
  }
}

/** The hashes left of leaf `start`, from tiles, and the rightmost hashes of each level above 0. */
async function loadLeft(
  folder: LogFolder,
  start: number,
): Promise<{ hashes: readonly Uint8Array[]; columns: Uint8Array[][] }> {
  const tree = await TiledTree.load(new TileStore(folder), start, sha256);
  const columns = tree.mark().edge.map(({ tile, width }) => {
    const bytes = tile.bytes(width);
    return tile.level === 0 ? [] : Array.from({ length: width }, (_, at) => hashAt(bytes, at));
  });
  return { hashes: tree.hashes, columns };
}

/** Reads erasable parts in order, a block at a time; out of order where it must. */
class PartCursor {
  readonly #parts: ErasableParts;
  #frames: AsyncGenerator<Frame[]> | undefined;
  #block: Frame[] = [];
  #nextNumber = -1;

  constructor(parts: ErasableParts) {
    this.#parts = parts;
  }

  /** As `ErasableParts.read`. */
  async read(number: number, index: number): Promise<StoredPart> {
    const frame = await this.#inOrder(number);
    if (frame === undefined) return this.#parts.read(number, index);
    const stored = storedPart(frame);
    return stored.index === index ? stored : this.#parts.read(number, index);
  }

  async close(): Promise<void> {
    await this.#frames?.return(undefined);
  }

  async #inOrder(number: number): Promise<Frame | undefined> {
    try {
      if (number !== this.#nextNumber) {
        await this.#frames?.return(undefined);
        this.#frames = this.#parts.frames(number);
        this.#block = [];
      }
      this.#nextNumber = number + 1;
      for (;;) {
        const at = this.#block.findIndex((frame) => isRecord(frame.kind) && frame.record === number);
        if (at >= 0) return this.#block.splice(0, at + 1)[at];
        const next = await this.#frames!.next();
        if (next.done) throw logCorrupt('erasable', 0, `it ends before part ${number}`);
        this.#block = next.value;
      }
    } catch (error) {
      if (!isTenstripError(error, 'LogCorrupt')) throw error;
      this.#nextNumber = -1;
      return undefined;
    }
  }
}

const unknownLeaf = new Uint8Array(hashBytes);

function hashAt(tile: Uint8Array, at: number): Uint8Array {
  return tile.subarray(at * hashBytes, (at + 1) * hashBytes);
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
