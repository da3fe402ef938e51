// JSON from strangers: bounded in size and depth, valid UTF-8, and no object with one name twice, on which parsers differ
// (RFC 8259 section 4). Cost: JSON.parse and one pass over the value, and one
// over the bytes unless they are as few as can be; about 3 us for 600 bytes.
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
  if (typeof text !== 'string' && !(text instanceof Uint8Array)) return { problem: 'neither text nor bytes' };
  if (text.length > maximumJsonBytes) return { problem: tooLong };
  const bytes = typeof text === 'string' ? Buffer.from(text) : asBuffer(text);
  if (bytes.length > maximumJsonBytes) return { problem: tooLong };
  try {
    const decoded = typeof text === 'string' ? text : textOf(bytes);
    const value: unknown = JSON.parse(decoded);
    met.length = 0;
    met.names = 0;
    if (!meet(value, 0)) return { problem: tooDeep };
    // A text as short as its value can be has no room for a name that came twice. Of others, names are counted: a colon outside
    // texts belongs to one, and what came twice is there once in the value.
    if (met.length === decoded.length) return { value };
    if (!outline(bytes)) return { problem: tooDeep }; // what a name had that came again
    return met.names === names ? { value } : { problem: 'a name stands twice in one object, or is __proto__' };
  } catch (error) {
    if (error instanceof TypeError) return { problem: 'no UTF-8' };
    return { problem: outline(bytes) ? 'no JSON' : tooDeep };
  }
}

/** Freezes a value that JSON.parse made, so that it can be shared. */
export function freezeDeeply<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const name in value) freezeDeeply(value[name]);
  return Object.freeze(value);
}

const tooDeep = `nested deeper than ${maximumDepth} levels`;
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

/** The length of the shortest text of the value that was met, and how many names are in it. */
const met = { length: 0, names: 0 };

/** Measures a value that JSON.parse made; `false` when it nests too deep. */
function meet(value: unknown, depth: number): boolean {
  if (typeof value === 'string') met.length += value.length + 2;
  else if (typeof value === 'number') met.length += shortest(value);
  else if (value === null || value === true) met.length += 4;
  else if (value === false) met.length += 5;
  else if (depth === maximumDepth) return false;
  else if (Array.isArray(value)) {
    met.length += value.length === 0 ? 2 : value.length + 1;
    for (let at = 0; at < value.length; at++) if (!meet(value[at], depth + 1)) return false;
  } else {
    let count = 0;
    for (const name in value as object) {
      if (name === '__proto__') met.length = Number.NaN; // no text has that length, and none so many names
      count++;
      met.length += name.length + 3;
      if (!meet((value as Record<string, unknown>)[name], depth + 1)) return false;
    }
    met.names += Number.isNaN(met.length) ? Number.NaN : count;
    met.length += count === 0 ? 2 : count + 1;
  }
  return true;
}

/** Characters that a number takes at least. With two zeros at its end or fewer, none of a whole number's other texts is shorter. */
function shortest(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0 || (value % 1000 === 0 && value !== 0)) return 1;
  let length = 1;
  for (let bound = 10; value >= bound; bound *= 10) length++; // powers of ten are exact up to 10^22
  return length;
}
