// Parts of entries that may have to be forgotten (addresses, names): kept beside the tree in segments of their own, each
// bound to its entry by a salted SHA-256 that stands in the entry. Erasing overwrites the part where it lies; the entry,
// its hash and every proof stay valid. The salt, stored with the part, keeps a short part from being guessed from the hash.
import { type CoreErrorCode, isTenstripError, TenstripError } from '../errors/index.js';
import { type Frame, FrameBuffer, FrameKind, frameHeaderBytes, isRecord, readUint64, writeUint64 } from './frame.js';
import { logCorrupt } from './log-error.js';
import type { LogFolder } from './log-folder.js';
import { type Segment, SegmentChain, type SegmentChainOptions } from './segment-chain.js';

/** Longest erasable part, in bytes: 1 MiB. */
export const maximumErasableBytes = 2 ** 20;
/** Shortest salt, in bytes. */
export const minimumSaltBytes = 16;

/** What {@link commitErasable} makes of a part. */
export interface ErasableCommitment {
  /** SHA-256 of `erasable`, 32 bytes. Put it into the entry: as these bytes, or as 64 lower-case hexadecimal digits. */
  readonly commitment: Uint8Array;
  /** The salt and the part: what the log stores beside the tree. */
  readonly erasable: Uint8Array;
}

/**
 * Binds an erasable part to the entry that will carry its commitment.
 * @param part what may have to be forgotten; with the salt at most 1 MiB
 * @param salt at least 16 random bytes, never used twice: `op.entropy(16)`
 * @throws RangeError when the salt is shorter.
 */
export function commitErasable(
  part: Uint8Array,
  salt: Uint8Array,
  sha256: (data: Uint8Array) => Uint8Array,
): ErasableCommitment {
  if (salt.length < minimumSaltBytes) {
    throw new RangeError(
      `the salt has ${salt.length} bytes; expected at least ${minimumSaltBytes}, from op.entropy(16)`,
    );
  }
  const erasable = new Uint8Array(salt.length + part.length);
  erasable.set(salt);
  erasable.set(part, salt.length);
  return { commitment: sha256(erasable), erasable };
}

/** Whether `entry` holds the SHA-256 of `erasable`, as 32 bytes or as 64 lower-case hexadecimal digits. */
export function isCommittedTo(
  entry: Uint8Array,
  erasable: Uint8Array,
  sha256: (data: Uint8Array) => Uint8Array,
): boolean {
  const hash = Buffer.from(sha256(erasable));
  const bytes = Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength);
  return bytes.includes(hash) || bytes.includes(hash.toString('hex'), 0, 'latin1');
}

/** Reads parts in the order of their numbers. What {@link PartsInOrder.at} gives is good until the next `read`. */
export class PartsInOrder {
  readonly #parts: ErasableParts;
  #blocks: AsyncGenerator<Frame[]> | undefined;
  #frames: readonly Frame[] = [];
  #next = 0;

  constructor(parts: ErasableParts) {
    this.#parts = parts;
  }

  /** As {@link PartsInOrder.read}, if the part stands in the block that was read last. */
  at(number: number, index: number): StoredPart | undefined {
    while (this.#next < this.#frames.length) {
      const frame = this.#frames[this.#next]!;
      if (isRecord(frame.kind) && frame.record > number) return undefined;
      this.#next += 1;
      if (!isRecord(frame.kind) || frame.record !== number) continue;
      const stored = storedPart(frame);
      if (stored.index === index) return stored;
      this.#next -= 1;
      return undefined;
    }
    return undefined;
  }

  /** As {@link ErasableParts.read}. What this reading cannot give, behind damage, is looked for by itself. */
  async read(number: number, index: number): Promise<StoredPart> {
    try {
      const frame = await this.#frame(number);
      const stored = frame === undefined ? undefined : storedPart(frame);
      if (stored?.index === index) return stored;
    } catch (error) {
      if (!isTenstripError(error, 'LogCorrupt')) throw error;
    }
    return this.#parts.read(number, index);
  }

  async close(): Promise<void> {
    await this.#blocks?.return(undefined);
  }

  async #frame(number: number): Promise<Frame | undefined> {
    this.#blocks ??= this.#parts.frames(number, true);
    for (;;) {
      while (this.#next < this.#frames.length) {
        const frame = this.#frames[this.#next]!;
        if (isRecord(frame.kind) && frame.record > number) return undefined;
        this.#next += 1;
        if (isRecord(frame.kind) && frame.record === number) return frame;
      }
      const block = await this.#blocks.next();
      if (block.done === true) return undefined;
      this.#frames = block.value;
      this.#next = 0;
    }
  }
}

/** What is stored for one erasable part. */
export interface StoredPart {
  /** The index of the entry that it belongs to. */
  readonly index: number;
  /** `undefined` once erased. */
  readonly erasable: Uint8Array | undefined;
}

/** The erasable parts of one log. */
export class ErasableParts implements AsyncDisposable {
  readonly #folder: LogFolder;
  readonly #chain: SegmentChain;

  private constructor(folder: LogFolder, chain: SegmentChain) {
    this.#folder = folder;
    this.#chain = chain;
  }

  /** Opens them. A writer first ends an erasure that a crash cut short, and drops parts of entries from `size` on. */
  static async open(folder: LogFolder, options: SegmentChainOptions, size?: number): Promise<ErasableParts> {
    if (options.mode === 'write') {
      await folder.makePrivate(erasableDirectory);
      await finishErasure(folder);
    }
    const parts = new ErasableParts(folder, await SegmentChain.open(folder, erasableDirectory, options));
    if (size !== undefined) await parts.#dropFrom(size);
    return parts;
  }

  /** The number that the next part gets. */
  get nextNumber(): number {
    return this.#chain.records;
  }

  /** The files that hold parts, oldest first. */
  get segments(): readonly Segment[] {
    return this.#chain.segments;
  }

  /** Stores parts, durable when this resolves; `indexes` are those of their entries. */
  async commit(parts: readonly Uint8Array[], indexes: readonly number[]): Promise<void> {
    const bytes = parts.reduce((total, part) => total + frameHeaderBytes + indexBytes + part.length, 0);
    await this.#chain.commit(bytes, (frames, first) => {
      parts.forEach((part, at) => {
        frames.add(FrameKind.record, first + at, part, indexes[at]!);
      });
    });
  }

  undoLastCommit(): Promise<void> {
    return this.#chain.undoLastCommit();
  }

  /**
   * Part number `number`, of entry `index`.
   * @throws TenstripError `LogCorrupt` when it is damaged, missing, or another entry's.
   */
  async read(number: number, index: number): Promise<StoredPart> {
    const { frame, segment } = await this.#chain.locate(number);
    const stored = storedPart(frame);
    if (stored.index !== index) {
      throw logCorrupt(segment.name, frame.offset, `part ${number} is of entry ${stored.index}, not of ${index}`);
    }
    return stored;
  }

  /** For reading many parts, each number greater than the one before: goes through the files once, a block at a time. */
  inOrder(): PartsInOrder {
    return new PartsInOrder(this);
  }

  /** Overwrites a part with zeros, synced. A crash in between is made good when the log is opened next. */
  async erase(number: number): Promise<void> {
    const { frame, segment } = await this.#chain.locate(number);
    if (frame.kind === FrameKind.erased) return;
    const erasure: Erasure = {
      file: segment.name,
      segmentFirst: segment.first,
      record: number,
      offset: frame.offset,
      index: storedPart(frame).index,
      payloadBytes: frame.payload.length,
    };
    await this.#folder.replace(erasureFile, Buffer.from(JSON.stringify(erasure)));
    await finishErasure(this.#folder);
  }

  /** Removes the segments in which every part is of an entry with an index below `index`. */
  async removeBefore(index: number): Promise<void> {
    await this.#chain.roll();
    for (const { first } of this.#chain.segments.slice(1)) {
      if (storedPart(await this.#chain.read(first - 1)).index >= index) return;
      await this.#chain.removeBefore(first);
    }
  }

  /** The frames of parts from number `number` on; see {@link SegmentChain.frames}. */
  frames(number: number, passing = false): AsyncGenerator<Frame[]> {
    return this.#chain.frames(number, passing);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#chain[Symbol.asyncDispose]();
  }

  /** Closes without a last word, as a crash would. */
  abandon(): Promise<void> {
    return this.#chain.abandon();
  }

  /** Parts are synced before their entries, so a crash may leave some whose entries never were. */
  async #dropFrom(size: number): Promise<void> {
    const last = this.#chain.segments.at(-1)!;
    for await (const frames of this.#chain.frames(last.first)) {
      const orphan = frames.find((frame) => frame.kind === FrameKind.record && storedPart(frame).index >= size);
      if (orphan !== undefined) return this.#chain.cut(orphan.record);
    }
  }
}

/** What a crash must not forget about an erasure under way. */
interface Erasure {
  readonly file: string;
  readonly segmentFirst: number;
  readonly record: number;
  readonly offset: number;
  readonly index: number;
  readonly payloadBytes: number;
}

const erasableDirectory = 'erasable';
const erasureFile = 'erasure.json';
const indexBytes = 8;

/** What a frame of an erasable part holds. */
export function storedPart(frame: Frame): StoredPart {
  const erasable = frame.kind === FrameKind.erased ? undefined : frame.payload.subarray(indexBytes);
  return { index: readUint64(frame.payload, 0), erasable };
}

async function finishErasure(folder: LogFolder): Promise<void> {
  const text = await folder.read(erasureFile);
  if (text === undefined) return;
  const erasure = JSON.parse(Buffer.from(text).toString()) as Erasure;
  const payload = new Uint8Array(erasure.payloadBytes);
  writeUint64(payload, erasure.index, 0);
  const blank = new FrameBuffer();
  blank.start(erasure.segmentFirst, erasure.offset);
  blank.add(FrameKind.erased, erasure.record, payload);
  const file = await folder.open(erasure.file, 'write');
  try {
    await file.write(blank.bytes, erasure.offset);
    await file.sync();
  } finally {
    await file.close();
  }
  await folder.remove(erasureFile);
}

/**
 * Nothing, for a part that a log can hold.
 * @throws TenstripError `EntryTooLarge` for one of more than 1 MiB.
 */
export function checkErasableLength(erasable: Uint8Array): void {
  if (erasable.length <= maximumErasableBytes) return;
  throw new TenstripError<CoreErrorCode>(
    'EntryTooLarge',
    `the erasable part has ${erasable.length} bytes; it may have at most ${maximumErasableBytes}: split it over entries`,
    { details: { bytes: erasable.length, maximum: maximumErasableBytes } },
  );
}
