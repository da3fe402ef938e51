// What a rule is made of, and its canonical text. Grammar, in the notation of Datalog (Ceri, Gottlob, Tanca, TKDE 1989):
//   program := ('@prefix' NAME ':' '<' IRI '>' '.' | atom [':-' literal (',' literal)*] '.')*
//   literal := ['not'] atom | expression ('=' | '!=' | '<' | '<=' | '>' | '>=') expression
//   atom := NAME '(' [expression (',' expression)*] ')'       (expressions in heads only; elsewhere variables and constants)
//   expression := product (('+' | '-') product)*      product := factor (('*' | '/') factor)*
//   factor := VARIABLE | '_' | constant | NAME '(' expression, … ')' | '-' factor | '(' expression ')'
//   constant := NAME | NAME ':' LOCAL | '<' IRI '>' | '"' text '"' | INTEGER
// A variable begins with a capital letter or `_`; `%` begins a comment.

/** A place in the text of rules, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** How two values are compared; terms know `=` and `!=` only. */
export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';
/** An operation on integers, or on a lattice's numbers; `/` drops the fraction. */
export type Operator = '+' | '-' | '*' | '/';

export type Expression = { readonly place: Place } & (
  | { readonly type: 'variable'; readonly name: string }
  | { readonly type: 'wildcard' }
  | { readonly type: 'term'; readonly term: string }
  | { readonly type: 'integer'; readonly value: number }
  | { readonly type: 'operation'; readonly operator: Operator; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'call'; readonly name: string; readonly arguments: readonly Expression[] }
);

export interface Atom {
  readonly relation: string;
  readonly arguments: readonly Expression[];
  readonly place: Place;
}

export type Literal =
  | { readonly type: 'atom'; readonly negated: boolean; readonly atom: Atom; readonly place: Place }
  | {
      readonly type: 'comparison';
      readonly comparison: Comparison;
      readonly left: Expression;
      readonly right: Expression;
      readonly place: Place;
    };

/** A rule as it was read; a fact has an empty body. */
export interface RuleSyntax {
  readonly head: Atom;
  readonly body: readonly Literal[];
  readonly place: Place;
}

/** The canonical text of a rule: one line, every term in quotes, so that no prefix is needed to read it. */
export function printRule(rule: RuleSyntax): string {
  const head = printAtom(rule.head);
  return rule.body.length === 0 ? `${head}.` : `${head} :- ${rule.body.map(printLiteral).join(', ')}.`;
}

function printLiteral(literal: Literal): string {
  if (literal.type === 'atom') return `${literal.negated ? 'not ' : ''}${printAtom(literal.atom)}`;
  return `${printExpression(literal.left)} ${literal.comparison} ${printExpression(literal.right)}`;
}

function printAtom(atom: Atom): string {
  return `${atom.relation}(${atom.arguments.map(printExpression).join(', ')})`;
}

function printExpression(expression: Expression): string {
  switch (expression.type) {
    case 'variable':
      return expression.name;
    case 'wildcard':
      return '_';
    case 'term':
      return JSON.stringify(expression.term);
    case 'integer':
      return String(expression.value);
    case 'operation':
      return `(${printExpression(expression.left)} ${expression.operator} ${printExpression(expression.right)})`;
    case 'call':
      return `${expression.name}(${expression.arguments.map(printExpression).join(', ')})`;
  }
}
