// The text of rules, read by a parser of the checker's own. The grammar is in `rules/rule-syntax.ts`; the canonical text has every term in
// quotes and no prefix.
import type { CertificateValue } from './certificate-format.js';
import type { CheckLimits } from './check-limits.js';
import { refuse } from './refusal.js';

export type Expression =
  | { readonly type: 'variable'; readonly name: string }
  | { readonly type: 'any' }
  | { readonly type: 'constant'; readonly value: CertificateValue }
  | { readonly type: 'operation'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'call'; readonly name: string; readonly given: readonly Expression[] };
export interface Atom {
  readonly relation: string;
  readonly given: readonly Expression[];
}
export interface Comparison {
  readonly type: 'comparison';
  readonly sign: string;
  readonly left: Expression;
  readonly right: Expression;
}
export type Literal = { readonly type: 'atom'; readonly negated: boolean; readonly atom: Atom } | Comparison;
export interface ParsedRule {
  readonly text: string;
  readonly head: Atom;
  readonly body: readonly Literal[];
}

export function variablesOf(expression: Expression): string[] {
  if (expression.type === 'variable') return [expression.name];
  if (expression.type === 'operation') return [...variablesOf(expression.left), ...variablesOf(expression.right)];
  return expression.type === 'call' ? expression.given.flatMap(variablesOf) : [];
}

export const printAtom = ({ relation, given }: Atom): string => `${relation}(${given.map(print).join(', ')})`;

function print(expression: Expression): string {
  switch (expression.type) {
    case 'variable':
      return expression.name;
    case 'any':
      return '_';
    case 'constant':
      return JSON.stringify(expression.value);
    case 'operation':
      return `(${print(expression.left)} ${expression.operator} ${print(expression.right)})`;
    case 'call':
      return `${expression.name}(${expression.given.map(print).join(', ')})`;
  }
}

function printLiteral(literal: Literal): string {
  if (literal.type === 'comparison') return `${print(literal.left)} ${literal.sign} ${print(literal.right)}`;
  return `${literal.negated ? 'not ' : ''}${printAtom(literal.atom)}`;
}

const tokenPattern =
  /[ \t\r\n]+|%[^\n]*|:-|!=|<=|>=|@prefix\b|<[^<>\s"{}|\\^`=][^<>\s"{}|\\^`]*>|"(?:[^"\\\n]|\\.)*"|\d+|(?:\p{L}[\p{L}\p{N}_]*(?:-[\p{L}\p{N}_]+)*)?:[\p{L}\p{N}_]+(?:-[\p{L}\p{N}_]+)*|[\p{Lu}_][\p{L}\p{N}_]*|\p{L}[\p{L}\p{N}_]*(?:-[\p{L}\p{N}_]+)*|[(),.:=<>+*/!-]/uy;
const comparisonSigns = ['=', '!=', '<', '<=', '>', '>='];

/** Recursive descent over a list of tokens. */
export class Parser {
  readonly #tokens: string[] = [];
  readonly #prefixes = new Map<string, string>();
  readonly #nesting: number;
  #at = 0;
  #depth = 0;

  constructor(text: string, { ruleText, nesting }: CheckLimits) {
    if (text.length > ruleText) refuse('rules', `the text has ${text.length} characters; at most ${ruleText}`);
    this.#nesting = nesting;
    const pattern = new RegExp(tokenPattern.source, tokenPattern.flags);
    while (pattern.lastIndex < text.length) {
      const at = pattern.lastIndex;
      const token =
        pattern.exec(text)?.[0] ?? refuse('rules', `${JSON.stringify(text.slice(at, at + 10))} begins nothing`);
      if (!/^[\s%]/.test(token)) this.#tokens.push(token);
    }
  }

  program(): ParsedRule[] {
    const rules: ParsedRule[] = [];
    this.#at = 0;
    while (this.#at < this.#tokens.length) {
      if (this.#take('@prefix')) this.#prefix();
      else rules.push(this.#rule());
    }
    return rules;
  }

  #prefix(): void {
    const name = this.#is(':') ? '' : this.#next();
    if (!/^(?:[\p{L}_][^:]*)?$/u.test(name)) refuse('rules', `${name} is the name of no prefix`);
    this.#expect(':');
    const iri = this.#next();
    if (!iri.startsWith('<')) refuse('rules', `${iri} is no IRI`);
    this.#prefixes.set(name, iri.slice(1, -1));
    this.#expect('.');
  }

  #rule(): ParsedRule {
    const head = this.#atom();
    const body: Literal[] = [];
    if (this.#take(':-')) {
      do body.push(this.#literal());
      while (this.#take(','));
    }
    this.#expect('.');
    const text =
      body.length === 0 ? `${printAtom(head)}.` : `${printAtom(head)} :- ${body.map(printLiteral).join(', ')}.`;
    return { text, head, body };
  }

  #literal(): Literal {
    const isNot = this.#is('not') && isName(this.#tokens[this.#at + 1] ?? '');
    if (isNot || this.#is('!')) {
      this.#at += 1;
      return { type: 'atom', negated: true, atom: this.#atom() };
    }
    const left = this.#sum();
    const sign = this.#tokens[this.#at] ?? '';
    if (comparisonSigns.includes(sign)) {
      this.#at += 1;
      return { type: 'comparison', sign, left, right: this.#sum() };
    }
    if (left.type !== 'call') return refuse('rules', `${print(left)} is no atom and no comparison`);
    return { type: 'atom', negated: false, atom: { relation: left.name, given: left.given } };
  }

  #atom(): Atom {
    const relation = this.#next();
    if (!isName(relation)) refuse('rules', `${relation} is the name of no relation`);
    return { relation, given: this.#list() };
  }

  #list(): Expression[] {
    this.#expect('(');
    const given: Expression[] = [];
    if (!this.#is(')')) {
      do given.push(this.#sum());
      while (this.#take(','));
    }
    this.#expect(')');
    return given;
  }

  #sum(): Expression {
    this.#depth += 1;
    if (this.#depth > this.#nesting) refuse('rules', `an expression is nested deeper than ${this.#nesting}`);
    let left = this.#product();
    while (this.#is('+') || this.#is('-'))
      left = { type: 'operation', operator: this.#next(), left, right: this.#product() };
    this.#depth -= 1;
    return left;
  }

  #product(): Expression {
    let left = this.#factor();
    while (this.#is('*') || this.#is('/'))
      left = { type: 'operation', operator: this.#next(), left, right: this.#factor() };
    return left;
  }

  #factor(): Expression {
    const token = this.#next();
    if (token === '_') return { type: 'any' };
    if (token.startsWith('"')) return { type: 'constant', value: JSON.parse(token) as string };
    if (/^\d/.test(token)) return { type: 'constant', value: integer(token) };
    if (token.startsWith('<') && token.length > 2) return { type: 'constant', value: token.slice(1, -1) };
    if (token === '(') {
      const inner = this.#sum();
      this.#expect(')');
      return inner;
    }
    if (token === '-') return this.#negative();
    if (/:[\p{L}\p{N}_]/u.test(token)) return this.#prefixed(token);
    if (/^[\p{Lu}_]/u.test(token)) return { type: 'variable', name: token };
    if (!isName(token)) return refuse('rules', `${token} begins no expression`);
    if (this.#is('(')) return { type: 'call', name: token, given: this.#list() };
    return { type: 'constant', value: token };
  }

  #negative(): Expression {
    if (/^\d/.test(this.#tokens[this.#at] ?? '')) return { type: 'constant', value: integer(`-${this.#next()}`) };
    this.#depth += 1;
    if (this.#depth > this.#nesting) refuse('rules', `an expression is nested deeper than ${this.#nesting}`);
    const right = this.#factor();
    this.#depth -= 1;
    return { type: 'operation', operator: '-', left: { type: 'constant', value: 0 }, right };
  }

  #prefixed(token: string): Expression {
    const [prefix, local] = token.split(':') as [string, string];
    const iri = this.#prefixes.get(prefix) ?? refuse('rules', `the prefix ${prefix}: was not declared`);
    return { type: 'constant', value: iri + local };
  }

  #is(token: string): boolean {
    return this.#tokens[this.#at] === token;
  }

  #take(token: string): boolean {
    const found = this.#is(token);
    if (found) this.#at += 1;
    return found;
  }

  #expect(token: string): void {
    if (!this.#take(token)) refuse('rules', `found ${this.#tokens[this.#at] ?? 'the end'} where ${token} belongs`);
  }

  #next(): string {
    const token = this.#tokens[this.#at] ?? refuse('rules', 'the text ends within a rule');
    this.#at += 1;
    return token;
  }
}

const isName = (token: string): boolean => /^(?!\p{Lu})\p{L}[^:]*$/u.test(token);

function integer(text: string): number {
  const value = Number(text);
  if ((value | 0) !== value) refuse('rules', `${text} is no integer of 32 bits`);
  return value + 0;
}
