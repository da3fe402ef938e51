// An operation: what a body holds while it runs. Its life is in operation-life.ts; here is what it offers.
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { type Capability, type CapabilityHandles, openCapability } from '../capabilities/index.js';
import type { Clock, RandomSource } from '../determinism/index.js';
import type { Logger } from '../logging/index.js';
import type { Slice } from './cpu-slices.js';
import type { GovernorNode } from './governor-node.js';
import type { GovernorTree } from './governor-tree.js';
import type { IoCost } from './io-gate.js';
import { checkAmount, checkCost, checkCount, isAmount, refuseSpec } from './limits.js';
import type { OperationContext, OperationSpec, Reservation, SharedOperation } from './operation.js';
import { operationAborted, queueFull } from './refusals.js';
import type { ResourceGovernor } from './resource-governor.js';
import { SharedMemory, wallMs } from './shared-operation.js';
import { type StopReason, StopWatch } from './stop-watch.js';

/** CPU use is charged after so much work. */
const settleMs = 0.5;
/** A deterministic operation gives the event loop a turn every so many checkpoints: counted, since nothing measured decides. */
const deterministicTurnEvery = 16;
const maxEntropyBytes = 1 << 20;

/** How an operation came to be: by a permit of its own, under the permit of another, or as background work without one. */
export type OperationKind = 'permitted' | 'nested' | 'background';

/** Starts work for an operation; handed in, since the life of an operation is above it. */
export type RunNested = <T>(
  parent: GovernedOperation,
  spec: OperationSpec | string,
  body: (op: OperationContext) => T | Promise<T>,
) => Promise<T>;

/** One operation, or the background context of a governor. */
export class GovernedOperation extends StopWatch implements OperationContext, Slice {
  readonly governor: ResourceGovernor;
  readonly kind: OperationKind;
  readonly spec: Partial<OperationSpec>;
  readonly #runNested: RunNested;
  readonly #tree: GovernorTree;
  readonly #around: GovernedOperation | undefined;
  readonly #index: number;

  sliceMs = 0;
  countdown = 0;
  stride = 1;
  /** When its body started, in monotonic milliseconds. */
  startedAtMs = 0;
  isWaiting = false;
  /** Whether it had to wait for admission. */
  hasWaited = false;
  hasSlot = false;
  isAdmitted = false;
  reservedBytes = 0;
  #reservations = 0;
  #nestedCount = 0;
  #looks = 0;
  #random: RandomSource | undefined;
  #entropy: RandomSource | undefined;
  #shared: SharedMemory | undefined;
  #backgroundSignal: AbortSignal | undefined;

  constructor(
    governor: ResourceGovernor,
    node: GovernorNode,
    kind: OperationKind,
    spec: Partial<OperationSpec>,
    parent: GovernedOperation | undefined,
    calledAtMs: number,
    runNested: RunNested,
  ) {
    checkSpec(spec);
    const limitMs = kind === 'permitted' ? node.deadlineMs : Number.POSITIVE_INFINITY;
    const deadlineMs = spec.deadlineMs === undefined ? limitMs : Math.min(spec.deadlineMs, limitMs);
    super(spec.name ?? node.name, node, parent, calledAtMs, deadlineMs, spec.signal);
    this.governor = governor;
    this.kind = kind;
    this.spec = spec;
    this.#runNested = runNested;
    this.#tree = node.tree;
    this.#around = parent;
    this.#index = parent === undefined ? node.operationCount++ : parent.#nestedCount++;
  }

  get clock(): Clock {
    return this.#tree.clock;
  }

  get random(): RandomSource {
    this.#random ??= (this.#around ?? this.node).random.stream(this.kind, this.name, this.#index);
    return this.#random;
  }

  get logger(): Logger {
    return this.governor.logger;
  }

  get deterministic(): boolean {
    return this.#tree.isDeterministic;
  }

  get sandboxed(): boolean {
    return this.#tree.policy !== undefined;
  }

  get parallelism(): number {
    if (this.deterministic) return 1;
    return Math.max(1, Math.min(Math.ceil(this.node.cpuPercent / 100), availableParallelism()));
  }

  get signal(): AbortSignal {
    if (this.kind !== 'background') return this.makeSignal();
    this.#backgroundSignal ??= this.#joinSignals();
    return this.#backgroundSignal;
  }

  /** A context never ends, so nothing may hold on to it: `AbortSignal.any` does not, and a deadline does for its time only. */
  #joinSignals(): AbortSignal {
    const { closeSignal } = this.node;
    if (this.deadlineAtMs !== Number.POSITIVE_INFINITY) return AbortSignal.any([closeSignal, this.makeSignal()]);
    return this.signals.length === 0 ? closeSignal : AbortSignal.any([closeSignal, ...this.signals]);
  }

  run<T>(spec: OperationSpec | string, body: (op: OperationContext) => T | Promise<T>): Promise<T> {
    return this.#runNested(this, spec, body);
  }

  checkpoint(): Promise<void> | undefined {
    if (this.countdown > 0 && this.#tree.slices.current === this) {
      this.countdown--;
      return undefined;
    }
    return this.#lookAround();
  }

  get stopped(): StopReason | undefined {
    if (this.stopReason !== undefined) return this.stopReason;
    const { slices, isDeterministic } = this.#tree;
    if (this.countdown > 0 && slices.current === this) {
      this.countdown--;
      return undefined;
    }
    const nowMs = this.clock.monotonicMs();
    if (this.look(nowMs) === undefined && !isDeterministic) slices.look(this, nowMs);
    return this.stopReason;
  }

  throwIfStopped(): void {
    if (this.stopped !== undefined) throw this.stopError;
  }

  reserve(bytes: number): Reservation {
    checkAmount('bytes', bytes);
    if (this.hasEnded) throw operationAborted(this.name, 'it has ended and can reserve nothing');
    this.node.memory.reserve(bytes, this.clock.monotonicMs());
    this.reservedBytes += bytes;
    this.#reservations++;
    return new OperationReservation(this, bytes);
  }

  /** Counts a change of a reservation, if the operation has not ended: what it held was given back then. */
  changeReserved(change: number): void {
    if (this.hasEnded) return;
    if (change > 0) this.node.memory.reserve(change, this.clock.monotonicMs());
    else this.node.memory.release(-change);
    this.reservedBytes += change;
  }

  reservationEnded(): void {
    this.#reservations--;
  }

  io(cost: IoCost): Promise<void> | undefined;
  io<T>(cost: IoCost, work: () => Promise<T>): Promise<T>;
  io<T>(cost: IoCost, work?: () => Promise<T>): Promise<unknown> | undefined {
    checkCost(cost);
    return work === undefined ? this.#takeTokens(cost.ops ?? 0, cost.bytes ?? 0) : this.#outside(cost, work);
  }

  #takeTokens(ops: number, bytes: number): Promise<void> | undefined {
    const { io } = this.#tree;
    const nowMs = this.clock.monotonicMs();
    this.throwIfStopping(nowMs);
    if (io.mustWait(this.node, ops, bytes, nowMs)) {
      const full = io.fullNode(this.node);
      if (full !== undefined) throw queueFull(full.name, this.name, full.ioQueue.size, full.maxQueue);
    }
    const wait = io.enter(this, ops, bytes);
    return wait === undefined ? undefined : this.#away(this.waitFor(wait));
  }

  entropy(length: number): Uint8Array {
    checkCount('length', length, maxEntropyBytes);
    if (!this.deterministic) return new Uint8Array(randomBytes(length));
    this.#entropy ??= this.random.stream('entropy');
    const bytes = new Uint8Array(length);
    this.#entropy.fill(bytes);
    return bytes;
  }

  use<C extends Capability>(capability: C): CapabilityHandles[C] {
    return openCapability(capability, this.#tree.policy);
  }

  share(): SharedOperation {
    if (this.hasEnded) throw operationAborted(this.name, 'it has ended and cannot be shared');
    this.throwIfStopping(this.clock.monotonicMs());
    if (this.#shared === undefined) {
      const memory = new SharedMemory();
      const leftMs = this.deadlineAtMs - this.clock.monotonicMs();
      memory.setTimes(wallMs() + leftMs, this.deadlineMs, this.clock.now());
      this.#shared = memory;
      this.makeSignal(); // so that a stop is noticed, and told, without a checkpoint on this side
      this.#tree.workers.add(memory, this.node);
    }
    const words = [0, 1, 2, 3].map((index) => this.random.stream('share', this.#nestedCount, index).uint32());
    this.#nestedCount++;
    return {
      memory: this.#shared.buffer,
      seed: words.map((word) => word.toString(16).padStart(8, '0')).join(''),
      deterministic: this.deterministic,
      sandboxed: this.sandboxed,
    };
  }

  /** Throws when this operation should end, as things are at `nowMs`. */
  throwIfStopping(nowMs: number): void {
    if (this.look(nowMs) !== undefined) throw this.stopError;
  }

  /** Reserves what it asked for up front. @throws TenstripError `MemoryLimit` */
  reserveForBody(): void {
    const bytes = this.spec.reserveBytes ?? 0;
    const { memory } = this.node;
    if (bytes === 0 && !memory.isMeasured) return;
    memory.reserve(bytes, this.calledAtMs);
    this.reservedBytes = bytes;
  }

  /** Starts, or goes on after a wait, at `nowMs`. */
  resumed(nowMs: number): void {
    this.#tree.turns.happened(nowMs);
    this.throwIfStopping(nowMs);
    this.#tree.slices.begin(this, nowMs);
  }

  /** Waits at the checkpoint gate while paused or over a CPU cap. */
  passGate(nowMs: number): Promise<void> | undefined {
    const wait = this.#tree.checkpoints.enter(this, nowMs);
    if (wait === undefined) return undefined;
    return this.#away(this.waitFor(wait));
  }

  /** Gives back what is still reserved, takes in what was used, and forgets everything. */
  finish(nowMs: number): void {
    const { slices, checkpoints, workers } = this.#tree;
    slices.leave(this, nowMs);
    checkpoints.charge(this.node, this.sliceMs < settleMs ? slices.settleShort(this) : slices.settle(this), nowMs);
    checkpoints.leave(this);
    this.node.totals.unreturnedReservations += this.#reservations;
    this.giveBack();
    if (this.#shared === undefined) return;
    this.#shared.stop('aborted');
    workers.remove(this.#shared);
  }

  /** Ends it: what is still reserved is given back, and nothing listens any more. */
  giveBack(): void {
    this.node.memory.release(this.reservedBytes);
    this.reservedBytes = 0;
    this.ended();
  }

  /** It counts among those that wait for admission. */
  startWaiting(): void {
    this.isWaiting = true;
    this.hasWaited = true;
    this.node.countWaiting(1);
  }

  /** Its slot is counted, so it no longer waits for admission. */
  slotTaken(): void {
    this.hasSlot = true;
    this.stopWaiting();
  }

  /** It no longer counts among those that wait for admission. */
  stopWaiting(): void {
    if (!this.isWaiting) return;
    this.isWaiting = false;
    this.node.countWaiting(-1);
  }

  protected override get isAwaited(): boolean {
    return this.kind !== 'background';
  }

  protected override onStop(reason: StopReason): void {
    this.countdown = 0;
    if (this.#shared === undefined) return;
    this.#shared.stop(reason);
    if (this.kind === 'background') this.#tree.workers.remove(this.#shared);
  }

  #lookAround(): Promise<void> | undefined {
    const tree = this.#tree;
    const nowMs = tree.clock.monotonicMs();
    this.throwIfStopping(nowMs);
    if (tree.isDeterministic) return this.#lookAroundCounted(nowMs);
    tree.slices.look(this, nowMs);
    const isDue = tree.turns.isDue(nowMs);
    const mayRunOn = !tree.isPaused || !tree.checkpoints.isPaused(this.node);
    if (this.sliceMs < settleMs && !isDue && mayRunOn) return undefined;
    tree.checkpoints.charge(this.node, tree.slices.settle(this), nowMs);
    const held = this.passGate(nowMs);
    if (held !== undefined) return held;
    return isDue ? this.#turn() : undefined;
  }

  #lookAroundCounted(nowMs: number): Promise<void> | undefined {
    const held = this.passGate(nowMs);
    if (held !== undefined) return held;
    return ++this.#looks % deterministicTurnEvery === 0 ? this.#turn() : undefined;
  }

  async #turn(): Promise<void> {
    const hold = this.#tree.holdTime();
    await this.#tree.turns.next();
    hold[Symbol.dispose]();
    this.resumed(this.clock.monotonicMs());
  }

  /** Waits for `promise` without being charged for the time. A failure that nobody awaits is no fault: it tells of a stop. */
  #away(promise: Promise<void>): Promise<void> {
    const away = this.#awayFor(promise);
    away.catch(() => {});
    return away;
  }

  async #awayFor(promise: Promise<void>): Promise<void> {
    const { slices, checkpoints } = this.#tree;
    if (slices.current === this) slices.leave(this, this.clock.monotonicMs());
    checkpoints.leave(this);
    await promise;
    this.resumed(this.clock.monotonicMs());
  }

  async #outside<T>(cost: IoCost, work: () => Promise<T>): Promise<T> {
    await this.#takeTokens(cost.ops ?? 0, cost.bytes ?? 0);
    const { slices, checkpoints } = this.#tree;
    const hold = this.#tree.holdTime();
    try {
      const working = work();
      if (slices.current === this) slices.leave(this, this.clock.monotonicMs());
      checkpoints.leave(this);
      return await working;
    } finally {
      hold[Symbol.dispose]();
      if (!this.hasEnded) slices.begin(this, this.clock.monotonicMs());
    }
  }
}

/** @throws TenstripError `GovernorLimitsInvalid` that says what is wrong with `spec` */
export function checkSpec(spec: Partial<OperationSpec>): void {
  if (!isValid(spec)) refuseSpec(spec);
}

function isValid(spec: Partial<OperationSpec>): boolean {
  if (typeof spec !== 'object' || spec === null) return false;
  const { name, signal } = spec;
  if ((name !== undefined && typeof name !== 'string') || (signal !== undefined && !(signal instanceof AbortSignal)))
    return false;
  return isAmount(spec.ioOps) && isAmount(spec.ioBytes) && isAmount(spec.reserveBytes) && isDeadline(spec.deadlineMs);
}

function isDeadline(deadlineMs: number | undefined): boolean {
  return deadlineMs === undefined || (typeof deadlineMs === 'number' && deadlineMs >= 0);
}

class OperationReservation implements Reservation {
  readonly #owner: GovernedOperation;
  #bytes: number;
  #isHeld = true;

  constructor(owner: GovernedOperation, bytes: number) {
    this.#owner = owner;
    this.#bytes = bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  resize(bytes: number): void {
    checkAmount('bytes', bytes);
    if (!this.#isHeld || this.#owner.hasEnded)
      throw operationAborted(this.#owner.name, 'the reservation was given back');
    this.#owner.changeReserved(bytes - this.#bytes);
    this.#bytes = bytes;
  }

  [Symbol.dispose](): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#owner.changeReserved(-this.#bytes);
    this.#owner.reservationEnded();
    this.#bytes = 0;
  }
}
