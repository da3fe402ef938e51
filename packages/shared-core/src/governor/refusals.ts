// The governor's errors in one place: each says what was asked, what stood against it, and what to do.
import { type CoreErrorCode, TenstripError } from '../errors/index.js';

type Refusal = TenstripError<CoreErrorCode>;

/** More operations wait than `maxQueue` allows. */
export function queueFull(governor: string, operation: string, waiting: number, maxQueue: number): Refusal {
  return new TenstripError(
    'QueueFull',
    `${operation} cannot wait: ${waiting} already wait at governor ${governor}, and maxQueue is ${maxQueue}; try later, or raise maxQueue`,
    { details: { governor, operation, waiting, maxQueue }, retryable: true },
  );
}

/** A request and what is used already exceed `ramBytes`. */
export function memoryLimit(governor: string, ramBytes: number, usedBytes: number, requestedBytes: number): Refusal {
  return new TenstripError(
    'MemoryLimit',
    `${requestedBytes} bytes asked for, ${usedBytes} of ${ramBytes} in use at governor ${governor}; free memory and try again, or raise ramBytes`,
    { details: { governor, ramBytes, usedBytes, requestedBytes }, retryable: true },
  );
}

/** An operation ran, or waited, longer than it may. */
export function deadlineExceeded(operation: string, deadlineMs: number): Refusal {
  return new TenstripError(
    'DeadlineExceeded',
    `${operation} did not end within its deadline of ${deadlineMs} ms; allow more time or ask for less work`,
    { details: { operation, deadlineMs } },
  );
}

/** An operation was cancelled by its signal, or by `close` of its governor. */
export function operationAborted(operation: string, why: string, cause?: unknown): Refusal {
  return new TenstripError('OperationAborted', `${operation} was aborted: ${why}`, {
    details: { operation, why },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Work was given to a governor that takes no more. */
export function governorClosed(governor: string, operation: string, state: string): Refusal {
  return new TenstripError(
    'GovernorClosed',
    `${operation} was given to governor ${governor}, which is ${state} and takes no new work; use an open governor`,
    { details: { governor, operation, state } },
  );
}
