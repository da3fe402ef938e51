// What an expression costs to evaluate once, each shared part once. The default counts as processors do, roughly.

import { type ExpressionStore, type ExprId, postorder } from '../expression/index.js';
import { isInteger } from '../numbers/index.js';

/** Says what an expression costs; of equal expressions the cheapest is chosen, and of equally cheap ones the first found. */
export interface CostModel {
  /** A name for statistics. */
  readonly name: string;
  /** At least 0; the same for the same structure. */
  cost(store: ExpressionStore, root: ExprId): number;
}

const prices = { addition: 1, multiplication: 1, division: 4, root: 8, power: 24, call: 24, leaf: 1 / 16 };

/**
 * Operations of evaluating the shared graph: an addition or multiplication is 1, a division 4, a square root 8, other functions and
 * powers 24; symbols and numbers a sixteenth, so that of equally fast forms the shorter wins.
 */
export const operationCount: CostModel = {
  name: 'operations',
  cost(store, root) {
    let cost = 0;
    for (const id of postorder(store, [root])) cost += costOfNode(store, id);
    return cost;
  },
};

function costOfNode(store: ExpressionStore, id: ExprId): number {
  switch (store.kindOf(id)) {
    case 'sum': {
      let cost = -prices.addition;
      for (const { term, coefficient } of store.termsOf(id)) {
        cost += prices.addition;
        if (term !== store.one && coefficient !== 1 && coefficient !== -1) cost += prices.multiplication;
      }
      return cost;
    }
    case 'product': {
      let cost = 0;
      let above = 0;
      let below = 0;
      for (const { exponent } of store.factorsOf(id)) {
        const value = store.valueOf(exponent);
        if (value === undefined) {
          cost += prices.power;
          above++;
        } else if (isInteger(value)) {
          const size = Math.abs(Number(value));
          // By squaring: at most two multiplications for each bit.
          cost += size < 2 ? 0 : Math.min(size - 1, 1.5 * Math.log2(size)) * prices.multiplication;
          if (Number(value) < 0) below++;
          else above++;
        } else {
          cost += prices.root;
          above++;
        }
      }
      if (below > 0) cost += prices.division + (below - 1) * prices.multiplication;
      return cost + Math.max(0, above - 1) * prices.multiplication;
    }
    case 'call':
      return prices.call;
    default:
      return prices.leaf;
  }
}
