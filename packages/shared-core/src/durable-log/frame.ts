// How a record lies in a segment: a text header of 64 bytes that names version and checksum, then frames of
// 16 bytes + payload. A frame's checksum is seeded with its place, so it is valid there and nowhere else: what is found
// after damage by trying every byte is a frame that we wrote, never a picture of one inside somebody's payload.
// Checksum: CRC-32 (IEEE 802.3) by zlib.crc32. It finds torn and rotten frames; tampering is found by the tree.
import { crc32 } from 'node:zlib';

/** What a frame holds. Kinds below 16 are records and are counted; the others are remarks between records. */
export const FrameKind = {
  /** A record. */
  record: 0,
  /** A record after 8 bytes that number its companion in another chain of segments (little endian). */
  linkedRecord: 1,
  /** A record whose payload was overwritten with zeros. */
  erased: 2,
  /** The signed checkpoint of all records before it. */
  checkpoint: 16,
  /** Nothing: everything before it was acknowledged. Written at a clean close. */
  end: 17,
} as const;

/** A frame as read; `payload` is a view. */
export interface Frame {
  readonly kind: number;
  /** The record's number in its chain; for a remark, the number of the next record. */
  readonly record: number;
  readonly payload: Uint8Array;
  /** Where the frame starts in its segment. */
  readonly offset: number;
  /** Where the first frame of the same commit starts. Whatever is before it was synced before it was written. */
  readonly commitOffset: number;
}

export const frameHeaderBytes = 16;
export const segmentHeaderBytes = 64;
/** The length field has 24 bits. */
export const maximumPayloadBytes = 2 ** 24 - 1;

/** Whether frames of this kind are counted as records. */
export function isRecord(kind: number): boolean {
  return kind < 16;
}

/** The header of the segment whose first record has number `first`. */
export function encodeSegmentHeader(first: number): Uint8Array {
  const text = `tenstrip-segment v1 crc32-ieee first=${first.toString().padStart(17, '0')} `;
  const body = Buffer.from(text, 'latin1');
  return Buffer.from(`${text}${crc32(body).toString(16).padStart(8, '0')}\n`, 'latin1');
}

/** Whether `bytes` begin with the header of the segment that starts at record `first`. */
export function isSegmentHeader(bytes: Uint8Array, first: number): boolean {
  return Buffer.compare(bytes.subarray(0, segmentHeaderBytes), encodeSegmentHeader(first)) === 0;
}

/** The frames of one commit in one buffer, used again for the next commit. */
export class FrameBuffer {
  #bytes = new Uint8Array(1 << 16);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  #records = 0;
  #segmentFirst = 0;
  #commitOffset = 0;

  /** Starts a commit at byte `offset` of the segment whose first record is `segmentFirst`. */
  start(segmentFirst: number, offset: number): void {
    this.#segmentFirst = segmentFirst;
    this.#commitOffset = offset;
    this.#length = 0;
    this.#records = 0;
  }

  /** How many of the frames are records. */
  get records(): number {
    return this.#records;
  }

  /** The frames so far. Valid until the next `start`. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  /** Adds a frame; its payload is `payload`, after the 8 bytes of `link` where one is given. */
  add(kind: number, record: number, payload: Uint8Array, link?: number): void {
    const head = link === undefined ? plainHead : linkedHead;
    headView.setUint32(0, kind * 2 ** 24 + payload.length + (head.length - plainHead.length), true);
    headView.setUint32(4, this.#commitOffset, true);
    headView.setUint32(8, record - this.#segmentFirst, true);
    if (link !== undefined) writeUint64(linkedHead, link, plainHead.length);
    const at = this.#length;
    const payloadAt = at + checksumBytes + head.length;
    this.#reserve(payloadAt + payload.length);
    const checksum = crc32(payload, headCrc32(head, seed(this.#segmentFirst, this.#commitOffset + at)));
    this.#view.setUint32(at, checksum, true);
    this.#bytes.set(head, at + checksumBytes);
    this.#bytes.set(payload, payloadAt);
    this.#length = payloadAt + payload.length;
    if (isRecord(kind)) this.#records++;
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
    grown.set(this.bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

const checksumBytes = 4;
// What stands between checksum and payload is laid out here, so that no frame needs a view of its own for its checksum.
const linkedHead = new Uint8Array(frameHeaderBytes - checksumBytes + 8);
const plainHead = linkedHead.subarray(0, frameHeaderBytes - checksumBytes);
const headView = new DataView(linkedHead.buffer);

/** {@link crc32} of a few bytes, for which calling it would cost more than they do. */
function headCrc32(bytes: Uint8Array, before: number): number {
  let crc = ~before;
  for (let at = 0; at < bytes.length; at++) crc = crcTable[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** How many bytes the frame whose header starts at `at` takes, going by its length field. */
export function frameLength(bytes: Buffer, at: number): number {
  return frameHeaderBytes + bytes.readUIntLE(at + 4, 3);
}

/**
 * The frame at `bytes[at]`, which is byte `offset` of its segment; `undefined` when it is cut off or its checksum is
 * wrong.
 */
export function decodeFrame(bytes: Buffer, at: number, segmentFirst: number, offset: number): Frame | undefined {
  if (at + frameHeaderBytes > bytes.length) return undefined;
  const end = at + frameLength(bytes, at);
  if (end > bytes.length) return undefined;
  if (crc32(bytes.subarray(at + 4, end), seed(segmentFirst, offset)) !== bytes.readUInt32LE(at)) return undefined;
  return {
    kind: bytes[at + 7]!,
    record: segmentFirst + bytes.readUInt32LE(at + 12),
    payload: bytes.subarray(at + frameHeaderBytes, end),
    offset,
    commitOffset: bytes.readUInt32LE(at + 8),
  };
}

/** Whether a frame may start at `bytes[at]`: a test of four loads, for trying every byte of a damaged segment. */
export function mayBeFrame(bytes: Buffer, at: number, offset: number, segmentSize: number): boolean {
  if (offset + frameLength(bytes, at) > segmentSize) return false;
  const commitOffset = bytes.readUInt32LE(at + 8);
  return commitOffset >= segmentHeaderBytes && commitOffset <= offset;
}

/** The number that a linked record starts with, and the rest. */
export function splitLink(payload: Uint8Array): { link: number; rest: Uint8Array } {
  return { link: readUint64(payload, 0), rest: payload.subarray(8) };
}

/** A number below 2^53 as 8 bytes, little endian. */
export function writeUint64(target: Uint8Array, value: number, at: number): void {
  const view = Buffer.from(target.buffer, target.byteOffset, target.byteLength);
  view.writeUInt32LE(value % 2 ** 32, at);
  view.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
}

/** What {@link writeUint64} wrote. */
export function readUint64(source: Uint8Array, at: number): number {
  const view = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  return view.readUInt32LE(at) + view.readUInt32LE(at + 4) * 2 ** 32;
}

function seed(segmentFirst: number, offset: number): number {
  return (Math.imul(segmentFirst % 2 ** 32, 0x9e3779b1) ^ offset) >>> 0;
}
