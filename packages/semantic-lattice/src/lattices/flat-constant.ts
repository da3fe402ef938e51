// The flat lattice of constant propagation (Kildall, "A unified approach to global program optimization", 1973): nothing known,
// one constant, or several. Height two.

import type { Lattice } from './lattice.js';

/** What is known of a value: `'none'` yet, one constant, or `'many'`. */
export type FlatValue = 'none' | 'many' | { readonly constant: string | number };

/** Constants that are pairwise unrelated, `'none'` below and `'many'` above them. Numbers and strings differ: `1` is not `'1'`. */
export const flatConstant: Lattice<FlatValue> = {
  name: 'flatConstant',
  bottom: 'none',
  top: 'many',
  height: 2,
  join(a, b) {
    if (a === 'none') return b;
    if (b === 'none') return a;
    return same(a, b) ? a : 'many';
  },
  meet(a, b) {
    if (a === 'many') return b;
    if (b === 'many') return a;
    return same(a, b) ? a : 'none';
  },
  leq: (a, b) => a === 'none' || b === 'many' || same(a, b),
  equals: same,
  encode(value) {
    if (value === 'none' || value === 'many') return value;
    const constant: unknown = (value as { readonly constant?: unknown } | undefined | null)?.constant;
    if (typeof constant !== 'string' && !Number.isFinite(constant)) {
      throw new RangeError("not 'none', 'many' or { constant: a string or a finite number }");
    }
    return `=${JSON.stringify(constant)}`;
  },
  decode(text) {
    if (text === 'none' || text === 'many') return text;
    const constant: unknown = text.startsWith('=') ? JSON.parse(text.slice(1)) : undefined;
    if ((typeof constant !== 'string' && typeof constant !== 'number') || `=${JSON.stringify(constant)}` !== text) {
      throw new RangeError(`${JSON.stringify(text)} is the text of no flat value`);
    }
    return { constant };
  },
};

function same(a: FlatValue, b: FlatValue): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return a.constant === b.constant;
}
