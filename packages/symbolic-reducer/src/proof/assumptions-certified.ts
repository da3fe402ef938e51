// What is assumed of symbols, and conditions, in the terms of a certificate.

import type { CertifiedCondition } from '../certificate/index.js';
import {
  type Condition,
  type ExpressionStore,
  negativeSign,
  positiveSign,
  type SignMask,
  zeroSign,
} from '../expression/index.js';
import type { SharedMathJson } from '../syntax/index.js';

/** Facts about these symbols, as conditions on expressions. */
export function assumedConditions(store: ExpressionStore, names: readonly string[]): Condition[] {
  return names.flatMap((name): Condition[] => {
    const symbol = store.symbol(name);
    const { signs, integer } = store.factsOf(name);
    const whole: Condition[] = integer ? [{ relation: 'integer', expression: symbol }] : [];
    const relation = relationOf(signs);
    if (relation !== undefined) return [{ relation, expression: symbol }, ...whole];
    const opposite = relationOf(flipped(signs));
    return opposite === undefined ? whole : [{ relation: opposite, expression: store.negate(symbol) }, ...whole];
  });
}

function relationOf(signs: SignMask): Condition['relation'] | undefined {
  if (signs === positiveSign) return 'positive';
  if (signs === (positiveSign | zeroSign)) return 'nonnegative';
  return signs === (positiveSign | negativeSign) ? 'nonzero' : undefined;
}

function flipped(signs: SignMask): SignMask {
  return (signs & zeroSign) | (signs & positiveSign ? negativeSign : 0) | (signs & negativeSign ? positiveSign : 0);
}

/** A condition in a certificate. */
export function certified(json: SharedMathJson, { relation, expression }: Condition): CertifiedCondition {
  return { relation, expression: json.of(expression) };
}
