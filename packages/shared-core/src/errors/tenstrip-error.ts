// The one error class of the suite: a code to branch on, a message for people, details for machines.
// Two copies of this package in one process agree on what a TenstripError is: the brand decides, not the class.

/** How many errors of a chain of causes are described. */
const maxErrors = 8;
/** How deep `details` are described; what is deeper is left out. */
const maxDetailDepth = 32;

const brand: unique symbol = Symbol.for('@tenstrip/error') as never;

/** A {@link TenstripError} as plain JSON. The stack is left out: it never leaves the process. */
export interface ErrorJson {
  code: string;
  message: string;
  details: Record<string, unknown>;
  retryable: boolean;
  cause?: ErrorJson;
}

/** What a {@link TenstripError} carries besides its code and message. */
export interface TenstripErrorOptions {
  /** Facts that a program may read: the value, the limit, the place. JSON-like; `bigint` becomes decimal text, bytes become hex. */
  details?: Readonly<Record<string, unknown>>;
  /** The error that led to this one. */
  cause?: unknown;
  /** Whether the same call may succeed later, unchanged. Default `false`. */
  retryable?: boolean;
}

/**
 * Base class of every error that Tenstrip throws on purpose.
 *
 * The message says what was wrong, with what value, and what to do about it. Each package declares one closed union of
 * codes (`PascalCase`) and throws `TenstripError<ThatUnion>`; there are no subclasses.
 */
export class TenstripError<Code extends string = string> extends Error {
  /** What went wrong, for programs. */
  readonly code: Code;
  /** Facts about the failure. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Whether the same call may succeed later, unchanged. */
  readonly retryable: boolean;

  constructor(code: Code, message: string, options: TenstripErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    this.retryable = options.retryable ?? false;
  }

  /** Always `TenstripError`: also where a bundler renames the class. */
  override get name(): string {
    return 'TenstripError';
  }

  /** Plain JSON without the stack, with the chain of causes, at most 8 errors in all. Never throws. */
  toJSON(): ErrorJson {
    return errorJson(this, maxErrors);
  }

  /**
   * The error that `toJSON` described, with at most 8 errors in its chain; it has a stack of its own.
   *
   * @throws TypeError when `json`, or a cause in it, is not what `toJSON` gives.
   */
  static fromJSON(json: ErrorJson): TenstripError {
    return restored(json, maxErrors);
  }
}
Object.defineProperty(TenstripError.prototype, brand, { value: true });

/**
 * Whether `error` is a {@link TenstripError}, of one of `codes` when any are given.
 * Decided by brand, so that errors of another copy of this package count too.
 */
export function isTenstripError<Code extends string>(error: unknown, ...codes: Code[]): error is TenstripError<Code> {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false;
  return codes.length === 0 || codes.includes((error as unknown as TenstripError<Code>).code);
}

function restored(json: ErrorJson, remaining: number): TenstripError {
  assertErrorJson(json);
  const cause = json.cause === undefined || remaining <= 1 ? undefined : restored(json.cause, remaining - 1);
  const { details, retryable } = json;
  return new TenstripError(json.code, json.message, { details, retryable, cause });
}

function assertErrorJson(json: unknown): void {
  const wanted: Record<string, string> = { code: 'string', message: 'string', details: 'object', retryable: 'boolean' };
  const given = typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  const wrong = Object.keys(wanted).filter((key) => typeof given[key] !== wanted[key] || given[key] === null);
  if (wrong.length === 0) return;
  throw new TypeError(
    `no TenstripError can be made of ${jsonText(json)}: ${wrong.join(', ')} missing or wrong; give what toJSON gave`,
  );
}

/** At most 200 characters of what was given. */
function jsonText(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 200);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function errorJson(error: unknown, remaining: number): ErrorJson {
  const described = withoutCause(error, remaining);
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined || remaining <= 1 ? described : { ...described, cause: errorJson(cause, remaining - 1) };
}

function withoutCause(error: unknown, remaining: number): ErrorJson {
  if (isTenstripError(error)) {
    const { code, message, details, retryable } = error;
    return { code, message, details: plainDetails(details, remaining), retryable };
  }
  if (error instanceof Error) {
    const details = plainDetails(systemDetails(error), remaining);
    return { code: error.name, message: error.message, details, retryable: false };
  }
  return { code: 'Thrown', message: thrownText(error), details: {}, retryable: false };
}

function thrownText(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return Object.prototype.toString.call(thrown);
  }
}

/** What Node adds to a system error (`ENOENT`, the call, the path), and the errors of an `AggregateError`. */
function systemDetails(error: Error): Record<string, unknown> {
  const details: Record<string, unknown> = {};
  for (const key of ['code', 'errno', 'syscall', 'path'] as const) {
    const value = (error as unknown as Record<string, unknown>)[key];
    if (typeof value === 'string' || typeof value === 'number') details[key] = value;
  }
  if (error instanceof AggregateError) details.errors = error.errors.slice(0, maxErrors);
  return details;
}

/** A copy of `details` that JSON can hold. */
function plainDetails(details: Readonly<Record<string, unknown>>, remaining: number): Record<string, unknown> {
  const plain = plainValue(details, [], remaining);
  return typeof plain === 'object' && plain !== null ? (plain as Record<string, unknown>) : {};
}

/**
 * A copy of `value` that JSON text gives back as it is: `bigint` and numbers that JSON lacks as text, bytes as hex, errors
 * as {@link ErrorJson}. Functions, symbols, what throws, and what is circular or too deep (`around` has the objects around
 * `value`) is left out; in an array it becomes `null`.
 */
function plainValue(value: unknown, around: readonly object[], remaining: number): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (around.includes(value) || around.length >= maxDetailDepth) return undefined;
  const inside = [...around, value];
  try {
    if (value instanceof Uint8Array) return hexText(value);
    if (value instanceof Error) return remaining <= 1 ? undefined : errorJson(value, remaining - 1);
    if ('toJSON' in value && typeof value.toJSON === 'function') return plainValue(value.toJSON(), inside, remaining);
    if (Array.isArray(value)) return value.map((item) => plainValue(item, inside, remaining) ?? null);
    const entries = Object.entries(value).map(([key, item]) => [key, plainValue(item, inside, remaining)] as const);
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
  } catch {
    return undefined;
  }
}

function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
