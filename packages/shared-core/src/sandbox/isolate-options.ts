// What an isolate is opened with, its limits and their defaults.
import { statSync } from 'node:fs';
import { z } from 'zod';
import { type Capability, capabilities, type Grants } from '../capabilities/index.js';
import { type CoreErrorCode, TenstripError } from '../errors/index.js';

/**
 * What only the kernel can hold: no connection to anything (`no-network`), no signal to a process outside
 * (`no-signals`), heap and buffers bounded together (`memory-bound`).
 */
export type IsolatePromise = 'no-network' | 'no-signals' | 'memory-bound';

/** Options of `Isolate.open`. Every limit has a default. */
export interface IsolateOptions {
  /** `process`: a border against hostile code. `worker`: stops loops and heap growth only; it promises nothing. */
  kind: 'worker' | 'process';
  /**
   * An ES module that exports the functions to call: `file:` or `data:`. A process isolate sees a copy of the module's
   * folder (at most 64 MiB) and no other file, so dependencies must be bundled or lie below that folder.
   */
  module: URL;
  /** What `context.use` gives inside; never more than the governor grants. Default: nothing. */
  grants?: Grants;
  /** JavaScript heap, at least 8 MiB. A process has twice this and 128 MiB of data memory in all. Default 64 MiB. */
  heapBytes?: number;
  /** Milliseconds of real time that a call may take from its start. Default 30,000. */
  deadlineMs?: number;
  /** Largest message in either direction. Default 16 MiB. */
  maxMessageBytes?: number;
  /** Messages of the isolate in a second. Default 10,000. */
  maxMessagesPerSecond?: number;
  /** Bytes of messages and console text that the isolate may send in a call. Default 64 MiB. */
  maxOutputBytes?: number;
  /** Milliseconds until the module must be loaded. Default 5,000. */
  bootMs?: number;
  /** Calls that wait for their turn. Default 1,024. */
  maxQueue?: number;
  /** Promises that the caller can do without where this machine does not hold them. Default: none. */
  accept?: readonly IsolatePromise[];
}

/** {@link IsolateOptions} with every default in place. */
export type IsolateSettings = Required<IsolateOptions>;

/** Every promise, in the order in which they are shown. */
export const isolatePromises: readonly IsolatePromise[] = ['no-network', 'no-signals', 'memory-bound'];

const heapMinimum = 8 << 20;
const maxHeapBytes = 64 * 2 ** 30;
const maxTimerMs = 2 ** 31 - 1;
const granted = z.union([z.literal(true), z.array(z.string())]).optional();
const milliseconds = z.number().positive().max(maxTimerMs);
const count = z.int().positive();

const schema = z.strictObject({
  kind: z.enum(['worker', 'process']),
  module: z
    .instanceof(URL)
    .refine((url) => url.protocol === 'file:' || url.protocol === 'data:', 'must be a file: or data: URL')
    .refine((url) => url.protocol !== 'file:' || isFile(url), 'there is no such file'),
  grants: z
    .strictObject(Object.fromEntries(capabilities.map((name) => [name, granted])) as Record<Capability, typeof granted>)
    .refine((grants) => grants.native === undefined, 'native code cannot be loaded in an isolate')
    .default({}),
  heapBytes: z
    .int()
    .min(heapMinimum)
    .max(maxHeapBytes)
    .default(64 << 20),
  deadlineMs: milliseconds.default(30_000),
  maxMessageBytes: z
    .int()
    .min(1024)
    .max(2 ** 30)
    .default(16 << 20),
  maxMessagesPerSecond: count.default(10_000),
  maxOutputBytes: count.default(64 << 20),
  bootMs: milliseconds.default(5000),
  maxQueue: count.default(1024),
  accept: z.array(z.enum(['no-network', 'no-signals', 'memory-bound'])).default([]),
});

function isFile(url: URL): boolean {
  return statSync(url, { throwIfNoEntry: false })?.isFile() === true;
}

/** @throws TenstripError `IsolateFailed` that names every wrong option at once */
export function checkedSettings(options: IsolateOptions): IsolateSettings {
  const checked = schema.safeParse(options);
  if (checked.success) return checked.data as IsolateSettings;
  const problems = checked.error.issues.map(({ path, message }) => `${path.join('.') || 'options'}: ${message}`);
  throw new TenstripError<CoreErrorCode>('IsolateFailed', `the isolate's options are wrong: ${problems.join('; ')}`, {
    details: { problems },
  });
}
