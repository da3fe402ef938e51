// A log file, read once or followed, over rotation, truncation and reuse of inodes. A position is recognised by the text
// around it and not by name or inode, so that a restart finds its place also in a file that was renamed meanwhile.
// Memory: one chunk of 256 KiB and one line of 8 KiB, whatever the file is.

import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '@tenstrip/shared-core/determinism';
import { TenstripError } from '@tenstrip/shared-core/errors';
import type { LedgerErrorCode } from '../errors/index.js';
import type { LineBatch, LineSource, SourceLine, SourcePosition } from './line-source.js';
import { LineSplitter } from './line-splitter.js';

/** How a file is read. */
export interface FileTailOptions {
  readonly path: string;
  /** What the source is called. Default: the path. */
  readonly name?: string;
  /** Where an earlier reading came to. */
  readonly from?: SourcePosition | undefined;
  /** Waits for more at the end instead of ending. */
  readonly follow?: boolean;
  /** Whether a last line that has no end yet is handed out at the end of the file. Default true; never when it is followed. */
  readonly takesUnfinished?: boolean;
  readonly clock: Clock;
  /** Pays for a read before it is done. */
  readonly io: <T>(cost: { ops: number; bytes: number }, work: () => Promise<T>) => Promise<T>;
  /** How often a followed file is looked at, in milliseconds. Default 200. */
  readonly pollMs?: number;
  /** Longest line, in bytes. Default 8,192. */
  readonly maxLineBytes?: number;
  /** Bytes of one read. Default 262,144. */
  readonly chunkBytes?: number;
}

const fingerprintBytes = 1024;
const anchorBytes = 64;
/** Of lines that are handed out together. */
const batchBytes = 32_768;
const lineFeed = 10;
/** Rotated files beside a log that are looked at for an earlier position. */
const maxRotated = 32;

/** Lines of a file. See the head of this file. */
export class FileTail implements LineSource {
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly resumedAt: number;
  rotations = 0;
  readonly #path: string;
  readonly #options: Required<Omit<FileTailOptions, 'from' | 'path' | 'name'>>;
  /** Files still to read, oldest first; the last is the path itself. The first is open. */
  readonly #files: string[];
  #splitter: LineSplitter;
  #handle: FileHandle;
  /** Where to begin in the open file, and up to where its lines are known. */
  #start: number;
  #replayedUntil: number;
  /** Nothing is to be refilled: what was read does not come again, not even a line whose end was missing. */
  readonly #isWarm: boolean;

  /** Opens a file. @throws TenstripError `SourceUnreadable` */
  static async open(options: FileTailOptions): Promise<FileTail> {
    const { path, from } = options;
    const files = from === undefined ? undefined : await filesSince(path, from);
    const handle = await openForReading(files?.[0] ?? path);
    const { size, mtimeMs } = await handle.stat();
    const known = files === undefined ? undefined : from;
    const start = known === undefined ? 0 : Math.min(known.warmFrom, await lineStart(handle, known.offset));
    const tail = new FileTail(options, files ?? [path], handle, { start, known, size, mtimeMs });
    if (from !== undefined && files === undefined) tail.rotations = 1;
    return tail;
  }

  private constructor(
    options: FileTailOptions,
    files: string[],
    handle: FileHandle,
    { start, known, size, mtimeMs }: Opened,
  ) {
    this.name = options.name ?? options.path;
    this.#path = options.path;
    const defaults = { follow: false, takesUnfinished: true, pollMs: 200, maxLineBytes: 8192, chunkBytes: 262_144 };
    this.#options = { ...defaults, ...options };
    this.#files = files;
    this.#handle = handle;
    this.#start = start;
    this.#splitter = new LineSplitter(this.#start, this.#options.maxLineBytes);
    this.#replayedUntil = known?.offset ?? 0;
    this.#isWarm = known !== undefined && known.warmFrom >= known.offset;
    this.resumedAt = this.#replayedUntil;
    this.sizeBytes = Math.max(0, size - this.#start);
    this.modifiedMs = mtimeMs;
  }

  async *batches(signal?: AbortSignal): AsyncGenerator<LineBatch> {
    for (;;) {
      const next = yield* this.#readFile(signal);
      if (next === undefined) return;
      await this.#handle.close();
      this.#handle = next;
      if (this.#files.length > 1) this.#files.shift();
      this.#start = 0;
      this.#replayedUntil = 0;
      this.rotations += 1;
    }
  }

  async position(offset: number, warmFrom: number): Promise<SourcePosition> {
    const bytes = Math.min(fingerprintBytes, offset);
    const [head, tail] = [await digestAt(this.#handle, 0, bytes), await digestAt(this.#handle, offset - bytes, bytes)];
    return { offset, warmFrom: Math.min(warmFrom, offset), headBytes: bytes, head, tailBytes: bytes, tail };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  /** Reads the open file to its end; the handle of the file that comes after it, if one does. */
  async *#readFile(signal: AbortSignal | undefined): AsyncGenerator<LineBatch, FileHandle | undefined> {
    const buffer = Buffer.allocUnsafe(anchorBytes + this.#options.chunkBytes);
    this.#splitter = new LineSplitter(this.#start, this.#options.maxLineBytes);
    let drained = false;
    // The last bytes read are read again before the next: where they changed, the file was truncated, perhaps filled again.
    let anchor = Buffer.alloc(0);
    while (!signal?.aborted) {
      const from = this.#splitter.offset - anchor.length;
      const { bytesRead } = await this.#options.io({ ops: 1, bytes: buffer.length }, () =>
        this.#handle.read(buffer, 0, buffer.length, from),
      );
      if (bytesRead < anchor.length || !buffer.subarray(0, anchor.length).equals(anchor)) {
        this.#splitter = new LineSplitter(0, this.#options.maxLineBytes);
        anchor = Buffer.alloc(0);
        this.#replayedUntil = 0;
        this.rotations += 1;
        continue;
      }
      if (bytesRead > anchor.length) {
        const chunk = buffer.subarray(anchor.length, bytesRead);
        drained = false;
        for (let at = 0; at < chunk.length && !signal?.aborted; ) {
          const end = batchEnd(chunk, at);
          const lines = this.#splitter.push(chunk.subarray(at, end));
          at = end;
          yield { lines: this.#marked(lines), end: this.#splitter.offset, hasMore: at < chunk.length };
        }
        anchor = Buffer.from(buffer.subarray(Math.max(0, bytesRead - anchorBytes), bytesRead));
        continue;
      }
      const next = await this.#next();
      // Daemons write to the renamed file until they reopen: one more look before leaving it.
      if (next === undefined ? !this.#options.follow : drained || !this.#options.follow) {
        const last = next !== undefined || this.#options.takesUnfinished ? this.#splitter.finish() : undefined;
        if (last !== undefined) yield { lines: this.#marked([last]), end: this.#splitter.offset };
        return next;
      }
      await next?.close();
      drained = next !== undefined;
      await sleep(this.#options.clock, this.#options.pollMs, signal);
    }
    return undefined;
  }

  /** The file to read after the open one: a younger rotated file, or what has taken the path's place. */
  async #next(): Promise<FileHandle | undefined> {
    if (this.#files.length > 1) return openForReading(this.#files[1]!);
    if (!this.#options.follow) return undefined;
    const handle = await openForReading(this.#path).catch(() => undefined);
    if (handle === undefined) return undefined;
    const [now, before] = [await handle.stat({ bigint: true }), await this.#handle.stat({ bigint: true })];
    if (now.ino !== before.ino || now.dev !== before.dev) return handle;
    await handle.close();
    return undefined;
  }

  #marked(lines: SourceLine[]): SourceLine[] {
    const until = this.#replayedUntil;
    if (lines.length === 0 || lines[0]!.offset >= until) return lines;
    if (this.#isWarm) return lines.filter((line) => !wasRead(line, until));
    return lines.map((line) => (wasRead(line, until) ? { ...line, replayed: true } : line));
  }
}

/** What was found when a file was opened. */
interface Opened {
  /** Where its reading begins. */
  readonly start: number;
  /** Where an earlier reading of it came to. */
  readonly known: SourcePosition | undefined;
  readonly size: number;
  readonly mtimeMs: number;
}

/** Whether a line was read up to an offset, if only its end has come since. One that has grown is another line. */
function wasRead({ text, offset, end }: SourceLine, until: number): boolean {
  if (offset >= until) return false;
  return end <= until + 1 || Buffer.byteLength(text) === until - offset; // its end may be CRLF
}

/** Where the line begins that an offset lies in: a reading to the end takes a last line that has no end yet. */
async function lineStart(handle: FileHandle, offset: number): Promise<number> {
  const bytes = Buffer.allocUnsafe(8192);
  for (let end = offset; end > 0; ) {
    const start = Math.max(0, end - bytes.length);
    const { bytesRead } = await handle.read(bytes, 0, end - start, start);
    const newline = bytes.subarray(0, bytesRead).lastIndexOf(lineFeed);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return 0;
}

/**
 * Where a batch of lines ends that begins at `start`: behind the last line that ends within so many bytes. Of a chunk that is cut into
 * lines at once all lines would be copied by the collector, those that nobody needs any more and those whose turn comes later.
 */
function batchEnd(chunk: Buffer, start: number): number {
  const most = start + batchBytes;
  if (most >= chunk.length) return chunk.length;
  const newline = chunk.lastIndexOf(lineFeed, most - 1);
  return newline < start ? most : newline + 1;
}

/** The files to read from a position on, oldest first, the first one holding it; `undefined` when none does. */
async function filesSince(path: string, from: SourcePosition): Promise<string[] | undefined> {
  if (await holds(path, from)) return [path];
  const rotated = await rotatedFiles(path);
  for (const [index, file] of rotated.entries()) {
    if (await holds(file, from)) return [...rotated.slice(0, index + 1).reverse(), path];
  }
  return undefined;
}

/** `auth.log.1`, `auth.log-20261123` and so on, newest first. */
async function rotatedFiles(path: string): Promise<string[]> {
  const prefix = basename(path);
  const names = await readdir(dirname(path)).catch(() => []);
  const rotated: { file: string; modifiedMs: number }[] = [];
  for (const name of names.sort()) {
    if (rotated.length === maxRotated) break;
    if (!name.startsWith(prefix) || !/^[.-]\d[\d.-]*$/.test(name.slice(prefix.length))) continue;
    const file = join(dirname(path), name);
    const info = await stat(file).catch(() => undefined);
    if (info?.isFile() === true) rotated.push({ file, modifiedMs: info.mtimeMs });
  }
  return rotated.sort((a, b) => b.modifiedMs - a.modifiedMs).map(({ file }) => file);
}

/** Whether the text around the position stands in the file. */
async function holds(path: string, from: SourcePosition): Promise<boolean> {
  const handle = await openForReading(path).catch(() => undefined);
  if (handle === undefined) return false;
  try {
    return (
      (await handle.stat()).size >= from.offset &&
      (await digestAt(handle, 0, from.headBytes)) === from.head &&
      (await digestAt(handle, from.offset - from.tailBytes, from.tailBytes)) === from.tail
    );
  } finally {
    await handle.close();
  }
}

/** SHA-256 of some bytes of a file, in hex; of fewer when it is shorter, which is never the digest of all. */
async function digestAt(handle: FileHandle, start: number, length: number): Promise<string> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await handle.read(bytes, 0, length, start);
  return createHash('sha256').update(bytes.subarray(0, bytesRead)).digest('hex');
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    // O_NONBLOCK: a named pipe must not hang the open; it is refused below.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const info = await handle.stat();
    const reason = info.isFile() ? await compression(handle) : info.isDirectory() ? 'it is a directory' : notRegular;
    if (reason === undefined) return handle;
    await handle.close();
    throw unreadable(path, reason);
  } catch (error) {
    if (error instanceof TenstripError) throw error;
    throw unreadable(path, systemReason(error), error);
  }
}

const notRegular = 'it is no regular file';

/** Says it of a file that log rotation has compressed: its bytes are no lines. */
async function compression(handle: FileHandle): Promise<string | undefined> {
  const magic = Buffer.alloc(4);
  await handle.read(magic, 0, 4, 0);
  const isCompressed = ['1f8b08', '28b52ffd', 'fd377a58', '425a68'].some((one) =>
    magic.toString('hex').startsWith(one),
  );
  return isCompressed ? 'it is compressed: unpack it, and give what comes out, or give it to a StdinSource' : undefined;
}

function systemReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const reasons: Record<string, string> = {
    ENOENT: 'there is no such file',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    ENOTDIR: 'a part of the path is no directory',
    ELOOP: 'too many symbolic links',
  };
  return reasons[code] ?? `the system says ${code || String(error)}`;
}

function unreadable(path: string, reason: string, cause?: unknown): TenstripError<LedgerErrorCode> {
  return new TenstripError<LedgerErrorCode>(
    'SourceUnreadable',
    `Cannot read ${path}: ${reason}. Give a log file that this process may read.`,
    { details: { path, reason }, cause },
  );
}

/** Sleeps, or less when the signal aborts. */
async function sleep(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  await clock.sleep(ms, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    if (signal?.aborted !== true) throw error;
  });
}
