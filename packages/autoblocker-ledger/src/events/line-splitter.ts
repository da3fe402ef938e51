// Bytes to lines with a bound: a line of a gigabyte keeps its first 8 KiB and its digest, whatever the chunks are.
// Text that is all ASCII, as logs mostly are, is recognised a chunk at a time and decoded by copying.

import { isAscii, isUtf8 } from 'node:buffer';
import { createHash, type Hash } from 'node:crypto';
import type { SourceLine } from './line-source.js';

const lineFeed = 10;
const carriageReturn = 13;

/**
 * A line that is whole and plain. A class and no literal: V8 learns of a literal whether its objects live long, takes the lines of
 * a chunk for such, and puts them with their texts into old memory at once, where nothing is collected that dies young.
 */
class PlainLine implements SourceLine {
  readonly text: string;
  readonly offset: number;
  readonly end: number;
  readonly cut = false;
  readonly garbled = false;

  constructor(text: string, offset: number, end: number) {
    this.text = text;
    this.offset = offset;
    this.end = end;
  }
}

/** Cuts a stream of bytes into lines. */
export class LineSplitter {
  readonly #maxLineBytes: number;
  /** Offset of the next byte to come. */
  #offset: number;
  /** The beginning of a line whose end has not come, at most `maxLineBytes`. */
  #partial: Buffer[] = [];
  #partialBytes = 0;
  /** Offset where that line begins. */
  #lineStart = 0;
  /** Hash of the whole line, once it is longer than the bound. */
  #longLine: Hash | undefined;

  constructor(offset: number, maxLineBytes: number) {
    this.#offset = offset;
    this.#maxLineBytes = maxLineBytes;
  }

  /** Offset after all that was pushed. */
  get offset(): number {
    return this.#offset;
  }

  /** The lines that end in `chunk`. The chunk is not kept. */
  push(chunk: Buffer): SourceLine[] {
    const lines: SourceLine[] = [];
    const chunkStart = this.#offset;
    this.#offset += chunk.length;
    let start = 0;
    if (this.#partialBytes > 0) {
      const end = chunk.indexOf(lineFeed);
      this.#hold(end < 0 ? chunk : chunk.subarray(0, end));
      if (end < 0) return lines;
      start = end + 1;
      lines.push(this.#endLine(chunkStart + start));
    }
    const last = chunk.lastIndexOf(lineFeed);
    if (last >= start) {
      this.#wholeLines(chunk.subarray(start, last + 1), chunkStart + start, lines);
      start = last + 1;
    }
    if (start < chunk.length) {
      this.#lineStart = chunkStart + start;
      this.#hold(chunk.subarray(start));
    }
    return lines;
  }

  /** The last line, if it has no end. */
  finish(): SourceLine | undefined {
    return this.#partialBytes === 0 ? undefined : this.#endLine(this.#offset);
  }

  /**
   * Lines that lie whole in `bytes`. Each becomes a string of its own: a slice of the chunk's text would keep all of the
   * chunk in memory as long as one event of it is evidence.
   */
  #wholeLines(bytes: Buffer, offset: number, lines: SourceLine[]): void {
    const plain = isAscii(bytes) && !bytes.includes(0);
    for (let start = 0; start < bytes.length; ) {
      const newline = bytes.indexOf(lineFeed, start);
      const end = offset + newline + 1;
      if (plain && newline - start <= this.#maxLineBytes) {
        const stop = newline > start && bytes[newline - 1] === carriageReturn ? newline - 1 : newline;
        const text = bytes.toString('latin1', start, stop);
        lines.push(new PlainLine(text, offset + start, end));
      } else lines.push(this.#line(bytes.subarray(start, newline), offset + start, end));
      start = newline + 1;
    }
  }

  /** Keeps the beginning of an unfinished line; hashes it once it is too long. */
  #hold(bytes: Buffer): void {
    const room = this.#maxLineBytes - this.#partialBytes;
    if (this.#longLine === undefined && bytes.length > room) {
      this.#longLine = createHash('sha256');
      for (const part of this.#partial) this.#longLine.update(part);
    }
    this.#longLine?.update(bytes);
    if (room <= 0) return;
    const kept = Buffer.from(bytes.subarray(0, room));
    this.#partial.push(kept);
    this.#partialBytes += kept.length;
  }

  #endLine(end: number): SourceLine {
    const bytes = Buffer.concat(this.#partial);
    const line =
      this.#longLine === undefined
        ? this.#line(bytes, this.#lineStart, end)
        : { ...this.#decoded(bytes, this.#lineStart, end), cut: true, digest: this.#longLine.digest('hex') };
    this.#partial = [];
    this.#partialBytes = 0;
    this.#longLine = undefined;
    return line;
  }

  #line(bytes: Buffer, offset: number, end: number): SourceLine {
    if (bytes.length <= this.#maxLineBytes) return this.#decoded(bytes, offset, end);
    const digest = createHash('sha256').update(bytes).digest('hex');
    return { ...this.#decoded(bytes.subarray(0, this.#maxLineBytes), offset, end), cut: true, digest };
  }

  #decoded(bytes: Buffer, offset: number, end: number): SourceLine {
    const line = bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes;
    return { text: line.toString('utf8'), offset, end, cut: false, garbled: !isUtf8(line) || line.includes(0) };
  }
}
