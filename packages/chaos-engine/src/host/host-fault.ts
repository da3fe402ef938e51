// One kind of fault on a real host: first what would be done and how it is taken back, then, under a lease, the doing.

import type { Fault, FaultKind, FaultTarget } from '../faults/index.js';
import type { Lease, UndoRecord } from '../lease/index.js';
import type { ProcessTargets } from './process-targets.js';
import type { TargetPolicy } from './target-policy.js';

/** What a fault may look at. */
export interface HostFaultContext {
  readonly policy: TargetPolicy;
  /** The engine's folder. */
  readonly folder: string;
  readonly ttlMs: number;
  /** The processes when the fault was asked for. */
  readonly seen: ProcessTargets;
  /** The processes now. */
  processes(): ProcessTargets;
  /** A fresh name for what the host keeps of a fault, in hexadecimal. */
  freshName(): string;
  /** The time that a lease still has, in milliseconds. */
  remainingMs(lease: Lease): number;
  /** Real time: waiting for the kernel to do as it was told. */
  sleep(ms: number): Promise<void>;
}

/** A fault that is ready. */
export interface PreparedFault {
  /** How it is taken back; written down before `apply`. */
  readonly undo: readonly UndoRecord[];
  /** Does it. When this rejects, what it did is undone by `undo`. */
  apply(lease: Lease): Promise<void>;
  /** Takes back what preparing made, when no lease was granted. */
  abandon?(): void;
}

/** Prepares faults of one kind. */
export type HostFault<K extends FaultKind> = (
  target: FaultTarget,
  fault: Extract<Fault, { kind: K }>,
  context: HostFaultContext,
) => Promise<PreparedFault>;
