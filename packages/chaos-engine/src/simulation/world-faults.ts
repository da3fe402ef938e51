// A world as a `FaultSurface`: the same faults, targets and leases as on a real host, in virtual time.

import { type Clock, type RandomSource, TenstripError } from '@tenstrip/shared-core';
import type { ChaosErrorCode } from '../errors/index.js';
import {
  type ActiveFault,
  type Fault,
  type FaultCapability,
  type FaultKind,
  type FaultSurface,
  type FaultTarget,
  faultSchema,
  faultTargetSchema,
  type InjectOptions,
  targetName,
} from '../faults/index.js';
import { scenarioName, type WorldFaultKind, worldFaultKinds } from './fault-plan.js';
import { CallEvent, eventCode } from './sim-event.js';
import type { SimProcess } from './sim-process.js';
import type { World } from './world.js';

const supported: FaultCapability = { supported: true };
const missing = (what: string): FaultCapability => ({ supported: false, missing: what });
const capabilities: Readonly<Record<FaultKind, FaultCapability>> = {
  'process.kill': supported,
  'process.pause': supported,
  'network.partition': supported,
  'network.link': supported,
  'clock.skew': supported,
  'dependency.toxic': missing('a proxy; make the link slow or lossy with network.link'),
  'cpu.burn': missing('a processor: virtual time costs none; hold events up with a strategy'),
  'memory.fill': missing('memory of its own'),
};

/** Faults of one world. A target is a node, `{ node }`. */
export class WorldFaults implements FaultSurface {
  readonly #world: World;
  readonly #active = new Map<string, ActiveFault>();
  #count = 0;

  constructor(world: World) {
    this.#world = world;
  }

  get clock(): Clock {
    return this.#world.clock;
  }

  get random(): RandomSource {
    return this.#world.random;
  }

  async capabilities(): Promise<Readonly<Record<FaultKind, FaultCapability>>> {
    return capabilities;
  }

  async targets(): Promise<readonly FaultTarget[]> {
    return this.#world.nodes.map(({ name }) => ({ node: name }));
  }

  async inject(target: FaultTarget, fault: Fault, options: InjectOptions): Promise<ActiveFault> {
    options.signal?.throwIfAborted();
    return this.begin(target, fault, options.ttlMs);
  }

  async revertAll(): Promise<void> {
    for (const fault of [...this.#active.values()]) await fault.revert();
  }

  /** As `inject`, at once. @internal */
  begin(givenTarget: FaultTarget, givenFault: Fault, ttlMs: number): ActiveFault {
    const target = faultTargetSchema.safeParse(givenTarget);
    const fault = faultSchema.safeParse(givenFault);
    if (!target.success) throw invalid('target', target.error.issues);
    if (!fault.success) throw invalid('fault', fault.error.issues);
    if (!(ttlMs >= 1 && ttlMs <= 86_400_000)) {
      throw invalid(`ttlMs is ${ttlMs}; give 1 to 86,400,000 milliseconds; the fault`, []);
    }
    const process = this.#processOf(target.data);
    // Before anything is done: a fault takes effect as a whole or not at all.
    if ('peers' in fault.data) for (const peer of fault.data.peers) this.#world.network.assertProcess(peer);
    if (!isWorldFault(fault.data)) {
      const capability = capabilities[fault.data.kind] as { missing: string };
      throw new TenstripError<ChaosErrorCode>(
        'FaultUnsupported',
        `a simulated world cannot inject ${fault.data.kind}: it lacks ${capability.missing}`,
        { details: { kind: fault.data.kind, missing: capability.missing } },
      );
    }
    const key = `${fault.data.kind} ${targetName(target.data)}`;
    if (this.#active.has(key)) {
      throw new TenstripError<ChaosErrorCode>('TargetBusy', `${key} is active already; revert it first`, {
        details: { target: targetName(target.data) },
      });
    }
    return this.#start(key, process, target.data, fault.data, ttlMs);
  }

  #start(key: string, process: SimProcess, target: FaultTarget, fault: WorldFault, ttlMs: number): ActiveFault {
    const world = this.#world;
    const undo = this.#apply(process, fault);
    world.note(process, `${describeFault(fault)} begins`);
    const revert = (): void => {
      if (this.#active.get(key) !== active) return;
      this.#active.delete(key);
      world.cancel(end);
      world.note(process, `${fault.kind} ends`);
      undo();
    };
    const end = new CallEvent(world.scenario, eventCode.fault, revert);
    const active: ActiveFault = {
      id: `fault-${++this.#count}`,
      target,
      fault,
      endsAt: world.clock.now() + ttlMs,
      revert: async () => revert(),
      [Symbol.asyncDispose]: async () => revert(),
    };
    this.#active.set(key, active);
    world.plan(end, ttlMs);
    return active;
  }

  #apply(process: SimProcess, fault: WorldFault): () => void {
    const world = this.#world;
    const { name } = process;
    switch (fault.kind) {
      case 'process.kill':
        world.kill(name);
        return () => {
          if (process.state === 'dead') world.restart(name);
        };
      case 'process.pause':
        world.pause(name);
        return () => world.resume(name);
      case 'network.partition':
        return world.network.partition([[name], fault.peers], { oneWay: fault.oneWay }).undo;
      case 'network.link': {
        const { kind: _, peers, ...given } = fault;
        const faults = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
        const undos = peers.map((peer) => world.network.link(name, peer, faults));
        return () => {
          for (const { undo } of undos) undo();
        };
      }
      case 'clock.skew': {
        const { offsetMs, driftPpm } = process.clock.skewed;
        process.clock.skew(fault.offsetMs, fault.driftPpm);
        return () => process.clock.skew(offsetMs, driftPpm);
      }
    }
  }

  #processOf(target: FaultTarget): SimProcess {
    const name = 'node' in target ? target.node : undefined;
    const process = name === undefined || name === scenarioName ? undefined : this.#world.processByName(name);
    if (process === undefined) {
      throw new TenstripError<ChaosErrorCode>(
        'TargetUnknown',
        `${targetName(target)} is no node of this world; it has ${this.#world.nodes.map((node) => node.name).join(', ') || 'none'}`,
        { details: { target: targetName(target) } },
      );
    }
    return process;
  }
}

type WorldFault = Extract<Fault, { kind: WorldFaultKind }>;

function isWorldFault(fault: Fault): fault is WorldFault {
  return (worldFaultKinds as readonly string[]).includes(fault.kind);
}

function describeFault({ kind, ...rest }: Fault): string {
  const details = Object.entries(rest)
    .filter(([, value]) => value !== undefined && value !== 0 && value !== false)
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join('+') : String(value)}`);
  return [kind, ...details].join(', ');
}

function invalid(
  what: string,
  issues: readonly { path: PropertyKey[]; message: string }[],
): TenstripError<ChaosErrorCode> {
  const texts = issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
  return new TenstripError<ChaosErrorCode>('OptionsInvalid', `${what} is not valid: ${texts.join('; ')}`, {
    details: { issues: texts },
  });
}
