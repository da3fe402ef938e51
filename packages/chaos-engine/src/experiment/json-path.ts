// Paths into JSON: RFC 9535 by a library, and where a filter stands in round brackets, `[?(…)]`, as Chaos Toolkit's jsonpath2
// means it: tested on an object itself, not on its members, and with a single `=` for equality. On an array the filter chooses
// among elements, in both.

import { type JsonValue, query } from 'jsonpath-rfc9535';

type Part = { readonly plain: string } | { readonly filter: string };

/** What is wrong with a path; `undefined` when nothing is. */
export function jsonPathProblem(path: string): string | undefined {
  try {
    for (const part of partsOf(path)) {
      query([], 'plain' in part ? `$${part.plain}` : `$[?${part.filter}]`);
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  }
}

/** The values at a path, in document order. @throws Error when it is no path */
export function queryJsonPath(value: unknown, path: string): unknown[] {
  let nodes = [value as JsonValue];
  for (const part of partsOf(path)) {
    nodes = nodes.flatMap((node) => {
      if ('plain' in part) return query(node, `$${part.plain}`);
      return query(Array.isArray(node) ? node : [node], `$[?${part.filter}]`);
    });
  }
  return nodes;
}

/** A path as pieces between filters in round brackets. */
function partsOf(path: string): Part[] {
  const trimmed = path.trim();
  if (!trimmed.startsWith('$')) throw new Error('a path begins with $');
  const parts: Part[] = [];
  let plain = '';
  for (let at = 1; at < trimmed.length; ) {
    if (trimmed.startsWith('[?(', at)) {
      const end = endOfFilter(trimmed, at + 3);
      if (plain !== '') parts.push({ plain });
      plain = '';
      parts.push({ filter: withDoubleEquals(trimmed.slice(at + 3, end)) });
      at = end + 2;
    } else {
      const quote = trimmed[at] === "'" || trimmed[at] === '"' ? endOfQuote(trimmed, at) : at;
      plain += trimmed.slice(at, quote + 1);
      at = quote + 1;
    }
  }
  if (plain !== '' || parts.length === 0) parts.push({ plain });
  return parts;
}

/** Where the `)]` of a filter is. */
function endOfFilter(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    const one = text[at];
    if (one === "'" || one === '"') at = endOfQuote(text, at);
    else if (one === '(') depth++;
    else if (one === ')' && --depth === 0) {
      if (text[at + 1] === ']') return at;
      throw new Error('a filter ends with )]');
    }
  }
  throw new Error('a filter does not end');
}

function endOfQuote(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === text[from]) return at;
  }
  throw new Error('a quoted text does not end');
}

function withDoubleEquals(filter: string): string {
  return filter.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[=!<>~]=|=/g, (found) => (found === '=' ? '==' : found));
}
