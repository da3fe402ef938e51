// The lattices keep their laws, and their joins and meets are those that a search through all values of a small order finds.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkLaws,
  type FlatValue,
  finiteLattice,
  flatConstant,
  type Interval,
  interval,
  type Lattice,
  maxInteger,
  minInteger,
  powerSet,
  product,
  setOf,
} from '../../../src/lattices/index.js';

const range = [0, 1, 2, 3, 4];
const intervals: Interval[] = [
  interval.bottom,
  ...range.flatMap((low) => range.filter((high) => high >= low).map((high) => ({ low, high }))),
];
const subsets = [0, 1, 2, 3, 4, 5, 6, 7].map((mask) => setOf(['a', 'b', 'c'].filter((_, bit) => (mask >> bit) & 1)));
const flats: FlatValue[] = ['none', 'many', { constant: 1 }, { constant: '1' }, { constant: 2 }];

/** What each value says: the set of things that are below it, found without the lattice's own functions. */
interface Case<T> {
  readonly lattice: Lattice<T>;
  readonly values: readonly T[];
  below(a: T, b: T): boolean;
}
const contains = (outer: readonly unknown[], inner: readonly unknown[]) => inner.every((each) => outer.includes(each));
const members = ({ low, high }: Interval) => range.filter((each) => low <= each && each <= high);
const cases: readonly Case<never>[] = [
  { lattice: minInteger, values: [-2, 0, 1, 5, Infinity, -Infinity], below: (a: number, b: number) => b <= a },
  { lattice: maxInteger, values: [-2, 0, 1, 5, Infinity, -Infinity], below: (a: number, b: number) => a <= b },
  { lattice: interval, values: intervals, below: (a: Interval, b: Interval) => contains(members(b), members(a)) },
  { lattice: powerSet(['c', 'a', 'b']), values: subsets, below: (a: string[], b: string[]) => contains(b, a) },
  {
    lattice: flatConstant,
    values: flats,
    below: (a: FlatValue, b: FlatValue) => a === 'none' || b === 'many' || JSON.stringify(a) === JSON.stringify(b),
  },
  {
    lattice: product(maxInteger, powerSet()),
    values: [-Infinity, 0, 1].flatMap((n) => subsets.map((set) => [n, set] as const)),
    below: (a: [number, string[]], b: [number, string[]]) => a[0] <= b[0] && contains(b[1], a[1]),
  },
] as unknown as readonly Case<never>[];

describe.each(cases)('$lattice.name', ({ lattice, values, below }) => {
  it('keeps the laws', () => {
    expect(checkLaws(lattice, values)).toEqual([]);
  });

  it('joins to the one least upper bound that a search finds, and meets to the greatest lower one', () => {
    for (const a of values) {
      for (const b of values) {
        expect(lattice.leq(a, b)).toBe(below(a, b));
        const above = values.filter((c) => below(a, c) && below(b, c));
        const least = above.filter((c) => above.every((d) => below(c, d)));
        expect(least.map((c) => lattice.encode(c))).toEqual([lattice.encode(lattice.join(a, b))]);
        const under = values.filter((c) => below(c, a) && below(c, b));
        const greatest = under.filter((c) => under.every((d) => below(d, c)));
        expect(greatest.map((c) => lattice.encode(c))).toEqual([lattice.encode(lattice.meet!(a, b))]);
      }
    }
  });

  it('refuses the text of nothing', () => {
    for (const text of [
      '',
      'x',
      '1.5',
      '01',
      '[',
      '["b","a"]',
      '["a","a"]',
      '[1]',
      '3..1',
      '1..2..3',
      '=[1]',
      '= 1',
      '-0',
    ]) {
      expect(() => lattice.decode(text), text).toThrow();
    }
  });
});

describe('widening', () => {
  it('ends every ascending chain of intervals in two steps', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer(), fc.nat())), (steps) => {
        let value = interval.bottom;
        let changes = 0;
        for (const [low, length] of steps) {
          const next = interval.widen!(value, interval.join(value, { low, high: low + length }));
          if (!interval.equals!(next, value)) changes += 1;
          value = next;
        }
        expect(changes).toBeLessThanOrEqual(3);
      }),
    );
  });
});

describe('a finite lattice', () => {
  const pairs = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })), {
    minLength: 1,
    maxLength: 12,
    selector: ([a, b]) => a * 8 + b,
  });

  it('is made exactly of the orders in which every pair has one least upper and one greatest lower bound', () => {
    let made = 0;
    fc.assert(
      fc.property(pairs, (drawn) => {
        const below = drawn.filter(([a, b]) => a !== b).map(([a, b]) => [`e${a}`, `e${b}`] as const);
        fc.pre(below.length > 0);
        const names = [...new Set(below.flat())];
        // Reachability by following every path.
        const reach = (from: string, to: string, seen: string[] = []): boolean =>
          from === to || below.some(([a, b]) => a === from && !seen.includes(b) && reach(b, to, [...seen, b]));
        const isOrder = names.every((a) => names.every((b) => a === b || !(reach(a, b) && reach(b, a))));
        const bound = (a: string, b: string, up: (x: string, y: string) => boolean) => {
          const bounds = names.filter((c) => up(a, c) && up(b, c));
          return bounds.filter((c) => bounds.every((d) => up(c, d)));
        };
        const down = (x: string, y: string) => reach(y, x);
        const isLattice =
          isOrder &&
          names.every((a) => names.every((b) => bound(a, b, reach).length === 1 && bound(a, b, down).length === 1));
        if (!isLattice) {
          expect(() => finiteLattice({ name: 'drawn', below })).toThrow(
            expect.objectContaining({ code: 'LatticeInvalid' }),
          );
          return;
        }
        made += 1;
        const lattice = finiteLattice({ name: 'drawn', below });
        expect(checkLaws(lattice, names)).toEqual([]);
        for (const a of names) for (const b of names) expect([lattice.join(a, b)]).toEqual(bound(a, b, reach));
        const chain = (from: string): number =>
          Math.max(0, ...names.filter((b) => b !== from && reach(from, b)).map((b) => 1 + chain(b)));
        expect(lattice.height).toBe(chain(lattice.bottom));
      }),
      { numRuns: 500 },
    );
    expect(made).toBeGreaterThan(20);
  });

  it('names what is wrong', () => {
    const of = (...below: [string, string][]) => finiteLattice({ name: 'labels', below });
    expect(() => of(['a', 'b'], ['b', 'a'])).toThrow(/cycle: a and b/);
    expect(() => of(['a', 'b'], ['a', 'c'])).toThrow(/b and c have no least upper bound/);
    expect(() => of()).toThrow(/no elements/);
    expect(() => of(['low', 'high']).join('low', 'middle')).toThrow(/"middle" is no element/);
  });
});

describe('checkLaws', () => {
  const sound: Lattice<number> = maxInteger;
  it.each([
    ['commutative', { ...sound, join: (a: number) => a }],
    ['idempotent', { ...sound, join: (a: number, b: number) => Math.max(a, b) + 1 }],
    ['order', { ...sound, leq: (a: number, b: number) => a <= b + 1 }],
    ['bottom', { ...sound, bottom: 0 }],
    ['text', { ...sound, decode: () => 0 }],
    ['least upper bound', { ...sound, join: (a: number, b: number) => (a === b ? a : Math.max(a, b, 3)) }],
    ['absorption', { ...sound, meet: (a: number, b: number) => Math.min(a, b) - 1 }],
    ['lower bound', { ...sound, meet: (a: number) => a }],
    ['widening', { ...sound, widen: (a: number) => a }],
    ['equality', { ...sound, equals: () => true }],
  ])('finds a broken law: %s', (law, lattice) => {
    const laws = checkLaws(lattice, [-1, 0, 1, 2, 5], { limit: 1000 }).map((violation) => violation.law);
    expect(laws).toContain(law);
  });

  it('finds a function that is not monotone, and names it', () => {
    const found = checkLaws(minInteger, [0, 1, 2], { functions: { negate: (n) => -n, next: (n) => n + 1 } });
    expect(found[0]).toMatchObject({ law: 'monotone', message: expect.stringContaining('negate') });
    expect(found.every(({ message }) => !message.includes('next'))).toBe(true);
  });

  it('is bounded', () => {
    expect(() => checkLaws(maxInteger, new Array(257).fill(0))).toThrow(/at most 256/);
    expect(checkLaws({ ...sound, join: (a: number) => a }, [0, 1, 2, 3], { limit: 2 })).toHaveLength(2);
  });
});
