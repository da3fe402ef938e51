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
import type { Static } from './static-compiler.js';

/** Compiles expressions of a document. */
export class RuleCompilation {
  /** The grok patterns of the document. */
  readonly groks: GrokExpression[] = [];
  /** Its statics. */
  readonly statics: Static[] = [];
  readonly #vocabulary: Vocabulary;
  readonly #others: Readonly<Record<string, Vocabulary>>;
  readonly #noteRead: (path: readonly string[]) => void;
  readonly #readers: Map<string, unknown>;
  /** Of the expression in hand, where its reads count only under a condition. */
  #apart: (readonly string[])[] | undefined;

  /**
   * `noteRead` is told each path of names at which the document's rules read something of an event. `readers`: functions that
   * documents share, by what they read. `others`: what constructs see that see something else.
   */
  constructor(
    vocabulary: Vocabulary,
    noteRead: (path: readonly string[]) => void,
    readers: Map<string, unknown> = new Map(),
    others: Readonly<Record<string, Vocabulary>> = {},
  ) {
    this.#noteRead = noteRead;
    this.#readers = readers;
    this.#vocabulary = this.#noting(vocabulary);
    this.#others = Object.fromEntries(Object.entries(others).map(([construct, own]) => [construct, this.#noting(own)]));
  }

  /** One function for all documents that read the same of an event. */
  sharedReader<Reader>(text: string, made: Reader): Reader {
    const known = this.#readers.get(text) as Reader | undefined;
    if (known === undefined) this.#readers.set(text, made);
    return known ?? made;
  }

  /** Notes that the document reads what stands at a path of names. */
  noteRead(path: readonly string[]): void {
    if (this.#apart === undefined) this.#noteRead(path);
    else this.#apart.push(path);
  }

  /** An expression and the paths that it reads, which are not noted. @throws RefusedRule */
  expressionApart(
    construct: string,
    text: RuleText,
  ): { readonly compiled: CompiledExpression; readonly paths: readonly (readonly string[])[] } {
    const paths: (readonly string[])[] = [];
    this.#apart = paths;
    try {
      return { compiled: this.expression(construct, text), paths };
    } finally {
      this.#apart = undefined;
    }
  }

  /** @throws RefusedRule */
  expression(construct: string, { text, line }: RuleText): CompiledExpression {
    const compiled = compileExpression(text, this.#others[construct] ?? this.#vocabulary);
    if (!('problem' in compiled)) return compiled;
    const before = text.slice(0, compiled.at).split('\n').length - 1;
    throw new RefusedRule(line + before, construct, compiled.problem);
  }

  /** A vocabulary whose reads are noted. */
  #noting(vocabulary: Vocabulary): Vocabulary {
    const reader = (path: readonly string[]) => {
      this.noteRead(path);
      return vocabulary.reader?.(path);
    };
    return { ...vocabulary, reader };
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
    this.groks.push(compiled);
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
