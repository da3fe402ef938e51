// What a governor may be told: its limits, its mode, and the seams for tests. Checked once, at the border, by zod.
import { z } from 'zod';
import type { SandboxPolicy } from '../capabilities/index.js';
import type { Clock } from '../determinism/index.js';
import { type CoreErrorCode, TenstripError } from '../errors/index.js';
import type { Logger } from '../logging/index.js';
import type { UsageMeter } from './usage-meter.js';

/** The limits of one governor. What is left out is not limited, unless a default is named. */
export interface GovernorLimits {
  /** CPU time, where 100 is one core fully used, as `top` shows it. */
  cpuPercent?: number;
  /** Bytes of memory: reservations, and at the root the resident set as well. */
  ramBytes?: number;
  /** I/O operations per second. */
  ioOpsPerSecond?: number;
  /** I/O bytes per second. */
  ioBytesPerSecond?: number;
  /** I/O operations that may come at once. Default: 10 ms of the rate, at least 1. A burst under 20 ms loses accuracy. */
  ioBurstOps?: number;
  /** I/O bytes that may come at once. Default: 10 ms of the rate, at least 1. */
  ioBurstBytes?: number;
  /** Operations that run at once. Default `Infinity`. */
  maxConcurrency?: number;
  /** Operations that wait at once, and as many that wait for I/O. Default 10,000. */
  maxQueue?: number;
  /** Milliseconds from the call to the end of an operation. */
  deadlineMs?: number;
  /** Share among siblings when the parent has too little for all. Default 1. */
  weight?: number;
}

/** How a root governor is made: limits, mode, and the seams for tests in which no real clock decides. */
export interface GovernorOptions extends GovernorLimits {
  /** Shown in statistics, errors and logs. Default `'governor'`. */
  name?: string;
  /** One operation at a time, virtual time, random numbers and entropy from the seed; nothing measured decides. */
  deterministic?: { seed: number | bigint | string };
  /** Deny by default: what the policy does not grant is not there. Without a policy everything is granted. */
  sandbox?: SandboxPolicy;
  /** Default: the system clock; deterministic: a virtual clock that moves on whenever all is idle. A given clock is moved by its giver. */
  clock?: Clock;
  /** Default: the meter of this process. */
  meter?: UsageMeter;
  /** Default: a logger made on first use. */
  logger?: Logger;
}

/** How many operations may wait when nothing is said. */
export const defaultMaxQueue = 10_000;

const positive = z.number().positive();
const count = z.number().int().positive();
const countOrInfinity = z.union([count, z.literal(Number.POSITIVE_INFINITY)], {
  error: 'expected a whole number from 1 on, or Infinity',
});

const limitShape = {
  cpuPercent: positive,
  ramBytes: positive,
  ioOpsPerSecond: positive,
  ioBytesPerSecond: positive,
  ioBurstOps: z.number().min(1),
  ioBurstBytes: z.number().min(1),
  maxConcurrency: countOrInfinity,
  maxQueue: z.union([z.number().int().nonnegative(), z.literal(Number.POSITIVE_INFINITY)], {
    error: 'expected a whole number from 0 on, or Infinity',
  }),
  deadlineMs: positive,
  weight: positive,
};

const grant = z.union([z.literal(true), z.array(z.string()).readonly()], {
  error: 'expected true or a list of texts',
});

const limitsSchema = z.strictObject(limitShape).partial();

const optionsSchema = z
  .strictObject({
    ...limitShape,
    name: z.string().min(1),
    deterministic: z.strictObject({ seed: z.union([z.number(), z.bigint(), z.string()]) }),
    sandbox: z.strictObject({
      grants: z
        .strictObject({ 'fs.read': grant, 'fs.write': grant, net: grant, process: grant, native: grant, env: grant })
        .partial(),
      isolate: z.enum(['none', 'worker', 'process']).optional(),
    }),
    clock: withMethods<Clock>('now', 'monotonicMs', 'sleep', 'schedule'),
    meter: withMethods<UsageMeter>('cpuMicros', 'residentBytes'),
    logger: withMethods<Logger>('child', 'debug'),
  })
  .partial();

const specSchema = z
  .object({
    name: z.string(),
    ioOps: z.number().nonnegative(),
    ioBytes: z.number().nonnegative(),
    reserveBytes: z.number().nonnegative(),
    deadlineMs: z.number().nonnegative(),
    signal: z.instanceof(AbortSignal),
  })
  .partial();

/**
 * The options of a root governor, checked and copied.
 *
 * @throws TenstripError `GovernorLimitsInvalid` that names every wrong key at once.
 */
export function checkedOptions(options: GovernorOptions): GovernorOptions {
  refuseInvalid('governor options', optionsSchema, options);
  return { ...options };
}

/** The limits of a child governor, checked and copied. @throws TenstripError `GovernorLimitsInvalid` */
export function checkedLimits(limits: GovernorLimits): GovernorLimits {
  refuseInvalid('governor limits', limitsSchema, limits);
  return { ...limits };
}

/** Says what is wrong with the costs of an operation. To be called when {@link isAmount} found one that is wrong. */
export function refuseSpec(spec: unknown): never {
  refuseInvalid('operation', specSchema, spec);
  throw invalid('operation', [{ key: '', value: spec, problem: 'expected finite amounts of at least 0' }]);
}

/** Whether `amount` is a number from 0 on that is finite, or left out. */
export function isAmount(amount: number | undefined): boolean {
  return amount === undefined || (typeof amount === 'number' && amount >= 0 && amount < Number.POSITIVE_INFINITY);
}

/** @throws TenstripError `GovernorLimitsInvalid` when `amount` of `key` is not a finite number from 0 on. */
export function checkAmount(key: string, amount: number | undefined): void {
  if (isAmount(amount)) return;
  throw invalid('amount', [{ key, value: amount, problem: 'expected a finite number of at least 0' }]);
}

/** @throws TenstripError `GovernorLimitsInvalid` when `cost` is no object, or an amount in it none. */
export function checkCost(cost: { ops?: number; bytes?: number }): void {
  if (typeof cost !== 'object' || cost === null) {
    throw invalid('cost', [{ key: '', value: cost, problem: 'expected an object with ops, bytes or both' }]);
  }
  checkAmount('ops', cost.ops);
  checkAmount('bytes', cost.bytes);
}

/** @throws TenstripError `GovernorLimitsInvalid` when `name` is not a text that names something. */
export function checkName(name: unknown): void {
  if (typeof name === 'string' && name !== '') return;
  throw invalid('governor', [{ key: 'name', value: name, problem: 'expected a text that is not empty' }]);
}

/** @throws TenstripError `GovernorLimitsInvalid` unless `count` of `key` is a whole number from 0 to `most`. */
export function checkCount(key: string, count: number, most: number): void {
  if (Number.isInteger(count) && count >= 0 && count <= most) return;
  throw invalid('amount', [{ key, value: count, problem: `expected a whole number from 0 to ${most}` }]);
}

interface Problem {
  readonly key: string;
  readonly value: unknown;
  readonly problem: string;
}

function refuseInvalid(what: string, schema: z.ZodType, given: unknown): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalid(what, [{ key: what, value: given, problem: 'expected an object' }]);
  }
  const result = schema.safeParse(withoutUndefined(given));
  if (result.success) return;
  const problems = result.error.issues.flatMap((issue): Problem[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        key: [...issue.path, key].join('.'),
        value: valueAt(given, [...issue.path, key]),
        problem: 'there is no such key',
      }));
    }
    return [{ key: issue.path.join('.'), value: valueAt(given, issue.path), problem: issue.message }];
  });
  throw invalid(what, problems);
}

function invalid(what: string, problems: readonly Problem[]): TenstripError<CoreErrorCode> {
  const list = problems.map(({ key, value, problem }) => `${key === '' ? what : key} is ${shown(value)} (${problem})`);
  return new TenstripError('GovernorLimitsInvalid', `${what} not valid: ${list.join('; ')}`, {
    details: { problems: problems.map(({ key, value, problem }) => ({ key, value: shown(value), problem })) },
  });
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], given);
}

function withoutUndefined(given: object): object {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function withMethods<T>(...methods: (keyof T & string)[]): z.ZodType<T> {
  return z.custom<T>(
    (value) => methods.every((method) => typeof (value as Record<string, unknown> | null)?.[method] === 'function'),
    `expected an object with the methods ${methods.join(', ')}`,
  );
}
