// Minimal common bounds. In an order two elements may have several minimal upper bounds that are unrelated, or none: so a set, and
// one only where the order is a lattice there.

import { nodeOfKey, type Reachability } from './reachability.js';

/**
 * The classes nearest to all of `nodes` in the direction of `reach`: minimal upper bounds upwards, maximal lower bounds downwards.
 * One merge of the runs, then one look-up for each pair of a bound and a candidate.
 */
export function nearestBounds(reach: Reachability, nodes: readonly number[]): number[] {
  const [first, ...others] = nodes;
  if (first === undefined) return [];
  let common = reach.run(first);
  for (const node of others) common = intersect(common, reach.run(node));
  const nearest: number[] = [];
  // The nearest have the highest rank, so nobody later in this loop can come before one that was taken.
  for (let i = common.length - 1; i >= 0; i -= 1) {
    const candidate = nodeOfKey(common[i]!);
    if (!nearest.some((bound) => reach.reaches(bound, candidate))) nearest.push(candidate);
  }
  return nearest;
}

/** The nearest of some classes alone: those that no other of them comes before. */
export function nearestOf(reach: Reachability, nodes: readonly number[]): number[] {
  const classes = [...new Set(nodes.map((node) => reach.classOf(node)))];
  return classes.filter((node) => !classes.some((other) => other !== node && reach.reaches(other, node)));
}

function intersect(a: Float64Array, b: Float64Array): Float64Array {
  const common = new Float64Array(Math.min(a.length, b.length));
  let i = 0;
  let j = 0;
  let length = 0;
  while (i < a.length && j < b.length) {
    const left = a[i]!;
    const right = b[j]!;
    if (left === right) {
      common[length++] = left;
      i += 1;
      j += 1;
    } else if (left < right) i += 1;
    else j += 1;
  }
  return common.subarray(0, length);
}
