// One node of the governor's tree: its limits, what it counts, and who waits at it. It decides nothing; the gates do.
import { setMaxListeners } from 'node:events';
import pLimit, { type LimitFunction } from 'p-limit';
import type { RandomSource } from '../determinism/index.js';
import { FairQueue } from './fair-queue.js';
import type { GovernorTree } from './governor-tree.js';
import { defaultMaxQueue, type GovernorLimits } from './limits.js';
import { MemoryAccount, ResidentSet } from './memory-account.js';
import { operationAborted } from './refusals.js';
import { Totals } from './statistics.js';
import { TokenBucket } from './token-bucket.js';
import type { Wait } from './wait.js';

/** CPU time may be owed for at most so long. */
const deepestCpuDebtMs = 100;
/** What a CPU bucket holds, in milliseconds of its rate: a timer that comes late on a busy machine loses nothing. */
const cpuBurstMs = 50;
/** What an I/O bucket holds when nothing is said, in milliseconds of its rate. */
const ioBurstMs = 10;

/** What the gates may stop: every operation that waits, or whose signal somebody holds. */
export interface Stoppable {
  abort(why: string): void;
}

/** What holds the CPU of a capped node while others wait for it. */
export type Runner = object;

/** One governor, as the gates see it. */
export class GovernorNode {
  readonly tree: GovernorTree;
  readonly parent: GovernorNode | undefined;
  readonly name: string;
  readonly limits: Readonly<GovernorLimits>;
  readonly children = new Map<string, GovernorNode>();
  readonly random: RandomSource;

  state: 'running' | 'closing' | 'closed' = 'running';
  isPaused = false;
  /** `close` gave up waiting: everything that still runs stops at its next checkpoint. */
  isAborted = false;
  readonly stoppables = new Set<Stoppable>();
  /** Called when nothing runs or waits here any more. */
  onIdle: (() => void) | undefined;
  #closing: AbortController | undefined;

  readonly maxConcurrency: number;
  readonly maxQueue: number;
  /** The shortest deadline on the way to the root. */
  readonly deadlineMs: number;
  /** The smallest CPU cap on the way to the root, in percent of a core. */
  readonly cpuPercent: number;
  /** Starts the bodies of this node's operations; absent when concurrency is not limited here. */
  readonly limiter: LimitFunction | undefined;

  /** Permits held here and below. */
  running = 0;
  /** Operations that wait for admission, here and below. */
  waiting = 0;
  /** Operations that were let in from the queue and start in this turn: later ones start behind them. */
  departing = 0;

  readonly cpu: TokenBucket | undefined;
  readonly ioOps: TokenBucket | undefined;
  readonly ioBytes: TokenBucket | undefined;
  readonly memory: MemoryAccount;
  /** Whose turn it is while several wait for this node's CPU time, and since when. */
  runner: Runner | undefined;
  runnerSinceMs = 0;

  readonly slotQueue: FairQueue<Wait>;
  readonly ioQueue: FairQueue<Wait>;
  readonly checkpointQueue: FairQueue<Wait>;
  readonly totals = new Totals();
  operationCount = 0;

  constructor(tree: GovernorTree, name: string, limits: GovernorLimits, random: RandomSource, parent?: GovernorNode) {
    const nowMs = tree.clock.monotonicMs();
    this.tree = tree;
    this.parent = parent;
    this.name = name;
    this.limits = Object.freeze(limits);
    this.random = random;
    this.maxConcurrency = limits.maxConcurrency ?? Number.POSITIVE_INFINITY;
    if (tree.isDeterministic && parent === undefined) this.maxConcurrency = 1;
    this.maxQueue = limits.maxQueue ?? defaultMaxQueue;
    this.deadlineMs = Math.min(
      limits.deadlineMs ?? Number.POSITIVE_INFINITY,
      parent?.deadlineMs ?? Number.POSITIVE_INFINITY,
    );
    this.cpuPercent = Math.min(
      limits.cpuPercent ?? Number.POSITIVE_INFINITY,
      parent?.cpuPercent ?? Number.POSITIVE_INFINITY,
    );
    this.limiter = Number.isFinite(this.maxConcurrency) ? pLimit(this.maxConcurrency) : undefined;
    this.cpu = tree.isDeterministic ? undefined : cpuBucket(limits.cpuPercent, nowMs);
    if (this.cpu !== undefined) tree.cpuCaps++;
    this.ioOps = ioBucket(limits.ioOpsPerSecond, limits.ioBurstOps, nowMs);
    this.ioBytes = ioBucket(limits.ioBytesPerSecond, limits.ioBurstBytes, nowMs);
    this.memory = memoryAccount(this, nowMs);
    const order = tree.isDeterministic ? 'submission' : 'weighted';
    this.slotQueue = new FairQueue(order, parent?.slotQueue, limits.weight);
    this.ioQueue = new FairQueue(order, parent?.ioQueue, limits.weight);
    this.checkpointQueue = new FairQueue(order, parent?.checkpointQueue, limits.weight);
  }

  /** Counts permits here and in every node above. */
  countRunning(change: number): void {
    for (let node: GovernorNode | undefined = this; node !== undefined; node = node.parent) {
      node.running += change;
      if (node.onIdle !== undefined && node.isIdle) node.onIdle();
    }
  }

  /** Counts operations that wait for admission, here and in every node above. */
  countWaiting(change: number): void {
    for (let node: GovernorNode | undefined = this; node !== undefined; node = node.parent) {
      node.waiting += change;
      if (node.onIdle !== undefined && node.isIdle) node.onIdle();
    }
  }

  /** Whether nothing runs or waits here or below. */
  get isIdle(): boolean {
    return this.running === 0 && this.waiting === 0;
  }

  /** Aborts when this governor is closed; shared by everyone who asks. */
  get closeSignal(): AbortSignal {
    if (this.#closing === undefined) {
      this.#closing = new AbortController();
      setMaxListeners(0, this.#closing.signal);
      if (this.state === 'closed') this.#closing.abort(closedError(this));
    }
    return this.#closing.signal;
  }

  /** Stops everything that is of this governor and still there. */
  abort(why: string): void {
    this.isAborted = true;
    for (const stoppable of [...this.stoppables]) stoppable.abort(why);
  }

  closed(): void {
    if (this.cpu !== undefined && this.state !== 'closed') this.tree.cpuCaps--;
    this.state = 'closed';
    this.abort(`governor ${this.name} was closed`);
    this.#closing?.abort(closedError(this));
  }

  /** This node and all below it, parents first. */
  *subtree(): Iterable<GovernorNode> {
    yield this;
    for (const child of this.children.values()) yield* child.subtree();
  }
}

function closedError(node: GovernorNode): Error {
  return operationAborted(`background work of ${node.name}`, `governor ${node.name} was closed`);
}

function cpuBucket(cpuPercent: number | undefined, nowMs: number): TokenBucket | undefined {
  if (cpuPercent === undefined) return undefined;
  const microsPerMs = cpuPercent * 10;
  return new TokenBucket(microsPerMs, microsPerMs * cpuBurstMs, nowMs, microsPerMs * deepestCpuDebtMs);
}

function ioBucket(perSecond: number | undefined, burst: number | undefined, nowMs: number): TokenBucket | undefined {
  if (perSecond === undefined) return undefined;
  const perMs = perSecond / 1000;
  return new TokenBucket(perMs, burst ?? Math.max(1, perMs * ioBurstMs), nowMs);
}

function memoryAccount(node: GovernorNode, nowMs: number): MemoryAccount {
  const { parent, limits, tree } = node;
  const isMeasured = parent === undefined && limits.ramBytes !== undefined && !tree.isDeterministic;
  const resident = isMeasured ? new ResidentSet(tree.meter, nowMs) : undefined;
  return new MemoryAccount(node.name, limits.ramBytes ?? Number.POSITIVE_INFINITY, parent?.memory, resident);
}
