// A world in one string: `chaos1.` and base64url of a checksum and deflated JSON of the seed, the settings, the faults kept, the draws
// kept, and the versions and hash of the run that it comes from.

import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { TenstripError } from '@tenstrip/shared-core';
import { z } from 'zod';
import type { ChaosErrorCode } from '../errors/index.js';
import type { DecisionMask } from './decisions.js';
import { type WorldSettings, worldSettingsSchema } from './world-options.js';

/** Everything that decides a world, but its code. @internal */
export interface Trace {
  /** The scenario function's name; may be empty. */
  readonly scenario: string;
  readonly seed: string;
  readonly settings: WorldSettings;
  /** The planned and drawn faults that occur; `undefined` for all. */
  readonly faults: readonly string[] | undefined;
  /** Faults that begin at another time than was planned or drawn: milliseconds since the world began. */
  readonly moved: Readonly<Record<string, number>>;
  readonly mask: DecisionMask;
}

/** What a trace says of the run that it comes from. @internal */
export interface DecodedTrace extends Trace {
  readonly traceHash: string;
  /** The major version of Node. */
  readonly node: number;
}

const prefix = 'chaos1.';
const maxTraceBytes = 16 * 2 ** 20;
const nodeMajor = Number(process.versions.node.split('.')[0]);

const maskSchema = z.union([z.enum(['all', 'none']), z.array(z.number().int().min(0))]);
const traceSchema = z.object({
  c: z.string(),
  s: z.string(),
  o: z.unknown(),
  f: z.array(z.string()).optional(),
  t: z.record(z.string(), z.number().min(0)).optional(),
  m: z.enum(['all', 'none']),
  d: z.record(z.string(), maskSchema).optional(),
  h: z.string(),
  n: z.number(),
});

/** @internal */
export function encodeTrace(trace: Trace, traceHash: string): string {
  const { scenario, seed, settings, faults, moved, mask } = trace;
  const json = JSON.stringify({
    c: scenario,
    s: seed,
    o: differences(settings),
    f: faults,
    t: Object.keys(moved).length === 0 ? undefined : moved,
    m: mask.others,
    d: Object.keys(mask.streams).length === 0 ? undefined : mask.streams,
    h: traceHash,
    n: nodeMajor,
  });
  const deflated = deflateRawSync(json, { level: 9 });
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(deflated));
  return prefix + Buffer.concat([checksum, deflated]).toString('base64url');
}

/** @throws TenstripError `TraceInvalid` @internal */
export function decodeTrace(text: string): DecodedTrace {
  if (typeof text !== 'string' || !text.startsWith(prefix)) throw invalid(`it does not begin with ${prefix}`);
  const bytes = Buffer.from(text.slice(prefix.length), 'base64url');
  if (bytes.length < 5) throw invalid('it is cut off');
  const deflated = bytes.subarray(4);
  if (bytes.readUInt32BE() !== crc32(deflated))
    throw invalid('its checksum is wrong: characters are missing or changed');
  try {
    const json: unknown = JSON.parse(inflateRawSync(deflated, { maxOutputLength: maxTraceBytes }).toString());
    const { c, s, o, f, t, m, d, h, n } = traceSchema.parse(json);
    const settings = worldSettingsSchema.parse(o) as WorldSettings;
    const mask = { others: m, streams: d ?? {} };
    return { scenario: c, seed: s, settings, faults: f, moved: t ?? {}, mask, traceHash: h, node: n };
  } catch (cause) {
    throw invalid('its content is not that of a trace', cause);
  }
}

/** The settings that are not the defaults. */
function differences(settings: WorldSettings): Partial<WorldSettings> {
  const defaults = worldSettingsSchema.parse({}) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(settings).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(defaults[key])),
  );
}

function invalid(problem: string, cause?: unknown): TenstripError<ChaosErrorCode> {
  return new TenstripError<ChaosErrorCode>('TraceInvalid', `this is no trace that can be replayed: ${problem}`, {
    details: { problem },
    ...(cause !== undefined && { cause }),
  });
}
