// A directory of segments that together hold one numbered sequence of records: written at the end, one commit at a time,
// read anywhere. A segment is named by the number of its first record. This is where torn writes are told from damage:
// the frames of one commit go out in one write and are synced before the next commit starts, so a bad frame may be cut
// only when nothing of a later commit follows it. Cost: one write and one fdatasync a commit; a record by number is found
// from a sparse index in memory (one place for every 64 records), made as segments are read.
import { assert } from '../errors/index.js';
import { isSystemError } from '../files/index.js';
import {
  encodeSegmentHeader,
  type Frame,
  FrameBuffer,
  FrameKind,
  frameHeaderBytes,
  isRecord,
  isSegmentHeader,
  segmentHeaderBytes,
} from './frame.js';
import { FrameReader, findFrame } from './frame-reader.js';
import { logCorrupt, logUnavailable } from './log-error.js';
import type { LogFile, LogFolder } from './log-folder.js';

/** How a {@link SegmentChain} is opened. */
export interface SegmentChainOptions {
  /** `write` cuts a torn tail; `read` changes nothing and may run while another process writes. */
  readonly mode: 'read' | 'write';
  /** A segment is closed before a commit would make it longer than this. Default 64 MiB. */
  readonly segmentBytes?: number;
  /** Whether a commit waits for `fdatasync`. Default `true`. */
  readonly durable?: boolean;
  /** Fewer records than this are damage: what is known to have been acknowledged. Default 0. */
  readonly acknowledged?: number;
}

/** One file of a {@link SegmentChain}: its name in the log's folder, and the number of its first record. */
export interface Segment {
  readonly name: string;
  readonly first: number;
}

/** Where the next frame goes. */
interface End {
  readonly segment: Segment;
  readonly offset: number;
  readonly records: number;
}

const defaultSegmentBytes = 64 * 2 ** 20;
const maximumSegmentBytes = 2 ** 31;

/** Segments of records in one directory of a log's folder. */
export class SegmentChain implements AsyncDisposable {
  /** Bytes of a torn tail that opening cut off. */
  bytesCut = 0;

  readonly #folder: LogFolder;
  readonly #directory: string;
  readonly #mode: 'read' | 'write';
  readonly #segmentBytes: number;
  readonly #durable: boolean;
  readonly #buffer = new FrameBuffer();
  readonly #places = new PlaceIndex();
  #segments: Segment[] = [];
  #end: End | undefined;
  #endFile: LogFile | undefined;
  #beforeLastCommit: End | undefined;
  /** Whether the file may go on after `#end`, with part of a commit that failed. */
  #leftover = false;
  /** Settles when the change of files that is under way is done. */
  #writing: Promise<void> | undefined;

  private constructor(folder: LogFolder, directory: string, options: SegmentChainOptions) {
    const segmentBytes = options.segmentBytes ?? defaultSegmentBytes;
    if (!(segmentBytes >= 1024 && segmentBytes <= maximumSegmentBytes)) {
      throw new RangeError(`segmentBytes is ${segmentBytes}; expected 1,024 to ${maximumSegmentBytes}`);
    }
    this.#folder = folder;
    this.#directory = directory;
    this.#mode = options.mode;
    this.#segmentBytes = segmentBytes;
    this.#durable = options.durable ?? true;
  }

  /**
   * Opens the chain. With mode `write` it is made if it does not exist; else its last segment is read whole, and a torn
   * tail is cut.
   * @throws TenstripError `LogCorrupt` when a frame is damaged and frames of a later commit follow it.
   */
  static async open(folder: LogFolder, directory: string, options: SegmentChainOptions): Promise<SegmentChain> {
    const chain = new SegmentChain(folder, directory, options);
    await chain.#list();
    if (options.mode === 'read') return chain;
    try {
      await chain.#refusing(() => chain.#recover(options.acknowledged ?? 0));
      return chain;
    } catch (error) {
      await chain.abandon();
      throw error;
    }
  }

  /** How many records there are: the number of the next one. Known to writers only. */
  get records(): number {
    return this.#writeEnd.records;
  }

  /** The segments, oldest first. A reader sees those of its last look. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  // -------------------------------------------------------------------------------------------------------- writing

  /**
   * Writes what `fill` adds as one commit: all of it is durable when this resolves, none of it counts when it rejects.
   * `bytes` is its size, or a little more. `meanwhile` runs while the disk is at work. One commit at a time.
   * @throws TenstripError `LogUnavailable` when the disk refuses; what `meanwhile` throws.
   */
  commit(
    bytes: number,
    fill: (frames: FrameBuffer, firstRecord: number) => void,
    meanwhile: () => void = ignore,
  ): Promise<void> {
    return this.#alone(async () => {
      if (this.#leftover) await this.#removeLeftover();
      if (this.#mustRoll(bytes)) await this.#startSegment(this.records);
      const { segment, offset, records } = this.#writeEnd;
      this.#buffer.start(segment.first, offset);
      fill(this.#buffer, records);
      this.#leftover = true;
      await this.#endFile!.write(this.#buffer.bytes, offset);
      const [synced, done] = await Promise.allSettled([this.#syncEnd(), attempt(meanwhile)]);
      if (synced.status === 'rejected') throw synced.reason;
      if (done.status === 'rejected') throw done.reason;
      this.#leftover = false;
      this.#beforeLastCommit = this.#writeEnd;
      this.#end = { segment, offset: offset + this.#buffer.length, records: records + this.#buffer.records };
    });
  }

  /** Takes the last commit back, from the file too. Only right after it. */
  async undoLastCommit(): Promise<void> {
    assert(this.#beforeLastCommit !== undefined, 'there is a commit to take back');
    this.#setEnd(this.#beforeLastCommit);
    await this.#refusing(() => this.#removeLeftover());
  }

  /** Cuts records from number `record` on. They must be in the last segment. */
  async cut(record: number): Promise<void> {
    if (record >= this.records) return;
    const { segment } = this.#writeEnd;
    const { offset } = await this.#find(segment, record);
    this.#setEnd({ segment, offset, records: record });
    await this.#refusing(() => this.#removeLeftover());
  }

  /** Starts a new segment unless the last one has no record, so that all records so far may be removed. */
  async roll(): Promise<void> {
    await this.#alone(async () => {
      const { segment, records } = this.#writeEnd;
      if (records > segment.first) await this.#startSegment(records);
    });
  }

  /** Removes the segments that hold only records with a number below `record`. The last segment stays. */
  async removeBefore(record: number): Promise<void> {
    await this.#alone(async () => {
      while (this.#segments.length > 1 && this.#segments[1]!.first <= record) {
        const segment = this.#segments[0]!;
        await this.#folder.remove(segment.name);
        this.#places.forget(segment);
        this.#segments = this.#segments.slice(1);
      }
      await this.#folder.sync(this.#directory);
    });
  }

  /** Tells later readers, by a remark, that everything before it was acknowledged; then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#endFile === undefined) return;
    try {
      if (this.#writeEnd.offset > segmentHeaderBytes) {
        await this.commit(frameHeaderBytes, (frames, next) => frames.add(FrameKind.end, next, new Uint8Array(0)));
      }
    } finally {
      await this.abandon();
    }
  }

  /** Closes without a last word, as a crash would. */
  async abandon(): Promise<void> {
    const file = this.#endFile;
    this.#endFile = undefined;
    await file?.close();
  }

  get #writeEnd(): End {
    assert(this.#end !== undefined, 'a chain that is open for writing knows its end');
    return this.#end;
  }

  #setEnd(end: End): void {
    this.#end = end;
    this.#beforeLastCommit = undefined;
    this.#places.forget(end.segment);
    this.#leftover = true;
  }

  /** Synced, so that no crash can bring the bytes back. */
  async #removeLeftover(): Promise<void> {
    await this.#endFile!.truncate(this.#writeEnd.offset);
    await this.#syncEnd();
    this.#leftover = false;
  }

  async #syncEnd(): Promise<void> {
    if (this.#durable) await this.#endFile!.sync();
  }

  #mustRoll(bytes: number): boolean {
    const { segment, offset, records } = this.#writeEnd;
    return offset + bytes > this.#segmentBytes && records > segment.first;
  }

  async #startSegment(first: number): Promise<void> {
    const segment = { name: `${this.#directory}/${first.toString().padStart(16, '0')}.segment`, first };
    await this.#folder.replace(segment.name, encodeSegmentHeader(first));
    await this.#openEnd(segment);
    this.#segments = [...this.#segments, segment];
    this.#beforeLastCommit = undefined;
    this.#end = { segment, offset: segmentHeaderBytes, records: first };
  }

  async #openEnd(segment: Segment): Promise<void> {
    const file = await this.#folder.open(segment.name, 'write');
    await this.#endFile?.close();
    this.#endFile = file;
  }

  /** One after the other; the first one starts at once. */
  #alone(work: () => Promise<void>): Promise<void> {
    const turn = this.#writing === undefined ? this.#refusing(work) : this.#writing.then(() => this.#refusing(work));
    const settled = turn.then(ignore, ignore).then(() => {
      if (this.#writing === settled) this.#writing = undefined;
    });
    this.#writing = settled;
    return turn;
  }

  async #refusing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isSystemError(error)) throw error;
      throw logUnavailable(`the log in ${this.#folder.path} cannot be written`, error);
    }
  }

  // ------------------------------------------------------------------------------------------------------- recovery

  async #list(): Promise<void> {
    const names = await this.#folder.names(this.#directory);
    const known = new Map(this.#segments.map((segment) => [segment.first, segment]));
    this.#segments = names.filter(isSegmentName).map((name) => {
      const first = Number.parseInt(name, 10);
      return known.get(first) ?? { name: `${this.#directory}/${name}`, first };
    });
  }

  async #recover(acknowledged: number): Promise<void> {
    const last = this.#segments.at(-1);
    if (last === undefined) return this.#startSegment(0);
    await this.#openEnd(last);
    const file = this.#endFile!;
    const reader = await this.#startReader(file, last, true);
    let records = last.first;
    for (let frames = await reader.next(); frames.length > 0; frames = await reader.next()) {
      for (const frame of frames) if (isRecord(frame.kind)) records++;
    }
    this.bytesCut = (await file.size()) - reader.offset;
    if (this.bytesCut > 0) {
      if (records < acknowledged) throw logCorrupt(last.name, reader.offset, `record ${records} is not whole`);
      await refuseIfAcknowledged(file, last, reader.offset);
    }
    this.#end = { segment: last, offset: reader.offset, records };
    if (this.bytesCut > 0) await this.#removeLeftover();
  }

  // -------------------------------------------------------------------------------------------------------- reading

  /**
   * Frames in order, in blocks, from record `from` on (and from the first remark of its segment when `from` is the first
   * record of one). Ends where the written part ends. `passing`: payloads are good until the next block is asked for.
   * @throws TenstripError `LogCorrupt` at a frame that is damaged, unless it is the torn end of the last segment.
   */
  async *frames(from: number, passing = false): AsyncGenerator<Frame[]> {
    if (this.#mode === 'read') await this.#list();
    let position = from;
    for (let segment = this.#segmentOf(from), next: Segment | undefined; segment !== undefined; segment = next) {
      next = undefined;
      const file = await this.#folder.open(segment.name, 'read');
      try {
        const reader = await this.#readerAt(file, segment, position, passing);
        for (;;) {
          const frames = await reader.next();
          if (frames.length > 0) {
            position = numberAfter(frames);
            yield frames;
          } else if (next === undefined) {
            next = await this.#segmentAfter(segment); // then once more: what was written before it was started
            if (next === undefined) break;
          } else break;
        }
        const whole = next === undefined ? reader.offset >= this.#knownEnd(segment) : position === next.first;
        if (!whole) throw logCorrupt(segment.name, reader.offset, `record ${position} is not whole`);
      } finally {
        await file.close();
      }
    }
  }

  /**
   * The frame of one record.
   * @throws TenstripError `LogCorrupt` when it is damaged or missing.
   */
  async read(record: number): Promise<Frame> {
    return (await this.locate(record)).frame;
  }

  /** The frame of one record, and the segment that it is in. @throws as {@link SegmentChain.read} */
  async locate(record: number): Promise<{ readonly frame: Frame; readonly segment: Segment }> {
    if (this.#mode === 'read' && this.#segmentOf(record) === this.#segments.at(-1)) await this.#list();
    const segment = this.#segmentOf(record);
    if (segment === undefined) throw logCorrupt(this.#directory, 0, `no segment holds record ${record}`);
    return { frame: await this.#find(segment, record), segment };
  }

  /** Reads forward from the nearest known place, over damage where there is some. */
  async #find(segment: Segment, record: number): Promise<Frame> {
    const file = await this.#folder.open(segment.name, 'read');
    try {
      let reader = this.#reader(file, segment, this.#places.before(segment, record));
      for (;;) {
        const frames = await reader.next();
        this.#places.note(segment, frames);
        const found = frames.find((frame) => frame.record === record && isRecord(frame.kind));
        if (found !== undefined) return found;
        if (frames.length > 0) continue;
        const later = await findFrame(file, segment.first, reader.offset + 1);
        if (later === undefined || later.record > record) {
          throw logCorrupt(segment.name, reader.offset, `record ${record} is not whole`);
        }
        reader = this.#reader(file, segment, later.offset);
      }
    } finally {
      await file.close();
    }
  }

  /** A reader whose first frame is that of `record`, or that goes on where the written part ends. */
  async #readerAt(file: LogFile, segment: Segment, record: number, passing: boolean): Promise<FrameReader> {
    if (record === segment.first) return this.#startReader(file, segment, passing);
    const isEnd = segment === this.#end?.segment && record === this.#end.records;
    const offset = isEnd ? this.#end!.offset : (await this.#find(segment, record)).offset;
    return this.#reader(file, segment, offset, passing);
  }

  async #startReader(file: LogFile, segment: Segment, passing: boolean): Promise<FrameReader> {
    const header = new Uint8Array(segmentHeaderBytes);
    await file.read(header, 0);
    if (!isSegmentHeader(header, segment.first)) {
      throw logCorrupt(segment.name, 0, `it does not begin with the header of a segment from record ${segment.first}`);
    }
    return this.#reader(file, segment, segmentHeaderBytes, passing);
  }

  /** Reads up to the end of the last commit, where that is known. */
  #reader(file: LogFile, segment: Segment, offset: number, passing = false): FrameReader {
    const limit = () => (this.#end?.segment === segment ? this.#end.offset : Number.POSITIVE_INFINITY);
    return new FrameReader(file, segment.first, offset, limit, passing);
  }

  #knownEnd(segment: Segment): number {
    return this.#end?.segment === segment ? this.#end.offset : 0;
  }

  async #segmentAfter(segment: Segment): Promise<Segment | undefined> {
    if (this.#mode === 'read') await this.#list();
    return this.#segments.find((other) => other.first > segment.first);
  }

  /** The segment that holds record `record`, or will: the last one that starts at it or before. */
  #segmentOf(record: number): Segment | undefined {
    let [low, high] = [0, this.#segments.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#segments[middle]!.first <= record) low = middle + 1;
      else high = middle;
    }
    return this.#segments[low - 1];
  }
}

/** A bad frame is a torn write only if no commit was begun after its own: the next one waits for the sync. */
async function refuseIfAcknowledged(file: LogFile, segment: Segment, offset: number): Promise<void> {
  for (let from = offset + 1; ; ) {
    const frame = await findFrame(file, segment.first, from);
    if (frame === undefined) return;
    if (frame.commitOffset > offset) {
      throw logCorrupt(segment.name, offset, `a frame is broken, and a later commit follows at byte ${frame.offset}`);
    }
    from = frame.offset + frameHeaderBytes + frame.payload.length;
  }
}

/** The number of the record that follows these frames. */
function numberAfter(frames: readonly Frame[]): number {
  const last = frames.at(-1)!;
  return isRecord(last.kind) ? last.record + 1 : last.record;
}

function ignore(): void {}

/** Runs `work` at once. */
async function attempt(work: () => void): Promise<void> {
  work();
}

function isSegmentName(name: string): boolean {
  return /^\d{16}\.segment$/.test(name);
}

/** Places of every 64th record, of the segments that were read last. At most about 5 KB for 64 MiB of 200-byte records. */
class PlaceIndex {
  readonly #places = new Map<Segment, number[]>();

  /** Where to start reading for `record`: at it, or at the nearest known record before it. */
  before(segment: Segment, record: number): number {
    const places = this.#places.get(segment);
    if (places === undefined) return segmentHeaderBytes;
    return places[Math.min(Math.floor((record - segment.first) / stride), places.length - 1)]!;
  }

  /** Learns places from frames that follow those noted so far, or that are known already. */
  note(segment: Segment, frames: readonly Frame[]): void {
    const places = this.#of(segment);
    for (const frame of frames) {
      if (isRecord(frame.kind) && frame.record - segment.first === places.length * stride) places.push(frame.offset);
    }
  }

  forget(segment: Segment): void {
    this.#places.delete(segment);
  }

  #of(segment: Segment): number[] {
    const known = this.#places.get(segment);
    if (known !== undefined) return known;
    if (this.#places.size >= maximumIndexes) this.#places.delete(this.#places.keys().next().value!);
    const places = [segmentHeaderBytes];
    this.#places.set(segment, places);
    return places;
  }
}

const stride = 64;
const maximumIndexes = 256;
