// Reads the text of rules by recursive descent over tokens; every refusal names line and column.
import { latticeError } from '../errors/index.js';
import type { Atom, Comparison, Expression, Literal, Operator, Place, RuleSyntax } from './rule-syntax.js';

/** Bounds on what is read. */
export interface RuleTextLimits {
  /** Characters of one text. */
  readonly ruleText: number;
  /** Literals of one body. */
  readonly bodyLiterals: number;
  /** Nesting of parentheses and calls. */
  readonly nesting: number;
}

type TokenType = 'name' | 'variable' | 'prefixed' | 'iri' | 'string' | 'integer' | 'symbol' | 'end';
interface Token extends Place {
  readonly type: TokenType;
  readonly text: string;
}

const TOKEN =
  /(?<space>[ \t\r\n]+|%[^\n]*)|(?<symbol>:-|!=|<=|>=|@prefix\b)|(?<iri><[^<>\s"{}|\\^`=][^<>\s"{}|\\^`]*>)|(?<string>"(?:[^"\\\n]|\\.)*")|(?<integer>\d+)|(?<prefixed>(?:\p{L}[\p{L}\p{N}_]*(?:-[\p{L}\p{N}_]+)*)?:[\p{L}\p{N}_][\p{L}\p{N}_]*(?:-[\p{L}\p{N}_]+)*)|(?<variable>[\p{Lu}_][\p{L}\p{N}_]*)|(?<name>\p{L}[\p{L}\p{N}_]*(?:-[\p{L}\p{N}_]+)*)|(?<single>[(),.:=<>+*/!-])/uy;
const COMPARISONS: readonly string[] = ['=', '!=', '<', '<=', '>', '>='];
const LARGEST = 2 ** 31 - 1;

/**
 * Reads rules and facts.
 *
 * @throws TenstripError `RuleSyntax` with line and column
 */
export function parseRules(text: string, limits: RuleTextLimits): RuleSyntax[] {
  if (text.length > limits.ruleText) {
    throw latticeError(
      'RuleSyntax',
      `a text of ${text.length} characters; at most ${limits.ruleText} (limits.ruleText)`,
      {
        line: 1,
        column: 1,
      },
    );
  }
  return new RuleReader(text, limits).program();
}

function refuse(place: Place, problem: string): never {
  const { line, column } = place;
  throw latticeError('RuleSyntax', `line ${line}, column ${column}: ${problem}`, { line, column });
}

class RuleReader {
  readonly #tokens: readonly Token[];
  readonly #limits: RuleTextLimits;
  readonly #prefixes = new Map<string, string>();
  /** How deep the canonical text of an operation or a call is nested, where it has parentheses that this text needs not have. */
  readonly #depths = new WeakMap<Expression, number>();
  #at = 0;
  #depth = 0;

  constructor(text: string, limits: RuleTextLimits) {
    this.#tokens = tokensOf(text);
    this.#limits = limits;
  }

  program(): RuleSyntax[] {
    const rules: RuleSyntax[] = [];
    while (this.#peek().type !== 'end') {
      if (this.#isSymbol('@prefix')) this.#prefix();
      else rules.push(this.#rule());
    }
    return rules;
  }

  #prefix(): void {
    this.#next();
    const name = this.#isSymbol(':') ? '' : this.#prefixName();
    this.#symbol(':');
    const iri = this.#expect('iri', 'an IRI in angle brackets').text;
    this.#symbol('.');
    this.#prefixes.set(name, iri);
  }

  #prefixName(): string {
    const token = this.#next();
    if (token.type !== 'name' && token.type !== 'variable')
      refuse(token, `found ${shown(token)}; expected the name of a prefix`);
    return token.text;
  }

  #rule(): RuleSyntax {
    const head = this.#atom();
    const body: Literal[] = [];
    if (this.#isSymbol(':-')) {
      do {
        this.#next();
        const literal = this.#literal();
        if (body.length >= this.#limits.bodyLiterals)
          refuse(literal.place, `more than ${this.#limits.bodyLiterals} literals in a body (limits.bodyLiterals)`);
        body.push(literal);
      } while (this.#isSymbol(','));
    }
    this.#symbol('.', body.length === 0 ? '`.` or `:-`' : '`.` or `,`');
    return { head, body, place: head.place };
  }

  #literal(): Literal {
    const start = this.#peek();
    if (this.#isSymbol('!') || (start.type === 'name' && start.text === 'not' && this.#peek(1).type === 'name')) {
      this.#next();
      return { type: 'atom', negated: true, atom: this.#atom(), place: placeOf(start) };
    }
    const left = this.#expression();
    const sign = this.#peek();
    if (sign.type === 'symbol' && COMPARISONS.includes(sign.text)) {
      this.#next();
      const right = this.#expression();
      return { type: 'comparison', comparison: sign.text as Comparison, left, right, place: placeOf(start) };
    }
    if (left.type !== 'call')
      refuse(sign, `found ${shown(sign)}; expected a comparison (=, !=, <, <=, >, >=) or an atom`);
    const atom = { relation: left.name, arguments: left.arguments, place: left.place };
    return { type: 'atom', negated: false, atom, place: left.place };
  }

  #atom(): Atom {
    const name = this.#expect('name', 'the name of a relation');
    return { relation: name.text, arguments: this.#arguments(), place: placeOf(name) };
  }

  #arguments(): Expression[] {
    this.#symbol('(');
    const given: Expression[] = [];
    if (!this.#isSymbol(')')) {
      given.push(this.#expression());
      while (this.#isSymbol(',')) {
        this.#next();
        given.push(this.#expression());
      }
    }
    this.#symbol(')', '`,` or `)`');
    return given;
  }

  #expression(): Expression {
    if (++this.#depth > this.#limits.nesting) refuse(this.#peek(), `nested deeper than ${this.#limits.nesting}`);
    let left = this.#product();
    while (this.#isSymbol('+') || this.#isSymbol('-')) {
      const operator = this.#next().text as Operator;
      left = this.#operation(operator, left, this.#product(), left.place);
    }
    this.#depth--;
    return left;
  }

  #product(): Expression {
    let left = this.#factor();
    while (this.#isSymbol('*') || this.#isSymbol('/')) {
      const operator = this.#next().text as Operator;
      left = this.#operation(operator, left, this.#factor(), left.place);
    }
    return left;
  }

  #factor(): Expression {
    const token = this.#next();
    const place = placeOf(token);
    switch (token.type) {
      case 'variable':
        return token.text === '_' ? { type: 'wildcard', place } : { type: 'variable', name: token.text, place };
      case 'string':
      case 'iri':
        return { type: 'term', term: token.text, place };
      case 'integer':
        return { type: 'integer', value: this.#integer(token, token.text), place };
      case 'name':
        return this.#named(token);
      case 'prefixed':
        return { type: 'term', term: this.#prefixed(token), place };
      case 'symbol':
        if (token.text === '(') {
          const inner = this.#expression();
          this.#symbol(')');
          return inner;
        }
        if (token.text === '-') return this.#negative(place);
        break;
    }
    return refuse(token, `found ${shown(token)}; expected a variable, a constant or an atom`);
  }

  #negative(place: Place): Expression {
    if (this.#peek().type === 'integer') {
      const token = this.#next();
      return { type: 'integer', value: this.#integer(token, `-${token.text}`), place };
    }
    if (++this.#depth > this.#limits.nesting) refuse(place, `nested deeper than ${this.#limits.nesting}`);
    const right = this.#factor();
    this.#depth--;
    return this.#operation('-', { type: 'integer', value: 0, place }, right, place);
  }

  #operation(operator: Operator, left: Expression, right: Expression, place: Place): Expression {
    return this.#nested({ type: 'operation', operator, left, right, place }, [left, right]);
  }

  #nested(expression: Expression, parts: readonly Expression[]): Expression {
    const depth = parts.reduce((most, part) => Math.max(most, this.#depths.get(part) ?? 1), 0) + 1;
    if (depth > this.#limits.nesting)
      refuse(expression.place, `nested deeper than ${this.#limits.nesting}, operations included (limits.nesting)`);
    this.#depths.set(expression, depth);
    return expression;
  }

  #integer(place: Place, text: string): number {
    const value = Number(text);
    if (value > LARGEST || value < -LARGEST - 1) refuse(place, `${text} is not an integer of 32 bits`);
    return value === 0 ? 0 : value;
  }

  #named(token: Token): Expression {
    if (this.#isSymbol('(')) {
      const given = this.#arguments();
      return this.#nested({ type: 'call', name: token.text, arguments: given, place: placeOf(token) }, given);
    }
    return { type: 'term', term: token.text, place: placeOf(token) };
  }

  #prefixed(token: Token): string {
    const colon = token.text.indexOf(':');
    const prefix = token.text.slice(0, colon);
    const iri = this.#prefixes.get(prefix);
    if (iri === undefined) refuse(token, `the prefix ${prefix}: was not declared; write @prefix ${prefix}: <…>.`);
    return iri + token.text.slice(colon + 1);
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!;
  }

  #next(): Token {
    const token = this.#peek();
    if (this.#at < this.#tokens.length - 1) this.#at++;
    return token;
  }

  #isSymbol(text: string): boolean {
    const token = this.#peek();
    return token.type === 'symbol' && token.text === text;
  }

  #symbol(text: string, expected = `\`${text}\``): void {
    if (!this.#isSymbol(text)) refuse(this.#peek(), `found ${shown(this.#peek())}; expected ${expected}`);
    this.#next();
  }

  #expect(type: TokenType, expected: string): Token {
    const token = this.#peek();
    if (token.type !== type) refuse(token, `found ${shown(token)}; expected ${expected}`);
    return this.#next();
  }
}

function placeOf({ line, column }: Place): Place {
  return { line, column };
}

function shown(token: Token): string {
  return token.type === 'end' ? 'the end of the text' : `\`${token.text}\``;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let lineStart = 0;
  const pattern = new RegExp(TOKEN.source, TOKEN.flags);
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const place = { line, column: at - lineStart + 1 };
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined)
      refuse(place, `found \`${String.fromCodePoint(text.codePointAt(at)!)}\`, which begins nothing in a rule`);
    if (groups.space !== undefined) {
      for (let index = at; index < pattern.lastIndex; index++) {
        if (text.charCodeAt(index) !== 10) continue;
        line++;
        lineStart = index + 1;
      }
      continue;
    }
    tokens.push({ ...tokenOf(groups, place), ...place });
  }
  tokens.push({ type: 'end', text: '', line, column: text.length - lineStart + 1 });
  return tokens;
}

function tokenOf(groups: Record<string, string | undefined>, place: Place): { type: TokenType; text: string } {
  const { iri, string } = groups;
  if (iri !== undefined) return { type: 'iri', text: iri.slice(1, -1) };
  if (string !== undefined) return { type: 'string', text: unquoted(string, place) };
  for (const type of ['integer', 'prefixed', 'variable', 'name'] as const) {
    const text = groups[type];
    if (text !== undefined) return { type, text };
  }
  return { type: 'symbol', text: (groups.symbol ?? groups.single)! };
}

function unquoted(text: string, place: Place): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return refuse(place, `${text} is not a string: escapes are those of JSON`);
  }
}
