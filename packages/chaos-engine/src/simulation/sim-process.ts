// One process of a world: a name, an address, a clock, chance, a disk that outlives it, and what it has open. A life of it is an
// incarnation; whatever was planned in an earlier one never happens.

import { type RandomSource, TenstripError } from '@tenstrip/shared-core';
import type { ChaosErrorCode } from '../errors/index.js';
import { SimClock } from './sim-clock.js';
import { type DiskLoss, type DiskOptions, SimDisk } from './sim-disk.js';
import { CallEvent, eventCode, type SimEvent } from './sim-event.js';
import type { SimConnection, SimListener } from './sim-socket.js';
import type { World } from './world.js';

/** What a node's main function gets. */
export interface NodeEnv {
  readonly name: string;
  /** An IPv4 address of 10.0.0.0/8 that is its own; the name resolves to it. */
  readonly address: string;
  /** 1 in its first life, one more after each restart. */
  readonly incarnation: number;
  /** This node's clock, the same that `Date` and timers follow here. */
  readonly clock: SimClock;
  /** This node's chance, a stream of its own. */
  readonly random: RandomSource;
  /** What survives a restart. */
  readonly disk: SimDisk;
  /** Sends a message, which may be lost, late, doubled or overtaken as its link is. It is copied (`structuredClone`). */
  send(to: string, message: unknown): void;
  /** Takes the messages sent to this node. A message that nobody takes is gone. */
  onMessage(handler: (message: never, from: string) => void): void;
}

/** How a node is made. */
export interface NodeOptions {
  /** How much its clock is fast, parts per million. Default 0. */
  readonly clockSkewPpm?: number;
  readonly disk?: DiskOptions;
}

/** A node as a scenario sees it. */
export interface SimNode {
  readonly name: string;
  readonly address: string;
  readonly state: ProcessState;
  /** Resolves when the main function of the life that it has now has returned: a server is up, a client is done. */
  readonly ready: Promise<void>;
}

/** `dead`: killed, ended or crashed; `restart` makes it run again. */
export type ProcessState = 'running' | 'paused' | 'dead';

/** @internal */
export type NodeMain = (env: NodeEnv) => Promise<void> | void;

/** Thrown by `process.exit` in a node so that nothing after it runs. */
export class ProcessExit extends Error {
  override readonly name = 'ProcessExit';
}

/** A node, or the scenario itself. */
export class SimProcess implements SimNode {
  readonly world: World;
  readonly name: string;
  readonly address: string;
  readonly index: number;
  readonly clock: SimClock;
  readonly disk: SimDisk;
  readonly listeners = new Map<number | string, SimListener>();
  readonly connections = new Set<SimConnection>();
  /** Made by the runtime patch when first needed: undici dispatchers and the default agent of node:http. */
  readonly perProcess = new Map<unknown, unknown>();
  readonly deferred: SimEvent[] = [];
  /** Counts beginnings and ends of lives, so that what was planned in one that is over is told apart. */
  incarnation = 0;
  #lives = 0;
  state: ProcessState = 'dead';
  nextPort = 32_768;
  onMessage: ((message: never, from: string) => void) | undefined;
  #ready: { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } = settleable();
  readonly #main: NodeMain | undefined;
  #chance: RandomSource | undefined;
  #entropy: RandomSource | undefined;

  constructor(world: World, name: string, index: number, main: NodeMain | undefined, options: NodeOptions = {}) {
    this.world = world;
    this.name = name;
    this.index = index;
    this.address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
    this.clock = new SimClock(this, world.epochMs);
    if (options.clockSkewPpm !== undefined) this.clock.skew(0, options.clockSkewPpm);
    this.disk = new SimDisk(this, () => world.decisions.stream(`disk ${name}`), options.disk);
    this.#main = main;
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** What `Math.random` draws from here. */
  get chance(): RandomSource {
    this.#chance ??= this.world.seeded.stream('chance', this.name);
    return this.#chance;
  }

  /** What `node:crypto` draws from here. */
  get entropy(): RandomSource {
    this.#entropy ??= this.world.seeded.stream('entropy', this.name);
    return this.#entropy;
  }

  get random(): RandomSource {
    return this.chance;
  }

  /** Begins a life. */
  start(): void {
    this.incarnation++;
    this.#lives++;
    this.state = 'running';
    this.onMessage = undefined;
    this.#ready = settleable();
    const ready = this.#ready;
    const main = this.#main;
    if (main === undefined) return;
    // The scenario waits for it, so the answer comes to the scenario as an event of its own.
    const told = (settle: () => void): void =>
      this.world.plan(new CallEvent(this.world.scenario, eventCode.internal, settle), 0);
    this.world.plan(
      new CallEvent(this, eventCode.internal, () => {
        Promise.resolve(main(this.#env())).then(
          () => told(ready.resolve),
          (error: unknown) => {
            this.world.crash(this, error);
            told(() => ready.reject(error));
          },
        );
      }),
      0,
    );
  }

  /** Ends a life; what it has open breaks. */
  stop(loss: DiskLoss): void {
    if (this.state === 'dead') return;
    this.state = 'dead';
    this.incarnation++;
    this.deferred.length = 0;
    this.onMessage = undefined;
    for (const connection of this.connections) connection.abandon();
    this.connections.clear();
    this.listeners.clear();
    this.disk.crash(loss);
    const { reject } = this.#ready;
    const gone = new TenstripError<ChaosErrorCode>(
      'TargetUnknown',
      `node ${this.name} ended before its main returned`,
      {
        details: { target: this.name },
      },
    );
    this.world.plan(new CallEvent(this.world.scenario, eventCode.internal, () => reject(gone)), 0);
  }

  #env(): NodeEnv {
    const { world, name, address, clock, random, disk } = this;
    return {
      name,
      address,
      incarnation: this.#lives,
      clock,
      random,
      disk,
      send: (to, message) => world.network.sendMessage(this, to, message),
      onMessage: (handler) => {
        this.onMessage = handler;
      },
    };
  }
}

function settleable(): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => {}); // somebody may look at it or not; a crash is reported by the world
  return { promise, resolve, reject };
}
