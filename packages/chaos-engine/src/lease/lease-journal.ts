// The write-ahead journal of leases: what it says was synced before anything was done. A line is the SHA-256 of the hash
// before it and the text, a blank, and the text, which is JSON. A last line that is torn was never acknowledged and is cut; a
// chain that breaks earlier is somebody's hand or a broken disk: the file is put aside, and what stands before the break holds.

import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, type FileHandle, open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TenstripError } from '@tenstrip/shared-core/errors';
import { syncFolder, writeWholeFile } from '@tenstrip/shared-core/files';
import { z } from 'zod';
import type { ChaosErrorCode } from '../errors/index.js';
import { faultSchema, faultTargetSchema } from '../faults/index.js';
import type { ProcessIdentity } from './process-table.js';
import { undoRecordSchema } from './undo-record.js';

const identitySchema = z.strictObject({ pid: z.number().int(), startTime: z.number().int() });

/** The shape of {@link LeaseRecord}. */
export const leaseRecordSchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  target: faultTargetSchema,
  fault: faultSchema,
  /** On the clock of the governor, in milliseconds. */
  grantedAt: z.number(),
  endsAt: z.number(),
  undo: z.array(undoRecordSchema).max(4096),
});

/** A lease as the journal holds it. */
export type LeaseRecord = z.output<typeof leaseRecordSchema>;

const lineSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('engine'), bootId: z.string(), engine: identitySchema, reaper: identitySchema }),
  z.strictObject({ type: z.literal('lease'), lease: leaseRecordSchema }),
  z.strictObject({ type: z.literal('end'), id: z.string(), how: z.enum(['reverted', 'expired', 'replayed']) }),
]);

type JournalLine = z.output<typeof lineSchema>;
/** Who wrote the journal last. */
export type EngineRecord = Extract<JournalLine, { type: 'engine' }>;

const fileName = 'leases.jsonl';
const rewriteBytes = 1 << 20;
const maximumBytes = 64 << 20;
const noHash = '0'.repeat(64);
const exactly = { bigint: true } as const;

/** The journal of one folder, open for appending. */
export class LeaseJournal {
  readonly #folder: string;
  #file: FileHandle;
  #bytes: number;
  #hash: string;
  #broken: unknown;
  #last: Promise<unknown> = Promise.resolve();
  readonly #active: Map<string, LeaseRecord>;
  #engine: EngineRecord | undefined;
  /** Where a damaged journal was put, when there was one. */
  readonly damaged: string | undefined;

  private constructor(folder: string, file: FileHandle, read: ReadJournal, damaged: string | undefined) {
    this.#folder = folder;
    this.#file = file;
    this.#bytes = read.bytes;
    this.#hash = read.hash;
    this.#active = read.active;
    this.#engine = read.engine;
    this.damaged = damaged;
  }

  /** Opens the journal of a folder that nobody else writes to. @throws TenstripError `JournalUnavailable` */
  static async open(folder: string): Promise<LeaseJournal> {
    try {
      await chmod(folder, 0o700);
      const path = join(folder, fileName);
      const read = readLines(await readFile(path).catch(orEmpty));
      let damaged: string | undefined;
      if (read.damaged) {
        damaged = join(folder, `leases.damaged-${read.hash.slice(0, 16)}.jsonl`);
        await rename(path, damaged);
      }
      const journal = new LeaseJournal(folder, await openForAppending(path), read, damaged);
      await syncFolder(folder);
      if (read.damaged || read.torn || read.bytes > rewriteBytes) await journal.#rewrite();
      return journal;
    } catch (cause) {
      throw journalUnavailable(folder, cause);
    }
  }

  /** Who wrote last to the journal of a folder that somebody else may have, if anybody did. */
  static async writerOf(folder: string): Promise<ProcessIdentity | undefined> {
    return readLines(await readFile(join(folder, fileName)).catch(orEmpty)).engine?.engine;
  }

  /** The leases that have not ended, oldest first. */
  get active(): ReadonlyMap<string, LeaseRecord> {
    return this.#active;
  }

  /** Who wrote last. */
  get engine(): EngineRecord | undefined {
    return this.#engine;
  }

  /** Appends a line; resolves when it is on the disk. @throws TenstripError `JournalUnavailable` */
  append(line: JournalLine): Promise<void> {
    const appended = this.#last.then(() => this.#append(line));
    this.#last = appended.catch(() => {});
    return appended;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#file.close();
  }

  async #append(line: JournalLine): Promise<void> {
    if (this.#broken !== undefined) throw journalUnavailable(this.#folder, this.#broken);
    const [text, hash] = sealed(this.#hash, line);
    try {
      // All of it or an error: one write may take a part only, on a disk that is getting full.
      await this.#file.appendFile(text);
      await this.#file.datasync();
    } catch (cause) {
      // Whatever of it is there now must not stand before the next line.
      await this.#file.truncate(this.#bytes).catch((broken: unknown) => {
        this.#broken = broken;
      });
      throw journalUnavailable(this.#folder, cause);
    }
    this.#bytes += Buffer.byteLength(text);
    this.#hash = hash;
    this.#take(line);
    if (this.#bytes > rewriteBytes && this.#active.size * 512 < this.#bytes) await this.#rewrite().catch(() => {});
  }

  #take(line: JournalLine): void {
    if (line.type === 'engine') this.#engine = line;
    else if (line.type === 'lease') this.#active.set(line.lease.id, line.lease);
    else this.#active.delete(line.id);
  }

  /** Writes what holds into a new file, which takes the place of the old one. */
  async #rewrite(): Promise<void> {
    const path = join(this.#folder, fileName);
    let hash = noHash;
    let whole = '';
    const lines: JournalLine[] = [...this.#active.values()].map((lease) => ({ type: 'lease', lease }));
    if (this.#engine !== undefined) lines.unshift(this.#engine);
    for (const line of lines) {
      const [text, next] = sealed(hash, line);
      whole += text;
      hash = next;
    }
    await writeWholeFile(path, whole, { mode: 0o600, replace: true }).catch(async (cause: unknown) => {
      // When it was replaced and only the folder not synced, a power loss may leave either: what is appended to one could be lost.
      const [there, ours] = await Promise.all([stat(path, exactly), this.#file.stat(exactly)]);
      if (there.ino !== ours.ino) this.#broken = cause;
      throw cause;
    });
    await this.#file.close();
    this.#file = await openForAppending(path);
    this.#bytes = Buffer.byteLength(whole);
    this.#hash = hash;
  }
}

interface ReadJournal {
  readonly active: Map<string, LeaseRecord>;
  readonly engine: EngineRecord | undefined;
  readonly hash: string;
  readonly bytes: number;
  readonly torn: boolean;
  readonly damaged: boolean;
}

function readLines(content: Buffer): ReadJournal {
  if (content.length > maximumBytes) throw new Error(`it has ${content.length} bytes, more than ${maximumBytes}`);
  const active = new Map<string, LeaseRecord>();
  let engine: EngineRecord | undefined;
  let hash = noHash;
  let bytes = 0;
  while (bytes < content.length) {
    const end = content.indexOf(10, bytes);
    const line = end < 0 ? undefined : opened(hash, content.toString('utf8', bytes, end));
    if (line === undefined) {
      // Only the end can be torn: a whole line after it means that this one was whole once.
      const last = end < 0 || content.indexOf(10, end + 1) < 0;
      return { active, engine, hash, bytes, torn: last, damaged: !last };
    }
    if (line.value.type === 'engine') engine = line.value;
    else if (line.value.type === 'lease') active.set(line.value.lease.id, line.value.lease);
    else active.delete(line.value.id);
    hash = line.hash;
    bytes = end + 1;
  }
  return { active, engine, hash, bytes, torn: false, damaged: false };
}

function sealed(before: string, line: JournalLine): [text: string, hash: string] {
  const json = JSON.stringify(line);
  const hash = createHash('sha256').update(before).update(json).digest('hex');
  return [`${hash} ${json}\n`, hash];
}

function opened(before: string, text: string): { value: JournalLine; hash: string } | undefined {
  const hash = text.slice(0, 64);
  const json = text.slice(65);
  if (createHash('sha256').update(before).update(json).digest('hex') !== hash) return undefined;
  const { data } = lineSchema.safeParse(parsed(json));
  return data === undefined ? undefined : { value: data, hash };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function openForAppending(path: string): Promise<FileHandle> {
  return open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
}

function orEmpty(error: NodeJS.ErrnoException): Buffer {
  if (error.code === 'ENOENT') return Buffer.alloc(0);
  throw error;
}

/** The error for a folder that cannot be used. */
export function journalUnavailable(path: string, cause: unknown): TenstripError<ChaosErrorCode> {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new TenstripError('JournalUnavailable', `the journal of leases in ${path} cannot be used: ${why}`, {
    details: { path },
    cause,
    retryable: true,
  });
}
