// Where running operations wait: while they are paused, and while a CPU cap above them is in debt. Caps are token
// buckets of CPU microseconds, charged with what was measured; when several operations want a capped node's time, one
// at a time runs on, and the next is chosen by weight (stride scheduling with a quantum of half a millisecond).
import type { Clock } from '../determinism/index.js';
import { Alarm } from './alarm.js';
import type { GovernorNode, Runner } from './governor-node.js';
import type { UsageMeter } from './usage-meter.js';
import { Wait, type WaitOwner } from './wait.js';

/** A runner that has not come back after so long waits for something else: the next one runs. */
const runnerExpiresMs = 10;
/** The process's CPU time is read at most so often: a look costs about 1 µs. */
const observeEveryMs = 1;

/** Holds operations at their checkpoints. */
export class CheckpointGate {
  readonly #clock: Clock;
  readonly #meter: UsageMeter;
  readonly #root: () => GovernorNode;
  readonly #nextSequence: () => number;
  readonly #alarm: Alarm;
  #round = 0;
  /** Whether some node may have a runner; none has while nobody waited for CPU time. */
  #hasRunners = false;
  #processMicros: number;
  #observedAtMs: number;

  constructor(clock: Clock, meter: UsageMeter, root: () => GovernorNode, nextSequence: () => number) {
    this.#clock = clock;
    this.#meter = meter;
    this.#root = root;
    this.#nextSequence = nextSequence;
    this.#alarm = new Alarm(clock, () => this.serve());
    this.#processMicros = meter.cpuMicros();
    this.#observedAtMs = clock.monotonicMs();
  }

  /** Charges `micros` of CPU time to `node` and above; the root is charged with what the process used. */
  charge(node: GovernorNode, micros: number, nowMs: number): void {
    node.totals.cpuMicros += micros;
    node.checkpointQueue.charge(micros);
    for (let at = node; at.parent !== undefined; at = at.parent) at.cpu?.charge(micros, nowMs);
    this.#observeProcess(nowMs);
  }

  /** The wait of `owner` if it may not run on now. */
  enter(owner: WaitOwner, nowMs: number): Wait | undefined {
    const { node } = owner;
    this.#observeProcess(nowMs);
    const reason = reasonToWait(node, nowMs);
    if (reason === undefined) return undefined;
    this.#stopRunning(owner);
    const wait = new Wait(owner, this.#nextSequence(), this);
    node.checkpointQueue.push(wait);
    this.serve();
    if (!wait.isWaiting) return undefined;
    if (reason === 'cpu') node.totals.throttled++;
    return wait;
  }

  /** Whether `from` or a node above it is paused. */
  isPaused(from: GovernorNode): boolean {
    for (let node: GovernorNode | undefined = from; node !== undefined; node = node.parent) {
      if (node.isPaused) return true;
    }
    return false;
  }

  /** Whether an operation of `node` that comes now would have to wait. */
  mustWait(node: GovernorNode, nowMs: number): boolean {
    this.#observeProcess(nowMs);
    return reasonToWait(node, nowMs) !== undefined;
  }

  /** Whether threads of `node` must wait now: no queue holds them, so nobody is before them. */
  isHeld(node: GovernorNode, nowMs: number): boolean {
    for (let at: GovernorNode | undefined = node; at !== undefined; at = at.parent) {
      if (at.isPaused || (at.cpu !== undefined && at.cpu.available(nowMs) <= 0)) return true;
    }
    return false;
  }

  /** `owner` runs no more, for now or for good: others may. */
  leave(owner: WaitOwner): void {
    if (this.#hasRunners && this.#stopRunning(owner)) this.serve();
  }

  /** Lets run whoever may, and sets the timer for when a bucket is out of debt. O(waiting nodes) for each. */
  serve(): void {
    const { checkpointQueue } = this.#root();
    if (checkpointQueue.size === 0) return;
    const nowMs = this.#clock.monotonicMs();
    this.#observeProcess(nowMs);
    const round = ++this.#round;
    let soonestMs = Number.POSITIVE_INFINITY;
    for (let wait = checkpointQueue.next(round); wait !== undefined; wait = checkpointQueue.next(round)) {
      const { node } = wait.owner;
      const blocked = blocking(node, nowMs);
      if (blocked !== undefined) {
        blocked.node.checkpointQueue.block(round);
        soonestMs = Math.min(soonestMs, blocked.waitMs);
        continue;
      }
      node.checkpointQueue.served();
      startRunning(wait.owner, nowMs);
      this.#hasRunners = true;
      wait.grant();
    }
    this.#alarm.set(soonestMs, nowMs);
  }

  #observeProcess(nowMs: number): void {
    const { cpu } = this.#root();
    if (cpu === undefined || nowMs - this.#observedAtMs < observeEveryMs) return;
    this.#observedAtMs = nowMs;
    const micros = this.#meter.cpuMicros();
    cpu.charge(micros - this.#processMicros, nowMs);
    this.#processMicros = micros;
  }

  #stopRunning(owner: WaitOwner): boolean {
    let wasRunner = false;
    for (let node: GovernorNode | undefined = owner.node; node !== undefined; node = node.parent) {
      if (node.runner !== owner) continue;
      node.runner = undefined;
      wasRunner = true;
    }
    return wasRunner;
  }
}

function startRunning(owner: Runner & WaitOwner, nowMs: number): void {
  for (let node: GovernorNode | undefined = owner.node; node !== undefined; node = node.parent) {
    if (node.cpu === undefined) continue;
    node.runner = owner;
    node.runnerSinceMs = nowMs;
  }
}

/** Why work of `from` may not simply run on: a node above is paused, or its CPU time is short or waited for. */
function reasonToWait(from: GovernorNode, nowMs: number): 'paused' | 'cpu' | undefined {
  let reason: 'cpu' | undefined;
  for (let node: GovernorNode | undefined = from; node !== undefined; node = node.parent) {
    if (node.isPaused) return 'paused';
    if (node.cpu === undefined) continue;
    if (node.checkpointQueue.size > 0 || node.cpu.available(nowMs) <= 0) reason = 'cpu';
  }
  return reason;
}

/** The first node on the way to the root that lets nobody run now, and how long that lasts. */
function blocking(from: GovernorNode, nowMs: number): { node: GovernorNode; waitMs: number } | undefined {
  for (let node: GovernorNode | undefined = from; node !== undefined; node = node.parent) {
    if (node.isPaused) return { node, waitMs: Number.POSITIVE_INFINITY };
    if (node.cpu === undefined) continue;
    if (node.cpu.available(nowMs) <= 0) return { node, waitMs: node.cpu.waitMs(1, nowMs) };
    const runsForMs = nowMs - node.runnerSinceMs;
    if (node.runner !== undefined && runsForMs < runnerExpiresMs) return { node, waitMs: runnerExpiresMs - runsForMs };
  }
  return undefined;
}
