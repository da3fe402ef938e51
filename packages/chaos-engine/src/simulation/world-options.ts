// What a world is made of, checked at the border.

import { TenstripError } from '@tenstrip/shared-core';
import { z } from 'zod';
import type { ChaosErrorCode } from '../errors/index.js';
import { plannedFaultSchema, swarmSchema } from './fault-plan.js';
import type { LinkFaults } from './sim-network.js';
import type { Strategy } from './strategies.js';

const share = z.number().min(0).max(1);
const milliseconds = z.number().min(0).max(86_400_000);

/** What a link is made worse by. */
const linkSchema = z.strictObject({
  latencyMs: milliseconds.optional(),
  jitterMs: milliseconds.optional(),
  loss: share.optional(),
  duplicate: share.optional(),
  reorder: share.optional(),
  slice: share.optional(),
  bytesPerSecond: z.number().positive().optional(),
});

const strategySchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('plain') }),
  z.strictObject({ name: z.literal('random'), probability: share.optional(), slackMs: milliseconds.optional() }),
  z.strictObject({
    name: z.literal('pct'),
    depth: z.number().int().min(1).max(64).optional(),
    slackMs: milliseconds.optional(),
    steps: z.number().int().min(1).optional(),
  }),
]);

/** The part of a world's options that is data and goes into its trace. */
export const worldSettingsSchema = z.strictObject({
  /** Added to virtual time by `Date`, milliseconds since 1970. Default 2026-01-01T00:00:00Z. */
  epochMs: z.number().int().min(0).max(8.64e15).default(1_767_225_600_000),
  /** Events until `WorldExhausted`. Default 10,000,000. */
  maxEvents: z.number().int().min(1).max(1e12).default(10_000_000),
  /** Virtual time until `WorldExhausted`, milliseconds. Default a day. */
  maxVirtualMs: z.number().positive().max(1e12).default(86_400_000),
  /** Operations that a history holds until `WorldExhausted`. Default 1,000,000. */
  maxHistory: z.number().int().min(1).max(1e9).default(1_000_000),
  /** What every link is like; a swarm may draw it. Default 0.5 ms and no faults. */
  network: linkSchema.optional(),
  /** How the order of events is explored; a swarm may draw it. Default plain. */
  strategy: strategySchema.optional(),
  /** Faults at given moments. */
  faults: z.array(plannedFaultSchema).max(10_000).default([]),
  /** Draw faults, links and strategy from the seed. */
  swarm: swarmSchema.optional(),
  /** A node's crash does not fail the world; it is reported all the same. Default false. */
  allowCrashes: z.boolean().default(false),
});

/** @internal */
export interface WorldSettings extends Omit<z.output<typeof worldSettingsSchema>, 'network' | 'strategy'> {
  readonly network?: Partial<LinkFaults>;
  readonly strategy?: Strategy;
}

const nodeSchema = z.strictObject({
  clockSkewPpm: z.number().min(-500_000).max(500_000).optional(),
  disk: z
    .strictObject({
      accessMs: milliseconds.optional(),
      syncMs: milliseconds.optional(),
      maxBytes: z.number().int().min(0).optional(),
    })
    .optional(),
});
const skewSchema = z.strictObject({
  offsetMs: z.number().min(-86_400_000_000).max(86_400_000_000),
  driftPpm: z.number().min(-500_000).max(500_000),
});

/** Checks settings. @throws TenstripError `OptionsInvalid` */
export function checkSettings(given: unknown): WorldSettings {
  return checked(worldSettingsSchema, given, 'a world cannot be made of these options') as WorldSettings;
}

/** @throws TenstripError `OptionsInvalid` */
export function assertNodeOptions(given: unknown): void {
  checked(nodeSchema, given, 'a node cannot be made of these options');
}

/** @throws TenstripError `OptionsInvalid` */
export function assertLinkFaults(given: unknown): void {
  checked(linkSchema, given, 'a link cannot be like this');
}

/** @throws TenstripError `OptionsInvalid` */
export function assertSkew(offsetMs: number, driftPpm: number): void {
  checked(skewSchema, { offsetMs, driftPpm }, 'a clock cannot be off like this');
}

function checked<T>(schema: z.ZodType<T>, given: unknown, problem: string): T {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(
    ({ path, message }) => `${path.map(String).join('.') || 'options'}: ${message}`,
  );
  throw new TenstripError<ChaosErrorCode>('OptionsInvalid', `${problem}: ${issues.join('; ')}`, {
    details: { issues },
  });
}
