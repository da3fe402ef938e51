// The three ways in which a log fails, said in one voice: what happened, where, and what to do next.
import { type CoreErrorCode, TenstripError } from '../errors/index.js';
import { isSystemError } from '../files/index.js';

/** Stored bytes are not what was written. `segment` is the file's name in the log's folder, `offset` a byte in it. */
export function logCorrupt(segment: string, offset: number, why: string): TenstripError<CoreErrorCode> {
  return new TenstripError(
    'LogCorrupt',
    `${segment} is damaged at byte ${offset}: ${why}. Restore this file from a copy; nothing was changed`,
    { details: { segment, offset } },
  );
}

/**
 * The disk refused. What was acknowledged is safe; the same call may succeed later, unless a file stands in the way of a
 * folder.
 */
export function logUnavailable(what: string, cause?: unknown): TenstripError<CoreErrorCode> {
  const reason = cause instanceof Error ? `: ${cause.message}` : '';
  const blocked = isSystemError(cause, 'EEXIST', 'ENOTDIR');
  const advice = blocked ? '. A file stands where a folder must be: move it away, or choose another folder' : '';
  return new TenstripError('LogUnavailable', `${what}${reason}${advice}`, {
    retryable: !blocked,
    ...(cause === undefined ? {} : { cause }),
    ...(isSystemError(cause) ? { details: { systemCode: cause.code } } : {}),
  });
}

/** Does `work`; what the system refuses is `LogUnavailable`. */
export async function unavailableIfSystemError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isSystemError(error) ? logUnavailable('the log cannot be written', error) : error;
  }
}

/** The stored log does not extend a checkpoint that was signed for it. */
export function checkpointFork(
  message: string,
  details: Readonly<Record<string, unknown>>,
): TenstripError<CoreErrorCode> {
  return new TenstripError('CheckpointFork', message, { details });
}
