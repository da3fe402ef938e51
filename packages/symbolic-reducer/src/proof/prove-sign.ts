// The sign of an expression, where it follows from what is assumed of symbols and from the form of its terms: sums of what is not
// negative, squares, exponentials. The checker finds the same sign by itself, or the answer is unknown.

import { Budget, type BudgetLimits } from '../budget/index.js';
import type { Certificate, EqualityCertificate, IdentityName, MathJson } from '../certificate/index.js';
import { requireOptions } from '../errors/index.js';
import {
  type Assumptions,
  type ExpressionStore,
  type ExprId,
  negativeSign,
  positiveSign,
  requireStore,
  symbolNames,
  zeroSign,
} from '../expression/index.js';
import { NormalForms } from '../normal-form/index.js';
import { SharedMathJson } from '../syntax/index.js';
import { acceptedCertificate } from './accepted-certificate.js';
import { assumedConditions, certified } from './assumptions-certified.js';
import { certifyForm } from './equality-certificate.js';

/** What is known of an expression's sign. */
export type SignVerdict =
  | {
      readonly kind: 'proved';
      /** Wherever it is defined. */
      readonly sign: 'positive' | 'nonnegative' | 'negative' | 'nonpositive';
      /**
       * The expression is equal to its normal form; and of that, or of its opposite, the sign is what an identity needs: |u| = u that u is
       * not negative, log(u^1) = 1*log(u) that it is positive.
       */
      readonly certificates: readonly Certificate[];
    }
  | { readonly kind: 'unknown' };

/**
 * The sign that an expression has wherever it is defined.
 *
 * @throws TenstripError `DomainError`, `AssumptionContradiction`, `BudgetExceeded`
 */
export function proveSign(
  store: ExpressionStore,
  expression: ExprId,
  options: BudgetLimits & { readonly assume?: Assumptions } = {},
): SignVerdict {
  requireStore(store);
  requireOptions(options, 'options');
  return store.assuming(options.assume ?? {}, () => {
    const budget = new Budget(options);
    const forms = new NormalForms(store, budget);
    const normal = forms.expression(expression);
    const signs = store.signs(normal);
    const isNegative = (signs & positiveSign) === 0;
    if (!isNegative && (signs & negativeSign) !== 0) return { kind: 'unknown' };
    const isStrict = (signs & zeroSign) === 0;
    const equality = certifyForm(store, { left: expression, right: normal, forms, budget });
    const certificate = signCertificate(store, isNegative ? store.negate(normal) : normal, isStrict);
    const sign = acceptedCertificate(certificate, { look: budget.look });
    if ('problem' in equality || 'problem' in sign) return { kind: 'unknown' };
    return {
      kind: 'proved',
      sign: isNegative ? (isStrict ? 'negative' : 'nonpositive') : isStrict ? 'positive' : 'nonnegative',
      certificates: [equality.certificate, sign.certificate],
    };
  });
}

function signCertificate(store: ExpressionStore, u: ExprId, isStrict: boolean): EqualityCertificate {
  const assumptions = assumedConditions(store, symbolNames(store, [u]));
  const json = new SharedMathJson(store, [u, ...assumptions.map(({ expression }) => expression)]);
  const value = json.of(u);
  const [left, right, identity, operands]: [MathJson, MathJson, IdentityName, MathJson[]] = isStrict
    ? [['Ln', value], ['Ln', value], 'logarithm-of-power', [value, 1]]
    : [['Abs', value], value, 'absolute-of-nonnegative', [value]];
  return {
    ...{ kind: 'equality', definitions: json.definitions, left, right },
    ...{ assumptions: assumptions.map((each) => certified(json, each)), conditions: [] },
    steps: [{ identity, arguments: operands }],
  };
}
