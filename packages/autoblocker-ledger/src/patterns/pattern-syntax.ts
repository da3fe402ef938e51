// RE2's syntax (github.com/google/re2/wiki/Syntax) to a tree: no back references and no look-around, which is what makes
// matching in linear time possible. What RE2 itself refuses is refused here. Flags become part of the nodes.

/** Code points from–to, both included, in order, none touching. */
export type Ranges = readonly (readonly [from: number, to: number])[];

/** A node of a pattern. */
export type PatternNode =
  | { readonly kind: 'empty' }
  | { readonly kind: 'set'; readonly ranges: Ranges }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'concat'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'either'; readonly parts: readonly PatternNode[] }
  | {
      readonly kind: 'repeat';
      readonly body: PatternNode;
      readonly least: number;
      /** `Infinity` when there is no bound. */
      readonly most: number;
      readonly greedy: boolean;
    }
  | { readonly kind: 'group'; readonly index: number; readonly body: PatternNode };

/** Where an empty match is allowed. */
export type Assertion = 'start' | 'end' | 'lineStart' | 'lineEnd' | 'wordBoundary' | 'noWordBoundary';

/** A pattern, taken apart. */
export interface ParsedPattern {
  readonly root: PatternNode;
  /** Capturing groups. */
  readonly groups: number;
}

/** What is wrong with a pattern. */
export interface PatternProblem {
  readonly problem: string;
  /** Offset into the pattern. */
  readonly at: number;
}

/** RE2's own bound on counted repetition. */
const maximumRepeat = 1000;
const maximumDepth = 200;
export const lastCodePoint = 0x10ffff;

/** Parses a pattern; never throws. */
export function parsePattern(text: string): ParsedPattern | PatternProblem {
  const parser = new PatternParser(text);
  try {
    return { root: parser.whole(), groups: parser.groups };
  } catch (error) {
    if (error instanceof Refused) return { problem: error.message, at: error.at };
    throw error;
  }
}

class Refused extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
  readonly swapGreed: boolean;
}

const digits: Ranges = [[48, 57]];
const word: Ranges = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
/** RE2's \s has no vertical tab and nothing beyond ASCII. */
const blank: Ranges = [
  [9, 10],
  [12, 13],
  [32, 32],
];
const upper: Ranges = [[65, 90]];
const lower: Ranges = [[97, 122]];
const posixClasses: Readonly<Record<string, Ranges>> = {
  alnum: union([...digits, ...upper, ...lower]),
  alpha: union([...upper, ...lower]),
  ascii: [[0, 127]],
  blank: [
    [9, 9],
    [32, 32],
  ],
  cntrl: [
    [0, 31],
    [127, 127],
  ],
  digit: digits,
  graph: [[33, 126]],
  lower,
  print: [[32, 126]],
  punct: [
    [33, 47],
    [58, 64],
    [91, 96],
    [123, 126],
  ],
  space: [
    [9, 13],
    [32, 32],
  ],
  upper,
  word,
  xdigit: [
    [48, 57],
    [65, 70],
    [97, 102],
  ],
};
const simpleEscapes: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };
const classEscapes: Readonly<Record<string, Ranges>> = {
  d: digits,
  D: complement(digits),
  w: word,
  W: complement(word),
  s: blank,
  S: complement(blank),
};

class PatternParser {
  groups = 0;
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): PatternNode {
    const root = this.#either({ ignoreCase: false, multiLine: false, dotAll: false, swapGreed: false });
    if (this.#at < this.#text.length) throw new Refused(this.#at, 'unexpected )');
    return root;
  }

  #either(flags: Flags): PatternNode {
    this.#depth += 1;
    if (this.#depth > maximumDepth) throw new Refused(this.#at, `nested deeper than ${maximumDepth}`);
    const branches: PatternNode[] = [];
    let parts: PatternNode[] = [];
    let current = flags;
    while (this.#at < this.#text.length && this.#text[this.#at] !== ')') {
      if (this.#take('|')) {
        branches.push(concat(parts));
        parts = [];
        continue;
      }
      const changed = this.#flagGroup(current);
      if (changed !== undefined) {
        current = changed;
        continue;
      }
      if (this.#text.startsWith('\\Q', this.#at)) {
        parts.push(...this.#quotation(current));
        continue;
      }
      parts.push(this.#repeated(this.#atom(current), current));
    }
    branches.push(concat(parts));
    this.#depth -= 1;
    return branches.length === 1 ? branches[0]! : { kind: 'either', parts: branches };
  }

  /** `(?i)` and its like: flags for the rest of the group. */
  #flagGroup(flags: Flags): Flags | undefined {
    const found = /^\(\?([imsU]*)(?:-([imsU]+))?\)/.exec(this.#text.slice(this.#at, this.#at + 16));
    if (found === null) return undefined;
    this.#at += found[0].length;
    return changeFlags(flags, found[1]!, found[2] ?? '');
  }

  #quotation(flags: Flags): PatternNode[] {
    const end = this.#text.indexOf('\\E', this.#at + 2);
    const quoted = this.#text.slice(this.#at + 2, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#text.length : end + 2;
    return Array.from(quoted, (character) => literal(character.codePointAt(0)!, flags));
  }

  #atom(flags: Flags): PatternNode {
    const start = this.#at;
    const point = this.#text.codePointAt(start)!;
    this.#at += point > 0xffff ? 2 : 1;
    switch (String.fromCodePoint(point)) {
      case '(':
        return this.#group(start, flags);
      case '[':
        return { kind: 'set', ranges: this.#class(start, flags) };
      case '.':
        return { kind: 'set', ranges: flags.dotAll ? [[0, lastCodePoint]] : complement([[10, 10]]) };
      case '^':
        return { kind: 'assert', what: flags.multiLine ? 'lineStart' : 'start' };
      case '$':
        return { kind: 'assert', what: flags.multiLine ? 'lineEnd' : 'end' };
      case '\\':
        return this.#escape(start, flags);
      case '*':
      case '+':
      case '?':
        throw new Refused(start, 'nothing to repeat');
      default:
        return literal(point, flags);
    }
  }

  #group(start: number, flags: Flags): PatternNode {
    const opening = /^\?(?:P?<([A-Za-z_]\w*)>|([imsU]*)(?:-([imsU]+))?:)/.exec(
      this.#text.slice(this.#at, this.#at + 80),
    );
    if (opening === null && this.#text[this.#at] === '?') {
      throw new Refused(
        start,
        `${this.#text.slice(start, start + 4)} is no RE2 (look-around, atomic group or unknown flag)`,
      );
    }
    this.#at += opening?.[0].length ?? 0;
    const captures = opening === null || opening[1] !== undefined;
    if (captures) this.groups += 1;
    const index = this.groups;
    const body = this.#either(captures ? flags : changeFlags(flags, opening[2] ?? '', opening[3] ?? ''));
    if (!this.#take(')')) throw new Refused(start, 'a group that does not end');
    return captures ? { kind: 'group', index, body } : body;
  }

  #escape(start: number, flags: Flags): PatternNode {
    const character = this.#text[this.#at];
    if (character === undefined) throw new Refused(start, 'a backslash at the end');
    const known = classEscapes[character];
    if (known !== undefined || character === 'p' || character === 'P') {
      return { kind: 'set', ranges: this.#classEscape(start) };
    }
    const assertion = { A: 'start', z: 'end', b: 'wordBoundary', B: 'noWordBoundary' } as const;
    if (Object.hasOwn(assertion, character)) {
      this.#at += 1;
      return { kind: 'assert', what: assertion[character as 'A'] };
    }
    return literal(this.#escapedPoint(start), flags);
  }

  /** `\d` and its like, and `\p{…}`, at the letter. */
  #classEscape(start: number): Ranges {
    const character = this.#text[this.#at]!;
    this.#at += 1;
    const known = classEscapes[character];
    if (known !== undefined) return known;
    const name = /^(?:\{(\^?)(\w+)\}|(\w))/.exec(this.#text.slice(this.#at, this.#at + 40));
    if (name === null) throw new Refused(start, 'a \\p without a name');
    this.#at += name[0].length;
    const ranges = unicodeClass(name[2] ?? name[3]!);
    if (ranges === undefined) throw new Refused(start, `unknown character class \\p${name[0]}`);
    return (character === 'P') !== (name[1] === '^') ? complement(ranges) : ranges;
  }

  /** The character of an escape, at what follows the backslash. */
  #escapedPoint(start: number): number {
    const rest = this.#text.slice(this.#at, this.#at + 12);
    const hex = /^x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,8})\})/.exec(rest);
    const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest);
    const numeric = hex ?? octal;
    if (numeric !== null) {
      this.#at += numeric[0].length;
      const point = hex === null ? Number.parseInt(octal![0], 8) : Number.parseInt(hex[1] ?? hex[2]!, 16);
      if (point > lastCodePoint) throw new Refused(start, 'a code point beyond Unicode');
      return point;
    }
    const character = this.#text[this.#at]!;
    this.#at += 1;
    const simple = Object.hasOwn(simpleEscapes, character) ? simpleEscapes[character] : undefined;
    if (simple !== undefined) return simple;
    if (/[A-Za-z0-9]/.test(character)) throw new Refused(start, `\\${character} is no RE2`);
    return character.codePointAt(0)!;
  }

  #class(start: number, flags: Flags): Ranges {
    const negated = this.#take('^');
    const ranges: (readonly [number, number])[] = [];
    for (let first = true; first || this.#text[this.#at] !== ']'; first = false) {
      if (this.#at >= this.#text.length) throw new Refused(start, 'a character class that does not end');
      const posix = /^\[:(\^?)(\w+):\]/.exec(this.#text.slice(this.#at, this.#at + 16));
      const named = posix === null ? undefined : posixClasses[posix[2]!];
      if (posix !== null && named === undefined) throw new Refused(this.#at, `unknown character class ${posix[0]}`);
      if (named !== undefined) {
        this.#at += posix![0].length;
        ranges.push(...(posix![1] === '^' ? complement(named) : named));
        continue;
      }
      const isEscape = this.#text[this.#at] === '\\';
      if (isEscape && /[dDwWsSpP]/.test(this.#text[this.#at + 1] ?? '')) {
        const backslash = this.#at;
        this.#at += 1;
        ranges.push(...this.#classEscape(backslash));
        continue;
      }
      ranges.push(this.#classRange(start));
    }
    this.#at += 1;
    const folded = flags.ignoreCase ? foldCase(union(ranges)) : union(ranges);
    return negated ? complement(folded) : folded;
  }

  #classRange(start: number): readonly [number, number] {
    const from = this.#classPoint(start);
    if (this.#text[this.#at] !== '-' || this.#text[this.#at + 1] === ']' || this.#at + 1 >= this.#text.length) {
      return [from, from];
    }
    this.#at += 1;
    const to = this.#classPoint(start);
    if (to < from) throw new Refused(start, 'a range that runs backwards');
    return [from, to];
  }

  #classPoint(start: number): number {
    const point = this.#text.codePointAt(this.#at);
    if (point === undefined) throw new Refused(start, 'a character class that does not end');
    this.#at += point > 0xffff ? 2 : 1;
    return point === 92 ? this.#escapedPoint(start) : point;
  }

  #repeated(body: PatternNode, flags: Flags): PatternNode {
    const start = this.#at;
    const found = /^(?:([*+?])|\{(\d{1,4})(?:(,)(\d{1,4})?)?\})(\??)/.exec(this.#text.slice(start, start + 16));
    if (found === null) return body;
    this.#at += found[0].length;
    const [least, most] = boundsOf(found);
    if (least > maximumRepeat || (most !== Number.POSITIVE_INFINITY && (most > maximumRepeat || most < least))) {
      throw new Refused(start, `a repetition {${least},${most}}; at most ${maximumRepeat}`);
    }
    if (/^[*+?]/.test(this.#text.slice(this.#at))) throw new Refused(this.#at, 'a repetition of a repetition');
    const greedy = (found[5] === '') !== flags.swapGreed;
    return { kind: 'repeat', body, least, most, greedy };
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }
}

function boundsOf([, sign, least, comma, most]: RegExpExecArray): [number, number] {
  if (sign !== undefined) return [sign === '+' ? 1 : 0, sign === '?' ? 1 : Number.POSITIVE_INFINITY];
  if (comma === undefined) return [Number(least), Number(least)];
  return [Number(least), most === undefined ? Number.POSITIVE_INFINITY : Number(most)];
}

function changeFlags(flags: Flags, on: string, off: string): Flags {
  const is = (flag: string, before: boolean) => (on.includes(flag) ? true : off.includes(flag) ? false : before);
  return {
    ignoreCase: is('i', flags.ignoreCase),
    multiLine: is('m', flags.multiLine),
    dotAll: is('s', flags.dotAll),
    swapGreed: is('U', flags.swapGreed),
  };
}

function concat(parts: readonly PatternNode[]): PatternNode {
  if (parts.length === 0) return { kind: 'empty' };
  return parts.length === 1 ? parts[0]! : { kind: 'concat', parts };
}

function literal(point: number, { ignoreCase }: Flags): PatternNode {
  return { kind: 'set', ranges: ignoreCase ? foldCase([[point, point]]) : [[point, point]] };
}

/** Ranges in order, joined where they touch. */
function union(ranges: Ranges): Ranges {
  const joined: [number, number][] = [];
  for (const [from, to] of [...ranges].sort((one, other) => one[0] - other[0])) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** Everything else. */
function complement(ranges: Ranges): Ranges {
  const others: [number, number][] = [];
  let next = 0;
  for (const [from, to] of union(ranges)) {
    if (from > next) others.push([next, from - 1]);
    next = to + 1;
  }
  if (next <= lastCodePoint) others.push([next, lastCodePoint]);
  return others;
}

/** Ranges with the other case of every letter. Beyond the Basic Latin, Latin-1, Greek and Cyrillic blocks case is kept. */
function foldCase(ranges: Ranges): Ranges {
  const folded: (readonly [number, number])[] = [...ranges];
  for (const [from, to] of ranges) {
    for (let point = from; point <= Math.min(to, 0x52f); point += 1) {
      const character = String.fromCodePoint(point);
      for (const other of [character.toLowerCase(), character.toUpperCase()]) {
        if (other.length === 1 && other !== character) folded.push([other.charCodeAt(0), other.charCodeAt(0)]);
      }
    }
  }
  return union(folded);
}

/** A Unicode class, read from the engine's own tables, as far as the Basic Multilingual Plane goes. */
function unicodeClass(name: string): Ranges | undefined {
  let expression: RegExp;
  try {
    expression = new RegExp(`^\\p{${/^(?:[A-Z][a-z]?)$/.test(name) ? name : `Script=${name}`}}$`, 'u');
  } catch {
    return undefined;
  }
  const ranges: [number, number][] = [];
  for (let point = 0; point <= 0xffff; point += 1) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    if (!expression.test(String.fromCharCode(point))) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === point - 1) last[1] = point;
    else ranges.push([point, point]);
  }
  return ranges;
}
