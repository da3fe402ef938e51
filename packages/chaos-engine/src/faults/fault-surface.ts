// What an experiment acts on: a simulated world or a real host, through the same four words. Every fault is a lease: it ends
// by itself after its time, whatever becomes of whoever asked for it.

import type { Clock, RandomSource } from '@tenstrip/shared-core';
import type { Fault, FaultKind, FaultTarget } from './fault.js';

/** How a fault is injected. */
export interface InjectOptions {
  /** The fault ends after this time, in milliseconds, 1 to 86,400,000. */
  readonly ttlMs: number;
  readonly signal?: AbortSignal;
}

/** A fault that is active. */
export interface ActiveFault extends AsyncDisposable {
  readonly id: string;
  readonly target: FaultTarget;
  readonly fault: Fault;
  /** On the surface's clock, in milliseconds. */
  readonly endsAt: number;
  /** Undoes it. A second time changes nothing. @throws TenstripError `RevertFailed` */
  revert(): Promise<void>;
}

/** Why a kind of fault cannot be injected here, or that it can. */
export type FaultCapability = { readonly supported: true } | { readonly supported: false; readonly missing: string };

/** Something that faults can be injected into. */
export interface FaultSurface {
  /** Its time, where that is not the operation's: experiments over it take their time from here. */
  readonly clock?: Clock;
  /** Its chance, likewise: targets are chosen by it. */
  readonly random?: RandomSource;
  /** What can be injected here, and what is missing for the rest. */
  capabilities(): Promise<Readonly<Record<FaultKind, FaultCapability>>>;
  /** The targets that a selector may choose from. */
  targets(): Promise<readonly FaultTarget[]>;
  /** @throws TenstripError `FaultUnsupported`, `TargetDenied`, `TargetUnknown`, `TargetBusy`, `BlastRadiusExceeded` */
  inject(target: FaultTarget, fault: Fault, options: InjectOptions): Promise<ActiveFault>;
  /** Undoes everything. */
  revertAll(): Promise<void>;
}
