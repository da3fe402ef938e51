// One simulated world: its processes, network, faults and history, and the step that the driver calls: take the first event of the
// heap, make its process the current one, let it happen; then look at invariants. Everything is done by one thread in one order.

import { type Clock, type RandomSource, seededRandom, TenstripError } from '@tenstrip/shared-core';
import type { History, HistoryEntry } from '../checking/index.js';
import type { ChaosErrorCode } from '../errors/index.js';
import type { FaultSurface } from '../faults/index.js';
import { Decisions } from './decisions.js';
import { EventQueue } from './event-queue.js';
import { drawSwarm, scenarioName } from './fault-plan.js';
import { type RecordOptions, textOf } from './history.js';
import { endConnections } from './patched-network.js';
import { activeWorld, setActiveWorld } from './running-world.js';
import type { DiskLoss } from './sim-disk.js';
import { CallEvent, eventCode, type SimEvent } from './sim-event.js';
import { SimNetwork } from './sim-network.js';
import { type NodeMain, type NodeOptions, ProcessExit, type SimNode, SimProcess } from './sim-process.js';
import type { SimConnection } from './sim-socket.js';
import type { SimTimeout } from './sim-timers.js';
import { StepLog } from './step-log.js';
import { type HoldUp, holdUpBy } from './strategies.js';
import type { Trace } from './trace.js';
import { TraceHash } from './trace-hash.js';
import { WorldFaults } from './world-faults.js';
import { assertNodeOptions, type WorldSettings } from './world-options.js';

/** What a scenario does in a world. It runs as a process of its own, named `scenario`, at an address of its own. */
export type Scenario<T = unknown> = (world: World) => Promise<T> | T;

/** A node that ended by an error that nobody caught. */
export interface NodeCrash {
  readonly node: string;
  readonly atMs: number;
  readonly error: unknown;
}

/** What went wrong in a world. */
export interface SimFailure {
  /** The scenario threw; an invariant did not hold; a node crashed; the check of the history found something; a bound was met. */
  readonly kind: 'scenario' | 'invariant' | 'crash' | 'check' | 'exhausted';
  /** Of the invariant, or of the node that crashed; or the error's code or class. */
  readonly name: string;
  readonly message: string;
  readonly error?: unknown;
}

/** How a world came to its end. @internal */
export type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'failure'; readonly failure: SimFailure }
  | { readonly kind: 'error'; readonly error: TenstripError<ChaosErrorCode> };

/** Half an hour of undici's ticks: beyond its longest timeout. */
const maxLastTicks = 3600;

/** An entry while it is being recorded. */
type RecordedEntry = { -readonly [Key in keyof HistoryEntry]: HistoryEntry[Key] };

interface Invariant {
  readonly name: string;
  readonly check: () => boolean | string;
}

/** A simulated world, as its scenario sees it. */
export class World {
  /** The scenario's clock. */
  readonly clock: Clock;
  /** The scenario's chance, the same that its `Math.random` draws from. */
  readonly random: RandomSource;
  readonly network: SimNetwork;
  /** The faults of the vocabulary, so that an experiment can run here. */
  readonly faults: FaultSurface;
  /** @internal */ readonly settings: WorldSettings;
  /** @internal */ readonly epochMs: number;
  /** @internal */ readonly seeded: RandomSource;
  /** @internal */ readonly decisions: Decisions;
  /** @internal */ readonly scenario: SimProcess;
  /** @internal */ readonly crashes: NodeCrash[] = [];
  /** @internal */ readonly log = new StepLog();
  /** @internal */ nowMs = 0;
  /** @internal */ current: SimProcess;
  /** @internal */ events = 0;
  /** Whether an `AsyncLocalStorage` was used here. @internal */
  usesContexts = false;
  /** @internal */ outcome: Outcome | undefined;
  /** Told after each event: when, to whom, which code, and the hash so far. @internal */
  observer: ((atMs: number, node: string, code: number, hash: string) => void) | undefined;
  /** Timers of libraries that belong to no process; they outlive the world. @internal */
  readonly sharedTimers = new Set<SimTimeout>();
  /** Weak references that hold until the world is over. @internal */
  readonly heldReferences: { release(): void }[] = [];
  /** Whatever became of their processes. @internal */
  readonly openConnections = new Set<SimConnection>();
  readonly #queue = new EventQueue<SimEvent>();
  readonly #hash = new TraceHash();
  readonly #holdUp: HoldUp | undefined;
  readonly #processes = new Map<string, SimProcess>();
  readonly #byAddress = new Map<string, SimProcess>();
  readonly #history: RecordedEntry[] = [];
  /** The operation that each recorded process has open, and the life of the node that it is of. */
  readonly #open = new Map<string, { readonly entry: RecordedEntry; readonly by: SimProcess; readonly life: number }>();
  readonly #invariants: Invariant[] = [];
  readonly #numberedTimers = new Map<number, SimTimeout>();
  readonly #worldFaults: WorldFaults;
  #sequence = 0;
  #moment = 0;
  #code = 0;
  #ended = false;
  #librariesEnded = false;

  /** Made by `simulate`. @internal */
  constructor({ settings, seed, mask, faults, moved }: Trace) {
    const keptFaults = faults === undefined ? undefined : new Set(faults);
    this.settings = settings;
    this.epochMs = settings.epochMs;
    this.seeded = seededRandom(seed);
    this.decisions = new Decisions(this.seeded, mask);
    const swarm = settings.swarm === undefined ? undefined : drawSwarm(settings.swarm, this.seeded);
    this.network = new SimNetwork(this, settings.network ?? swarm?.network ?? {});
    this.#holdUp = holdUpBy(settings.strategy ?? swarm?.strategy ?? { name: 'plain' }, this.seeded, this.decisions);
    this.scenario = this.#addProcess(scenarioName, undefined);
    this.scenario.start();
    this.current = this.scenario;
    this.clock = this.scenario.clock;
    this.random = this.scenario.random;
    this.#worldFaults = new WorldFaults(this);
    this.faults = this.#worldFaults;
    settings.faults.forEach(({ atMs, forMs, target, fault }, index) => {
      if (keptFaults !== undefined && !keptFaults.has(String(index))) return;
      this.#planFault(moved[String(index)] ?? atMs, () => this.#worldFaults.begin(target, fault, Math.max(1, forMs)));
    });
    for (const drawn of swarm?.faults ?? []) {
      if (keptFaults !== undefined && !keptFaults.has(drawn.id)) continue;
      this.#planFault(moved[drawn.id] ?? drawn.atMs, () => {
        const resolved = drawn.resolve(this.nodes.map(({ name }) => name));
        if (resolved !== undefined) this.#beginIfPossible(resolved.node, resolved.fault, drawn.forMs);
      });
    }
    this.faultIds = [
      ...settings.faults.map((_, index) => String(index)),
      ...(swarm?.faults ?? []).map(({ id }) => id),
    ].filter((id) => keptFaults === undefined || keptFaults.has(id));
  }

  /** The planned and drawn faults of this world. @internal */
  readonly faultIds: readonly string[];

  // What a scenario does

  /** What was recorded so far, as checkers take it; positions count records and are not milliseconds. */
  get history(): History {
    return this.#history;
  }

  /** The nodes, in the order in which they were made. */
  get nodes(): readonly SimNode[] {
    return [...this.#processes.values()].filter((process) => process !== this.scenario);
  }

  /**
   * Makes a node and starts it: `main` runs as a process of its own. Whatever it calls of Node (timers, `Date`, chance, sockets,
   * http, fetch) is this node's.
   *
   * @throws TenstripError `OptionsInvalid`, also when the name is taken
   */
  node(name: string, main: NodeMain, options: NodeOptions = {}): SimNode {
    if (typeof name !== 'string' || name === '' || name.length > 256 || this.#processes.has(name)) {
      throw new TenstripError<ChaosErrorCode>(
        'OptionsInvalid',
        `a node cannot be named ${JSON.stringify(name)}; names have 1 to 256 characters and are taken once`,
        { details: { issues: [`name: ${name}`] } },
      );
    }
    if (typeof main !== 'function') {
      throw new TenstripError<ChaosErrorCode>('OptionsInvalid', `node ${name} has no main; give a function`, {
        details: { issues: ['main: give a function'] },
      });
    }
    assertNodeOptions(options);
    const process = this.#addProcess(name, main, options);
    process.start();
    return process;
  }

  /** Ends a node at once; its connections are reset. What its disk loses: default `unsynced`. A dead node stays dead. */
  kill(name: string, options: { lose?: DiskLoss } = {}): void {
    const process = this.#nodeOf(name);
    if (process.state === 'dead') return;
    this.note(process, 'killed');
    process.stop(options.lose ?? 'unsynced');
  }

  /** Runs the main function again, in a new life with the old disk; kills a node that runs. */
  restart(name: string): void {
    this.kill(name);
    const process = this.#nodeOf(name);
    this.note(process, 'restarted');
    process.start();
  }

  /** Lets a node stand still: nothing happens to it until it is resumed. */
  pause(name: string): void {
    const process = this.#nodeOf(name);
    if (process.state !== 'running') return;
    this.note(process, 'paused');
    process.state = 'paused';
  }

  /** Lets a paused node go on; what should have happened meanwhile happens now, in order. */
  resume(name: string): void {
    const process = this.#nodeOf(name);
    if (process.state !== 'paused') return;
    this.note(process, 'resumed');
    process.state = 'running';
    for (const event of process.deferred.splice(0)) if (!event.cancelled) this.plan(event, 0);
  }

  /**
   * Runs an operation and records it for a checker: `ok` with its result, `fail` when the options say that it did not happen,
   * `unknown` when it threw otherwise or did not end. What is open when the node that asks is killed or crashes stays `unknown`,
   * and its next life may ask under the same name.
   *
   * @throws TenstripError `HistoryMalformed` when this process has an operation open
   */
  async record<T>(
    process: string,
    operation: unknown,
    run: () => Promise<T> | T,
    options: RecordOptions = {},
  ): Promise<T> {
    const before = this.#open.get(process);
    if (before !== undefined && before.life === before.by.incarnation) {
      throw new TenstripError<ChaosErrorCode>(
        'HistoryMalformed',
        `process ${process} has an operation open already; give each client a name of its own`,
        { details: { index: this.#history.length } },
      );
    }
    if (this.#history.length >= this.settings.maxHistory)
      throw this.#exhaust('maxHistory', `${this.settings.maxHistory} operations`);
    const entry: RecordedEntry = { process, operation, call: ++this.#moment, outcome: 'unknown' };
    const { current } = this;
    const open = { entry, by: current, life: current.incarnation };
    this.#history.push(entry);
    this.#open.set(process, open);
    // Whoever is dead was told nothing: what settles afterwards leaves the operation as it is.
    const isHeard = (): boolean => open.life === open.by.incarnation;
    this.#hash.text(process);
    this.note(current, `${process} asks ${textOf(operation)}`);
    try {
      const result = await run();
      if (!isHeard()) return result;
      entry.result = result;
      entry.outcome = 'ok';
      this.note(current, `${process} gets ${textOf(result)}`);
      return result;
    } catch (error) {
      if (!isHeard()) throw error;
      if (options.failed?.(error)) entry.outcome = 'fail';
      this.note(current, `${process} gets ${entry.outcome}: ${textOf(error)}`);
      throw error;
    } finally {
      if (isHeard()) {
        this.#open.delete(process);
        entry.return = ++this.#moment;
        this.#hash.text(textOf(entry.result));
      }
    }
  }

  /** Checks something after every event: `false`, a text or an exception fails the world. */
  invariant(name: string, check: () => boolean | string): void {
    this.#invariants.push({ name, check });
  }

  // What processes, sockets and the patch use

  /** @internal */
  plan(event: SimEvent, delayMs: number): void {
    this.#queue.push(this.nowMs + delayMs, this.#sequence++, event);
  }

  /** Plans a timer by its owner's clock. @internal */
  planTimer(timer: SimEvent, ms: number): void {
    this.#queue.push(this.timerDueMs(timer.owner, ms), this.#sequence++, timer);
  }

  /** @internal */
  timerDueMs(owner: SimProcess, ms: number): number {
    const lateMs = this.#holdUp === undefined ? 0 : this.#holdUp.delayMs(owner.index);
    return this.nowMs + owner.clock.worldMs(ms) + lateMs;
  }

  /** @internal */
  cancel(event: SimEvent): void {
    this.#queue.cancel(event);
  }

  /** @internal */
  revive(event: SimEvent): void {
    this.#queue.revive(event);
  }

  /** A number that stands for a timer, for `clearTimeout`. @internal */
  numberTimer(timer: SimTimeout): number {
    const number = this.#numberedTimers.size + 1;
    this.#numberedTimers.set(number, timer);
    return number;
  }

  /** @internal */
  timerByNumber(number: number): SimTimeout | undefined {
    return this.#numberedTimers.get(number);
  }

  /** @internal */
  processByName(name: string): SimProcess | undefined {
    return this.#processes.get(name);
  }

  /** @internal */
  processByHost(host: string): SimProcess | undefined {
    return this.#processes.get(host) ?? this.#byAddress.get(host);
  }

  /** Adds a line to the story. @internal */
  note(process: SimProcess, text: string): void {
    this.log.add({ atMs: this.nowMs, node: process.name, text: text.length > 200 ? `${text.slice(0, 199)}…` : text });
  }

  /** @internal */
  hashBytes(bytes: Uint8Array | undefined): void {
    if (bytes !== undefined) this.#hash.bytes(bytes);
  }

  /** An error that nobody in `process` caught: the end of that process. @internal */
  crash(process: SimProcess, error: unknown): void {
    if (error instanceof ProcessExit || process.state === 'dead') return;
    const failure = { message: textOf(error), error };
    if (process === this.scenario) {
      this.fail({ kind: 'scenario', name: errorName(error), ...failure });
      return;
    }
    this.crashes.push({ node: process.name, atMs: this.nowMs, error });
    this.note(process, `crashed: ${textOf(error)}`);
    process.stop('nothing');
    if (!this.settings.allowCrashes) this.fail({ kind: 'crash', name: process.name, ...failure });
  }

  /** `process.exit` in a node. @internal */
  exit(code: number): never {
    const { current } = this;
    if (current === this.scenario) this.crash(current, new Error(`the scenario called process.exit(${code})`));
    else if (code === 0) {
      this.note(current, 'exited');
      current.stop('nothing');
    } else this.crash(current, new Error(`process.exit(${code})`));
    throw new ProcessExit(`process.exit(${code})`);
  }

  /** Code reached what a world cannot have; the world is over, also if this error is caught. @internal */
  nondeterminism(api: string, stack: string): TenstripError<ChaosErrorCode> {
    const node = this.current.name;
    const error = new TenstripError<ChaosErrorCode>(
      'Nondeterminism',
      `${api} reached the real machine in node ${node}${placeIn(stack)}; in a world use what is simulated, or leave it out`,
      { details: { api, node, stack } },
    );
    if (this.outcome?.kind !== 'error' && !this.#ended) this.outcome = { kind: 'error', error };
    return error;
  }

  /** @internal */
  fail(failure: SimFailure): void {
    if (this.outcome !== undefined) return;
    this.outcome = { kind: 'failure', failure };
    this.note(this.scenario, `failed: ${failure.message}`);
  }

  /** @internal */
  get isOver(): boolean {
    return this.#ended;
  }

  /** @internal */
  get digest(): string {
    return this.#hash.digest();
  }

  /** Plans the scenario itself as the first event. @internal */
  begin(scenario: Scenario): void {
    const first = new CallEvent(this.scenario, eventCode.internal, () => {
      Promise.resolve(scenario(this)).then(
        (value) => {
          this.outcome ??= { kind: 'value', value };
        },
        (error: unknown) => this.crash(this.scenario, error),
      );
    });
    this.plan(first, 0);
  }

  /** Ends as it stands; what came of it is nobody's. @internal */
  abandon(): void {
    this.outcome ??= { kind: 'value', value: undefined };
  }

  // What the driver calls

  /** Lets others have the thread for a while. @internal */
  makeWay: (() => Promise<void> | undefined) | undefined;

  /** @internal */
  step(): boolean {
    if (this.#ended) return this.#endLibraries();
    if (this.outcome !== undefined) {
      this.#end();
      return true;
    }
    for (;;) {
      const event = this.#queue.pop();
      if (event === undefined) {
        this.#exhaust('deadlock', 'no event is left and the scenario still waits');
        this.#end();
        return true;
      }
      const { owner } = event;
      if (owner.state === 'dead' || (event.incarnation !== owner.incarnation && event.incarnation !== 0)) continue;
      if (owner.state === 'paused') {
        owner.deferred.push(event);
        continue;
      }
      const timeMs = this.#queue.poppedMs;
      if (timeMs > this.settings.maxVirtualMs) {
        this.#exhaust('maxVirtualMs', `${this.settings.maxVirtualMs} ms of virtual time are over`);
        this.#end();
        return true;
      }
      this.nowMs = timeMs;
      if (event.notBeforeMs !== undefined && event.notBeforeMs > timeMs) {
        this.#queue.push(event.notBeforeMs, this.#sequence++, event);
        continue;
      }
      if (++this.events > this.settings.maxEvents) {
        this.#exhaust('maxEvents', `${this.settings.maxEvents} events happened`);
        this.#end();
        return true;
      }
      this.#hash.number(timeMs);
      this.#hash.integer((owner.index << 4) | event.code);
      this.#holdUp?.ran(owner.index);
      this.current = owner;
      this.#code = event.code;
      try {
        event.fire();
      } catch (error) {
        this.threw(error);
      }
      return true;
    }
  }

  /** @internal */
  drained(): boolean {
    if (this.#ended) return true;
    this.observer?.(this.nowMs, this.current.name, this.#code, this.#hash.digest());
    if (this.#invariants.length > 0 && this.outcome === undefined) this.#checkInvariants();
    return true;
  }

  /** @internal */
  threw(error: unknown): void {
    this.crash(this.current, error);
  }

  /** @internal */
  active(active: boolean): void {
    const world = active ? this : undefined;
    if (activeWorld() !== world) setActiveWorld(world);
  }

  #end(): void {
    this.#ended = true;
    this.current = this.scenario;
    for (const { socket } of this.openConnections) socket?.destroy();
    endConnections(this.#processes.values());
  }

  /** What a library still waits for is over: its timers tick until it has forgotten this world. `false` the second time. */
  #endLibraries(): boolean {
    if (this.#librariesEnded) return false;
    this.#librariesEnded = true;
    for (const reference of this.heldReferences.splice(0)) reference.release();
    for (const timer of this.sharedTimers) {
      for (let tick = 0; tick < maxLastTicks && timer.pending; tick++) {
        this.cancel(timer);
        try {
          timer.fire();
        } catch (error) {
          this.threw(error);
        }
      }
    }
    return true;
  }

  #checkInvariants(): void {
    this.current = this.scenario;
    for (const { name, check } of this.#invariants) {
      let verdict: boolean | string;
      try {
        verdict = check();
      } catch (error) {
        verdict = textOf(error);
      }
      if (verdict === true) continue;
      const message = verdict === false ? `invariant ${name} does not hold` : verdict;
      this.fail({ kind: 'invariant', name, message });
    }
  }

  #exhaust(bound: string, what: string): TenstripError<ChaosErrorCode> {
    const waiting = [...this.#processes.values()].map(({ name, state }) => `${name} ${state}`).join(', ');
    const message = `the world came to its bound ${bound}: ${what}, at ${this.nowMs} ms after ${this.events} events (${waiting})`;
    const error = new TenstripError<ChaosErrorCode>('WorldExhausted', message, {
      details: { bound, events: this.events, virtualMs: this.nowMs },
    });
    this.note(this.scenario, message);
    this.outcome ??= { kind: 'error', error };
    return error;
  }

  #planFault(atMs: number, begin: () => void): void {
    this.plan(new CallEvent(this.scenario, eventCode.fault, begin), atMs);
  }

  /** A drawn fault may meet a node that has the same already. */
  #beginIfPossible(node: string, fault: Parameters<FaultSurface['inject']>[1], forMs: number): void {
    try {
      this.#worldFaults.begin({ node }, fault, Math.max(1, forMs));
    } catch (error) {
      if (!(error instanceof TenstripError && error.code === 'TargetBusy')) throw error;
    }
  }

  #addProcess(name: string, main: NodeMain | undefined, options?: NodeOptions): SimProcess {
    const process = new SimProcess(this, name, this.#processes.size + 1, main, options);
    this.#processes.set(name, process);
    this.#byAddress.set(process.address, process);
    return process;
  }

  #nodeOf(name: string): SimProcess {
    const process = this.#processes.get(name);
    if (process === undefined || process === this.scenario) {
      throw new TenstripError<ChaosErrorCode>('TargetUnknown', `there is no node ${name} in this world`, {
        details: { target: name },
      });
    }
    return process;
  }
}

function errorName(error: unknown): string {
  if (error instanceof TenstripError) return error.code;
  return error instanceof Error ? error.name : typeof error;
}

/** The first line of a stack that is neither Node's nor this engine's. */
function placeIn(stack: string): string {
  const line = stack
    .split('\n')
    .find((each) => /^\s+at /.test(each) && !/node:|[\\/]chaos-engine[\\/](src|dist)[\\/]/.test(each));
  return line === undefined ? '' : ` ${line.trim()}`;
}
