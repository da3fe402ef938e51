// From what a guest says or does to one TenstripError that names the call and what was attempted. The texts come from the
// guest: they are shown, quoted as its words, and decide nothing but the code.
import { type CoreErrorCode, isTenstripError, TenstripError } from '../errors/index.js';
import type { Excess } from './call-budget.js';
import type { Ending } from './enclosure.js';
import { type GuestError, maxErrorText } from './guest/protocol.js';

type Failure = TenstripError<CoreErrorCode>;

const outOfMemory = /out of memory|heap limit|Array buffer allocation failed|ERR_WORKER_OUT_OF_MEMORY|memory limit/;
/** Codes of Node that say that a border held. */
const refusedByNode: Readonly<Record<string, string>> = {
  ERR_ACCESS_DENIED: 'an access that Node’s permission model refuses',
  ERR_DLOPEN_DISABLED: 'loading a native addon',
};

/** A function of the module threw. */
export function thrownByGuest(doing: string, error: GuestError): Failure {
  const { name, message, code } = error;
  const attempted = error.attempted ?? (code === undefined ? undefined : refusedByNode[code]);
  const details = { ...error, ...(attempted === undefined ? {} : { attempted }) };
  const said = `${name}: ${message}`;
  if (code === 'Nondeterminism') {
    const text = `${doing}: it reached for ${attempted}, which a deterministic isolate does not have; use Date, timers and Math.random, which are the operation's`;
    return new TenstripError('Nondeterminism', text, { details });
  }
  if (code === 'CapabilityDenied' || (code !== undefined && code in refusedByNode) || isCodeFromStrings(error)) {
    const what = attempted ?? 'code from strings';
    return new TenstripError('CapabilityDenied', `${doing}: ${what} is refused in the isolate (${said})`, {
      details: { ...details, attempted: what },
    });
  }
  if (name === 'RangeError' && outOfMemory.test(message)) return outOfMemoryError(doing, said);
  if (code === 'IsolateLimit')
    return new TenstripError('IsolateLimit', `${doing}: ${message}`, { details: { ...details, limit: 'message' } });
  return new TenstripError('IsolateFailed', `${doing} threw ${said}`, { details });
}

/** The process or thread ended by itself. */
export function endedByItself(doing: string, { how, lastWords }: Ending): Failure {
  if (outOfMemory.test(lastWords)) return outOfMemoryError(doing, 'JavaScript heap or buffers');
  const said = lastWords === '' ? '' : `; it wrote: ${lastWords.slice(-maxErrorText)}`;
  return new TenstripError('IsolateFailed', `${doing}: the isolate ended by itself (${how})${said}`, {
    details: { how, lastWords },
  });
}

/** It took longer than it may. */
export function overDeadline(doing: string, deadlineMs: number, limit: 'deadline' | 'boot' = 'deadline'): Failure {
  const option = limit === 'boot' ? 'bootMs' : 'deadlineMs';
  return new TenstripError(
    'IsolateLimit',
    `${doing}: longer than ${deadlineMs} ms, the isolate was killed; ${option} sets this limit`,
    {
      details: { limit, [option]: deadlineMs },
    },
  );
}

/** It sent more than it may. */
export function overBudget(doing: string, { limit, allowed, unit }: Excess): Failure {
  return new TenstripError('IsolateLimit', `${doing}: more than ${allowed} ${unit}, the isolate was killed`, {
    details: { limit, allowed },
  });
}

/** A message of a size that is not allowed. */
export function messageRefused(doing: string, bytes: number, maxMessageBytes: number): Failure {
  return new TenstripError(
    'IsolateLimit',
    `${doing}: a message of ${bytes} bytes, where 1 to ${maxMessageBytes} are allowed; maxMessageBytes sets this limit`,
    { details: { limit: 'message', bytes, maxMessageBytes } },
  );
}

/** It said something that is no message, or not its turn. */
export function malformed(doing: string, what: string): Failure {
  return new TenstripError('IsolateFailed', `${doing}: the isolate sent ${what} and was killed`, { details: { what } });
}

/** An error of a host request, as the guest may see it. */
export function forGuest(error: unknown): GuestError {
  if (isTenstripError(error)) {
    const { attempted } = error.details;
    return {
      name: 'Error',
      message: error.message,
      code: error.code,
      ...(typeof attempted === 'string' ? { attempted } : {}),
    };
  }
  if (!(error instanceof Error)) return { name: 'Error', message: String(error).slice(0, maxErrorText) };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { name: error.name, message: error.message.slice(0, maxErrorText), ...code };
}

/** The texts of an error that came over the channel. */
export function checkedGuestError(value: unknown): GuestError | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, message, code, attempted } = value as Record<string, unknown>;
  if (!isShort(name) || !isShort(message)) return undefined;
  const error: GuestError = { name, message };
  if (isShort(code)) error.code = code;
  if (isShort(attempted)) error.attempted = attempted;
  return error;
}

function isShort(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxErrorText;
}

function isCodeFromStrings({ name, message }: GuestError): boolean {
  return name === 'EvalError' && message.startsWith('Code generation from strings');
}

function outOfMemoryError(doing: string, what: string): Failure {
  return new TenstripError('IsolateLimit', `${doing}: out of memory (${what}); heapBytes sets this limit`, {
    details: { limit: 'memory', what },
  });
}
