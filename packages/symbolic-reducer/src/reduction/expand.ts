// Questions about rational expressions as polynomials: the expanded form, the greatest common divisor.

import { Budget, type BudgetLimits } from '../budget/index.js';
import type { Certificate, GcdCertificate } from '../certificate/index.js';
import { reducerError } from '../errors/index.js';
import { type Condition, type ExpressionStore, type ExprId, requireStore } from '../expression/index.js';
import { NormalForms, type PredictedSize, requireSize, SizePrediction, smallForm } from '../normal-form/index.js';
import { certifyGcd, gcd } from '../polynomial/index.js';
import { certifyForm } from '../proof/index.js';
import { printText } from '../syntax/index.js';
import { reduce } from './reduce.js';

/** A normal form with what was cancelled on the way. */
export interface NormalForm {
  /** The expression. */
  readonly result: ExprId;
  /** What was cancelled. */
  readonly conditions: readonly Condition[];
}

/** A normal form with its proof. */
export interface Expansion extends NormalForm {
  /** One after the other they lead to the result; as those of a reduction. */
  readonly certificates: readonly Certificate[];
  /** False when the checker accepts no proof of the normal form: the result is then what could be proved, as {@link reduce} gives it. */
  readonly complete: boolean;
  /** Why it is not complete. */
  readonly problem?: string;
}

/**
 * The normal form: one fraction of expanded polynomials in lowest terms. Without a proof: {@link expand} gives one.
 *
 * @throws TenstripError `BudgetExceeded` before anything is allocated when it would have too many terms, with `details.needed`, the
 *   number that was predicted; `DomainError`
 */
export function normalForm(store: ExpressionStore, expression: ExprId, limits: BudgetLimits = {}): NormalForm {
  requireStore(store);
  store.requireNode(expression);
  const budget = new Budget(limits);
  const small = smallForm(store, expression, budget);
  if (small !== undefined) return small;
  const forms = new NormalForms(store, budget);
  return { result: forms.expression(expression), conditions: forms.conditions.list() };
}

/** Steps of the checker. */
const proofSteps = 4_000_000;
/** Sizes are predicted as if nothing cancelled: a proof that is predicted to be a little too long is tried. */
const longestProof = 1.5 * proofSteps;

/**
 * The normal form with a proof that it is equal; where the checker accepts none, the cheapest form that it accepts, and `complete: false`.
 *
 * @throws as {@link normalForm}; TenstripError `BudgetExceeded` besides, at once, when a proof is predicted to be too long
 */
export function expand(store: ExpressionStore, expression: ExprId, limits: BudgetLimits = {}): Expansion {
  const budget = new Budget(limits);
  requireProof(new SizePrediction(store).of([expression]), budget);
  const forms = new NormalForms(store, budget);
  const result = forms.expression(expression);
  const conditions = forms.conditions.list();
  const checked = certifyForm(store, { left: expression, right: result, forms, budget }, { maxSteps: 2_000_000 });
  if (!('problem' in checked)) return { result, certificates: [checked.certificate], conditions, complete: true };
  // Where a proof of the whole is too long, its parts are reduced first, each with its own.
  const reduction = reduce(store, expression, limits);
  const rest = certifyForm(store, {
    left: reduction.result,
    right: result,
    forms: new NormalForms(store, budget),
    budget,
  });
  const { certificates, conditions: cancelled } = reduction;
  if ('problem' in rest) {
    return {
      ...{ result: reduction.result, certificates, conditions: cancelled, complete: false },
      problem: `the checker accepts no proof of the normal form: ${rest.problem}`,
    };
  }
  forms.conditions.addAll(cancelled);
  return {
    ...{ result, certificates: [...certificates, rest.certificate], complete: true },
    conditions: forms.conditions.list(),
  };
}

/** Refuses what is too large, or would be too long to prove, before anything is made. */
function requireProof(size: PredictedSize | undefined, budget: Budget): void {
  requireSize(size, budget);
  if (size === undefined || size.proofSteps <= longestProof) return;
  const needed = Math.round(size.proofSteps);
  const message = `a proof of this expansion takes about ${needed} steps of the checker, which takes ${proofSteps}; use normalForm, which proves nothing, or expand parts of it`;
  throw reducerError('BudgetExceeded', message, { limit: 'proofSteps', allowed: proofSteps, needed: `${needed}` });
}

/** A greatest common divisor with its proof. */
export interface GreatestCommonDivisor {
  /** The divisor. */
  readonly result: ExprId;
  /** That it divides both, and that nothing is left that divides both. */
  readonly certificate: GcdCertificate;
}

/**
 * The greatest common divisor of two polynomials with rational coefficients; its content is that of integers, its leading sign positive.
 *
 * @throws TenstripError `PolynomialInvalid` when one of them is a fraction; `BudgetExceeded`
 */
export function greatestCommonDivisor(
  store: ExpressionStore,
  left: ExprId,
  right: ExprId,
  limits: BudgetLimits = {},
): GreatestCommonDivisor {
  const budget = new Budget(limits);
  const forms = new NormalForms(store, budget);
  const { space, fractions } = forms.fractions([left, right]);
  const [a, b] = fractions.map((fraction) => space.lowest(fraction));
  for (const fraction of [a!, b!]) {
    if (fraction.denominator.isConstant) continue;
    throw reducerError(
      'PolynomialInvalid',
      'a greatest common divisor is of polynomials, and one of these is a fraction',
    );
  }
  const found = gcd(a!.numerator, b!.numerator, budget);
  // What is no symbol has a letter in the proof that reads like it.
  const names = space.kernels.map((kernel) => printText(store, kernel));
  const certificate = certifyGcd(a!.numerator, b!.numerator, names, budget);
  return { result: space.polynomialExpression(found), certificate };
}
