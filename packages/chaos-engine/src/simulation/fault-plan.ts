// Faults that are planned before a world begins, in the words that experiments use too. A swarm draws them from the seed: first
// which kinds occur at all (Groce, Zhang, Eide, Chen, Regehr, "Swarm testing", ISSTA 2012), then how many of each and when. Each
// fault has a stream of its own, so that leaving one out changes no other.

import type { RandomSource } from '@tenstrip/shared-core';
import { z } from 'zod';
import { type Fault, type FaultTarget, faultSchema, faultTargetSchema } from '../faults/index.js';
import type { LinkFaults } from './sim-network.js';
import type { Strategy } from './strategies.js';

const instantMs = z.number().min(0).max(86_400_000);

/** A fault at a moment of virtual time. */
export const plannedFaultSchema = z.strictObject({
  /** Since the world began, milliseconds. */
  atMs: instantMs,
  /** For so long; a killed node is restarted then. */
  forMs: instantMs,
  target: faultTargetSchema,
  fault: faultSchema,
});

/** A fault at a moment of virtual time. */
export interface PlannedFault {
  /** Since the world began, milliseconds. */
  readonly atMs: number;
  /** For so long, milliseconds; a killed node is restarted then. */
  readonly forMs: number;
  readonly target: FaultTarget;
  /** As an experiment writes it: what has a default may be left out. */
  readonly fault: z.input<typeof faultSchema>;
}

/** The name of the process that the scenario itself is. */
export const scenarioName = 'scenario';

/** A kind of fault that a world can have. */
export type WorldFaultKind = 'process.kill' | 'process.pause' | 'network.partition' | 'network.link' | 'clock.skew';

/** All of them. */
export const worldFaultKinds = [
  'process.kill',
  'process.pause',
  'network.partition',
  'network.link',
  'clock.skew',
] as const satisfies readonly WorldFaultKind[];

/** What a swarm may draw for a seed. */
export const swarmSchema = z.strictObject({
  /** Kinds of faults. Default: all that a world has. */
  kinds: z.array(z.enum(worldFaultKinds)).default([...worldFaultKinds]),
  /** Nodes that faults may be done to. Default: all but the scenario. */
  nodes: z.array(z.string().min(1).max(256)).min(1).optional(),
  /** Faults begin in this time, milliseconds since the world began. */
  fromMs: instantMs.default(0),
  untilMs: instantMs.default(10_000),
  /** The longest time of a fault. */
  longestMs: instantMs.default(5_000),
  /** At most so many faults of a kind. */
  perKind: z.number().int().min(1).max(64).default(3),
  /** Whether links of a seed may be unsteady and slice writes throughout. */
  unsteady: z.boolean().default(true),
  /** Whether a seed may have late timers. */
  lateTimers: z.boolean().default(true),
});

/** What a swarm may draw for a seed; every field has a default. */
export interface SwarmOptions {
  /** Kinds of faults. Default: all that a world has. */
  readonly kinds?: readonly WorldFaultKind[];
  /** Nodes that faults may be done to. Default: all but the scenario. */
  readonly nodes?: readonly string[];
  /** Faults begin from here, milliseconds since the world began. Default 0. */
  readonly fromMs?: number;
  /** And until here. Default 10,000. */
  readonly untilMs?: number;
  /** The longest time of a fault, milliseconds. Default 5,000. */
  readonly longestMs?: number;
  /** At most so many faults of a kind. Default 3. */
  readonly perKind?: number;
  /** Whether links of a seed may be unsteady and slice writes throughout. Default true. */
  readonly unsteady?: boolean;
  /** Whether a seed may have late timers. Default true. */
  readonly lateTimers?: boolean;
}
type Swarm = z.output<typeof swarmSchema>;

/** A fault whose target and size are drawn when it begins, from what the world has then. */
interface DrawnFault {
  readonly id: string;
  readonly atMs: number;
  readonly forMs: number;
  /** `undefined` when there is nothing to do it to. */
  resolve(nodes: readonly string[]): { readonly node: string; readonly fault: Fault } | undefined;
}

/** What a swarm drew for one seed. */
export interface DrawnSwarm {
  readonly faults: readonly DrawnFault[];
  readonly network: Partial<LinkFaults>;
  readonly strategy: Strategy;
}

/** Draws the mix of one seed. */
export function drawSwarm(swarm: Swarm, random: RandomSource): DrawnSwarm {
  const faults = swarm.kinds.flatMap((kind) => {
    const mix = random.stream('swarm', kind);
    if (mix.float() < 0.5) return [];
    return Array.from({ length: mix.integer(1, swarm.perKind) }, (_, index) =>
      drawFault(kind, index, swarm, random.stream('swarm', kind, index)),
    );
  });
  return {
    faults,
    network: drawNetwork(swarm, random.stream('swarm', 'network')),
    strategy: drawStrategy(swarm, random),
  };
}

function drawFault(kind: WorldFaultKind, index: number, swarm: Swarm, random: RandomSource): DrawnFault {
  const atMs = swarm.fromMs + random.float() * Math.max(0, swarm.untilMs - swarm.fromMs);
  const forMs = Math.max(1, random.float() ** 2 * swarm.longestMs);
  return {
    id: `${kind}#${index}`,
    atMs,
    forMs,
    resolve(nodes) {
      const candidates = swarm.nodes === undefined ? nodes : nodes.filter((name) => swarm.nodes!.includes(name));
      const size = random.stream('size');
      if (candidates.length === 0) return undefined;
      const node = candidates[size.integer(0, candidates.length - 1)]!;
      return { node, fault: sizedFault(kind, node, nodes, size) };
    },
  };
}

function sizedFault(kind: WorldFaultKind, node: string, nodes: readonly string[], size: RandomSource): Fault {
  const others = [...nodes.filter((name) => name !== node), scenarioName];
  const some = (): string[] => {
    const picked = others.filter(() => size.float() < 0.5);
    return picked.length > 0 ? picked : [others[size.integer(0, others.length - 1)]!];
  };
  switch (kind) {
    case 'process.kill':
      return { kind, signal: 'SIGKILL' };
    case 'process.pause':
      return { kind };
    case 'clock.skew':
      return {
        kind,
        offsetMs: Math.round((size.float() - 0.5) * 20_000),
        driftPpm: Math.round((size.float() - 0.5) * 2000),
      };
    case 'network.partition':
      return { kind, peers: some(), oneWay: size.float() < 0.3 };
    case 'network.link':
      return {
        kind,
        peers: some(),
        latencyMs: Math.round(size.float() ** 2 * 500),
        jitterMs: Math.round(size.float() ** 2 * 200),
        loss: size.float() < 0.5 ? 0 : round(size.float() * 0.5),
        duplicate: size.float() < 0.5 ? 0 : round(size.float() * 0.5),
        reorder: size.float() < 0.5 ? 0 : round(size.float() * 0.5),
        ...(size.float() < 0.8 ? {} : { bytesPerSecond: 10 ** size.integer(3, 6) }),
      };
  }
}

function drawNetwork(swarm: Swarm, random: RandomSource): Partial<LinkFaults> {
  const unsteady = random.float() < 0.75 && swarm.unsteady;
  const jitterMs = random.float() ** 2 * 20;
  const slice = random.float() < 0.5 ? 0 : 0.25;
  return unsteady ? { jitterMs: round(jitterMs), slice } : {};
}

function drawStrategy(swarm: Swarm, random: RandomSource): Strategy {
  const kind = random.stream('swarm', 'strategy').integer(0, 2);
  if (!swarm.lateTimers || kind === 0) return { name: 'plain' };
  return kind === 1 ? { name: 'random' } : { name: 'pct' };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
