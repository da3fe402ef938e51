// What a ledger's calls are given, checked at the border, so that a caller without types hears at once what is wrong and
// nothing was done yet.

import { z } from 'zod';
import { checked, hasMethods } from '../decisions/index.js';
import { type LineSource, wellFormedText } from '../events/index.js';
import type { CallOptions, DecisionQuery, LineOptions } from './ledger-calls.js';
import type { ReadLogsOptions } from './read-report.js';

const call = {
  context: z.custom(hasMethods('run'), 'an operation context').optional(),
  signal: z.custom(hasMethods('throwIfAborted'), 'an AbortSignal').optional(),
};
const stamps = {
  utcOffsetMinutes: z.union([z.literal('local'), z.number().int().min(-1440).max(1440)]).optional(),
  newestTime: z.number().min(0).max(8.64e15).optional(),
};

const callSchema = z.object(call);
const linesSchema = z.array(z.string());
const lineOptionsSchema = z.object({ ...call, ...stamps, source: z.string().min(1).max(4096) });
const filesSchema = z.array(z.union([z.string().min(1), z.custom<LineSource>(hasMethods('batches'), 'a line source')]));
const readSchema = z.object({ ...call, ...stamps, onProgress: z.function().optional() });
const followSchema = readSchema.required({ signal: true });
/** Of everything but the target, whose error is one of its own. */
const querySchema = z.object({
  from: z.date().optional(),
  to: z.date().optional(),
  state: z.enum(['active', 'pending-review', 'revoked', 'expired']).optional(),
  at: z.number().optional(),
});
/** Of why a network is allowed. */
const noteSchema = wellFormedText(0, 1024).optional();
const cursorSchema = z.bigint().min(-1n);
const verifySchema = z.object({ checkpoint: z.string().optional(), signal: call.signal });

/** @throws TenstripError `OptionsInvalid`, as all here. */
export function checkCall(options: CallOptions): void {
  checked(callSchema, options, 'what a call can be given with it');
}

export function checkLines(lines: readonly string[], options: LineOptions): void {
  checked(linesSchema, lines, 'a list of lines');
  checked(lineOptionsSchema, options, 'what lines can be given with');
}

export function checkReading(files: readonly (string | LineSource)[], options: ReadLogsOptions & CallOptions): void {
  checked(filesSchema, files, 'a list of files and other sources');
  checked(readSchema, options, 'what a reading can be asked with');
}

export function checkFollowing(files: readonly string[], options: ReadLogsOptions & CallOptions): void {
  checkReading(files, options);
  checked(followSchema, options, 'what files are followed with (without a signal nothing would end it)');
}

export function checkQuery(query: DecisionQuery): void {
  checked(querySchema, query, 'a query of decisions');
}

export function checkedNote(note: string | undefined): string | undefined {
  return checked(noteSchema, note, 'a note (at most 1,024 characters)');
}

export function checkMoment(at: number | undefined): void {
  if (at !== undefined && typeof at !== 'number') checked(z.number(), at, 'a moment, in milliseconds since 1970');
}

export function checkCursor(cursor: bigint): void {
  checked(cursorSchema, cursor, 'a cursor (-1n for all, else that of the last change seen)');
}

export function checkIndex(index: bigint, size: bigint): void {
  checked(z.bigint().min(0n).lt(size), index, `the index of one of the ${size} entries of this ledger`);
}

export function checkVerification(options: { readonly checkpoint?: string; readonly signal?: AbortSignal }): void {
  checked(verifySchema, options, 'what a ledger can be verified against');
}
