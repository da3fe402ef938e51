// What callers give, checked at the border: a wrong kind of value is refused with the value and what was expected, before
// anything is stored. Cost: one `instanceof` an entry.
import { type CoreErrorCode, TenstripError } from '../errors/index.js';

/** @throws RangeError unless `value` is a `Uint8Array`: other arrays and texts have a length too, and no bytes. */
export function checkBytes(value: unknown, name: string): asserts value is Uint8Array {
  if (value instanceof Uint8Array) return;
  throw new RangeError(
    `${name} is ${described(value)}; expected a Uint8Array: encode texts, and view other arrays as bytes`,
  );
}

/** @throws RangeError unless `value` is a `bigint`. */
export function checkBigint(value: unknown, name: string): asserts value is bigint {
  if (typeof value === 'bigint') return;
  throw new RangeError(`${name} is ${described(value)}; expected a bigint such as 0n: convert numbers with BigInt()`);
}

/** @throws TenstripError `ConfigInvalid` unless `folder` can be a path, or `memory:`. */
export function checkFolder(folder: unknown): asserts folder is string {
  if (typeof folder === 'string' && folder !== '' && !folder.includes('\0')) return;
  throw wrongOption('folder', folder, "a path, or 'memory:'");
}

/** @throws TenstripError `ConfigInvalid` unless `options` is an object. */
export function checkIsOptions(options: unknown): asserts options is object {
  if (typeof options !== 'object' || options === null) throw wrongOption('options', options, 'an object');
}

/** An option that is missing or of a wrong kind. */
export function wrongOption(option: string, value: unknown, expected: string): TenstripError<CoreErrorCode> {
  return new TenstripError('ConfigInvalid', `${option} is ${described(value)}; expected ${expected}`, {
    details: { option },
  });
}

/** A short text for a value of any kind, for messages. */
export function described(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null)
    return `an object (${Object.prototype.toString.call(value).slice(8, -1)})`;
  return String(value);
}
