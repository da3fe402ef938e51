// Reads the frames of one segment in blocks, front to back, and finds where frames go on after damage.
// Memory: one block (32 KiB growing to 1 MiB, or one frame if that is larger), the same for all where frames are looked at in
// passing: blocks that are new each time wait for the collector. Cost: reading plus CRC-32, about a gigabyte
// a second.
import { decodeFrame, type Frame, frameHeaderBytes, frameLength, maximumPayloadBytes, mayBeFrame } from './frame.js';
import type { LogFile } from './log-folder.js';

const firstBlockBytes = 1 << 15; // enough for one record near the start
const blockBytes = 1 << 20;

/** Reads frames from `offset` on, until the file ends or a frame is not whole. */
export class FrameReader {
  readonly #file: LogFile;
  readonly #segmentFirst: number;
  readonly #limit: () => number;
  readonly #passing: boolean;
  #block = Buffer.alloc(0);
  #blockBytes = firstBlockBytes;
  #offset: number;

  /**
   * `offset` must be the start of a frame of the segment whose first record is `segmentFirst`. Nothing is read from byte
   * `limit()` on: what a writer has not finished. `passing`: payloads are good until the next frames are asked for.
   */
  constructor(file: LogFile, segmentFirst: number, offset: number, limit: () => number = fileEnd, passing = false) {
    this.#file = file;
    this.#segmentFirst = segmentFirst;
    this.#offset = offset;
    this.#limit = limit;
    this.#passing = passing;
  }

  /** The end of the last good frame: where reading goes on, or stopped. */
  get offset(): number {
    return this.#offset;
  }

  /** The next frames, in order; none when the rest of the file does not start with a whole frame. */
  async next(): Promise<Frame[]> {
    for (;;) {
      const block = this.#memory(Math.max(0, Math.min(this.#blockBytes, this.#limit() - this.#offset)));
      const bytes = block.subarray(0, await this.#file.read(block, this.#offset));
      const frames = this.#decode(bytes);
      if (frames.length > 0) this.#blockBytes = Math.max(this.#blockBytes, Math.min(2 * this.#blockBytes, blockBytes));
      if (frames.length > 0 || bytes.length < this.#blockBytes) return frames;
      const needed = frameLength(bytes, 0);
      if (needed <= this.#blockBytes) return frames; // whole, and damaged
      this.#blockBytes = needed;
    }
  }

  #memory(bytes: number): Buffer {
    if (!this.#passing) return Buffer.allocUnsafe(bytes);
    if (this.#block.length < bytes) this.#block = Buffer.allocUnsafeSlow(bytes);
    return this.#block.subarray(0, bytes);
  }

  #decode(bytes: Buffer): Frame[] {
    const frames: Frame[] = [];
    for (let at = 0; ; ) {
      const frame = decodeFrame(bytes, at, this.#segmentFirst, this.#offset);
      if (frame === undefined) return frames;
      frames.push(frame);
      const length = frameHeaderBytes + frame.payload.length;
      at += length;
      this.#offset += length;
    }
  }
}

const fileEnd = () => Number.POSITIVE_INFINITY;

/**
 * The first whole frame that starts at byte `from` of a segment or later; `undefined` when there is none. Tries every
 * byte: for damaged segments only. Cost: some 10 ns a byte.
 */
export async function findFrame(file: LogFile, segmentFirst: number, from: number): Promise<Frame | undefined> {
  const size = await file.size();
  const block = Buffer.allocUnsafe(blockBytes);
  for (let start = from; start + frameHeaderBytes <= size; ) {
    const bytes = block.subarray(0, await file.read(block, start));
    const end = bytes.length - frameHeaderBytes;
    for (let at = 0; at <= end; at++) {
      if (!mayBeFrame(bytes, at, start + at, size)) continue;
      const frame = await readFrame(file, segmentFirst, start + at, frameLength(bytes, at));
      if (frame !== undefined) return frame;
    }
    start += end + 1;
  }
  return undefined;
}

/** The frame of `length` bytes at `offset`; `undefined` when it is cut off or damaged. */
async function readFrame(
  file: LogFile,
  segmentFirst: number,
  offset: number,
  length: number,
): Promise<Frame | undefined> {
  if (length > frameHeaderBytes + maximumPayloadBytes) return undefined;
  const bytes = Buffer.allocUnsafe(length);
  const count = await file.read(bytes, offset);
  return decodeFrame(bytes.subarray(0, count), 0, segmentFirst, offset);
}
