// Values inside a text of JSON, by path, as they are written there: CrowdSec's JsonExtract gives the raw text of a number or
// an object, and a string without its quotes and with its escapes. Linear; a text that is no JSON has no values.

const whitespace = /[ \t\r\n]*/y;
const scalar = /-?\d[\d.eE+-]*|true|false|null/y;

/** A value as it is written. */
export interface JsonText {
  readonly kind: 'string' | 'array' | 'object' | 'scalar';
  /** Without quotes for a string. */
  readonly raw: string;
}

/** Keys, and `[n]` for the nth element of an array. */
export type JsonPath = readonly string[];

/** `a.b[0].c` as a path. */
export function jsonPath(path: string): JsonPath {
  return (path.startsWith('[') ? path : path.replaceAll('[', '.[')).split('.');
}

/** The value at a path; `undefined` when there is none. */
export function findJson(text: string, path: JsonPath): JsonText | undefined {
  let start = skipSpace(text, 0);
  for (const step of path) {
    const index = /^\[(\d+)\]$/.exec(step);
    const found: number | undefined =
      index === null ? memberAt(text, start, step) : elementAt(text, start, Number(index[1]));
    if (found === undefined) return undefined;
    start = found;
  }
  const end = valueEnd(text, start);
  if (end === undefined) return undefined;
  const first = text[start];
  if (first === '"') return { kind: 'string', raw: text.slice(start + 1, end - 1) };
  return { kind: first === '{' ? 'object' : first === '[' ? 'array' : 'scalar', raw: text.slice(start, end) };
}

function skipSpace(text: string, at: number): number {
  whitespace.lastIndex = at;
  whitespace.test(text);
  return whitespace.lastIndex;
}

function memberAt(text: string, start: number, key: string): number | undefined {
  if (text[start] !== '{') return undefined;
  let at = skipSpace(text, start + 1);
  while (text[at] === '"') {
    const keyEnd = stringEnd(text, at);
    if (keyEnd === undefined) return undefined;
    const name = text.slice(at + 1, keyEnd - 1);
    at = skipSpace(text, keyEnd);
    if (text[at] !== ':') return undefined;
    at = skipSpace(text, at + 1);
    if (name === key) return at;
    const end = valueEnd(text, at);
    if (end === undefined) return undefined;
    at = skipSpace(text, end);
    if (text[at] !== ',') return undefined;
    at = skipSpace(text, at + 1);
  }
  return undefined;
}

function elementAt(text: string, start: number, index: number): number | undefined {
  if (text[start] !== '[') return undefined;
  let at = skipSpace(text, start + 1);
  if (text[at] === ']') return undefined;
  for (let passed = 0; passed < index; passed += 1) {
    const end = valueEnd(text, at);
    if (end === undefined) return undefined;
    at = skipSpace(text, end);
    if (text[at] !== ',') return undefined;
    at = skipSpace(text, at + 1);
  }
  return at;
}

/** Where the value that begins at `start` ends. Brackets are counted, not nested calls: a text cannot exhaust the stack. */
function valueEnd(text: string, start: number): number | undefined {
  const first = text[start];
  if (first === '"') return stringEnd(text, start);
  if (first !== '{' && first !== '[') {
    scalar.lastIndex = start;
    return scalar.test(text) ? scalar.lastIndex : undefined;
  }
  let open = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const end = stringEnd(text, at);
      if (end === undefined) return undefined;
      at = end - 1;
    } else if (character === '{' || character === '[') open += 1;
    else if (character === '}' || character === ']') {
      open -= 1;
      if (open === 0) return at + 1;
    }
  }
  return undefined;
}

function stringEnd(text: string, start: number): number | undefined {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return undefined;
}
