// The one error class of the suite: a code to branch on, a message for people, details for machines.
// Two copies of this package in one process agree on what a TenstripError is: the brand decides, not the class.

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
  /** Facts that a program may read: the value, the limit, the place. JSON-like; `bigint` becomes decimal text. */
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

  override get name(): string {
    return 'TenstripError';
  }

  /** Plain JSON without the stack, causes included (at most 8 deep). */
  toJSON(): ErrorJson {
    return errorJson(this, 8);
  }

  /** The error that `toJSON` described; it has a stack of its own. */
  static fromJSON(json: ErrorJson): TenstripError {
    return new TenstripError(json.code, json.message, {
      details: json.details,
      retryable: json.retryable,
      ...(json.cause === undefined ? {} : { cause: TenstripError.fromJSON(json.cause) }),
    });
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

function errorJson(error: unknown, depth: number): ErrorJson {
  const cause =
    error instanceof Error && error.cause !== undefined && depth > 1 ? errorJson(error.cause, depth - 1) : undefined;
  const described: ErrorJson = isTenstripError(error)
    ? { code: error.code, message: error.message, details: plain(error.details), retryable: error.retryable }
    : error instanceof Error
      ? { code: error.name, message: error.message, details: systemDetails(error), retryable: false }
      : { code: 'Thrown', message: String(error), details: {}, retryable: false };
  return cause === undefined ? described : { ...described, cause };
}

/** What Node adds to a system error (`ENOENT`, the call, the path). */
function systemDetails(error: Error): Record<string, unknown> {
  const details: Record<string, unknown> = {};
  for (const key of ['code', 'errno', 'syscall', 'path'] as const) {
    const value = (error as unknown as Record<string, unknown>)[key];
    if (typeof value === 'string' || typeof value === 'number') details[key] = value;
  }
  return details;
}

/** A copy of `details` that JSON can hold: `bigint` as decimal text, bytes as hex, what is circular or a function left out. */
function plain(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const open: object[] = [];
  const copy = (value: unknown): unknown => {
    if (typeof value === 'bigint') return value.toString();
    if (typeof value === 'function' || typeof value === 'symbol') return undefined;
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Uint8Array) return Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('');
    if (value instanceof Error) return { code: value.name, message: value.message };
    if ('toJSON' in value && typeof value.toJSON === 'function') return copy(value.toJSON());
    if (open.includes(value)) return undefined;
    open.push(value);
    const result = Array.isArray(value)
      ? value.map((item) => copy(item) ?? null)
      : Object.fromEntries(
          Object.entries(value)
            .map(([key, item]) => [key, copy(item)])
            .filter(([, item]) => item !== undefined),
        );
    open.pop();
    return result;
  };
  return copy(details) as Record<string, unknown>;
}
