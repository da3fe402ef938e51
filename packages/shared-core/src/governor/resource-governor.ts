// The governor as its users see it: a node of a tree. A child never gets more than its parent, because every gate asks
// each node from the operation's own up to the root.
import { randomBytes } from 'node:crypto';
import type { Capability, CapabilityHandles } from '../capabilities/index.js';
import { type Clock, type RandomSource, seededRandom } from '../determinism/index.js';
import { createLogger, type Logger } from '../logging/index.js';
import type { GovernedOperation } from './governed-operation.js';
import { GovernorNode } from './governor-node.js';
import { GovernorTree } from './governor-tree.js';
import type { IoCost } from './io-gate.js';
import {
  checkAmount,
  checkedLimits,
  checkedOptions,
  checkName,
  type GovernorLimits,
  type GovernorOptions,
} from './limits.js';
import type { Governed, OperationContext, OperationSpec, Permit, Reservation } from './operation.js';
import { acquirePermit, backgroundContext, runPermitted, tryPermit } from './operation-life.js';
import { governorClosed } from './refusals.js';
import { type GovernorStatistics, Totals } from './statistics.js';

/** After `close` gave up and aborted what still ran, it waits so long for that to notice. */
const abortGraceMs = 1000;
const defaultCloseMs = 30_000;

let treeOf: (governor: ResourceGovernor) => GovernorTree;

/** Measures and limits the work that is done through it. Made once per process or service; children by {@link child}. */
export class ResourceGovernor implements Governed, AsyncDisposable {
  readonly #node: GovernorNode;
  readonly #parent: ResourceGovernor | undefined;
  readonly #children = new Set<ResourceGovernor>();
  #logger: Logger | undefined;
  /** What is done through the governor itself. */
  readonly #own: GovernedOperation;
  #closing: Promise<void> | undefined;

  static {
    treeOf = (governor) => governor.#node.tree;
  }

  /**
   * A root governor.
   *
   * @throws TenstripError `GovernorLimitsInvalid` that names every wrong key at once.
   */
  constructor(options?: GovernorOptions);
  /** @internal a child; use {@link child} */
  constructor(node: GovernorNode, parent: ResourceGovernor);
  constructor(given: GovernorOptions | GovernorNode = {}, parent?: ResourceGovernor) {
    this.#parent = parent;
    if (given instanceof GovernorNode) {
      this.#node = given;
    } else {
      const { name = 'governor', deterministic, sandbox, clock, meter, logger, ...limits } = checkedOptions(given);
      const tree = new GovernorTree(given);
      const random = seededRandom(deterministic?.seed ?? randomBytes(32).toString('hex'));
      this.#node = new GovernorNode(tree, name, limits, random);
      tree.plant(this.#node);
      this.#logger = logger;
    }
    this.#own = backgroundContext(this, this.#node, {});
  }

  /** Its name among its siblings. */
  get name(): string {
    return this.#node.name;
  }

  /** The limits of this node as they were given; what is above it limits it too. */
  get limits(): Readonly<GovernorLimits> {
    return this.#node.limits;
  }

  /** `closing` takes no new work and lets the rest end; `closed` has ended. */
  get state(): 'running' | 'paused' | 'closing' | 'closed' {
    const { state, isPaused } = this.#node;
    return state === 'running' && isPaused ? 'paused' : state;
  }

  /** The clock of its tree: virtual when deterministic. */
  get clock(): Clock {
    return this.#node.tree.clock;
  }

  get random(): RandomSource {
    return this.#node.random;
  }

  /** The logger of this governor; a child's is a child of its parent's. */
  get logger(): Logger {
    this.#logger ??= this.#parent?.logger.child({ governor: this.name }) ?? createLogger({ name: this.name });
    return this.#logger;
  }

  get deterministic(): boolean {
    return this.#node.tree.isDeterministic;
  }

  get sandboxed(): boolean {
    return this.#node.tree.policy !== undefined;
  }

  get parallelism(): number {
    return this.#own.parallelism;
  }

  run<T>(spec: OperationSpec | string, body: (op: OperationContext) => T | Promise<T>): Promise<T> {
    return runPermitted(this, this.#node, spec, body);
  }

  /**
   * The permit of one operation, by hand: dispose it to end the operation.
   *
   * @throws TenstripError as {@link run} does.
   */
  acquire(spec: Partial<OperationSpec> = {}): Promise<Permit> {
    return acquirePermit(this, this.#node, spec);
  }

  /** A permit if one is free at this moment, without waiting. @throws TenstripError `GovernorClosed`, `MemoryLimit`, `OperationAborted` */
  tryAcquire(spec: Partial<OperationSpec> = {}): Permit | undefined {
    return tryPermit(this, this.#node, spec);
  }

  /**
   * A context that holds no permit: for background work, and the default of ungoverned calls. Its limits are those of
   * this governor except the deadline; its signal aborts when the governor has closed. What it runs by `run` gets a
   * permit of its own.
   */
  context(spec?: Partial<OperationSpec>): OperationContext {
    return spec === undefined ? this.#own : backgroundContext(this, this.#node, spec);
  }

  reserve(bytes: number): Reservation {
    return this.#own.reserve(bytes);
  }

  io(cost: IoCost): Promise<void> | undefined;
  io<T>(cost: IoCost, work: () => Promise<T>): Promise<T>;
  io<T>(cost: IoCost, work?: () => Promise<T>): Promise<unknown> | undefined {
    return work === undefined ? this.#own.io(cost) : this.#own.io(cost, work);
  }

  entropy(length: number): Uint8Array {
    return this.#own.entropy(length);
  }

  use<C extends Capability>(capability: C): CapabilityHandles[C] {
    return this.#own.use(capability);
  }

  /**
   * A governor below this one, with limits of its own. A name that a child has already gets a number.
   *
   * @throws TenstripError `GovernorLimitsInvalid`, `GovernorClosed`
   */
  child(name: string, limits: GovernorLimits = {}): ResourceGovernor {
    const { tree, state, random } = this.#node;
    if (state !== 'running') throw governorClosed(this.name, `child ${name}`, state);
    checkName(name);
    const own = checkedLimits(limits);
    const unique = uniqueName(name, this.#node.children);
    const node = new GovernorNode(tree, unique, own, random.stream('governor', unique), this.#node);
    this.#node.children.set(unique, node);
    const child = new ResourceGovernor(node, this);
    this.#children.add(child);
    return child;
  }

  /** Lets nothing start, and lets what runs wait at its next checkpoint. Here and below; what waits keeps its place. */
  pause(): void {
    if (this.#node.state !== 'running' || this.#node.isPaused) return;
    this.#node.isPaused = true;
    this.#node.tree.pausedOrResumed(1);
  }

  /** Ends {@link pause}. */
  resume(): void {
    if (!this.#node.isPaused) return;
    this.#node.isPaused = false;
    this.#node.tree.pausedOrResumed(-1);
  }

  /**
   * Refuses new work, resumes if paused, lets the rest end, and aborts it after `deadlineMs` (30 s). What does not
   * notice the abort within a second is left behind. Children close with it. Later calls wait for the first.
   */
  close(deadlineMs: number = defaultCloseMs): Promise<void> {
    checkAmount('deadlineMs', deadlineMs);
    this.#closing ??= this.#drain(deadlineMs);
    return this.#closing;
  }

  /** What happened here and below, and what is held now. */
  statistics(): GovernorStatistics {
    const { tree } = this.#node;
    return statisticsOf(this.#node, tree.meter.residentBytes());
  }

  /** SHA-256 of every decision of the tree so far, in hex; `''` unless deterministic. Equal digests: equal runs. */
  decisionDigest(): string {
    return this.#node.tree.digest?.hex() ?? '';
  }

  /** As {@link close} with its default deadline. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #drain(deadlineMs: number): Promise<void> {
    this.#refuseNewWork();
    if (!(await this.#idleWithin(deadlineMs))) {
      for (const node of this.#node.subtree()) node.abort(`governor ${this.name} was closed`);
      this.#node.tree.slices.current = undefined;
      await this.#idleWithin(abortGraceMs);
    }
    for (const node of this.#node.subtree()) {
      node.closed();
      node.tree.workers.removeAll(node);
    }
    if (this.#parent !== undefined) this.#parent.#forget(this);
  }

  #refuseNewWork(): void {
    for (const child of this.#children) child.#refuseNewWork();
    if (this.#node.state === 'running') this.#node.state = 'closing';
    this.resume();
  }

  /** Whether nothing runs or waits any more, after at most `limitMs`. */
  #idleWithin(limitMs: number): Promise<boolean> {
    const node = this.#node;
    if (node.isIdle) return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = (isIdle: boolean): void => {
        timer[Symbol.dispose]();
        node.onIdle = undefined;
        resolve(isIdle);
      };
      const timer = node.tree.clock.schedule(limitMs, () => settle(false), { keepAlive: true });
      node.onIdle = () => settle(true);
    });
  }

  /** Keeps what a closed child counted. */
  #forget(child: ResourceGovernor): void {
    this.#children.delete(child);
    this.#node.children.delete(child.name);
    this.#node.totals.add(totalsOf(child.#node));
  }
}

/**
 * Adds a record to the decision digest of a deterministic governor's tree; nothing else otherwise.
 *
 * @internal
 */
export function recordDecision(governor: ResourceGovernor, kind: string, ...fields: readonly string[]): void {
  treeOf(governor).digest?.add(kind, ...fields);
}

function uniqueName(name: string, taken: ReadonlyMap<string, unknown>): string {
  let unique = name;
  for (let number = 2; taken.has(unique); number++) unique = `${name}#${number}`;
  return unique;
}

function totalsOf(node: GovernorNode): Totals {
  const totals = new Totals();
  for (const part of node.subtree()) totals.add(part.totals);
  return totals;
}

function statisticsOf(node: GovernorNode, residentBytes: number): GovernorStatistics {
  const { queue, run, ...counters } = totalsOf(node);
  const { tree } = node;
  return {
    ...counters,
    cpuMicros: node.parent === undefined ? tree.meter.cpuMicros() - tree.cpuMicrosAtStart : counters.cpuMicros,
    waiting: node.waiting,
    running: node.running,
    reservedBytes: node.memory.reservedBytes,
    residentBytes,
    queueMs: queue.quantiles(),
    runMs: run.quantiles(),
    children: Object.fromEntries([...node.children].map(([name, child]) => [name, statisticsOf(child, residentBytes)])),
  };
}
