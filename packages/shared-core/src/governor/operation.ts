// What a governor and an operation offer to the code that they govern. No behaviour here: governed-operation.ts has it.
import type { Capability, CapabilityHandles } from '../capabilities/index.js';
import type { Clock, RandomSource } from '../determinism/index.js';
import type { Logger } from '../logging/index.js';
import type { IoCost } from './io-gate.js';
import type { ResourceGovernor } from './resource-governor.js';

/** One piece of governed work: its name and what it asks for. */
export interface OperationSpec {
  /** Shown in errors and in the decision digest; names the stream of random numbers. */
  name: string;
  /** I/O operations that it pays for before it starts. */
  ioOps?: number;
  /** I/O bytes that it pays for before it starts. */
  ioBytes?: number;
  /** Bytes reserved from the call to the end of the body. */
  reserveBytes?: number;
  /** Milliseconds from the call to the end; the shortest of this and the governors' applies. */
  deadlineMs?: number;
  /** Aborts it: at once while it waits, at its next checkpoint while it runs. */
  signal?: AbortSignal;
}

/** What a governor and an operation both offer. */
export interface Governed {
  readonly clock: Clock;
  /** Random numbers; from the seed when deterministic. */
  readonly random: RandomSource;
  readonly logger: Logger;
  /** Whether nothing measured decides. */
  readonly deterministic: boolean;
  /** Whether there is a sandbox policy. */
  readonly sandboxed: boolean;
  /** Threads that the CPU cap allows: 1 when deterministic, else clamp(ceil(cpuPercent / 100), 1, cores). */
  readonly parallelism: number;
  /**
   * Runs `body` as an operation. On a governor it waits for admission; on an operation it is nested work, which runs
   * under the permit of that operation and ends with it.
   *
   * @throws TenstripError `GovernorClosed`, `OperationAborted`, `QueueFull`, `MemoryLimit`, `DeadlineExceeded`
   */
  run<T>(spec: OperationSpec | string, body: (op: OperationContext) => T | Promise<T>): Promise<T>;
  /** Counts `bytes` against `ramBytes` at once; never waits. @throws TenstripError `MemoryLimit` */
  reserve(bytes: number): Reservation;
  /** Waits for tokens; `undefined` when there are enough at once. @throws TenstripError `QueueFull` */
  io(cost: IoCost): Promise<void> | undefined;
  /** Waits for tokens, then does outside work; virtual time is held meanwhile. */
  io<T>(cost: IoCost, work: () => Promise<T>): Promise<T>;
  /** `length` bytes for keys, nonces and salts: from `node:crypto`; from the seed when deterministic. At most 1 MiB. */
  entropy(length: number): Uint8Array;
  /** The handle of a granted capability. @throws TenstripError `CapabilityDenied` */
  use<C extends Capability>(capability: C): CapabilityHandles[C];
}

/** What governed code holds while it runs. Called `op` in bodies. */
export interface OperationContext extends Governed {
  readonly name: string;
  /** Made on first use; aborts on cancel, deadline, close, with the same error that a checkpoint throws. */
  readonly signal: AbortSignal;
  readonly governor: ResourceGovernor;
  /**
   * Waits while paused or over the CPU cap, and gives the event loop a turn at least every 5 ms. `undefined` when there
   * is nothing to wait for. Write `await op.checkpoint()`, about once in a millisecond of work or more often.
   *
   * @throws TenstripError `OperationAborted` or `DeadlineExceeded`
   */
  checkpoint(): Promise<void> | undefined;
  /** Why the work should end, if it should. For synchronous code: a load, and a look at the clock now and then. */
  readonly stopped: 'aborted' | 'deadline' | undefined;
  /** @throws TenstripError `OperationAborted` or `DeadlineExceeded` when {@link stopped}. Cannot pause. */
  throwIfStopped(): void;
  /** This operation for your own worker thread: structured-cloneable; see {@link workerOperation}. */
  share(): SharedOperation;
}

/** Bytes counted against `ramBytes` until disposed. */
export interface Reservation extends Disposable {
  readonly bytes: number;
  /** Counts `bytes` instead of what was counted. @throws TenstripError `MemoryLimit`; nothing changed then */
  resize(bytes: number): void;
}

/** A running operation held by hand; disposing it ends the operation. */
export interface Permit extends Disposable {
  readonly op: OperationContext;
}

/** An operation as another thread sees it. */
export interface SharedOperation {
  readonly memory: SharedArrayBuffer;
  readonly seed: string;
  readonly deterministic: boolean;
  readonly sandboxed: boolean;
}
