// JSON from strangers: bounded in size and depth, valid UTF-8, and no object with one name twice, on which parsers differ
// (RFC 8259 section 4). What was read is frozen, so that it can be kept and shared. Cost: JSON.parse, one pass over the text and one over the value; about 3 us for 700 bytes.

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
  if (text.length > maximumJsonBytes) return { problem: `longer than ${maximumJsonBytes} bytes` };
  try {
    const decoded = typeof text === 'string' ? text : utf8.decode(text);
    const { depth, names } = outlineOf(decoded);
    if (depth > maximumDepth) return { problem: `nested deeper than ${maximumDepth} levels` };
    const value: unknown = JSON.parse(decoded);
    // Each colon outside a string belongs to one name; a name that came twice is one member of the value.
    if (freezeAndCountNames(value) !== names) return { problem: 'a name stands twice in one object, or is __proto__' };
    return { value };
  } catch (error) {
    return { problem: error instanceof TypeError ? 'no UTF-8' : 'no JSON' };
  }
}

/** How deep a text nests, and how many names it has, if it is JSON. */
function outlineOf(text: string): { depth: number; names: number } {
  let depth = 0;
  let deepest = 0;
  let names = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === quote) inString = !inString;
    else if (inString) {
      if (unit === backslash) at++;
    } else if (unit === colon) names++;
    else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > deepest) deepest = depth;
    } else if (unit === 0x7d || unit === 0x5d) depth--;
  }
  return { depth: deepest, names };
}

/** Recursion is at most {@link maximumDepth} deep: the text was looked at before. */
function freezeAndCountNames(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  Object.freeze(value);
  let names = 0;
  if (Array.isArray(value)) {
    for (const item of value) names += freezeAndCountNames(item);
    return names;
  }
  for (const name in value) {
    if (name === '__proto__') return Number.NaN;
    names += 1 + freezeAndCountNames((value as Record<string, unknown>)[name]);
  }
  return names;
}
