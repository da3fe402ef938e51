// JSON text with the line of every value, so that an error can point into a file. JSON.parse decides what the value is;
// the scan beside it finds lines and keys that are given twice. O(length), nesting at most 64 deep.
import { pathText } from './problem.js';

/** A parsed JSON text that knows its lines. */
export interface LocatedJson {
  readonly value: unknown;
  /** The line, from 1, of the value at `path`, or of the deepest value above it. */
  lineOf(path: readonly PropertyKey[]): number;
  /** Keys that an object has twice: JSON.parse keeps the last one silently. */
  readonly duplicates: readonly { readonly path: string; readonly line: number }[];
}

/** Why a text is not JSON, and at which line and column, from 1. */
export class JsonSyntaxProblem extends Error {
  readonly line: number;
  readonly column: number;

  constructor(message: string, line: number, column: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

const maxNesting = 64;

/** Parses `text`. @throws JsonSyntaxProblem */
export function parseLocatedJson(text: string): LocatedJson {
  const scan = new JsonScan(text);
  scan.document();
  return {
    value: JSON.parse(text),
    duplicates: scan.duplicates,
    lineOf: (path) => {
      for (let length = path.length; length > 0; length--) {
        const line = scan.lines.get(pathText(path.slice(0, length)));
        if (line !== undefined) return line;
      }
      return 1;
    },
  };
}

/** A scan of RFC 8259 text by recursive descent; it keeps places, not values. */
class JsonScan {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  readonly #path: (string | number)[] = [];
  readonly lines = new Map<string, number>();
  readonly duplicates: { path: string; line: number }[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#value();
    this.#space();
    if (this.#at < this.#text.length) this.#fail('the end of the file');
  }

  #value(): void {
    this.#space();
    if (this.#path.length > 0) this.lines.set(pathText(this.#path), this.#line);
    if (this.#path.length > maxNesting) this.#fail(`at most ${maxNesting} levels of nesting`);
    const first = this.#text[this.#at];
    if (first === '{') this.#members('}', () => this.#member());
    else if (first === '[') this.#elements();
    else if (first === '"') this.#string();
    else if (this.#match(/true|false|null|-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y) === undefined) this.#fail('a value');
  }

  #elements(): void {
    let index = 0;
    this.#members(']', () => this.#below(index++));
  }

  #member(): void {
    this.#space();
    if (this.#text[this.#at] !== '"') this.#fail('a key in double quotes');
    const line = this.#line;
    const key = this.#string();
    const path = pathText([...this.#path, key]);
    if (this.lines.has(path)) this.duplicates.push({ path, line });
    this.#space();
    this.#expect(':');
    this.#below(key);
  }

  #below(key: string | number): void {
    this.#path.push(key);
    this.#value();
    this.#path.pop();
  }

  /** What stands between a bracket and its partner, separated by commas. */
  #members(close: string, member: () => void): void {
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === close) {
      this.#at++;
      return;
    }
    for (;;) {
      member();
      this.#space();
      if (this.#text[this.#at] === close) break;
      this.#expect(',', close);
    }
    this.#at++;
  }

  /** A string; it gives back its value. */
  #string(): string {
    const start = this.#at;
    const quoted = this.#match(/"[^"\\\n]*(?:\\.[^"\\\n]*)*"/y) ?? this.#fail('a string that ends on its line');
    try {
      return JSON.parse(quoted) as string;
    } catch {
      this.#at = start;
      return this.#fail('a string without control characters and with known escapes only');
    }
  }

  #space(): void {
    for (; ; this.#at++) {
      const character = this.#text[this.#at];
      if (character === '\n') {
        this.#line++;
        this.#lineStart = this.#at + 1;
      } else if (character !== ' ' && character !== '\t' && character !== '\r') return;
    }
  }

  #expect(character: string, or?: string): void {
    if (this.#text[this.#at] !== character)
      this.#fail(or === undefined ? `"${character}"` : `"${character}" or "${or}"`);
    this.#at++;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #fail(expected: string): never {
    const found = this.#text[this.#at];
    const what = found === undefined ? 'the end of the file' : JSON.stringify(found);
    throw new JsonSyntaxProblem(`expected ${expected}, got ${what}`, this.#line, this.#at - this.#lineStart + 1);
  }
}
