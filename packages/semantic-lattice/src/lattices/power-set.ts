// Sets of names under inclusion: tags, rights, points-to sets. A value is a sorted array without repetition, so join is a merge.

import { iterableIn } from '../errors/index.js';
import type { Lattice } from './lattice.js';

/** A set of names: sorted by code units, each once. {@link setOf} makes one. */
export type NameSet = readonly string[];

/** The set of some names, in the form that {@link powerSet} works with. */
export function setOf(names: Iterable<string>): NameSet {
  return [...new Set(iterableIn('the names of a set', names))].sort();
}

/**
 * The sets of names under inclusion; the join is the union.
 *
 * @param universe the names that there are: gives the lattice a top and a height. Without it any name may be in a set.
 */
export function powerSet(universe?: Iterable<string>): Lattice<NameSet> {
  const top = universe === undefined ? undefined : setOf(universe);
  const known = new Set(top);
  return {
    name: top === undefined ? 'powerSet' : `powerSet(${top.join(',')})`,
    bottom: [],
    join: union,
    meet: (a, b) => a.filter((name) => b.includes(name)),
    leq: isSubset,
    encode(value) {
      if (
        !Array.isArray(value) ||
        !value.every((name, i) => typeof name === 'string' && (i === 0 || value[i - 1] < name))
      )
        throw new RangeError('not a sorted array of different strings: setOf makes one');
      const unknown = top === undefined ? undefined : value.find((name) => !known.has(name));
      if (unknown !== undefined) throw new RangeError(`${JSON.stringify(unknown)} is not in the universe`);
      return JSON.stringify(value);
    },
    decode(text) {
      const value: unknown = JSON.parse(text);
      if (!Array.isArray(value) || !value.every((name) => typeof name === 'string')) {
        throw new RangeError(`${text} is the text of no set of names`);
      }
      if (JSON.stringify(setOf(value)) !== text) throw new RangeError(`${text} is not sorted, or repeats a name`);
      const unknown = top === undefined ? undefined : value.find((name) => !known.has(name));
      if (unknown !== undefined) throw new RangeError(`${JSON.stringify(unknown)} is not in the universe`);
      return value;
    },
    ...(top === undefined ? {} : { top, height: top.length }),
  };
}

function union(a: NameSet, b: NameSet): NameSet {
  const merged: string[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const takesLeft = a[i]! <= b[j]!;
    const next = takesLeft ? a[i]! : b[j]!;
    if (a[i] === next) i += 1;
    if (b[j] === next) j += 1;
    merged.push(next);
  }
  while (i < a.length) merged.push(a[i++]!);
  while (j < b.length) merged.push(b[j++]!);
  return merged;
}

function isSubset(a: NameSet, b: NameSet): boolean {
  let j = 0;
  for (const name of a) {
    while (j < b.length && b[j]! < name) j += 1;
    if (b[j] !== name) return false;
  }
  return true;
}
