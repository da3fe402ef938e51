// Grok: a pattern in which %{NAME:field} stands for the pattern NAME, whose text becomes a field. As in CrowdSec, a field
// named twice takes the text of its last place, a place that took no part gives "", and an outer field of the same name wins
// over one that came with an inner pattern.

import { grokDictionary } from './grok-dictionary.js';
import { internedName } from './interned-name.js';
import { type PatternProblem, parsePattern } from './pattern-syntax.js';
import { SafePattern } from './safe-pattern.js';
import { SyslogLineReader, syslogLineFields } from './syslog-line.js';

const reference = /%\{(\w+)(?::(\w+))?\}/g;
const maximumDepth = 20;
/** Of an expression with all names written out. */
const maximumLength = 65_536;

/** A compiled grok expression. */
export class GrokExpression {
  /** Fields with the numbers of their groups. */
  readonly fields: ReadonlyMap<string, number>;
  readonly pattern: SafePattern;
  readonly #all: Captures;
  #wanted: Captures;
  /** The expression is the one that nearly every line of a host begins with. */
  readonly #isSyslogLine: boolean;

  private constructor(text: string, pattern: SafePattern, fields: ReadonlyMap<string, number>) {
    this.pattern = pattern;
    this.fields = fields;
    this.#isSyslogLine = /^\^?%\{SYSLOGLINE\}$/.test(text) && hasSyslogFields(fields);
    this.#all = this.#capturesOf([...fields.keys()]);
    this.#wanted = this.#all;
  }

  /** Compiles `text`, with names of the dictionary and, where it has none, of `own`. Never throws. */
  static compile(text: string, own: ReadonlyMap<string, string> = new Map()): GrokExpression | PatternProblem {
    try {
      const { source, fields } = new Expansion(own).expand(text, 0);
      const pattern = SafePattern.compile(source, new Set(fields.values()));
      return 'problem' in pattern
        ? { problem: `${pattern.problem}, in the pattern written out`, at: 0 }
        : new GrokExpression(text, pattern, fields);
    } catch (error) {
      if (error instanceof Unknown) return { problem: error.message, at: error.at };
      throw error;
    }
  }

  /** From now on {@link GrokExpression.parseInto} may leave out the fields that `isWanted` is false of: what nobody reads. */
  wantOnly(isWanted: (field: string) => boolean): void {
    const names = [...this.fields.keys()].filter(isWanted);
    this.#wanted = names.length === this.fields.size ? this.#all : this.#capturesOf(names);
  }

  /** The fields of a text; `undefined` when it does not match, or the expression has none. */
  parse(text: string): Map<string, string> | undefined {
    const { names, places } = this.#all;
    const groups = names.length === 0 ? undefined : this.pattern.exec(text);
    return groups && new Map(names.map((name, at) => [name, groups[places[at]!] ?? '']));
  }

  #capturesOf(wanted: readonly string[]): Captures {
    const names = wanted.map(internedName);
    const groups = names.map((name) => this.fields.get(name)!);
    const kept = [...groups].sort((one, other) => one - other);
    return {
      pattern: names.length === this.fields.size ? this.pattern : this.pattern.keeping(new Set(kept)),
      names,
      places: groups.map((group) => kept.indexOf(group) + 1),
      reader: this.#isSyslogLine ? new SyslogLineReader(names) : undefined,
    };
  }

  /**
   * Sets the fields of a text in `parsed`: `all`, or those that are wanted. Whether it matched; without fields nothing does.
   * `isLikely`: as {@link SafePattern.exec} has it.
   */
  parseInto(text: string, parsed: FieldSink, all = true, isLikely = false): boolean {
    const captures = all ? this.#all : this.#wanted;
    const { reader } = captures;
    const read = reader?.read(text);
    if (read !== undefined) {
      parsed.setAll(captures.names, read, reader!.places);
      return true;
    }
    if (this.fields.size === 0) return false;
    if (captures.names.length === 0) return captures.pattern.test(text, isLikely);
    const groups = captures.pattern.exec(text, isLikely);
    if (groups === undefined) return false;
    parsed.setAll(captures.names, groups, captures.places);
    return true;
  }
}

/** Which fields are taken of a match. */
interface Captures {
  readonly pattern: SafePattern;
  /** Interned, as names of properties are: what looks for them by identity finds them at once. */
  readonly names: readonly string[];
  /** Where the text of each is in a match. */
  readonly places: readonly number[];
  /** Reads most lines where the expression is that of syslog. */
  readonly reader: SyslogLineReader | undefined;
}

/** Whether the groups of the expression are those that the reader gives. */
function hasSyslogFields(fields: ReadonlyMap<string, number>): boolean {
  const names = [...fields].sort(([, one], [, other]) => one - other).map(([name]) => name);
  return names.join() === syslogLineFields.join();
}

/** What takes fields. */
interface FieldSink {
  /** Sets each name to the text at its place in `texts`, or to "". */
  setAll(names: readonly string[], texts: readonly (string | undefined)[], places: readonly number[]): void;
}

class Unknown extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

interface Expanded {
  readonly source: string;
  readonly fields: ReadonlyMap<string, number>;
  readonly groups: number;
}

class Expansion {
  readonly #own: ReadonlyMap<string, string>;
  readonly #known = new Map<string, Expanded>();

  constructor(own: ReadonlyMap<string, string>) {
    this.#own = own;
  }

  expand(text: string, depth: number): Expanded {
    if (depth > maximumDepth) throw new Unknown(0, `names nested deeper than ${maximumDepth}: does one name itself?`);
    const references = [...text.matchAll(reference)];
    const outer = new Set(references.map((match) => match[2]));
    const fields = new Map<string, number>();
    let source = '';
    let groups = 0;
    let from = 0;
    for (const match of references) {
      const [whole, name, field] = match;
      const before = text.slice(from, match.index);
      groups += groupsIn(before);
      const inner = this.#named(name!, match.index, depth);
      // A name without a field needs no group, but a choice inside it must stay together.
      source += before + (field === undefined ? `(?:${inner.source})` : `(${inner.source})`);
      if (field !== undefined) {
        groups += 1;
        fields.set(field, groups);
      }
      for (const [innerField, group] of inner.fields)
        if (!outer.has(innerField)) fields.set(innerField, groups + group);
      groups += inner.groups;
      from = match.index + whole.length;
      if (source.length > maximumLength)
        throw new Unknown(match.index, `longer than ${maximumLength} characters when written out`);
    }
    const rest = text.slice(from);
    return { source: source + rest, fields, groups: groups + groupsIn(rest) };
  }

  #named(name: string, at: number, depth: number): Expanded {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const text = grokDictionary.get(name) ?? this.#own.get(name);
    if (text === undefined) throw new Unknown(at, `the pattern %{${name}} is not defined`);
    const expanded = this.expand(text, depth + 1);
    if (!text.includes('%{')) {
      const parsed = parsePattern(text);
      if ('problem' in parsed) throw new Unknown(at, `${parsed.problem}, in the pattern %{${name}}`);
    }
    this.#known.set(name, expanded);
    return expanded;
  }
}

/** Capturing groups that open in a piece of a pattern. */
function groupsIn(piece: string): number {
  let count = 0;
  let inClass = false;
  for (let at = 0; at < piece.length; at += 1) {
    const character = piece[at];
    if (character === '\\') at += 1;
    else if (inClass) inClass = character !== ']';
    else if (character === '[') {
      inClass = true;
      if (piece[at + 1] === '^') at += 1;
      if (piece[at + 1] === ']') at += 1;
    } else if (character === '(' && (piece[at + 1] !== '?' || /^\?P?<[A-Za-z_]/.test(piece.slice(at + 1, at + 5))))
      count += 1;
  }
  return count;
}
