// What compiling one document needs: its expressions and grok patterns, each refused with its line.

import {
  type CompiledExpression,
  compileExpression,
  EvaluationFailure,
  type Scope,
  type Vocabulary,
} from '../expressions/index.js';
import { GrokExpression } from '../patterns/index.js';
import type { RuleText } from './rule-document.js';
import { RefusedRule } from './rule-refusal.js';

/** Compiles expressions of a document. */
export class RuleCompilation {
  readonly #vocabulary: Vocabulary;
  readonly #others: Readonly<Record<string, Vocabulary>>;

  /** @param others of constructs that see other variables */
  constructor(vocabulary: Vocabulary, others: Readonly<Record<string, Vocabulary>> = {}) {
    this.#vocabulary = vocabulary;
    this.#others = others;
  }

  /** @throws RefusedRule */
  expression(construct: string, { text, line }: RuleText): CompiledExpression {
    const compiled = compileExpression(text, this.#others[construct] ?? this.#vocabulary);
    if (!('problem' in compiled)) return compiled;
    const before = text.slice(0, compiled.at).split('\n').length - 1;
    throw new RefusedRule(line + before, construct, compiled.problem);
  }

  /** An expression that is true or false; a failure while it is evaluated is false. */
  condition(construct: string, text: RuleText): (scope: Scope) => boolean {
    const { evaluate } = this.expression(construct, text);
    return (scope) => attempt(evaluate, scope) === true;
  }

  /** @throws RefusedRule */
  grok(construct: string, { text, line }: RuleText, own: ReadonlyMap<string, string>): GrokExpression {
    const compiled = GrokExpression.compile(text, own);
    if ('problem' in compiled) throw new RefusedRule(line, construct, compiled.problem);
    return compiled;
  }
}

/** The value of an expression; `undefined` when it fails. */
export function attempt(evaluate: (scope: Scope) => unknown, scope: Scope): unknown {
  try {
    return evaluate(scope);
  } catch (error) {
    if (error instanceof EvaluationFailure) return undefined;
    throw error;
  }
}
