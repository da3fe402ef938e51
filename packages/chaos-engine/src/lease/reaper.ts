// The engine's end of the pipe to its reaper. The process is kept from ending by it only while an answer is awaited.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { TenstripError } from '@tenstrip/shared-core/errors';
import type { ChaosErrorCode } from '../errors/index.js';
import { type ProcessIdentity, readProcess } from './process-table.js';
import { settledWithin } from './settled-within.js';
import type { UndoRecord } from './undo-record.js';

const entry = fileURLToPath(new URL('./reaper-entry.js', import.meta.url));

/** What a reaper tells unasked. */
export interface ReaperEvents {
  /** It undid a lease, whose time was over. */
  expired(id: string): void;
  /** An undo did not work; it is tried again. */
  failed(id: string, problem: string): void;
  /** It ended, though nobody asked it to. */
  lost(): void;
}

/** A running reaper. */
export class Reaper {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  /** Who waits for an answer, in the order of asking: the reaper answers in order. */
  readonly #waiting = new Map<string, { resolve: () => void; reject: (error: Error) => void }[]>();
  #ended = false;
  #stopping = false;
  readonly #exit: Promise<void>;
  readonly identity: ProcessIdentity;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>, identity: ProcessIdentity) {
    this.#child = child;
    this.identity = identity;
    this.#exit = new Promise((resolve) => child.once('close', () => resolve()));
  }

  /** Starts one; resolves when it listens. @throws TenstripError `ReaperUnavailable` */
  static async start(events: ReaperEvents): Promise<Reaper> {
    const child = spawn(process.execPath, [entry], {
      detached: true,
      cwd: '/',
      env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin` },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const lines = createInterface({ input: child.stdout });
    let reaper: Reaper | undefined;
    const ready = new Promise<void>((resolve, reject) => {
      const refuse = (cause?: unknown) => reject(reaperUnavailable(cause));
      child.once('error', refuse);
      child.once('close', () => refuse());
      lines.once('line', () => resolve());
    });
    child.stdin.on('error', () => {}); // It is gone; `close` says so.
    await ready;
    const process_ = readProcess(child.pid ?? 0);
    if (process_ === undefined) throw reaperUnavailable();
    reaper = new Reaper(child, { pid: process_.pid, startTime: process_.startTime });
    lines.on('line', (line) => reaper.#heard(JSON.parse(line), events));
    child.once('close', () => reaper.#lost(events));
    child.unref();
    (child.stdin as Socket).unref();
    (child.stdout as Socket).unref();
    return reaper;
  }

  /** Has a lease held, in the place of what was held under this id; resolves when the reaper has it. @throws TenstripError `ReaperUnavailable` */
  hold(id: string, ttlMs: number, undo: readonly UndoRecord[]): Promise<void> {
    return this.#ask(`held ${id}`, { hold: { id, ttlMs: Math.max(1, Math.min(ttlMs, 2 ** 31 - 1)), undo } });
  }

  /** Lets a lease go without undoing it. @throws TenstripError `ReaperUnavailable` */
  drop(id: string): Promise<void> {
    return this.#ask(`dropped ${id}`, { drop: id });
  }

  /** Closes the pipe: the reaper undoes what it still holds and ends. Whether it has undone all of it within this time; else it goes on. */
  async stop(withinMs: number): Promise<boolean> {
    this.#stopping = true;
    (this.#child.stdout as Socket).ref();
    this.#child.ref();
    this.#child.stdin.end();
    await settledWithin(withinMs, this.#exit);
    (this.#child.stdout as Socket).unref();
    this.#child.unref();
    return this.#child.exitCode === 0;
  }

  #ask(answer: string, message: unknown): Promise<void> {
    if (this.#ended) return Promise.reject(reaperUnavailable());
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(answer) ?? [];
      waiting.push({ resolve, reject });
      this.#waiting.set(answer, waiting);
      (this.#child.stdout as Socket).ref();
      this.#child.stdin.write(`${JSON.stringify(message)}\n`);
    });
  }

  #heard(message: Readonly<Record<string, string>>, events: ReaperEvents): void {
    const { held, dropped, expired, failed, problem = '' } = message;
    if (expired !== undefined) events.expired(expired);
    if (failed !== undefined) events.failed(failed, problem);
    const answer = held === undefined ? `dropped ${dropped}` : `held ${held}`;
    const waiting = this.#waiting.get(answer);
    waiting?.shift()?.resolve();
    if (waiting?.length === 0) this.#waiting.delete(answer);
    if (this.#waiting.size === 0 && !this.#stopping) (this.#child.stdout as Socket).unref();
  }

  #lost(events: ReaperEvents): void {
    this.#ended = true;
    for (const waiting of this.#waiting.values()) for (const { reject } of waiting) reject(reaperUnavailable());
    this.#waiting.clear();
    if (!this.#stopping) events.lost();
  }
}

/** @internal */
export function reaperUnavailable(cause?: unknown): TenstripError<ChaosErrorCode> {
  return new TenstripError(
    'ReaperUnavailable',
    'the reaper, which undoes faults when the engine is gone, does not run',
    {
      ...(cause === undefined ? {} : { cause }),
      retryable: true,
    },
  );
}
