// Whether two products have the same factors, however they are grouped: a store keeps a product of many factors closed when it
// is multiplied, and a program multiplies one after the other. Linear in the factors but for sorting them.

import type { ExpressionStore, ExprId } from '../expression/index.js';

/** Whether both are one number times the same factors: equal by the commutative and associative laws and (ab)^n = a^n b^n, n whole. */
export function haveSameFactors(store: ExpressionStore, one: ExprId, other: ExprId): boolean {
  const [left, right] = [openedFactors(store, one), openedFactors(store, other)];
  return left !== undefined && left === right;
}

/** The factors as a text that is the same for the same ones; `undefined` for a sum of several terms. */
function openedFactors(store: ExpressionStore, id: ExprId): string | undefined {
  const [first, ...more] = store.termsOf(id);
  if (first === undefined || more.length > 0) return undefined;
  const closed = [{ product: first.term, times: 1 }];
  const factors: string[] = [];
  for (let next = closed.pop(); next !== undefined; next = closed.pop()) {
    for (const { base, exponent } of store.factorsOf(next.product)) {
      const power = store.valueOf(exponent);
      const whole = typeof power === 'number' ? power * next.times : Number.NaN;
      if (!Number.isSafeInteger(whole)) {
        if (next.times !== 1) return undefined;
        factors.push(`${base} ^ ${exponent}`);
      } else if (store.kindOf(base) === 'product') closed.push({ product: base, times: whole });
      else factors.push(`${base} ${whole}`);
    }
  }
  return `${store.number(first.coefficient)} * ${factors.sort().join(' * ')}`;
}
