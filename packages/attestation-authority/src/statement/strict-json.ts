// JSON from strangers: bounded in size and depth, valid UTF-8, and no object with one name twice, on which parsers differ
// (RFC 8259 section 4). What was read is frozen, so that it can be kept and shared. Cost: one pass over the bytes, JSON.parse and one pass over the value; about 4 us for 700 bytes.
import { isAscii } from 'node:buffer';

/** Deepest nesting of arrays and objects that is read. */
export const maximumDepth = 64;
/** Longest JSON text that is read, in bytes. */
export const maximumJsonBytes = 2 ** 20;

/** What {@link parseStrictJson} found: a value, or what is wrong in words. */
export type StrictJson =
  | { readonly problem?: undefined; readonly value: unknown }
  | { readonly problem: string; readonly value?: undefined };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;

/** The value of a JSON text, or why it is refused. Never throws. */
export function parseStrictJson(text: string | Uint8Array): StrictJson {
  if (text.length > maximumJsonBytes) return { problem: tooLong };
  const bytes = typeof text === 'string' ? Buffer.from(text) : asBuffer(text);
  if (bytes.length > maximumJsonBytes) return { problem: tooLong };
  try {
    const decoded = typeof text === 'string' ? text : textOf(bytes);
    if (!outline(bytes)) return { problem: `nested deeper than ${maximumDepth} levels` };
    const value: unknown = JSON.parse(decoded);
    // Each colon outside a string belongs to one name; a name that came twice is one member of the value.
    if (freezeAndCountNames(value) !== names) return { problem: 'a name stands twice in one object, or is __proto__' };
    return { value };
  } catch (error) {
    return { problem: error instanceof TypeError ? 'no UTF-8' : 'no JSON' };
  }
}

const tooLong = `longer than ${maximumJsonBytes} bytes`;

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function textOf(bytes: Buffer): string {
  return isAscii(bytes) ? bytes.toString('latin1') : utf8.decode(bytes);
}

/** How many names the last text has that was outlined, if it is JSON. */
let names = 0;

/** Counts the names of a text, if it is JSON; `false` when it nests too deep. Bytes of other characters are never those of ASCII. */
function outline(bytes: Uint8Array): boolean {
  let found = 0;
  let depth = 0;
  const end = bytes.length;
  for (let at = 0; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === quote) {
      at++;
      while (at < end && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
    } else if (byte === colon) found++;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > maximumDepth) return false;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  names = found;
  return true;
}

/** Recursion is at most {@link maximumDepth} deep: the text was looked at before. */
function freezeAndCountNames(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  Object.freeze(value);
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += freezeAndCountNames(item);
    return count;
  }
  for (const name in value) {
    if (name === '__proto__') return Number.NaN;
    count += 1 + freezeAndCountNames((value as Record<string, unknown>)[name]);
  }
  return count;
}
