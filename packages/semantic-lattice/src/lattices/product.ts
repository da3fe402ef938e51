// The product of lattices, component by component (Davey and Priestley, 2.15): its height is the sum of heights.

import { objectIn } from '../errors/index.js';
import type { Lattice } from './lattice.js';

/** The values of a tuple of lattices. */
export type ProductValue<L extends readonly Lattice<unknown>[]> = {
  readonly [K in keyof L]: L[K] extends Lattice<infer T> ? T : never;
};

/** Tuples, ordered in every component. It has a meet, a top, a height or a widening when all of its parts have one. */
export function product<const L extends readonly Lattice<unknown>[]>(...parts: L): Lattice<ProductValue<L>> {
  // Inside, a component's values are whatever its own lattice takes; the tuple's type holds outside.
  type Value = ProductValue<L>;
  const of: readonly Lattice<unknown>[] = parts.map((part) => objectIn('a part of a product', part));
  const make = (component: (lattice: Lattice<unknown>, index: number) => unknown) => of.map(component) as Value;
  const lattice: Lattice<Value> = {
    name: `product(${of.map(({ name }) => name).join(',')})`,
    bottom: make(({ bottom }) => bottom),
    join: (a, b) => make((part, i) => part.join(a[i], b[i])),
    leq: (a, b) => of.every((part, i) => part.leq(a[i], b[i])),
    encode: (value) => JSON.stringify(of.map((part, i) => part.encode(value[i]))),
    decode(text) {
      const texts: unknown = JSON.parse(text);
      if (!Array.isArray(texts) || texts.length !== of.length || JSON.stringify(texts) !== text) {
        throw new RangeError(`${text} is the text of no tuple of ${of.length}`);
      }
      return make((part, i) => part.decode(texts[i]));
    },
  };
  const meets = of.every(({ meet }) => meet !== undefined);
  const widens = of.every(({ height, widen }) => height !== undefined || widen !== undefined);
  return {
    ...lattice,
    ...(meets ? { meet: (a: Value, b: Value) => make((part, i) => part.meet?.(a[i], b[i])) } : {}),
    ...(of.every(({ top }) => top !== undefined) ? { top: make(({ top }) => top) } : {}),
    ...(of.every(({ height }) => height !== undefined)
      ? { height: of.reduce((sum, { height }) => sum + (height ?? 0), 0) }
      : {}),
    ...(widens
      ? { widen: (a: Value, b: Value) => make((part, i) => part.widen?.(a[i], b[i]) ?? part.join(a[i], b[i])) }
      : {}),
  };
}
