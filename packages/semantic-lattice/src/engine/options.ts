// What an engine can be told.
import type { EngineLimits } from '../facts/index.js';
import type { RelationDeclarations } from '../relations/index.js';
import type { RuleFunction } from '../rules/index.js';

/** Options of {@link createEngine}. */
export interface EngineOptions<R extends RelationDeclarations = RelationDeclarations> {
  /** The relations, by name: a small letter, then letters, digits, `_` and single `-`. */
  readonly relations: R;
  /** Functions that rules may apply in heads: pure, and monotone in lattice values. */
  readonly functions?: Readonly<Record<string, RuleFunction>>;
  /**
   * Whether rules are compiled to JavaScript. Default `auto`: where the process allows it. Without it they are interpreted, with
   * the same results. Under a sandbox policy, pass `false`.
   */
  readonly codeGeneration?: boolean | 'auto';
  /** Whether every row keeps its derivation. Default true; without, nothing can be retracted, explained or justified. */
  readonly proofs?: boolean;
  /** Bounds; what is left out has its default. */
  readonly limits?: Partial<EngineLimits>;
}
