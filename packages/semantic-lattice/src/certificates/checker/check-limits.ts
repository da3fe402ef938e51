// Bounds of one check.

/** Bounds of one check; what is beyond them is refused. */
export interface CheckLimits {
  /** Facts and steps of a certificate. Default 1,000,000. */
  readonly steps: number;
  /** Characters of the text of rules. Default 1,000,000. */
  readonly ruleText: number;
  /** Nesting of an expression. Default 64. */
  readonly nesting: number;
  /** Facts looked at while strata are evaluated for a negation. Default 10,000,000. */
  readonly evaluation: number;
}

/** @internal */
export const defaultLimits: CheckLimits = {
  steps: 1_000_000,
  ruleText: 1_000_000,
  nesting: 64,
  evaluation: 10_000_000,
};
