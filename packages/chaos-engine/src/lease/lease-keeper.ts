// Leases: what is granted is in the journal and known to the reaper before the grant is answered, so whoever applies a fault
// after that may die at any moment. Opening a folder undoes first what an earlier engine left in it.

import { readFile, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { type ResourceGovernor, systemClock, ungoverned } from '@tenstrip/shared-core';
import { TenstripError } from '@tenstrip/shared-core/errors';
import { makeFolder } from '@tenstrip/shared-core/files';
import type { ChaosErrorCode } from '../errors/index.js';
import type { Fault, FaultTarget } from '../faults/index.js';
import { type EngineRecord, journalUnavailable, LeaseJournal, type LeaseRecord } from './lease-journal.js';
import { isRunning, type ProcessIdentity, readProcess } from './process-table.js';
import { Reaper, reaperUnavailable } from './reaper.js';
import { settledWithin } from './settled-within.js';
import { lateRecords, undoAll } from './undo.js';
import type { UndoRecord } from './undo-record.js';

/** Options of {@link LeaseKeeper.open}. */
export interface LeaseKeeperOptions {
  /** The folder of the journal, for this engine alone; made with mode 0700. */
  readonly folder: string;
  readonly governor?: ResourceGovernor;
  /** How many leases may be active at once. Default 256. */
  readonly maximumLeases?: number;
  /** How long closing waits for what cannot be undone, milliseconds; then it is left to the reaper. Default 5000. */
  readonly closeWithinMs?: number;
}

/** What is asked for. */
export interface LeaseRequest {
  readonly target: FaultTarget;
  readonly fault: Fault;
  /** 1 to 86,400,000. */
  readonly ttlMs: number;
  /** How each step is taken back, in the order in which they will be done. */
  readonly undo: readonly UndoRecord[];
}

/** What an earlier engine left in the folder, and what became of it. */
export interface Recovery {
  /** Leases that had not ended. */
  readonly found: readonly LeaseRecord[];
  /** What could not be undone; it is held on and tried again. */
  readonly failed: readonly { readonly id: string; readonly problem: string }[];
  /** Where a journal was put whose chain is broken. */
  readonly damaged?: string;
}

/** How a lease ended. */
export type LeaseEnd = 'reverted' | 'expired';

/** How long an engine that is just closing may have its folder. */
const closingMs = 1000;
/** How long what a dead engine left behind may: a process that is not its own program yet waits for its turn on a machine under load. */
const leftBehindMs = 30_000;
/** How long it may take until an earlier engine's reaper is gone. */
const reaperEndMs = 5000;
/** What a dead engine told others to do may come late (see the reaper): undone again after these times. */
const lateMs = [250, 750];
/** After this the reaper tries once more what the engine could not undo. */
const retryMs = 1000;
/** A reaper that dies more often than so many times within a minute is given up. */
const maximumRestarts = 10;

/** A granted lease. */
export class Lease {
  readonly #keeper: Undoing;
  #record: LeaseRecord;
  /** Resolves when it is over, however it ended. */
  readonly ended: Promise<LeaseEnd>;

  /** @internal */
  constructor(keeper: Undoing, record: LeaseRecord, ended: Promise<LeaseEnd>) {
    this.#keeper = keeper;
    this.#record = record;
    this.ended = ended;
  }

  /** Its name, 16 hexadecimal digits. */
  get id(): string {
    return this.#record.id;
  }

  /** What the journal holds of it. */
  get record(): LeaseRecord {
    return this.#record;
  }

  /** Adds steps, before they are done. @throws TenstripError `JournalUnavailable`, `ReaperUnavailable`, `EngineClosed` */
  async extend(undo: readonly UndoRecord[]): Promise<void> {
    const record = { ...this.#record, undo: [...this.#record.undo, ...undo] };
    await this.#keeper.register(record);
    this.#record = record;
  }

  /**
   * Does a step that the lease covers. Ending the lease waits for it, so that nothing is done after it was undone.
   * @throws TenstripError `OptionsInvalid` when its time is over already
   */
  apply<T>(step: () => Promise<T>): Promise<T> {
    return this.#keeper.apply(this.id, step);
  }

  /** Undoes it. A second time, or after its time, changes nothing. @throws TenstripError `RevertFailed` */
  revert(): Promise<void> {
    return this.#keeper.revert(this.id);
  }
}

/** What a lease asks of its keeper. */
interface Undoing {
  register(record: LeaseRecord): Promise<void>;
  apply<T>(id: string, step: () => Promise<T>): Promise<T>;
  revert(id: string): Promise<void>;
}

interface Held {
  record: LeaseRecord;
  applying: Promise<unknown>;
  /** It is being undone, and no step of it may be done any more. */
  over: boolean;
  ending: Promise<void> | undefined;
  readonly lease: Lease;
  readonly end: (how: LeaseEnd) => void;
}

/** Grants leases over one folder. */
export class LeaseKeeper implements AsyncDisposable {
  readonly #governor: ResourceGovernor;
  readonly #journal: LeaseJournal;
  readonly #lock: AsyncDisposable;
  readonly #maximumLeases: number;
  readonly #closeWithinMs: number;
  readonly #held = new Map<string, Held>();
  readonly #bootId: string;
  #reaper: Reaper | undefined;
  #restarting: Promise<void> | undefined;
  #restarts: number[] = [];
  #closed = false;
  #closing: Promise<readonly LeaseRecord[]> | undefined;
  /** What an earlier engine left. */
  readonly recovered: Recovery;

  private constructor(
    options: LeaseKeeperOptions,
    journal: LeaseJournal,
    lock: AsyncDisposable,
    bootId: string,
    recovered: Recovery,
  ) {
    this.#governor = options.governor ?? ungoverned;
    this.#maximumLeases = options.maximumLeases ?? 256;
    this.#closeWithinMs = options.closeWithinMs ?? 5000;
    this.#journal = journal;
    this.#lock = lock;
    this.#bootId = bootId;
    this.recovered = recovered;
  }

  /**
   * Takes a folder, undoes what an earlier engine left in it, and starts a reaper.
   * @throws TenstripError `OptionsInvalid`, `JournalUnavailable` (also when another engine has the folder), `ReaperUnavailable`
   */
  static async open(options: LeaseKeeperOptions): Promise<LeaseKeeper> {
    if (typeof options !== 'object' || options === null)
      throw optionsInvalid('options must be an object with a folder');
    const { folder, maximumLeases = 256, closeWithinMs = 5000 } = options;
    if (typeof folder !== 'string' || folder === '')
      throw optionsInvalid(`folder must be a path, not ${folder === '' ? 'an empty text' : typeof folder}`);
    if (!Number.isSafeInteger(maximumLeases) || maximumLeases < 1) {
      throw optionsInvalid(`the most leases at once must be an integer above 0, not ${maximumLeases}`);
    }
    if (!(closeWithinMs >= 0 && closeWithinMs <= 86_400_000)) {
      throw optionsInvalid(`closeWithinMs must be 0 to 86400000, not ${closeWithinMs}`);
    }
    const lock = await lockFolder(folder);
    let journal: LeaseJournal | undefined;
    try {
      journal = await LeaseJournal.open(options.folder);
      const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).trim();
      const recovered = await recover(journal, bootId);
      const keeper = new LeaseKeeper(options, journal, lock, bootId, recovered);
      await keeper.#startReaper();
      for (const { id } of recovered.failed) keeper.#adopt(journal.active.get(id));
      await keeper.#holdAll();
      return keeper;
    } catch (error) {
      await journal?.close();
      await lock[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The reaper, or `undefined` while there is none. */
  get reaper(): ProcessIdentity | undefined {
    return this.#reaper?.identity;
  }

  /** What is held, oldest first. */
  get active(): readonly Lease[] {
    return [...this.#held.values()].map(({ lease }) => lease);
  }

  /**
   * Grants a lease: when this resolves the undo is on the disk and the reaper has it, and the fault may be applied.
   * @throws TenstripError `OptionsInvalid`, `BlastRadiusExceeded` (too many leases), `JournalUnavailable`, `ReaperUnavailable`, `EngineClosed`
   */
  async grant({ target, fault, ttlMs, undo }: LeaseRequest): Promise<Lease> {
    if (!Number.isFinite(ttlMs) || ttlMs < 1 || ttlMs > 86_400_000) {
      const issues = [`ttlMs must be 1 to 86400000, not ${ttlMs}`];
      throw new TenstripError<ChaosErrorCode>('OptionsInvalid', `no lease is granted so: ${issues[0]}.`, {
        details: { issues },
      });
    }
    if (this.#held.size >= this.#maximumLeases) {
      const allowed = this.#maximumLeases;
      throw new TenstripError<ChaosErrorCode>(
        'BlastRadiusExceeded',
        `${this.#held.size} leases are active, and no more are allowed (maximumLeases); revert some first.`,
        { details: { asked: this.#held.size + 1, allowed } },
      );
    }
    const grantedAt = this.#governor.clock.now();
    const id = Buffer.from(this.#governor.entropy(8)).toString('hex');
    const record: LeaseRecord = { id, target, fault, grantedAt, endsAt: grantedAt + ttlMs, undo: [...undo] };
    const held = this.#adopt(record) as Held;
    try {
      await this.register(record);
      return held.lease;
    } catch (error) {
      await this.revert(id).catch(() => {});
      throw error;
    }
  }

  /** Undoes everything. @throws TenstripError `RevertFailed` with what could not be undone; the rest is */
  async revertAll(): Promise<void> {
    const reverted = await Promise.allSettled([...this.#held.keys()].toReversed().map((id) => this.revert(id)));
    for (const one of reverted) if (one.status === 'rejected') throw one.reason;
  }

  /**
   * Undoes everything, ends the reaper and lets the folder go; gives what could not be undone within `closeWithinMs`. That stays in the
   * journal: the reaper goes on trying for about a minute, and whoever opens the folder next undoes it first.
   */
  close(): Promise<readonly LeaseRecord[]> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<readonly LeaseRecord[]> {
    const endMs = systemClock.monotonicMs() + this.#closeWithinMs;
    const remainingMs = () => Math.max(0, endMs - systemClock.monotonicMs());
    await settledWithin(remainingMs(), this.revertAll());
    this.#closed = true;
    await settledWithin(remainingMs(), this.#restarting);
    // With nothing to undo it ends at once.
    const hasUndone = await this.#reaper?.stop(this.#held.size === 0 ? reaperEndMs : remainingMs());
    if (hasUndone === true) await settledWithin(remainingMs(), this.revertAll());
    const left = [...this.#held.values()].map(({ record }) => record);
    if (left.length > 0) {
      this.#governor.logger.warn({ ids: left.map(({ id }) => id) }, 'closed, with faults left for the reaper to undo');
    }
    await this.#journal.close();
    await this.#lock[Symbol.asyncDispose]();
    return left;
  }

  /** {@link LeaseKeeper.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal Makes a record durable and known to the reaper. */
  async register(record: LeaseRecord): Promise<void> {
    const held = this.#held.get(record.id);
    if (this.#closed || held === undefined) throw closed();
    await this.#journal.append({ type: 'lease', lease: record });
    held.record = record;
    const ttlMs = record.endsAt - this.#governor.clock.now();
    try {
      if (this.#reaper === undefined) throw reaperUnavailable();
      await this.#reaper.hold(record.id, ttlMs, record.undo);
    } catch (error) {
      // A new one is told of everything that is held, and so of this.
      const earlier = this.#restarting;
      await earlier;
      // Where that did not work it is tried again, once for all who ask now.
      if (this.#reaper === undefined && this.#restarting === earlier) this.#restarting = this.#restart();
      await this.#restarting;
      if (this.#reaper === undefined) throw error;
    }
  }

  /** @internal */
  apply<T>(id: string, step: () => Promise<T>): Promise<T> {
    const held = this.#held.get(id);
    if (held === undefined || held.over) {
      const issues = ['ttlMs was over before the fault could be applied'];
      const message = `the fault ${id} is not applied: its time is over; give it a longer one.`;
      return Promise.reject(new TenstripError<ChaosErrorCode>('OptionsInvalid', message, { details: { issues } }));
    }
    const applied = held.applying.then(step);
    held.applying = applied.catch(() => {});
    return applied;
  }

  /** @internal */
  revert(id: string): Promise<void> {
    const held = this.#held.get(id);
    return held === undefined ? Promise.resolve() : this.#finish(held, 'reverted');
  }

  /** The reaper undid it; but a step may have been done since, so that it is undone once more before it is let go. */
  async #expired(id: string): Promise<void> {
    const held = this.#held.get(id);
    try {
      if (held === undefined) await this.#reaper?.drop(id);
      else await this.#finish(held, this.#closing === undefined ? 'expired' : 'reverted');
    } catch (problem) {
      this.#notUndone(id, String(problem));
      if (held !== undefined) await this.#reaper?.hold(id, retryMs, held.record.undo).catch(() => {});
    }
  }

  /** Ends a lease, once for all who ask. @throws TenstripError `RevertFailed` */
  #finish(held: Held, how: LeaseEnd): Promise<void> {
    held.over = true;
    held.ending ??= this.#undo(held, how).finally(() => {
      held.ending = undefined;
    });
    return held.ending;
  }

  async #undo(held: Held, how: LeaseEnd): Promise<void> {
    const { id } = held.record;
    await held.applying;
    try {
      await undoAll(held.record.undo);
    } catch (cause) {
      throw new TenstripError<ChaosErrorCode>(
        'RevertFailed',
        `the fault ${id} is not undone: ${cause instanceof Error ? cause.message : String(cause)}. It stays in the journal and is tried again when its time is over.`,
        { details: { id, undo: held.record.undo }, cause, retryable: true },
      );
    }
    // Once the reaper let it go nothing of it is undone any more, and its target is free for another fault.
    await this.#reaper?.drop(id).catch(() => {});
    this.#held.delete(id);
    // A journal that cannot take the end has it undone once more by the next engine, which changes nothing.
    await this.#journal.append({ type: 'end', id, how }).catch(() => {});
    held.end(how);
  }

  #notUndone(id: string, problem: string): void {
    this.#governor.logger.warn({ id, problem }, 'a fault is not undone yet');
  }

  #adopt(record: LeaseRecord | undefined): Held | undefined {
    if (record === undefined) return undefined;
    let end: (how: LeaseEnd) => void = () => {};
    const ended = new Promise<LeaseEnd>((resolve) => {
      end = resolve;
    });
    const held: Held = {
      record,
      applying: Promise.resolve(),
      over: false,
      ending: undefined,
      lease: new Lease(this, record, ended),
      end,
    };
    this.#held.set(record.id, held);
    return held;
  }

  async #startReaper(): Promise<void> {
    const reaper = await Reaper.start({
      expired: (id) => void this.#expired(id),
      failed: (id, problem) => this.#notUndone(id, problem),
      lost: () => {
        this.#reaper = undefined;
        if (!this.#closed) this.#restarting = this.#restart();
      },
    });
    const engine = readProcess(process.pid) as ProcessIdentity;
    await this.#journal.append({
      type: 'engine',
      bootId: this.#bootId,
      engine: { pid: engine.pid, startTime: engine.startTime },
      reaper: reaper.identity,
    });
    this.#reaper = reaper;
  }

  async #restart(): Promise<void> {
    const now = this.#governor.clock.monotonicMs();
    this.#restarts = [...this.#restarts.filter((time) => time > now - 60_000), now];
    try {
      if (this.#restarts.length > maximumRestarts) throw new Error('it dies again and again');
      await this.#startReaper();
      await this.#holdAll();
    } catch (error) {
      // Nobody would undo what is active if this process died now.
      this.#governor.logger.error({ error: String(error) }, 'there is no reaper: everything is undone now');
      await this.revertAll().catch(() => {});
    }
  }

  async #holdAll(): Promise<void> {
    const now = this.#governor.clock.now();
    await Promise.all(
      [...this.#held.values()].map(({ record }) => this.#reaper?.hold(record.id, record.endsAt - now, record.undo)),
    );
  }
}

function optionsInvalid(issue: string): TenstripError<ChaosErrorCode> {
  return new TenstripError<ChaosErrorCode>('OptionsInvalid', `${issue}.`, { details: { issues: [issue] } });
}

/** Undoes what the journal says is active. After a reboot the kernel has forgotten it all; what is elsewhere has not. */
async function recover(journal: LeaseJournal, bootId: string): Promise<Recovery> {
  const found = [...journal.active.values()];
  const sameBoot = journal.engine?.bootId === bootId;
  if (sameBoot) await endReaper(journal.engine);
  const failed: { id: string; problem: string }[] = [];
  for (const { id, undo } of found.toReversed()) {
    const outlived = undo.filter(({ kind }) => sameBoot || kind === 'proxy-toxic' || kind === 'proxy-enable');
    try {
      await undoAll(outlived);
      await journal.append({ type: 'end', id, how: 'replayed' });
    } catch (problem) {
      failed.push({ id, problem: String(problem) });
    }
  }
  const late = found.map(({ undo }) => lateRecords(undo)).filter((records) => records.length > 0);
  for (const delayMs of late.length === 0 ? [] : lateMs) {
    await systemClock.sleep(delayMs);
    await Promise.allSettled(late.map(undoAll));
  }
  return { found, failed, ...(journal.damaged === undefined ? {} : { damaged: journal.damaged }) };
}

/** Ends the reaper of a dead engine, so that it cannot undo, late, what is granted from now on. */
async function endReaper(engine: EngineRecord | undefined): Promise<void> {
  if (engine === undefined) return;
  for (let waited = 0; isRunning(engine.reaper) && waited < reaperEndMs; waited += 5) {
    try {
      process.kill(engine.reaper.pid, 'SIGKILL');
    } catch {
      return; // It ended by itself.
    }
    await systemClock.sleep(5);
  }
}

/**
 * One engine a folder: an abstract Unix socket, which the kernel frees however its owner dies, if not at once. A process that it was
 * just starting has the socket too until it runs its own program, and goes on when its parent is killed. So the folder is taken only when
 * the engine that wrote last to it is alive.
 */
async function lockFolder(folder: string): Promise<AsyncDisposable> {
  await makeFolder(folder, { mode: 0o700 }).catch((cause: unknown) => {
    throw journalUnavailable(folder, cause);
  });
  const { dev, ino } = await stat(folder, { bigint: true });
  const path = `\0tenstrip-leases-${dev}-${ino}`;
  for (const startMs = systemClock.monotonicMs(); ; await systemClock.sleep(10)) {
    try {
      const server = await listenAt(path);
      return { [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
    } catch (cause) {
      const waitedMs = systemClock.monotonicMs() - startMs;
      if (waitedMs < closingMs || (waitedMs < leftBehindMs && !(await hasLivingEngine(folder)))) continue;
      const message = `another engine has the folder ${folder}; close it, or give this one a folder of its own.`;
      const options = { details: { path: folder }, cause, retryable: true };
      throw new TenstripError<ChaosErrorCode>('JournalUnavailable', message, options);
    }
  }
}

async function hasLivingEngine(folder: string): Promise<boolean> {
  const writer = await LeaseJournal.writerOf(folder);
  return writer !== undefined && isRunning(writer);
}

function listenAt(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, exclusive: true }, () => resolve(server));
  });
}

function closed(): TenstripError<ChaosErrorCode> {
  return new TenstripError('EngineClosed', 'the engine was closed; open another one.');
}
