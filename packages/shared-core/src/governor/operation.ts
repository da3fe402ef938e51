// What a governor and an operation offer to the code that they govern. No behaviour here: resource-governor.ts has it.
import type { Capability, CapabilityHandles } from '../capabilities/index.js';
import type { Clock, RandomSource } from '../determinism/index.js';
import type { Logger } from '../logging/index.js';
import type { ResourceGovernor } from './resource-governor.js';

/** One piece of governed work: its name and what it asks for. */
export interface OperationSpec {
  name: string;
  ioOps?: number;
  ioBytes?: number;
  reserveBytes?: number;
  deadlineMs?: number;
  signal?: AbortSignal;
}

/** What a governor and an operation both offer. */
export interface Governed {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly logger: Logger;
  readonly deterministic: boolean;
  readonly sandboxed: boolean;
  /** Threads that the CPU cap allows: 1 when deterministic, else clamp(ceil(cpuPercent / 100), 1, cores). */
  readonly parallelism: number;
  run<T>(spec: OperationSpec | string, body: (op: OperationContext) => T | Promise<T>): Promise<T>;
  /** Counts `bytes` against `ramBytes` at once; never waits. @throws TenstripError `MemoryLimit` */
  reserve(bytes: number): Reservation;
  /** Waits for tokens. */
  io(cost: { ops?: number; bytes?: number }): Promise<void> | undefined;
  /** Waits for tokens, then does outside work; virtual time is held meanwhile. */
  io<T>(cost: { ops?: number; bytes?: number }, work: () => Promise<T>): Promise<T>;
  /** Bytes for keys, nonces and salts: from `node:crypto`; from the seed when deterministic. */
  entropy(length: number): Uint8Array;
  /** The handle of a granted capability. @throws TenstripError `CapabilityDenied` */
  use<C extends Capability>(capability: C): CapabilityHandles[C];
}

/** What governed code holds while it runs. Called `op` in bodies. */
export interface OperationContext extends Governed {
  readonly name: string;
  /** Made on first use; aborts on cancel, deadline, close. */
  readonly signal: AbortSignal;
  readonly governor: ResourceGovernor;
  /** Pause, cancel, deadline, CPU cap; yields to the event loop at least every 10 ms. Write `await op.checkpoint()`. */
  checkpoint(): Promise<void> | undefined;
  /** For synchronous code: one load, and a look at the clock now and then. */
  readonly stopped: 'aborted' | 'deadline' | undefined;
  throwIfStopped(): void;
  /** Structured-cloneable; give it to your own worker thread. */
  share(): SharedOperation;
}

/** Bytes counted against `ramBytes` until disposed. */
export interface Reservation extends Disposable {
  readonly bytes: number;
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
