// Structured logs by pino, with what must never reach a log censored by key. A library is quiet by default: level
// `warn`, to standard error. A disabled level costs one empty function call; a written line about 15 µs.
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import { type CoreErrorCode, TenstripError } from '../errors/index.js';

/** A pino logger. */
export type Logger = PinoLogger;

/** What {@link createLogger} takes. */
export interface LoggerOptions {
  /** Shown as `name` in every line. Default: none. */
  name?: string;
  /**
   * The lowest level that is written: `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`.
   * Default: the environment variable `TENSTRIP_LOG_LEVEL`, else `warn`.
   */
  level?: string;
  /** Where lines go. Default: standard error, written synchronously, so that nothing is lost in a crash. */
  destination?: DestinationStream;
}

/** Keys whose values are replaced by `[redacted]`, whatever they hold. Spelled exactly; case matters. */
export const redactedKeys: readonly string[] = [
  'secret',
  'key',
  'token',
  'password',
  'authorization',
  'Authorization',
  'passphrase',
  'apiKey',
  'privateKey',
  'secretKey',
  'accessToken',
  'refreshToken',
];

/** How deep `redactedKeys` are looked for in a logged object: `a.b.c.secret` is depth 4; an array counts as a level. */
export const redactionDepth = 4;

/**
 * A logger that writes one JSON line an event and censors `redactedKeys` down to `redactionDepth`, in the
 * logged object, in the bindings of its children and in the properties of errors. The message text is not searched:
 * put values into the object.
 *
 * @throws TenstripError `ConfigInvalid` for a level that does not exist, with where it came from.
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  return pino(
    {
      ...(options.name === undefined ? {} : { name: options.name }),
      level: checkedLevel(options.level),
      redact: { paths: [...redactionPaths()], censor: '[redacted]' },
    },
    options.destination ?? standardError(),
  );
}

function* redactionPaths(): Iterable<string> {
  for (let depth = 1; depth <= redactionDepth; depth++) {
    for (const key of redactedKeys) yield '*.'.repeat(depth - 1) + key;
  }
}

function checkedLevel(given: string | undefined): string {
  const fromEnvironment = process.env.TENSTRIP_LOG_LEVEL || undefined;
  const level = given ?? fromEnvironment ?? 'warn';
  const levels = [...Object.keys(pino.levels.values), 'silent'];
  if (levels.includes(level)) return level;
  const source = given === undefined ? 'environment variable TENSTRIP_LOG_LEVEL' : 'option level';
  throw new TenstripError<CoreErrorCode>(
    'ConfigInvalid',
    `the log level is ${JSON.stringify(level)} (${source}); use one of ${levels.join(', ')}`,
    { details: { level, source, levels } },
  );
}

let sharedStandardError: DestinationStream | undefined;

function standardError(): DestinationStream {
  sharedStandardError ??= pino.destination({ fd: 2, sync: true });
  return sharedStandardError;
}
