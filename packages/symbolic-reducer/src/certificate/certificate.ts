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

/** Functions that stand for an expression in their arguments. */
export const SHORTHANDS: Readonly<Record<string, { readonly letters: readonly string[]; readonly means: MathJson }>> = {
  Negate: { letters: ['u'], means: ['Multiply', -1, 'u'] },
  Subtract: { letters: ['u', 'v'], means: ['Add', 'u', ['Multiply', -1, 'v']] },
  Divide: { letters: ['u', 'v'], means: ['Multiply', 'u', ['Power', 'v', -1]] },
  Rational: { letters: ['u', 'v'], means: ['Multiply', 'u', ['Power', 'v', -1]] },
  Square: { letters: ['u'], means: ['Power', 'u', 2] },
  Sqrt: { letters: ['u'], means: ['Power', 'u', ['Rational', 1, 2]] },
};

/** Symbols of MathJSON that are no real numbers: no certificate may mention them. */
export const NOT_NUMBERS: readonly string[] = [
  'NaN',
  'Undefined',
  'Indeterminate',
  'PositiveInfinity',
  'NegativeInfinity',
  'ComplexInfinity',
  'ImaginaryUnit',
];

/** What an expression's value must be. */
export interface CertifiedCondition {
  /** How it compares with 0; `integer`: that it is a whole number. */
  readonly relation: 'nonzero' | 'positive' | 'nonnegative' | 'integer';
  /** The expression. */
  readonly expression: MathJson;
}

/** What all certificates have. */
export interface CertificateBase {
  /** Expressions that the others refer to, `#0`, `#1` and so on; each may refer to earlier ones. */
  readonly definitions?: readonly MathJson[];
}

/** An identity of the closed table: for all values of the letters that satisfy the needs, and where both sides are defined, the sides are equal. */
export interface Identity {
  /** What stands for its arguments. */
  readonly letters: readonly string[];
  /** An atom, which is a function call or a power whose exponent is not a whole number, or a power of one. */
  readonly left: MathJson;
  /** What replaces it. */
  readonly right: MathJson;
  /** What must be known of the letters. */
  readonly needs?: readonly CertifiedCondition[];
  /** Letters that stand for whole numbers only. */
  readonly whole?: readonly string[];
}

const hyperbolicMean = (sign: number): MathJson => ['Divide', ['Add', ['Exp', 'u'], ['Divide', sign, ['Exp', 'u']]], 2];

/** The identities that steps of equalities apply, by name. The checker believes these and no others. */
export const IDENTITIES = {
  tangent: { letters: ['u'], left: ['Tan', 'u'], right: ['Divide', ['Sin', 'u'], ['Cos', 'u']] },
  'sine-of-sum': {
    letters: ['u', 'v'],
    left: ['Sin', ['Add', 'u', 'v']],
    right: ['Add', ['Multiply', ['Sin', 'u'], ['Cos', 'v']], ['Multiply', ['Cos', 'u'], ['Sin', 'v']]],
  },
  'cosine-of-sum': {
    letters: ['u', 'v'],
    left: ['Cos', ['Add', 'u', 'v']],
    right: ['Subtract', ['Multiply', ['Cos', 'u'], ['Cos', 'v']], ['Multiply', ['Sin', 'u'], ['Sin', 'v']]],
  },
  'sine-of-opposite': { letters: ['u'], left: ['Sin', ['Negate', 'u']], right: ['Negate', ['Sin', 'u']] },
  'cosine-of-opposite': { letters: ['u'], left: ['Cos', ['Negate', 'u']], right: ['Cos', 'u'] },
  'absolute-of-opposite': { letters: ['u'], left: ['Abs', ['Negate', 'u']], right: ['Abs', 'u'] },
  'arcsine-of-opposite': { letters: ['u'], left: ['Arcsin', ['Negate', 'u']], right: ['Negate', ['Arcsin', 'u']] },
  'arctangent-of-opposite': { letters: ['u'], left: ['Arctan', ['Negate', 'u']], right: ['Negate', ['Arctan', 'u']] },
  'sign-of-opposite': { letters: ['u'], left: ['Sign', ['Negate', 'u']], right: ['Negate', ['Sign', 'u']] },
  pythagoras: {
    letters: ['u'],
    left: ['Square', ['Sin', 'u']],
    right: ['Subtract', 1, ['Square', ['Cos', 'u']]],
  },
  'exponential-of-sum': {
    letters: ['u', 'v'],
    left: ['Exp', ['Add', 'u', 'v']],
    right: ['Multiply', ['Exp', 'u'], ['Exp', 'v']],
  },
  'exponential-of-opposite': {
    letters: ['u'],
    left: ['Exp', ['Negate', 'u']],
    right: ['Divide', 1, ['Exp', 'u']],
  },
  'sine-of-zero': { letters: [], left: ['Sin', 0], right: 0 },
  'cosine-of-zero': { letters: [], left: ['Cos', 0], right: 1 },
  'exponential-of-zero': { letters: [], left: ['Exp', 0], right: 1 },
  'arccosine-of-one': { letters: [], left: ['Arccos', 1], right: 0 },
  'logarithm-of-one': { letters: [], left: ['Ln', 1], right: 0 },
  'power-of-opposite': {
    letters: ['u', 'a'],
    left: ['Power', 'u', ['Negate', 'a']],
    right: ['Divide', 1, ['Power', 'u', 'a']],
  },
  'exponential-of-logarithm': { letters: ['u'], left: ['Exp', ['Ln', 'u']], right: 'u' },
  'logarithm-of-exponential': { letters: ['u'], left: ['Ln', ['Exp', 'u']], right: 'u' },
  'hyperbolic-sine': { letters: ['u'], left: ['Sinh', 'u'], right: hyperbolicMean(-1) },
  'hyperbolic-cosine': { letters: ['u'], left: ['Cosh', 'u'], right: hyperbolicMean(1) },
  'hyperbolic-tangent': {
    letters: ['u'],
    left: ['Tanh', 'u'],
    right: ['Divide', hyperbolicMean(-1), hyperbolicMean(1)],
  },
  // With q = 1/2 it would say sqrt(u^2) = u.
  'power-of-root': {
    letters: ['u', 'q'],
    left: ['Power', ['Power', 'u', ['Divide', 1, 'q']], 'q'],
    right: 'u',
    whole: ['q'],
  },
  // u^(1/m) by the root of order p*m, for m = q + 1: with m = 1 it would say of any u that it is a square.
  'root-of-root': {
    letters: ['u', 'p', 'q'],
    left: ['Power', 'u', ['Divide', 1, ['Add', 'q', 1]]],
    right: ['Power', ['Power', 'u', ['Divide', 1, ['Multiply', 'p', ['Add', 'q', 1]]]], 'p'],
    needs: [
      { relation: 'positive', expression: 'p' },
      { relation: 'positive', expression: 'q' },
    ],
    whole: ['p', 'q'],
  },
  // The right side is defined wherever the left is only if u is positive: u = u^(1/2) * u^(1/2) would say |u| = u of all u.
  'power-of-sum': {
    letters: ['u', 'a', 'b'],
    left: ['Power', 'u', ['Add', 'a', 'b']],
    right: ['Multiply', ['Power', 'u', 'a'], ['Power', 'u', 'b']],
    needs: [{ relation: 'positive', expression: 'u' }],
  },
  'power-of-shift': {
    letters: ['u', 'a', 'k'],
    left: ['Power', 'u', ['Add', 'a', 'k']],
    right: ['Multiply', ['Power', 'u', 'a'], ['Power', 'u', 'k']],
    needs: [{ relation: 'nonzero', expression: 'u' }],
    whole: ['k'],
  },
  'floor-of-integer': {
    letters: ['u'],
    left: ['Floor', 'u'],
    right: 'u',
    needs: [{ relation: 'integer', expression: 'u' }],
  },
  'ceiling-of-integer': {
    letters: ['u'],
    left: ['Ceil', 'u'],
    right: 'u',
    needs: [{ relation: 'integer', expression: 'u' }],
  },
  'absolute-squared': { letters: ['u'], left: ['Square', ['Abs', 'u']], right: ['Square', 'u'] },
  'absolute-of-nonnegative': {
    letters: ['u'],
    left: ['Abs', 'u'],
    right: 'u',
    needs: [{ relation: 'nonnegative', expression: 'u' }],
  },
  'root-of-square': {
    letters: ['u'],
    left: ['Sqrt', ['Square', 'u']],
    right: 'u',
    needs: [{ relation: 'nonnegative', expression: 'u' }],
  },
  'logarithm-of-product': {
    letters: ['u', 'v'],
    left: ['Ln', ['Multiply', 'u', 'v']],
    right: ['Add', ['Ln', 'u'], ['Ln', 'v']],
    needs: [
      { relation: 'positive', expression: 'u' },
      { relation: 'positive', expression: 'v' },
    ],
  },
  'logarithm-of-power': {
    letters: ['u', 'a'],
    left: ['Ln', ['Power', 'u', 'a']],
    right: ['Multiply', 'a', ['Ln', 'u']],
    needs: [{ relation: 'positive', expression: 'u' }],
  },
  // Of u a positive number both sides are defined for the same v, whatever its sign.
  'power-of-positive-factor': {
    letters: ['u', 'v', 'a'],
    left: ['Power', ['Multiply', 'u', 'v'], 'a'],
    right: ['Multiply', ['Power', 'u', 'a'], ['Power', 'v', 'a']],
    needs: [{ relation: 'positive', expression: 'u' }],
  },
  'power-of-power': {
    letters: ['u', 'a', 'b'],
    left: ['Power', ['Power', 'u', 'a'], 'b'],
    right: ['Power', 'u', ['Multiply', 'a', 'b']],
    needs: [{ relation: 'positive', expression: 'u' }],
  },
  'power-of-exponential': {
    letters: ['u', 'a'],
    left: ['Power', ['Exp', 'u'], 'a'],
    right: ['Exp', ['Multiply', 'u', 'a']],
  },
  'absolute-of-product': {
    letters: ['u', 'v'],
    left: ['Abs', ['Multiply', 'u', 'v']],
    right: ['Multiply', 'u', ['Abs', 'v']],
    needs: [{ relation: 'nonnegative', expression: 'u' }],
  },
  'sign-of-product': {
    letters: ['u', 'v'],
    left: ['Sign', ['Multiply', 'u', 'v']],
    right: ['Sign', 'v'],
    needs: [{ relation: 'positive', expression: 'u' }],
  },
  'sign-of-positive': {
    letters: ['u'],
    left: ['Sign', 'u'],
    right: 1,
    needs: [{ relation: 'positive', expression: 'u' }],
  },
  'power-of-product': {
    letters: ['u', 'v', 'a'],
    left: ['Power', ['Multiply', 'u', 'v'], 'a'],
    right: ['Multiply', ['Power', 'u', 'a'], ['Power', 'v', 'a']],
    needs: [
      { relation: 'nonnegative', expression: 'u' },
      { relation: 'nonnegative', expression: 'v' },
    ],
  },
} as const satisfies Record<string, Identity>;

/** The name of an identity in {@link IDENTITIES}. */
export type IdentityName = keyof typeof IDENTITIES;

/** The derivatives of functions of one argument, `u`, by it. The checker believes these and no others. */
export const DERIVATIVES: Readonly<Record<string, MathJson>> = {
  Sin: ['Cos', 'u'],
  Cos: ['Negate', ['Sin', 'u']],
  Tan: ['Add', 1, ['Square', ['Tan', 'u']]],
  Exp: ['Exp', 'u'],
  Ln: ['Divide', 1, 'u'],
  Arcsin: ['Divide', 1, ['Sqrt', ['Subtract', 1, ['Square', 'u']]]],
  Arccos: ['Divide', -1, ['Sqrt', ['Subtract', 1, ['Square', 'u']]]],
  Arctan: ['Divide', 1, ['Add', 1, ['Square', 'u']]],
  Sinh: ['Cosh', 'u'],
  Cosh: ['Sinh', 'u'],
  Tanh: ['Subtract', 1, ['Square', ['Tanh', 'u']]],
  Abs: ['Divide', 'u', ['Abs', 'u']],
};

/** One application of an identity, everywhere. Arguments are written with what earlier steps left. */
export interface IdentityStep {
  /** Which identity. */
  readonly identity: IdentityName;
  /** What stands for its letters, in their order. */
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
  /** A prime below 2^26. */
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
  /** Multiplicities are at least 1. */
  readonly factors: readonly { readonly factor: MathJson; readonly multiplicity: number }[];
  /** For each variable of the factors' product: why that and its derivative by the variable are coprime in it. */
  readonly witnesses: readonly CoprimalityWitness[];
}

/**
 * `result` is the derivative of `expression` by `variable`, where both are defined. Each definition is a step: the checker derives it
 * by its own rules from the derivatives of those that it refers to.
 */
export interface DerivativeCertificate extends CertificateBase {
  /** Which format. */
  readonly kind: 'derivative';
  /** What is derived. */
  readonly expression: MathJson;
  /** By which symbol. */
  readonly variable: string;
  /** The derivative. */
  readonly result: MathJson;
}

/** A rule that rewriting applied: for all values of its letters that satisfy its conditions, `left = right`. Why, another certificate can say. */
export interface CertifiedRule {
  /** Its name. */
  readonly name: string;
  /** The pattern; its letters are symbols. */
  readonly left: MathJson;
  /** What replaces it. */
  readonly right: MathJson;
  /** On its letters. */
  readonly conditions: readonly CertifiedCondition[];
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
  /** Steps, each about one operation on a term. Default 4,000,000: some seconds. */
  readonly maxSteps?: number;
  /** Bits that a coefficient may have. Default 2^20. */
  readonly maxBits?: number;
  /** Called every 2^14 steps or so, some hundredths of a second; what it throws ends the check, and is thrown by it. */
  readonly look?: () => void;
}

/** What a check found. */
export type CheckResult =
  | {
      /** The proof holds. */
      readonly accepted: true;
      /** Names of the rules that rewriting used. They are believed: what they say is to be proved apart. */
      readonly believedRules: readonly string[];
    }
  | {
      /** The proof does not hold, or passes a limit, or is not in the format. */
      readonly accepted: false;
      /** What is wrong. */
      readonly problem: string;
    };
