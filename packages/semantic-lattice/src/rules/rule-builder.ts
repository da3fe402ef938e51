// Rules from typed values. A builder writes the text that a reader would have written, with every value quoted, so that there is
// one way in for rules: the parser and its checks.

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

/** A variable, by a name that begins with a capital letter or `_`. @throws TypeError otherwise */
export function variable(name: string): RuleVariable {
  if (!/^[A-Z_]\w*$/.test(name)) throw new TypeError(`${name} is no name of a variable: begin with a capital letter`);
  return new RuleVariable(name);
}

/** An operation on integers, for heads and comparisons. */
export function expression(
  left: RuleVariable | number,
  operator: Operator,
  right: RuleVariable | number,
): RuleVariable {
  return new RuleVariable(`(${argumentText(left)} ${operator} ${argumentText(right)})`);
}

/** A registered function of some arguments, for heads. */
export function apply(name: string, ...given: readonly (RuleVariable | string | number)[]): RuleVariable {
  return new RuleVariable(`${name}(${given.map(argumentText).join(', ')})`);
}

/** The makers of atoms for declared relations. */
export function atomsOf<R extends RelationDeclarations>(relations: R): RuleAtoms<R> {
  const makers = Object.entries(relations).map(([name, { columns }]) => [
    name,
    (...given: readonly unknown[]) => {
      const texts = given.map((each, index) => {
        const kind = columns[index];
        return typeof kind === 'object' && !(each instanceof RuleVariable)
          ? JSON.stringify((kind as Lattice<unknown>).encode(each))
          : argumentText(each as RuleArgument<string | number>);
      });
      return new RuleLiteral(`${name}(${texts.join(', ')})`);
    },
  ]);
  return Object.fromEntries(makers) as RuleAtoms<R>;
}

/** That an atom does not hold. */
export function not(atom: RuleLiteral): RuleLiteral {
  return new RuleLiteral(`not ${atom.text}`);
}

/** That two values compare so. */
export function where(
  left: RuleVariable | string | number,
  comparison: Comparison,
  right: RuleVariable | string | number,
): RuleLiteral {
  return new RuleLiteral(`${argumentText(left)} ${comparison} ${argumentText(right)}`);
}

/** The text of a rule: `head` holds when all of `body` does. */
export function rule(head: RuleLiteral, ...body: readonly RuleLiteral[]): string {
  return body.length === 0 ? `${head.text}.\n` : `${head.text} :- ${body.map(({ text }) => text).join(', ')}.\n`;
}

function argumentText(given: RuleArgument<string | number>): string {
  return given instanceof RuleVariable ? given.text : constantText(given);
}

function constantText(value: string | number): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Number.isInteger(value)) return String(value);
  throw new TypeError(`${String(value)} is no constant of a rule: a string or a whole number`);
}
