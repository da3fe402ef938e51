// The formats of certificates: plain JSON, so that a proof can be stored, sent, and checked by a program that shares nothing with
// the one that found it. Expressions are MathJSON; what is used more than once is defined once and referred to, so that a proof has the
// size of a shared graph and not of the tree.
//
// What a proof says: symbols are real numbers. `left = right` holds for every value of the symbols that satisfies the assumptions and the
// conditions, and for which both sides are defined. `nonzero` conditions tell besides where a side is defined that the other is not.

/**
 * An expression as MathJSON. A whole number is a JSON number while it is safe, else `{ "num": "digits" }`; a text is a symbol; an
 * array is a function and its arguments. Known functions: `Add`, `Subtract`, `Negate`, `Multiply`, `Divide`, `Rational`, `Power`,
 * `Sqrt`, `Square`; every other one is only a name. The text `#3` is the fourth of the certificate's `definitions`.
 */
export type MathJson = number | string | { readonly num: string } | readonly [string, ...MathJson[]];

/** What an expression's value must be. */
export interface CertifiedCondition {
  /** How it compares with 0. */
  readonly relation: 'nonzero' | 'positive' | 'nonnegative';
  /** The expression. */
  readonly expression: MathJson;
}

/** What all certificates have. */
export interface CertificateBase {
  /** Expressions that the others refer to, `#0`, `#1` and so on; each may refer to earlier ones. */
  readonly definitions?: readonly MathJson[];
}

/**
 * An identity that a step of an equality applies: its left side, an atom or a power of one, is replaced by its right side. An
 * atom is a function call, or a power whose exponent is not a whole number.
 *
 * - `tangent`(u): tan u = sin u / cos u
 * - `sine-of-sum`, `cosine-of-sum`(u, v): sin(u + v), cos(u + v)
 * - `sine-of-opposite`, `cosine-of-opposite`(u): sin(-u) = -sin u, cos(-u) = cos u
 * - `pythagoras`(u): sin(u)^2 = 1 - cos(u)^2
 * - `exponential-of-sum`(u, v): exp(u + v) = exp u exp v; `exponential-of-opposite`(u): exp(-u) = 1 / exp u
 * - `hyperbolic-sine`, `hyperbolic-cosine`, `hyperbolic-tangent`(u): by exp u
 * - `power-of-root`(u, p, q): (u^(p/q))^q = u^p
 * - `power-of-sum`(u, a, b): u^(a + b) = u^a u^b
 * - `absolute-squared`(u): |u|^2 = u^2
 * - `absolute-of-nonnegative`(u): |u| = u, needs u nonnegative; `root-of-square`(u): (u^2)^(1/2) = u, needs u nonnegative
 * - `logarithm-of-product`(u, v): log(u v) = log u + log v, needs u and v positive
 * - `logarithm-of-power`(u, a): log(u^a) = a log u, needs u positive
 * - `power-of-product`(u, v, a): (u v)^a = u^a v^a, needs u and v nonnegative
 */
export type IdentityName =
  | 'tangent'
  | 'sine-of-sum'
  | 'cosine-of-sum'
  | 'sine-of-opposite'
  | 'cosine-of-opposite'
  | 'pythagoras'
  | 'exponential-of-sum'
  | 'exponential-of-opposite'
  | 'hyperbolic-sine'
  | 'hyperbolic-cosine'
  | 'hyperbolic-tangent'
  | 'power-of-root'
  | 'power-of-sum'
  | 'absolute-squared'
  | 'absolute-of-nonnegative'
  | 'root-of-square'
  | 'logarithm-of-product'
  | 'logarithm-of-power'
  | 'power-of-product';

/** One application of an identity, everywhere. Arguments are written with what earlier steps left. */
export interface IdentityStep {
  /** Which identity. */
  readonly identity: IdentityName;
  /** What stands for its letters, in the order of {@link IdentityName}. */
  readonly arguments: readonly MathJson[];
}

/**
 * `left = right`. With no steps it is a polynomial or rational identity over atoms: the checker expands the difference of the cross products.
 * Two atoms are one when their arguments are equal as fractions; the steps are applied to the arguments of atoms too, the inner first.
 */
export interface EqualityCertificate extends CertificateBase {
  /** Which format. */
  readonly kind: 'equality';
  /** One side. */
  readonly left: MathJson;
  /** The other. */
  readonly right: MathJson;
  /** What was known of symbols. */
  readonly assumptions: readonly CertifiedCondition[];
  /** What had to be assumed besides. */
  readonly conditions: readonly CertifiedCondition[];
  /** In the order in which they are applied. */
  readonly steps: readonly IdentityStep[];
}

/** `dividend = divisor * quotient`, and the divisor is not 0: polynomials. */
export interface QuotientCertificate extends CertificateBase {
  /** Which format. */
  readonly kind: 'quotient';
  /** What is divided. */
  readonly dividend: MathJson;
  /** By what. */
  readonly divisor: MathJson;
  /** The exact result. */
  readonly quotient: MathJson;
}

/**
 * Why two polynomials over the integers have no common divisor in which a variable occurs: modulo the prime, and with values for
 * all other variables at which the leading coefficient of one of them in the variable is not 0, their greatest common divisor has
 * degree 0. The value of a variable that is not in `point` is 0.
 */
export interface CoprimalityWitness {
  /** The variable that is left. */
  readonly variable: string;
  /** A prime below 2^31. */
  readonly prime: number;
  /** Values of the other variables, from 0 to the prime. */
  readonly point: Readonly<Record<string, number>>;
}

/** A greatest common divisor of polynomials over the integers: it divides both, and what is left has no common divisor. */
export interface GcdCertificate extends CertificateBase {
  /** Which format. */
  readonly kind: 'gcd';
  /** One polynomial. */
  readonly left: MathJson;
  /** The other. */
  readonly right: MathJson;
  /** Their greatest common divisor, up to the sign. */
  readonly gcd: MathJson;
  /** `left / gcd`. */
  readonly leftCofactor: MathJson;
  /** `right / gcd`. */
  readonly rightCofactor: MathJson;
  /** One for each variable that occurs in both cofactors. */
  readonly witnesses: readonly CoprimalityWitness[];
}

/** `polynomial = content * factor^multiplicity * ...`, where the product of all factors has no square but constants in it. */
export interface SquareFreeCertificate extends CertificateBase {
  /** Which format. */
  readonly kind: 'square-free';
  /** What is decomposed. */
  readonly polynomial: MathJson;
  /** A whole number, with the sign. */
  readonly content: MathJson;
  /** Multiplicities are different and at least 1. */
  readonly factors: readonly { readonly factor: MathJson; readonly multiplicity: number }[];
  /** For each variable of the factors' product: why that and its derivative by the variable are coprime in it. */
  readonly witnesses: readonly CoprimalityWitness[];
}

/**
 * A claim about one definition: `derivative` is the derivative of `of`, which is derived from the derivatives of what `of` is made of:
 * those of other definitions come from earlier steps. The rule is named for people; the definition's function decides.
 */
export interface DerivativeStep {
  /** By which rule. */
  readonly rule: 'constant' | 'variable' | 'sum' | 'product' | 'power' | 'chain';
  /** The index of the definition that is derived. */
  readonly of: number;
  /** What is claimed to be its derivative. */
  readonly derivative: MathJson;
}

/** `result` is the derivative of `expression` by `variable`, where both are defined. */
export interface DerivativeCertificate extends CertificateBase {
  /** Which format. */
  readonly kind: 'derivative';
  /** What is derived. */
  readonly expression: MathJson;
  /** By which symbol. */
  readonly variable: string;
  /** The derivative. */
  readonly result: MathJson;
  /** Derivatives of definitions, those needed by others first. */
  readonly steps: readonly DerivativeStep[];
}

/** A rule that rewriting applied: for all values of its letters that satisfy its conditions, `left = right`. */
export interface CertifiedRule {
  /** Its name. */
  readonly name: string;
  /** The pattern; its letters are symbols. */
  readonly left: MathJson;
  /** What replaces it. */
  readonly right: MathJson;
  /** On its letters. */
  readonly conditions: readonly CertifiedCondition[];
  /** Why it is true; a rule without is believed, and the checker's result names it. */
  readonly proof?: EqualityCertificate;
}

/** One rewriting: the expression is `context` with the rule's left side in the place of the symbol `#hole`, and becomes that with its right side. */
export interface RewritingStep {
  /** The index of the rule. */
  readonly rule: number;
  /** What stands for the rule's letters. */
  readonly substitution: Readonly<Record<string, MathJson>>;
  /** The expression around the place. */
  readonly context: MathJson;
}

/** `start` becomes `end` by rules, step by step; between steps, forms that are equal as fractions are the same. */
export interface RewritingCertificate extends CertificateBase {
  /** Which format. */
  readonly kind: 'rewriting';
  /** The first expression. */
  readonly start: MathJson;
  /** The last. */
  readonly end: MathJson;
  /** The rules that the steps use. */
  readonly rules: readonly CertifiedRule[];
  /** In order. */
  readonly steps: readonly RewritingStep[];
  /** What was known of symbols. */
  readonly assumptions: readonly CertifiedCondition[];
  /** What had to be assumed besides, for rules with conditions. */
  readonly conditions: readonly CertifiedCondition[];
}

/** A proof that the checker replays. */
export type Certificate =
  | EqualityCertificate
  | QuotientCertificate
  | GcdCertificate
  | SquareFreeCertificate
  | DerivativeCertificate
  | RewritingCertificate;

/** Limits of a check. */
export interface CheckLimits {
  /** Steps, each about one operation on a term. Default 20,000,000. */
  readonly maxSteps?: number;
  /** Bits that a coefficient may have. Default 2^20. */
  readonly maxBits?: number;
}

/** What a check found. */
export type CheckResult =
  | {
      /** The proof holds. */
      readonly accepted: true;
      /** Names of rules that have no proof of their own, and are believed. */
      readonly believedRules: readonly string[];
    }
  | {
      /** The proof does not hold, or passes a limit, or is not in the format. */
      readonly accepted: false;
      /** What is wrong. */
      readonly problem: string;
    };
