// How a product is best made: which of the last variables go into a dense slab, while a heap orders the others. None of them is the
// sparse algorithm, all of them the dense one. The costs are in nanoseconds of one machine; only their ratios matter.

import type { Packing } from './packing.js';
import type { Terms } from './terms.js';

/** How monomials are split for the kernel. */
export interface Split {
  /** Bits of the low word that are in use; 0 when there is one word. */
  readonly lowWordBits: number;
  /** Bits of the low part of a monomial. */
  readonly lowBits: number;
  /** Of each field of the low part: its position in the monomial, and in an index of the slab, and its bits there. */
  readonly fields: readonly { readonly position: number; readonly shift: number; readonly width: number }[];
  /** The slab has 2^indexBits sums. */
  readonly indexBits: number;
}

/** Of the kernel: monomials are 64-bit integers in it, and a slab of the largest size takes 16 MB. */
const MAX_BITS = 64;
const MAX_INDEX_BITS = 20;
const MAX_FIELDS = 8;

/** The cheapest split, or undefined where the kernel cannot hold the monomials. */
export function chooseSplit(left: Terms, right: Terms, degrees: Float64Array): Split | undefined {
  const layout = layoutOf(left.packing);
  if (layout === undefined) return undefined;
  const { lowWordBits, positions } = layout;
  const fields: Split['fields'][number][] = [];
  let best: Split = { lowWordBits, lowBits: 0, fields: [], indexBits: 0 };
  let bestCost = heapCost(left.count, right.count);
  let shift = 0;
  // Variables from the last one on: the low part grows.
  for (let variable = degrees.length - 1; variable >= 0; variable--) {
    const width = bitsFor(degrees[variable]!);
    if (width === 0) continue;
    if (shift + width > MAX_INDEX_BITS || fields.length === MAX_FIELDS) break;
    fields.push({ position: positions[variable]!, shift, width });
    shift += width;
    const lowBits = positions[variable]! + left.packing.widths[variable]!;
    const cost = slabCost(left, right, degrees, variable, lowBits, lowWordBits, shift);
    if (cost >= bestCost) continue;
    bestCost = cost;
    best = { lowWordBits, lowBits, fields: fields.slice(), indexBits: shift };
  }
  return best;
}

function layoutOf(packing: Packing): { lowWordBits: number; positions: number[] } | undefined {
  const used = [0, 0];
  const bits = Array.from(packing.scale, Math.log2);
  bits.forEach((position, variable) => {
    const word = packing.wordOf[variable]!;
    used[word] = Math.max(used[word]!, position + packing.widths[variable]!);
  });
  if (packing.words === 1) return { lowWordBits: 0, positions: bits };
  if (used[0]! + used[1]! > MAX_BITS) return undefined;
  const positions = bits.map((position, variable) => (packing.wordOf[variable] === 1 ? position : position + used[1]!));
  return { lowWordBits: used[1]!, positions };
}

function bitsFor(degree: number): number {
  return degree === 0 ? 0 : Math.floor(Math.log2(degree)) + 1;
}

function heapCost(rows: number, columns: number): number {
  return rows * columns * (6 + 1.2 * Math.log2(Math.min(rows, columns) + 1));
}

function slabCost(
  left: Terms,
  right: Terms,
  degrees: Float64Array,
  variable: number,
  lowBits: number,
  lowWordBits: number,
  indexBits: number,
): number {
  const leftGroups = groupCount(left, lowBits, lowWordBits);
  const rightGroups = groupCount(right, lowBits, lowWordBits);
  let box = 1;
  for (let other = 0; other < variable; other++) box *= degrees[other]! + 1;
  const pairs = leftGroups * rightGroups;
  const slabs = Math.min(pairs, box);
  const perProduct = indexBits > 16 ? 2.5 : 1.5;
  return (
    left.count * right.count * perProduct + heapCost(leftGroups, rightGroups) + slabs * (20 + 2 ** indexBits / 128)
  );
}

/** How many different high parts there are. Terms that share one are neighbours. */
function groupCount(terms: Terms, lowBits: number, lowWordBits: number): number {
  const { keys, low, count } = terms;
  if (low !== undefined && lowBits < lowWordBits) {
    const inverse = 2 ** -lowBits;
    let groups = 1;
    for (let term = 1; term < count; term++) {
      if (keys[term] !== keys[term - 1] || Math.floor(low[term]! * inverse) !== Math.floor(low[term - 1]! * inverse))
        groups++;
    }
    return groups;
  }
  const inverse = 2 ** (lowWordBits - lowBits);
  let groups = 1;
  for (let term = 1; term < count; term++) {
    if (Math.floor(keys[term]! * inverse) !== Math.floor(keys[term - 1]! * inverse)) groups++;
  }
  return groups;
}
