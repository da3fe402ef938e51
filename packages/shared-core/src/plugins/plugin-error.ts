// The errors of plugins and strips: each says what was wrong, with what value, and what to do.
import { nearestWord, type Problem, problemList } from '../config/index.js';
import { type CoreErrorCode, isTenstripError, TenstripError } from '../errors/index.js';

/** `StripInvalid`: a definition or its mount options are wrong; lists all that is. */
export function stripInvalid(what: string, problems: readonly Problem[]): TenstripError<CoreErrorCode> {
  return new TenstripError('StripInvalid', `${what} is invalid:${problemList(problems)}`, { details: { problems } });
}

/** `PluginInputInvalid` or `PluginOutputInvalid`, with each path and what was expected there. */
export function valueInvalid(
  code: 'PluginInputInvalid' | 'PluginOutputInvalid',
  path: string,
  problems: readonly Problem[],
): TenstripError<CoreErrorCode> {
  const side = code === 'PluginInputInvalid' ? 'input' : 'output';
  const message = `the ${side} of ${path} is invalid:${problemList(problems, side)}`;
  return new TenstripError(code, message, { details: { plugin: path, problems } });
}

/** `PluginUnknown`: there is no `kind` (a strip, a plugin of a strip) named `given`; says what there is instead. */
export function pluginUnknown(kind: string, given: unknown, known: Iterable<string>): TenstripError<CoreErrorCode> {
  const names = [...known];
  const nearest = typeof given === 'string' ? nearestWord(given, names) : undefined;
  const shownName =
    typeof given === 'string' ? JSON.stringify(given) : `named by ${given === null ? 'null' : typeof given}`;
  const shown = 20;
  const list = names.slice(0, shown).join(', ') + (names.length > shown ? `, … (${names.length})` : '');
  const advice = nearest ? `did you mean ${nearest}?` : names.length > 0 ? `known are ${list}` : 'there is none yet';
  return new TenstripError('PluginUnknown', `there is no ${kind} ${shownName}; ${advice}`, {
    details: { given, known: names },
  });
}

/** An error of a strip's own code: a `TenstripError` as it is, anything else inside a `PluginFailed`. */
export function asPluginFailure(what: string, error: unknown): TenstripError {
  if (isTenstripError(error)) return error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new TenstripError<CoreErrorCode>('PluginFailed', `${what} failed: ${message}`, {
    details: { what },
    cause: error ?? new Error(`rejected with ${String(error)}`),
  });
}

/** `StripUnhealthy`: the service of `strip` was not opened or closed in time. */
export function notInTime(strip: string, step: 'open' | 'close', limitMs: number): TenstripError<CoreErrorCode> {
  const message = `${strip} did not ${step} within ${limitMs} ms; find what its ${step} waits for (itself?), or raise serviceDeadlineMs`;
  return new TenstripError('StripUnhealthy', message, { details: { strip, step, limitMs }, retryable: true });
}

/** `IllegalTransition`: `strip` is asked to `wish` by its own code, whose end that would have to wait for. */
export function askedByItself(strip: string, wish: string): TenstripError<CoreErrorCode> {
  const message = `${strip} cannot ${wish} from inside its own code: that would wait for itself; do it from outside, after this call`;
  return new TenstripError('IllegalTransition', message, { details: { strip, wish } });
}
