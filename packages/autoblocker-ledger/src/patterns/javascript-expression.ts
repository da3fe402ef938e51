// A pattern's tree as the source of a JavaScript RegExp of the same meaning: both take the leftmost match and, of several,
// the first in order of preference. They differ in one thing: a group inside a repetition that takes no part in the last
// round is empty here and keeps its earlier text in RE2.

import { lastCodePoint, type PatternNode, type Ranges } from './pattern-syntax.js';

/** The source of an expression without flags. `kept`: numbers of the groups whose text is wanted; default all. */
export function javascriptSource(node: PatternNode, kept?: ReadonlySet<number>): string {
  switch (node.kind) {
    case 'empty':
      return '';
    case 'set':
      return setSource(node.ranges);
    case 'assert':
      return assertions[node.what];
    case 'concat':
      return node.parts
        .map((part) => (part.kind === 'either' ? `(?:${javascriptSource(part, kept)})` : javascriptSource(part, kept)))
        .join('');
    case 'either':
      return node.parts.map((part) => javascriptSource(part, kept)).join('|');
    case 'group':
      return `${kept?.has(node.index) === false ? '(?:' : '('}${javascriptSource(node.body, kept)})`;
    case 'repeat': {
      const body = javascriptSource(node.body, kept);
      const single = node.body.kind === 'set' || node.body.kind === 'group';
      return `${single ? body : `(?:${body})`}${bounds(node.least, node.most)}${node.greedy ? '' : '?'}`;
    }
  }
}

const assertions = {
  start: '^',
  end: '$',
  lineStart: '(?:^|(?<=\\n))',
  lineEnd: '(?=\\n|$)',
  wordBoundary: '\\b',
  noWordBoundary: '\\B',
} as const;

function bounds(least: number, most: number): string {
  if (most === Number.POSITIVE_INFINITY) return least === 0 ? '*' : least === 1 ? '+' : `{${least},}`;
  if (least === 0 && most === 1) return '?';
  return least === most ? `{${least}}` : `{${least},${most}}`;
}

/** A class over UTF-16 units: what lies beyond the Basic Multilingual Plane is written as surrogate pairs. */
function setSource(ranges: Ranges): string {
  if (ranges.length === 0) return '[]';
  if (ranges.length === 1 && ranges[0]![0] === ranges[0]![1] && ranges[0]![0] <= 0xffff) return unit(ranges[0]![0]);
  const basic = ranges
    .filter(([from]) => from <= 0xffff)
    .map(([from, to]) => {
      const end = Math.min(to, 0xffff);
      return from === end ? unit(from) : `${unit(from)}-${unit(end)}`;
    });
  const basicSource = `[${basic.join('')}]`;
  const astral = ranges.filter(([, to]) => to > 0xffff);
  // A class that reaches to the end of Unicode takes pairs unit by unit, surrogates being among the basic units.
  if (astral.length === 0 || astral.some(([from, to]) => from <= 0xd800 && to === lastCodePoint)) return basicSource;
  const pairs = astral.flatMap(([from, to]) => pairSources(Math.max(from, 0x10000), to));
  return `(?:${[...(basic.length === 0 ? [] : [basicSource]), ...pairs].join('|')})`;
}

function pairSources(from: number, to: number): string[] {
  const high = (point: number) => 0xd800 + ((point - 0x10000) >> 10);
  const low = (point: number) => 0xdc00 + ((point - 0x10000) & 0x3ff);
  const span = (first: number, last: number) => (first === last ? unit(first) : `[${unit(first)}-${unit(last)}]`);
  if (high(from) === high(to)) return [`${unit(high(from))}${span(low(from), low(to))}`];
  const middle = high(to) - high(from) > 1 ? [`${span(high(from) + 1, high(to) - 1)}[\\udc00-\\udfff]`] : [];
  return [`${unit(high(from))}${span(low(from), 0xdfff)}`, ...middle, `${unit(high(to))}${span(0xdc00, low(to))}`];
}

function unit(point: number): string {
  const character = String.fromCharCode(point);
  return /[A-Za-z0-9 _"'<>=:;,@#%&!~`]/.test(character) ? character : `\\u${point.toString(16).padStart(4, '0')}`;
}
