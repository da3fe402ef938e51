// A process's disk in a world: files whose writes are in the cache until they are synced. The process may die and lose nothing of
// it; when the machine goes down, what was not synced is lost, or kept as a prefix that ends inside a write (torn at a sector).

import { TenstripError } from '@tenstrip/shared-core';
import type { ChaosErrorCode } from '../errors/index.js';
import type { DecisionStream } from './decisions.js';
import { CallEvent, eventCode } from './sim-event.js';
import type { SimProcess } from './sim-process.js';

/** What a kill does to writes that were not synced: all are lost, a prefix torn in its last write is kept, or nothing is lost. */
export type DiskLoss = 'unsynced' | 'torn' | 'nothing';

/** How fast and how large a disk is. */
export interface DiskOptions {
  /** Time of a read or a write, milliseconds. Default 0.05. */
  readonly accessMs?: number;
  /** Time of a sync, milliseconds. Default 1. */
  readonly syncMs?: number;
  /** All that is ever written. Default 64 MiB. */
  readonly maxBytes?: number;
}

type PendingWrite = { readonly kind: 'append' | 'replace'; readonly bytes: Uint8Array };

interface File {
  synced: Uint8Array;
  pending: PendingWrite[];
  /** How many writes were taken off `pending` so far. */
  settled: number;
}

const sectorBytes = 512;

/** Files by name. Every operation takes virtual time, and takes effect when it ends. */
export class SimDisk {
  readonly #owner: SimProcess;
  readonly #torn: () => DecisionStream;
  readonly #accessMs: number;
  readonly #syncMs: number;
  readonly #maxBytes: number;
  readonly #files = new Map<string, File>();
  #bytes = 0;

  constructor(owner: SimProcess, torn: () => DecisionStream, options: DiskOptions = {}) {
    this.#owner = owner;
    this.#torn = torn;
    this.#accessMs = options.accessMs ?? 0.05;
    this.#syncMs = options.syncMs ?? 1;
    this.#maxBytes = options.maxBytes ?? 64 * 2 ** 20;
  }

  /** The content as it was written, synced or not; `undefined` when there is no such file. */
  read(name: string): Promise<Uint8Array | undefined> {
    return this.#after(this.#accessMs, () => {
      const file = this.#files.get(name);
      return file === undefined ? undefined : contentOf(file.synced, file.pending);
    });
  }

  /** Adds bytes to a file's end; makes the file. Durable only once synced. @throws TenstripError `WorldExhausted` when full */
  append(name: string, data: Uint8Array | string): Promise<void> {
    return this.#write(name, 'append', data);
  }

  /** Replaces a file's content; makes the file. Durable only once synced. @throws TenstripError `WorldExhausted` when full */
  write(name: string, data: Uint8Array | string): Promise<void> {
    return this.#write(name, 'replace', data);
  }

  /** Makes everything durable that was written to this file before the call. */
  sync(name: string): Promise<void> {
    const file = this.#files.get(name);
    const until = file === undefined ? 0 : file.settled + file.pending.length;
    return this.#after(this.#syncMs, () => {
      if (file === undefined || until <= file.settled) return;
      file.synced = contentOf(file.synced, file.pending.splice(0, until - file.settled));
      file.settled = until;
    });
  }

  /** The names of the files, in order of their making. */
  list(): readonly string[] {
    return [...this.#files.keys()];
  }

  /** What a crash leaves. */
  crash(loss: DiskLoss): void {
    if (loss === 'nothing') return;
    for (const file of this.#files.values()) {
      if (loss === 'torn') file.synced = contentOf(file.synced, this.#prefix(file.pending));
      file.settled += file.pending.length;
      file.pending = [];
    }
  }

  /** A prefix of the writes, its last one cut at a sector; plainly none. */
  #prefix(pending: readonly PendingWrite[]): PendingWrite[] {
    const kept = this.#torn().upTo(pending.length + 1);
    const whole = Math.floor(kept);
    const prefix = pending.slice(0, whole);
    const torn = pending[whole];
    if (torn?.kind === 'append') {
      const sectors = Math.floor((kept - whole) * (torn.bytes.length / sectorBytes + 1));
      prefix.push({ kind: 'append', bytes: torn.bytes.subarray(0, sectors * sectorBytes) });
    }
    return prefix;
  }

  #write(name: string, kind: PendingWrite['kind'], data: Uint8Array | string): Promise<void> {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : Uint8Array.from(data);
    return this.#after(this.#accessMs, () => {
      this.#bytes += bytes.length;
      if (this.#bytes > this.#maxBytes) {
        throw new TenstripError<ChaosErrorCode>(
          'WorldExhausted',
          `the disk of node ${this.#owner.name} took ${this.#bytes} bytes; its maxBytes is ${this.#maxBytes}`,
          { details: { bound: 'disk', node: this.#owner.name } },
        );
      }
      let file = this.#files.get(name);
      if (file === undefined) {
        file = { synced: new Uint8Array(0), pending: [], settled: 0 };
        this.#files.set(name, file);
      }
      file.pending.push({ kind, bytes });
    });
  }

  #after<T>(ms: number, effect: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const event = new CallEvent(this.#owner, eventCode.disk, () => {
        try {
          resolve(effect());
        } catch (error) {
          reject(error);
        }
      });
      this.#owner.world.plan(event, ms);
    });
  }
}

function contentOf(synced: Uint8Array, pending: readonly PendingWrite[]): Uint8Array {
  const start = pending.findLastIndex(({ kind }) => kind === 'replace');
  const parts = [...(start < 0 ? [synced] : []), ...pending.slice(Math.max(0, start)).map(({ bytes }) => bytes)];
  const content = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    content.set(part, offset);
    offset += part.length;
  }
  return content;
}
