// An equality with the identities that lead to it, as a certificate.

import type { Budget } from '../budget/index.js';
import {
  type CheckLimits,
  type EqualityCertificate,
  IDENTITIES,
  type Identity,
  type IdentityStep,
} from '../certificate/index.js';
import { type Condition, type ExpressionStore, type ExprId, negativeSign, symbolNames } from '../expression/index.js';
import { type IdentityTrace, NormalForms, type TracedStep } from '../normal-form/index.js';
import { SharedMathJson } from '../syntax/index.js';
import { acceptedCertificate } from './accepted-certificate.js';
import { assumedConditions, certified } from './assumptions-certified.js';

/** What the checker says of a proof that takes more steps than it may: with more identities it takes more still. */
const tooLong = 'more steps than allowed';

/** Steps that are tried a second time. */
const maxRepeated = 128;

/** What an equality's proof is made of. */
export interface EqualityProof {
  readonly left: ExprId;
  readonly right: ExprId;
  readonly conditions: readonly Condition[];
  readonly steps: readonly TracedStep[];
}

/** The certificate of an equality. Of assumptions it has those about its own symbols. */
export function equalityCertificate(
  store: ExpressionStore,
  proof: EqualityProof,
  look?: () => void,
): EqualityCertificate {
  const { left, right, steps } = proof;
  const conditions = [...neededConditions(store, steps), ...proof.conditions];
  const assumptions = assumedConditions(store, symbolNames(store, [left, right]));
  const roots = [
    ...[left, right],
    ...[...assumptions, ...conditions].map(({ expression }) => expression),
    ...steps.flatMap((step) => step.arguments),
  ];
  const json = new SharedMathJson(store, roots, look === undefined ? {} : { look });
  return {
    kind: 'equality',
    definitions: json.definitions,
    left: json.of(left),
    right: json.of(right),
    assumptions: assumptions.map((condition) => certified(json, condition)),
    conditions: conditions.map((condition) => certified(json, condition)),
    steps: steps.map(
      (step): IdentityStep => ({
        identity: step.identity,
        arguments: step.arguments.map((argument) => json.of(argument)),
      }),
    ),
  };
}

/** The certificate, if the independent checker accepts it. */
export function checkedEqualityCertificate(
  store: ExpressionStore,
  proof: EqualityProof,
  limits: CheckLimits = {},
):
  | { readonly certificate: EqualityCertificate; readonly conditions: readonly Condition[] }
  | { readonly problem: string } {
  const result = acceptedCertificate(equalityCertificate(store, proof, limits.look), limits);
  return 'problem' in result ? result : { certificate: result.certificate, conditions: proof.conditions };
}

/**
 * The certificate that a normal form is equal to what it is of. Where its own identities are not enough they are collected for both
 * sides: the form may hold functions that its builders joined again, as exp(x)*exp(x) is exp(2*x).
 *
 * @param forms what the normal form was made with
 */
export function certifyForm(
  store: ExpressionStore,
  { left, right, forms, budget }: { left: ExprId; right: ExprId; forms: NormalForms; budget: Budget },
  limits: CheckLimits = {},
):
  | { readonly certificate: EqualityCertificate; readonly conditions: readonly Condition[] }
  | { readonly problem: string } {
  const conditions = forms.conditions.list();
  const looking = { ...limits, look: budget.look };
  const attempt = (trace: IdentityTrace) => {
    const once = checkedEqualityCertificate(store, { left, right, conditions, steps: trace.steps }, looking);
    if (!('problem' in once) || once.problem === tooLong) return once;
    if (trace.steps.length === 0 || trace.steps.length > maxRepeated) return once;
    // What a step is applied to can be there only after steps that are needed later too.
    const steps = [...trace.steps, ...trace.steps];
    return checkedEqualityCertificate(store, { left, right, conditions, steps }, looking);
  };
  const direct = attempt(forms.trace);
  if (!('problem' in direct) || direct.problem === tooLong) return direct;
  const both = new NormalForms(store, budget);
  if (!both.areEqual(left, right)) return { problem: 'the normal form of the result is another' };
  return attempt(both.trace);
}

/**
 * What the identities of the steps need of signs. The engine knows it from what is assumed of symbols; the checker knows numbers and
 * what is said, so it is said of everything that is neither a number nor a symbol.
 */
function neededConditions(store: ExpressionStore, steps: readonly TracedStep[]): Condition[] {
  const needed = new Map<string, Condition>();
  for (const step of steps) {
    const { letters, needs = [] }: Identity = IDENTITIES[step.identity];
    for (const { relation, expression: letter } of needs) {
      const expression = step.arguments[letters.indexOf(letter as string)]!;
      // Of a symbol its assumptions are said; but that what is negative is not 0, the checker does not conclude.
      const isSaid = relation !== 'nonzero' || store.signs(expression) !== negativeSign;
      if (store.valueOf(expression) !== undefined || (store.nameOf(expression) !== undefined && isSaid)) continue;
      needed.set(`${relation} ${expression}`, { relation, expression });
    }
  }
  return [...needed.values()];
}
