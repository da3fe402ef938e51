// Pivots: a column that every recursive rule of a predicate passes on unchanged splits the predicate into parts that have nothing
// to do with one another (Wolfson, Silberschatz, "Distributed Processing of Logic Programs", SIGMOD 1988: decomposable programs).
// Each part is then evaluated alone, and an array of marks tells what it has, in place of the global table.
import type { Relation } from '../relations/index.js';
import type { CheckedRule } from './checked-rule.js';

/** A binary relation that can be evaluated by partitions. */
export interface Pivot {
  readonly column: number;
  readonly freeColumn: number;
  /** By rule: the number of its recursive atom, -1 where it has none. */
  readonly recursiveAtoms: readonly number[];
}

/**
 * Finds the pivot of a relation of two columns of terms, from the rules alone.
 *
 * @param rules all that derive the relation; it is the only one of its stratum
 */
export function pivotOf(relation: Relation, rules: readonly CheckedRule[]): Pivot | undefined {
  if (relation.arity !== 2 || relation.values !== undefined) return undefined;
  if (relation.kinds.some((kind) => kind !== 'term')) return undefined;
  const recursiveAtoms = rules.map((rule) => {
    const recursive = [...rule.positive.keys()].filter((atom) => rule.positive[atom]!.relation === relation);
    return recursive.length > 1 ? -2 : (recursive[0] ?? -1);
  });
  if (recursiveAtoms.includes(-2) || recursiveAtoms.every((atom) => atom === -1)) return undefined;
  if (rules.some(({ head }) => head.values.some(({ type }) => type === 'computed'))) return undefined;
  for (const column of [0, 1]) {
    const stable = rules.every((rule, index) => {
      const atom = recursiveAtoms[index]!;
      if (atom === -1) return true;
      const head = rule.head.values[column]!;
      const body = rule.positive[atom]!.arguments[column]!;
      return head.type === 'slot' && body.type === 'slot' && head.slot === body.slot;
    });
    if (stable) return { column, freeColumn: 1 - column, recursiveAtoms };
  }
  return undefined;
}
