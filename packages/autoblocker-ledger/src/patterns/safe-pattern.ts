// A pattern that cannot hang the process. V8's engine is fast and backtracks; it is given a text only when what is known of
// the pattern bounds its steps. Every other text goes to an engine that is linear by construction.

import { javascriptSource } from './javascript-expression.js';
import { LinearMatcher } from './linear-matcher.js';
import { ambiguityDegree } from './pattern-ambiguity.js';
import { type ParsedPattern, type PatternProblem, parsePattern } from './pattern-syntax.js';
import { holdsInOrder, requiredLiterals } from './required-literals.js';

/** Steps that V8's engine may be asked for at worst: some ten milliseconds. */
const maximumSteps = 2 ** 23;

/** Groups of a match, those that are wanted in their order, the whole at 0; `undefined` for a group that took no part. */
export type PatternMatch = readonly (string | undefined)[];

/** A compiled pattern. */
export class SafePattern {
  /** Backtracking would take O(length ^ degree) steps. */
  readonly degree: number;
  readonly groups: number;
  readonly literals: readonly string[];
  readonly #fast: RegExp;
  /** Numbers of the groups that are wanted, in order; `undefined`: all. */
  readonly #kept: readonly number[] | undefined;
  readonly #parsed: ParsedPattern;
  /** Texts up to so long are safe for the fast engine. */
  readonly #fastLength: number;
  #linear: LinearMatcher | undefined;

  private constructor(parsed: ParsedPattern, kept: ReadonlySet<number> | undefined, known?: SafePattern) {
    this.#parsed = parsed;
    this.groups = parsed.groups;
    this.degree = known?.degree ?? ambiguityDegree(parsed.root);
    this.literals = known?.literals ?? requiredLiterals(parsed.root);
    // Every group costs in a match, wanted or not.
    this.#fast = new RegExp(javascriptSource(parsed.root, kept));
    this.#kept = kept === undefined ? undefined : [...kept].sort((one, other) => one - other);
    this.#fastLength = fastLength(this.degree);
  }

  /** Compiles RE2 syntax; never throws. `kept`: numbers of the groups whose text is wanted; default all. */
  static compile(text: string, kept?: ReadonlySet<number>): SafePattern | PatternProblem {
    const parsed = parsePattern(text);
    if ('problem' in parsed) return parsed;
    // Compiled now to know that it can be; the program is dropped, as most patterns never need it.
    if (LinearMatcher.compile(parsed) === undefined) return { problem: 'the pattern is too large', at: 0 };
    return new SafePattern(parsed, kept);
  }

  /** The same pattern where only these groups' texts are wanted. */
  keeping(kept: ReadonlySet<number>): SafePattern {
    return new SafePattern(this.#parsed, kept, this);
  }

  /** The leftmost match. `isLikely`: its literals are not looked for beforehand, which pays where the match mostly fails. */
  exec(text: string, isLikely = false): PatternMatch | undefined {
    if (!isLikely && !holdsInOrder(text, this.literals)) return undefined;
    if (text.length <= this.#fastLength) return this.#fast.exec(text) ?? undefined;
    const groups = this.#linearMatcher().exec(text);
    return groups === undefined || this.#kept === undefined
      ? groups
      : [groups[0], ...this.#kept.map((group) => groups[group])];
  }

  test(text: string, isLikely = false): boolean {
    if (!isLikely && !holdsInOrder(text, this.literals)) return false;
    return text.length <= this.#fastLength ? this.#fast.test(text) : this.#linearMatcher().test(text);
  }

  #linearMatcher(): LinearMatcher {
    this.#linear ??= LinearMatcher.compile(this.#parsed)!;
    return this.#linear;
  }
}

/** Choices come in order, so that there are length ^ degree / degree! of them. */
function fastLength(degree: number): number {
  if (degree > 10) return 0;
  let orders = 1;
  for (let factor = 2; factor <= degree; factor += 1) orders *= factor;
  return Math.floor((maximumSteps * orders) ** (1 / degree));
}
