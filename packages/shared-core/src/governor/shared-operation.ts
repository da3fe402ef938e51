// An operation as another thread sees it: a few words of shared memory. The governor writes what the thread must obey,
// the thread adds what it used; Atomics.wait blocks a thread that is paused or over its CPU cap.

import type { Clock, RandomSource } from '../determinism/index.js';
import { IdleAdvance, seededRandom, systemClock, VirtualClock } from '../determinism/index.js';
import type { SharedOperation } from './operation.js';
import { deadlineExceeded, operationAborted } from './refusals.js';

/** What a worker thread holds of an operation that was shared with it. */
export interface WorkerOperation {
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Why the work should end, if it should. */
  readonly stopped: 'aborted' | 'deadline' | undefined;
  /** @throws TenstripError `OperationAborted` or `DeadlineExceeded` */
  throwIfStopped(): void;
  /**
   * Blocks its thread while the operation is paused or over the CPU cap, and adds the thread's busy time to the
   * operation. Call it about once a millisecond of work.
   *
   * @throws TenstripError `OperationAborted` or `DeadlineExceeded`
   */
  checkpoint(): void;
}

const stopWord = 0;
const holdWord = 1;
const busyWord = 1; // of 64 bits: bytes 8 to 15
const deadlineWord = 2; // bytes 16 to 23
const limitWord = 3; // bytes 24 to 31
const nowWord = 4; // bytes 32 to 39
const memoryBytes = 40;

const stops = [undefined, 'aborted', 'deadline'] as const;

/** The words that an operation and its threads share. */
export class SharedMemory {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #busyMicros: BigInt64Array;
  readonly #times: Float64Array;

  constructor(buffer = new SharedArrayBuffer(memoryBytes)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, 2);
    this.#busyMicros = new BigInt64Array(buffer);
    this.#times = new Float64Array(buffer);
  }

  get stopped(): 'aborted' | 'deadline' | undefined {
    return stops[Atomics.load(this.#words, stopWord)];
  }

  /** Says that the work should end, and wakes threads that wait. */
  stop(why: 'aborted' | 'deadline'): void {
    Atomics.store(this.#words, stopWord, stops.indexOf(why));
    this.hold(false);
  }

  /** Lets threads wait at their next checkpoint, or go on. */
  hold(isHeld: boolean): void {
    Atomics.store(this.#words, holdWord, isHeld ? 1 : 0);
    if (!isHeld) Atomics.notify(this.#words, holdWord);
  }

  /** Blocks this thread while it is held, at most `timeoutMs`; gives whether it was. */
  waitWhileHeld(timeoutMs: number): boolean {
    return Atomics.wait(this.#words, holdWord, 1, timeoutMs) !== 'not-equal';
  }

  addBusy(micros: number): void {
    Atomics.add(this.#busyMicros, busyWord, BigInt(Math.round(micros)));
  }

  /** Takes out the busy microseconds that threads added. */
  takeBusy(): number {
    return Number(Atomics.exchange(this.#busyMicros, busyWord, 0n));
  }

  /** Set once, before a thread sees the memory: the deadline as {@link wallMs} and as it was given, and what time it is. */
  setTimes(deadlineMs: number, limitMs: number, nowMs: number): void {
    this.#times[deadlineWord] = deadlineMs;
    this.#times[limitWord] = limitMs;
    this.#times[nowWord] = nowMs;
  }

  get deadlineMs(): number {
    return this.#times[deadlineWord]!;
  }

  get nowMs(): number {
    return this.#times[nowWord]!;
  }

  get limitMs(): number {
    return this.#times[limitWord]!;
  }
}

/**
 * The operation on this side: call it in the worker thread that got `shared` by `workerData` or a message. In
 * deterministic mode its clock is a virtual one that starts at the moment of sharing and moves on when the thread is
 * idle; give each thread work of its own, since draws from one stream by two threads would repeat each other.
 */
export function workerOperation(shared: SharedOperation): WorkerOperation {
  const memory = new SharedMemory(shared.memory);
  return new ThreadOperation(
    memory,
    seededRandom(shared.seed),
    shared.deterministic ? localClock(memory) : systemClock,
  );
}

/** How long a blocked thread sleeps before it looks whether its deadline has passed. */
const longestWaitMs = 100;

class ThreadOperation implements WorkerOperation {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly #memory: SharedMemory;
  #busySinceMs = performance.now();

  constructor(memory: SharedMemory, random: RandomSource, clock: Clock) {
    this.#memory = memory;
    this.random = random;
    this.clock = clock;
  }

  get stopped(): 'aborted' | 'deadline' | undefined {
    const { stopped } = this.#memory;
    if (stopped !== undefined) return stopped;
    return this.clock === systemClock && wallMs() >= this.#memory.deadlineMs ? 'deadline' : undefined;
  }

  throwIfStopped(): void {
    const { stopped } = this;
    if (stopped === 'aborted') throw operationAborted('the shared operation', 'its owner stopped it');
    if (stopped === 'deadline') throw deadlineExceeded('the shared operation', this.#memory.limitMs);
  }

  checkpoint(): void {
    this.#memory.addBusy((performance.now() - this.#busySinceMs) * 1000);
    this.throwIfStopped();
    while (this.#memory.waitWhileHeld(longestWaitMs)) this.throwIfStopped();
    this.#busySinceMs = performance.now();
  }
}

/** Milliseconds since 1970 by the monotonic clock: all threads of a process agree on them. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

function localClock(memory: SharedMemory): Clock {
  const clock = new VirtualClock(memory.nowMs);
  new IdleAdvance(clock, () => false);
  return clock;
}
