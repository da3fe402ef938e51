// Rules from typed values. A builder writes the text that a reader would have written, with every value quoted, so that there is
// one way in for rules: the parser and its checks.

import { iterableIn, objectIn, refuseInput, textIn } from '../errors/index.js';
import type { Lattice } from '../lattices/index.js';
import type { RelationDeclarations, RowOf } from '../relations/index.js';
import type { Comparison, Operator } from './rule-syntax.js';

/** A variable of a rule, or an expression over variables; made by {@link variable} and {@link expression}. */
export class RuleVariable {
  /** As it stands in a rule's text. */
  readonly text: string;
  /** @internal */
  constructor(text: string) {
    this.text = text;
  }
}

/** An atom, a negation or a comparison; made by the functions of {@link atomsOf}, {@link not} and {@link where}. */
export class RuleLiteral {
  /** As it stands in a rule's text. */
  readonly text: string;
  /** @internal */
  constructor(text: string) {
    this.text = text;
  }
}

/** What an argument of an atom may be: a value of its column, or a variable. */
export type RuleArgument<T> = T | RuleVariable;

/** The arguments of an atom whose relation has such rows. */
export type RuleArguments<Row extends readonly unknown[]> = { readonly [I in keyof Row]: RuleArgument<Row[I]> };

/** A function for each declared relation that makes its atoms. */
export type RuleAtoms<R extends RelationDeclarations> = {
  readonly [N in keyof R]: (...given: RuleArguments<RowOf<R[N]>>) => RuleLiteral;
};

/**
 * The text of rules with values in it: what stands in `${…}` is quoted as a constant.
 *
 * ```ts
 * rules`reach(X, Y) :- edge(X, Y).  reach(X, Z) :- reach(X, Y), edge(Y, Z), X != ${'a term'}.`
 * ```
 */
export function rules(texts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return texts.raw.reduce((text, part, index) => text + constantText(values[index - 1]!) + part);
}

/** A variable, by a name that begins with a capital letter or `_`. @throws TenstripError `RuleSyntax` otherwise */
export function variable(name: string): RuleVariable {
  if (!/^[A-Z_]\w*$/.test(textIn('the name of a variable', name, 'RuleSyntax')))
    refuseInput(
      'the name of a variable',
      name,
      'begin with a capital letter or _, then letters, digits and _',
      'RuleSyntax',
    );
  return new RuleVariable(name);
}

/** An operation on integers, for heads and comparisons. */
export function expression(
  left: RuleVariable | number,
  operator: Operator,
  right: RuleVariable | number,
): RuleVariable {
  return new RuleVariable(`(${argumentText(left)} ${signIn(operator, OPERATORS)} ${argumentText(right)})`);
}

/** A registered function of some arguments, for heads. */
export function apply(name: string, ...given: readonly (RuleVariable | string | number)[]): RuleVariable {
  return new RuleVariable(
    `${textIn('the name of a function', name, 'RuleSyntax')}(${given.map(argumentText).join(', ')})`,
  );
}

/** The makers of atoms for declared relations. */
export function atomsOf<R extends RelationDeclarations>(relations: R): RuleAtoms<R> {
  const makers = Object.entries(objectIn('relations', relations)).map(([name, declaration]) => [
    name,
    (...given: readonly unknown[]) => {
      const columns = iterableIn(`the columns of ${name}`, objectIn(`the relation ${name}`, declaration).columns);
      const texts = given.map((each, index) => {
        const kind = columns[index];
        return typeof kind === 'object' && !(each instanceof RuleVariable)
          ? JSON.stringify(latticeText(kind as Lattice<unknown>, each))
          : argumentText(each as RuleArgument<string | number>);
      });
      return new RuleLiteral(`${name}(${texts.join(', ')})`);
    },
  ]);
  return Object.fromEntries(makers) as RuleAtoms<R>;
}

/** That an atom does not hold. */
export function not(atom: RuleLiteral): RuleLiteral {
  return new RuleLiteral(`not ${literalText(atom)}`);
}

/** That two values compare so. */
export function where(
  left: RuleVariable | string | number,
  comparison: Comparison,
  right: RuleVariable | string | number,
): RuleLiteral {
  return new RuleLiteral(`${argumentText(left)} ${signIn(comparison, COMPARISONS)} ${argumentText(right)}`);
}

/** The text of a rule: `head` holds when all of `body` does. */
export function rule(head: RuleLiteral, ...body: readonly RuleLiteral[]): string {
  const text = literalText(head);
  return body.length === 0 ? `${text}.\n` : `${text} :- ${body.map(literalText).join(', ')}.\n`;
}

function argumentText(given: RuleArgument<string | number>): string {
  return given instanceof RuleVariable ? given.text : constantText(given);
}

function constantText(value: string | number): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Number.isInteger(value)) return String(value);
  return refuseInput('a constant of a rule', value, 'give a string or a whole number', 'KindMismatch');
}

function literalText(literal: RuleLiteral): string {
  if (literal instanceof RuleLiteral) return literal.text;
  return refuseInput('a part of a rule', literal, 'give what atomsOf, not or where made', 'RuleSyntax');
}

const OPERATORS: readonly Operator[] = ['+', '-', '*', '/'];
const COMPARISONS: readonly Comparison[] = ['=', '!=', '<', '<=', '>', '>='];

function signIn<S extends string>(sign: S, known: readonly S[]): S {
  return known.includes(sign) ? sign : refuseInput('a sign', sign, `give one of ${known.join(' ')}`, 'RuleSyntax');
}

function latticeText(lattice: Lattice<unknown>, value: unknown): string {
  try {
    return lattice.encode(value);
  } catch {
    return refuseInput('a constant of a rule', value, `give a value of ${lattice.name}`, 'KindMismatch');
  }
}
