// The expression language of CrowdSec rules (a dialect of Go's expr, https://expr-lang.org): text to syntax tree.
// A tokenizer and a Pratt parser (Pratt, "Top down operator precedence", 1973). Linear time; depth is bounded.

/** Where a part of an expression begins, as an offset into its text. */
interface Place {
  readonly at: number;
}

/** A node of the syntax tree. */
export type Expression = Place &
  (
    | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'element' }
    | {
        readonly kind: 'member';
        readonly object: Expression;
        readonly property: Expression;
        readonly optional: boolean;
      }
    | { readonly kind: 'slice'; readonly object: Expression; readonly from?: Expression; readonly to?: Expression }
    | { readonly kind: 'call'; readonly callee: Expression; readonly arguments: readonly Expression[] }
    | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Expression }
    | {
        readonly kind: 'binary';
        readonly operator: BinaryOperator;
        readonly left: Expression;
        readonly right: Expression;
      }
    | {
        readonly kind: 'conditional';
        readonly test: Expression;
        readonly yes: Expression;
        readonly no: Expression;
      }
    | { readonly kind: 'array'; readonly items: readonly Expression[] }
    | { readonly kind: 'map'; readonly entries: readonly (readonly [string, Expression])[] }
    | { readonly kind: 'predicate'; readonly body: Expression }
    | { readonly kind: 'let'; readonly name: string; readonly value: Expression; readonly body: Expression }
  );

type UnaryOperator = '!' | '-' | '+';
export type BinaryOperator =
  | '??'
  | '||'
  | '&&'
  | '=='
  | '!='
  | '<'
  | '>'
  | '<='
  | '>='
  | 'in'
  | 'not in'
  | 'matches'
  | 'not matches'
  | 'contains'
  | 'not contains'
  | 'startsWith'
  | 'not startsWith'
  | 'endsWith'
  | 'not endsWith'
  | '..'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '**'
  | '|';

/** What is wrong with an expression's text, and where. */
export interface SyntaxProblem extends Place {
  readonly problem: string;
}

/** How deep parentheses, calls and operators may nest. */
const maximumDepth = 200;
/** Of one expression; the largest rule of CrowdSec's hub has some 2,000. A chain of operators is as deep as it is long. */
const maximumTokens = 4000;

/** Parses an expression; never throws. O(length). */
export function parseExpression(text: string): { readonly expression: Expression } | SyntaxProblem {
  const tokens = tokenize(text);
  if ('problem' in tokens) return tokens;
  if (tokens.length > maximumTokens) return { at: 0, problem: `an expression of more than ${maximumTokens} tokens` };
  try {
    return { expression: new Parser(tokens).whole() };
  } catch (error) {
    if (error instanceof Unparsable) return { at: error.at, problem: error.message };
    throw error;
  }
}

interface Token extends Place {
  readonly kind: 'number' | 'string' | 'name' | 'operator' | 'end';
  readonly text: string;
  readonly value?: string | number;
}

const operators = ['**', '..', '??', '?.', '==', '!=', '<=', '>=', '&&', '||', ...'+-*/%^<>!?:.,()[]{}#|;='];
const space = /[ \t\r\n]+/y;
const comment = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const number = /0[xX][0-9a-fA-F]+|(?:\d[\d_]*)(?:\.(?!\.)\d+)?(?:[eE][+-]?\d+)?/y;
const name = /[A-Za-z_$][A-Za-z0-9_$]*/y;

function tokenize(text: string): Token[] | SyntaxProblem {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  while (at < text.length) {
    if (take(space) !== undefined || take(comment) !== undefined) continue;
    const start = at;
    const quote = text[at]!;
    if (quote === '"' || quote === "'" || quote === '`') {
      const value = readString(text, at, quote);
      if (typeof value !== 'object') return { at, problem: 'a string that does not end' };
      at = value.end;
      tokens.push({ kind: 'string', at: start, text: text.slice(start, at), value: value.value });
      continue;
    }
    const digits = take(number);
    if (digits !== undefined) {
      tokens.push({ kind: 'number', at: start, text: digits, value: Number(digits.replaceAll('_', '')) });
      continue;
    }
    const word = take(name);
    if (word !== undefined) {
      tokens.push({ kind: 'name', at: start, text: word });
      continue;
    }
    const operator = operators.find((candidate) => text.startsWith(candidate, at));
    if (operator === undefined) return { at, problem: `unexpected character ${JSON.stringify(text[at])}` };
    at += operator.length;
    tokens.push({ kind: 'operator', at: start, text: operator });
  }
  tokens.push({ kind: 'end', at: text.length, text: '' });
  return tokens;
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\x07',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
};

/** Reads a quoted string at `at`; back-quoted ones are raw. */
function readString(text: string, at: number, quote: string): { value: string; end: number } | undefined {
  let value = '';
  for (let next = at + 1; next < text.length; next++) {
    const character = text[next]!;
    if (character === quote) return { value, end: next + 1 };
    if (character !== '\\' || quote === '`') {
      value += character;
      continue;
    }
    const escaped = text[++next] ?? '';
    const hex =
      escaped === 'x'
        ? /^[0-9a-fA-F]{2}/.exec(text.slice(next + 1, next + 3))
        : escaped === 'u'
          ? /^[0-9a-fA-F]{4}/.exec(text.slice(next + 1, next + 5))
          : null;
    if (hex !== null) {
      value += String.fromCharCode(Number.parseInt(hex[0], 16));
      next += hex[0].length;
    } else {
      value += escapes[escaped] ?? `\\${escaped}`;
    }
  }
  return undefined;
}

class Unparsable extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

// Binding powers in the order of expr-lang.org, weakest first; `**` binds to the right.
const powers: Readonly<Record<string, number>> = {
  '|': 5,
  '??': 110,
  '||': 20,
  or: 20,
  '&&': 30,
  and: 30,
  '==': 40,
  '!=': 40,
  '<': 40,
  '>': 40,
  '<=': 40,
  '>=': 40,
  in: 40,
  matches: 40,
  contains: 40,
  startsWith: 40,
  endsWith: 40,
  '..': 50,
  '+': 60,
  '-': 60,
  '*': 70,
  '/': 70,
  '%': 70,
  '**': 100,
  '^': 100,
};
const negatable = new Set(['in', 'matches', 'contains', 'startsWith', 'endsWith']);
const spellings: Readonly<Record<string, string>> = { and: '&&', or: '||', '^': '**' };
const unaryPower = 90;
const notPower = 50;
const conditionalPower = 10;

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#sequence();
    const rest = this.#peek();
    if (rest.kind !== 'end')
      throw new Unparsable(rest.at, `unexpected ${JSON.stringify(rest.text)} after a complete expression`);
    return expression;
  }

  /** `let name = value; body`, or an expression. */
  #sequence(): Expression {
    const start = this.#peek();
    if (!this.#takeName('let')) return this.#expression(0);
    if (++this.#depth > maximumDepth) throw new Unparsable(start.at, `nested deeper than ${maximumDepth}`);
    const variable = this.#take();
    if (variable.kind !== 'name') throw new Unparsable(variable.at, 'expected a name after let');
    this.#expect('=');
    const value = this.#expression(0);
    this.#expect(';');
    return { kind: 'let', at: start.at, name: variable.text, value, body: this.#sequence() };
  }

  #expression(minimum: number): Expression {
    if (++this.#depth > maximumDepth) throw new Unparsable(this.#peek().at, `nested deeper than ${maximumDepth}`);
    let left = this.#operand();
    for (;;) {
      const token = this.#peek();
      if (token.text === '?' && token.kind === 'operator') {
        if (conditionalPower < minimum) break;
        left = this.#conditional(left);
        continue;
      }
      const operator = this.#binaryOperator();
      if (operator === undefined || operator.power < minimum) break;
      this.#next += operator.tokens;
      const right = this.#expression(operator.text === '**' ? operator.power : operator.power + 1);
      left =
        operator.text === '|'
          ? pipe(left, right)
          : { kind: 'binary', at: token.at, operator: operator.text, left, right };
    }
    this.#depth--;
    return left;
  }

  #binaryOperator(): { text: BinaryOperator; power: number; tokens: number } | undefined {
    const token = this.#peek();
    if (token.kind !== 'operator' && token.kind !== 'name') return undefined;
    if (token.text === 'not') {
      const negated = this.#tokens[this.#next + 1]!;
      if (negated.kind !== 'name' || !negatable.has(negated.text)) return undefined;
      return { text: `not ${negated.text}` as BinaryOperator, power: powers[negated.text]!, tokens: 2 };
    }
    if (!Object.hasOwn(powers, token.text)) return undefined;
    const text = Object.hasOwn(spellings, token.text) ? spellings[token.text]! : token.text;
    return { text: text as BinaryOperator, power: powers[token.text]!, tokens: 1 };
  }

  #conditional(test: Expression): Expression {
    const { at } = this.#take();
    if (this.#takeOperator(':'))
      return { kind: 'conditional', at, test, yes: test, no: this.#expression(conditionalPower) };
    const yes = this.#expression(conditionalPower);
    this.#expect(':');
    return { kind: 'conditional', at, test, yes, no: this.#expression(conditionalPower) };
  }

  #operand(): Expression {
    const token = this.#peek();
    if (token.kind === 'operator' && (token.text === '!' || token.text === '-' || token.text === '+')) {
      this.#take();
      return {
        kind: 'unary',
        at: token.at,
        operator: token.text,
        operand: this.#expression(token.text === '!' ? notPower : unaryPower),
      };
    }
    if (token.kind === 'name' && token.text === 'not') {
      this.#take();
      return { kind: 'unary', at: token.at, operator: '!', operand: this.#expression(notPower) };
    }
    return this.#postfix(this.#primary());
  }

  #postfix(start: Expression): Expression {
    let object = start;
    for (;;) {
      const { at } = this.#peek();
      if (this.#takeOperator('.') || this.#takeOperator('?.')) {
        const optional = this.#tokens[this.#next - 1]!.text === '?.';
        if (optional && this.#takeOperator('[')) object = this.#index(object, at, true);
        else object = { kind: 'member', at, object, property: this.#propertyName(), optional };
      } else if (this.#takeOperator('[')) {
        object = this.#index(object, at, false);
      } else if (this.#takeOperator('(')) {
        object = { kind: 'call', at: object.at, callee: object, arguments: this.#list(')') };
      } else {
        return object;
      }
    }
  }

  #propertyName(): Expression {
    const token = this.#take();
    if (token.kind !== 'name') throw new Unparsable(token.at, 'expected a field name');
    return { kind: 'literal', at: token.at, value: token.text };
  }

  #index(object: Expression, at: number, optional: boolean): Expression {
    const from = this.#takeOperator(':') ? undefined : this.#expression(0);
    const isSlice = from === undefined || this.#takeOperator(':');
    if (!isSlice) {
      this.#expect(']');
      return { kind: 'member', at, object, property: from, optional };
    }
    const to = this.#peek().text === ']' ? undefined : this.#expression(0);
    this.#expect(']');
    return { kind: 'slice', at, object, ...(from && { from }), ...(to && { to }) };
  }

  #primary(): Expression {
    const token = this.#take();
    const { at } = token;
    if (token.kind === 'number' || token.kind === 'string') return { kind: 'literal', at, value: token.value! };
    if (token.kind === 'name') return token.text === 'if' ? this.#choice(at) : word(token);
    switch (token.text) {
      case '(': {
        const inner = this.#sequence();
        this.#expect(')');
        return inner;
      }
      case '[':
        return { kind: 'array', at, items: this.#list(']') };
      case '{':
        return this.#braces(at);
      case '#':
        return this.#peek().kind === 'name' && this.#peek().at === at + 1
          ? { kind: 'name', at, name: `#${this.#take().text}` }
          : { kind: 'element', at };
      case '.':
        return { kind: 'member', at, object: { kind: 'element', at }, property: this.#propertyName(), optional: false };
      default:
        throw new Unparsable(
          at,
          token.kind === 'end' ? 'the expression ends too early' : `unexpected ${JSON.stringify(token.text)}`,
        );
    }
  }

  /** `if condition { … } else { … }`, or `else if …`. */
  #choice(at: number): Expression {
    const test = this.#expression(0);
    const yes = this.#block();
    const elseWord = this.#peek();
    if (!this.#takeName('else')) throw new Unparsable(elseWord.at, 'expected else');
    const again = this.#peek();
    const no = this.#takeName('if') ? this.#nestedChoice(again.at) : this.#block();
    return { kind: 'conditional', at, test, yes, no };
  }

  #nestedChoice(at: number): Expression {
    if (++this.#depth > maximumDepth) throw new Unparsable(at, `nested deeper than ${maximumDepth}`);
    return this.#choice(at);
  }

  #block(): Expression {
    this.#expect('{');
    const body = this.#sequence();
    this.#expect('}');
    return body;
  }

  /** A map literal `{key: value}`, or a predicate `{# > 1}`. */
  #braces(at: number): Expression {
    const key = this.#peek();
    const isMap =
      key.text === '}' ||
      ((key.kind === 'name' || key.kind === 'string') && this.#tokens[this.#next + 1]?.text === ':');
    if (!isMap) {
      const body = this.#sequence();
      this.#expect('}');
      return { kind: 'predicate', at, body };
    }
    const entries: (readonly [string, Expression])[] = [];
    while (!this.#takeOperator('}')) {
      if (entries.length > 0) this.#expect(',');
      const token = this.#take();
      if (token.kind !== 'name' && token.kind !== 'string') throw new Unparsable(token.at, 'expected a key');
      this.#expect(':');
      entries.push([String(token.value ?? token.text), this.#expression(0)]);
    }
    return { kind: 'map', at, entries };
  }

  #list(close: string): Expression[] {
    const items: Expression[] = [];
    while (!this.#takeOperator(close)) {
      if (items.length > 0) {
        this.#expect(',');
        if (this.#takeOperator(close)) break;
      }
      items.push(this.#sequence());
    }
    return items;
  }

  #peek(): Token {
    return this.#tokens[this.#next]!;
  }

  #take(): Token {
    const token = this.#tokens[this.#next]!;
    if (token.kind !== 'end') this.#next++;
    return token;
  }

  #takeOperator(text: string): boolean {
    if (this.#peek().kind !== 'operator' || this.#peek().text !== text) return false;
    this.#next++;
    return true;
  }

  #takeName(text: string): boolean {
    if (this.#peek().kind !== 'name' || this.#peek().text !== text) return false;
    this.#next++;
    return true;
  }

  #expect(text: string): void {
    if (this.#takeOperator(text)) return;
    const found = this.#peek();
    throw new Unparsable(
      found.at,
      `expected ${JSON.stringify(text)}, found ${found.kind === 'end' ? 'the end' : JSON.stringify(found.text)}`,
    );
  }
}

function word(token: Token): Expression {
  const { at, text } = token;
  if (text === 'true' || text === 'false') return { kind: 'literal', at, value: text === 'true' };
  if (text === 'nil') return { kind: 'literal', at, value: null };
  return { kind: 'name', at, name: text };
}

/** `value | call(argument)` is `call(value, argument)`. */
function pipe(value: Expression, call: Expression): Expression {
  if (call.kind !== 'call') throw new Unparsable(call.at, 'expected a function call after |');
  return { ...call, arguments: [value, ...call.arguments] };
}
