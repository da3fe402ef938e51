// The one vocabulary of faults: what can go wrong, in words that a simulated world and a real host both understand. A fault
// is plain data with units in its names; whether a surface can do it is the surface's to say.

import { z } from 'zod';

const positive = z.number().positive();
const share = z.number().min(0).max(1);
const milliseconds = z.number().min(0).max(86_400_000);

/** A fault as a journal or an experiment file holds it. */
export const faultSchema = z.discriminatedUnion('kind', [
  /** The process, or with `tree` all that descends from it too, ends at once (`SIGKILL`) or by request. A host cannot undo it. */
  z.strictObject({
    kind: z.literal('process.kill'),
    signal: z.enum(['SIGKILL', 'SIGTERM']).default('SIGKILL'),
    tree: z.boolean().optional(),
  }),
  /** The process, or with `tree` all that descends from it too, stands still until the fault ends. */
  z.strictObject({ kind: z.literal('process.pause'), tree: z.boolean().optional() }),
  /** Nothing gets through between the target and `peers`; one way: nothing gets from the target to them. */
  z.strictObject({
    kind: z.literal('network.partition'),
    peers: z.array(z.string().min(1).max(256)).min(1).max(1024),
    oneWay: z.boolean().default(false),
  }),
  /** A link between the target and `peers` that is slow, lossy or narrow. Loss, duplication and reordering concern messages. */
  z.strictObject({
    kind: z.literal('network.link'),
    peers: z.array(z.string().min(1).max(256)).min(1).max(1024),
    latencyMs: milliseconds.default(0),
    jitterMs: milliseconds.default(0),
    loss: share.default(0),
    duplicate: share.default(0),
    reorder: share.default(0),
    bytesPerSecond: positive.optional(),
  }),
  /** A toxic on a proxy between the target and what it depends on; attributes as Toxiproxy names them. */
  z.strictObject({
    kind: z.literal('dependency.toxic'),
    type: z.enum(['latency', 'bandwidth', 'slow_close', 'timeout', 'reset_peer', 'slicer', 'limit_data', 'down']),
    stream: z.enum(['upstream', 'downstream']).default('downstream'),
    toxicity: share.default(1),
    attributes: z.record(z.string().max(64), z.number()).default({}),
  }),
  /** `cores` cores are busy to `percent` each. */
  z.strictObject({
    kind: z.literal('cpu.burn'),
    cores: z.number().int().min(1).max(1024),
    percent: z.number().min(1).max(100).default(100),
  }),
  /** So much memory is taken and touched. */
  z.strictObject({
    kind: z.literal('memory.fill'),
    bytes: z
      .number()
      .int()
      .min(1)
      .max(2 ** 40),
  }),
  /** The target's clock is off by so much, and drifts. */
  z.strictObject({
    kind: z.literal('clock.skew'),
    offsetMs: z.number().min(-86_400_000_000).max(86_400_000_000),
    driftPpm: z.number().min(-500_000).max(500_000).default(0),
  }),
]);

/** What goes wrong. */
export type Fault = z.output<typeof faultSchema>;
/** Its name. */
export type FaultKind = Fault['kind'];

/** What a fault is done to, as data. */
export const faultTargetSchema = z.union([
  /** A process of this host. `startTime` (clock ticks since boot, /proc/PID/stat field 22) pins it against reuse of its number. */
  z.strictObject({ pid: z.number().int().min(1), startTime: z.number().int().min(0).optional() }),
  /** A node of a simulated world. */
  z.strictObject({ node: z.string().min(1).max(256) }),
  /** A network namespace of this host, by name; '' is the one that the engine runs in. */
  z.strictObject({ namespace: z.string().max(256) }),
  /** A proxy, by name. */
  z.strictObject({ proxy: z.string().min(1).max(256) }),
  /** The whole host. */
  z.strictObject({ host: z.literal('local') }),
]);

/** Where it goes wrong. */
export type FaultTarget = z.output<typeof faultTargetSchema>;

/** A text that names a target: equal for equal targets. */
export function targetName(target: FaultTarget): string {
  const [[key, value]] = Object.entries(target) as [[string, unknown]];
  return `${key}:${String(value)}`;
}
