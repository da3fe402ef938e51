// Orders are compared with what a search through all elements finds: exhaustively over every order of up to five elements, then
// along random changes, cycles among them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkLaws } from '../../../src/lattices/index.js';
import { Order } from '../../../src/orders/index.js';

type Pair = readonly [string, string];

/** The definitions, read literally. */
class Definition {
  readonly elements: readonly string[];
  readonly #reach = new Map<string, Set<string>>();

  constructor(universe: readonly string[], pairs: readonly Pair[]) {
    this.elements = universe.filter((each) => pairs.some((pair) => pair.includes(each)));
    for (const from of universe) {
      const seen = new Set([from]);
      for (const each of seen) for (const [low, high] of pairs) if (low === each) seen.add(high);
      this.#reach.set(from, seen);
    }
  }

  leq = (a: string, b: string): boolean => this.#reach.get(a)!.has(b);
  geq = (a: string, b: string): boolean => this.leq(b, a);
  equivalents(a: string): string[] {
    return [...this.#reach.keys()].filter((b) => this.leq(a, b) && this.leq(b, a)).sort();
  }
  /** One of each class. */
  get classes(): string[] {
    return this.elements.filter((a) => this.equivalents(a)[0] === a);
  }
  nearest(to: readonly string[], leq: (a: string, b: string) => boolean): string[] {
    const names = [...this.#reach.keys()].filter((a) => this.equivalents(a)[0] === a);
    const bounds = names.filter((c) => to.every((a) => leq(a, c)));
    return bounds.filter((c) => !bounds.some((d) => d !== c && leq(d, c))).sort();
  }
  covers(a: string, leq: (a: string, b: string) => boolean): string[] {
    const strict = (x: string, y: string) => leq(x, y) && !leq(y, x);
    return this.classes.filter((b) => strict(a, b) && !this.classes.some((c) => strict(a, c) && strict(c, b))).sort();
  }
  beyond(a: string, leq: (a: string, b: string) => boolean): string[] {
    return this.elements.filter((b) => leq(a, b) && !leq(b, a)).sort();
  }
  width(): number {
    const { classes } = this;
    let widest = 0;
    for (let mask = 0; mask < 1 << classes.length; mask += 1) {
      const chosen = classes.filter((_, bit) => (mask >> bit) & 1);
      if (chosen.every((a) => chosen.every((b) => a === b || !this.leq(a, b))))
        widest = Math.max(widest, chosen.length);
    }
    return widest;
  }
  /** All lower sets that are the lower bounds of upper bounds, by trying every subset. */
  cuts(): Set<string> {
    const { classes } = this;
    const cuts = new Set<string>();
    for (let mask = 0; mask < 1 << classes.length; mask += 1) {
      const chosen = classes.filter((_, bit) => (mask >> bit) & 1);
      const above = classes.filter((b) => chosen.every((a) => this.leq(a, b)));
      cuts.add(classes.filter((a) => above.every((b) => this.leq(a, b))).join());
    }
    return cuts;
  }
}

function expectSame(order: Order, definition: Definition, universe: readonly string[]): void {
  expect(order.size).toBe(definition.elements.length);
  for (const a of universe) {
    expect(order.equivalents(a)).toEqual(definition.equivalents(a));
    expect(order.covers(a)).toEqual(definition.covers(a, definition.leq));
    expect(order.coveredBy(a)).toEqual(definition.covers(a, definition.geq));
    expect(order.ancestors(a)).toEqual(definition.beyond(a, definition.leq));
    expect(order.descendants(a)).toEqual(definition.beyond(a, definition.geq));
    for (const b of universe) {
      expect(order.leq(a, b)).toBe(definition.leq(a, b));
      expect(order.joins(a, b)).toEqual(definition.nearest([a, b], definition.leq));
      expect(order.meets(a, b)).toEqual(definition.nearest([a, b], definition.geq));
    }
  }
}

async function expectWidth(order: Order, definition: Definition): Promise<void> {
  const { width, chains, antichain } = await order.width();
  expect(width).toBe(definition.width());
  expect(antichain).toHaveLength(width);
  expect(antichain.every((a) => antichain.every((b) => a === b || !definition.leq(a, b)))).toBe(true);
  expect(chains.flat().sort()).toEqual([...definition.classes].sort());
  for (const chain of chains)
    for (let i = 1; i < chain.length; i += 1) expect(definition.leq(chain[i - 1]!, chain[i]!)).toBe(true);
}

async function expectCompletion(order: Order, definition: Definition): Promise<void> {
  const completion = await order.complete();
  const cuts = Array.from({ length: completion.size }, (_, cut) => cut);
  expect(completion.size).toBe(definition.cuts().size);
  expect(checkLaws(completion, cuts)).toEqual([]);
  const embed = (term: string) => completion.embed(term)!;
  for (const a of definition.elements) {
    for (const b of definition.elements) {
      expect(completion.leq(embed(a), embed(b))).toBe(definition.leq(a, b));
      const joins = order.joins(a, b);
      // A join that the order has is the completion's.
      const above = definition.classes.filter((c) => definition.leq(a, c) && definition.leq(b, c));
      if (joins.length === 1 && above.every((c) => definition.leq(joins[0]!, c))) {
        expect(completion.join(embed(a), embed(b))).toBe(embed(joins[0]!));
      }
    }
  }
  // Join-dense and meet-dense, which no larger completion is (Davey and Priestley, theorem 7.41).
  for (const cut of cuts) {
    const below = definition.classes.map(embed).filter((each) => completion.leq(each, cut));
    const above = definition.classes.map(embed).filter((each) => completion.leq(cut, each));
    expect(below.reduce((a, b) => completion.join(a, b), completion.bottom)).toBe(cut);
    expect(above.reduce((a, b) => completion.meet(a, b), completion.top)).toBe(cut);
    expect(
      completion
        .generators(cut)
        .map(embed)
        .reduce((a, b) => completion.join(a, b), completion.bottom),
    ).toBe(cut);
  }
  expect(completion.added()).toHaveLength(completion.size - definition.classes.length);
}

describe('every order of up to five elements', () => {
  it('has the bounds, covers, width and completion that the definitions give', { timeout: 60_000 }, async () => {
    const universe = ['a', 'b', 'c', 'd', 'e'];
    const pairs = universe.flatMap((low, i) => universe.slice(i + 1).map((high): Pair => [low, high]));
    let orders = 0;
    for (let mask = 0; mask < 1 << pairs.length; mask += 1) {
      const chosen = pairs.filter((_, bit) => (mask >> bit) & 1);
      const definition = new Definition(universe, chosen);
      // Each order is its own closure: a relation that is less stands for the same order again.
      if (pairs.some(([a, b]) => definition.leq(a, b) && !chosen.some(([c, d]) => a === c && b === d))) continue;
      orders += 1;
      const order = Order.of(chosen);
      expectSame(order, definition, universe);
      await expectWidth(order, definition);
      await expectCompletion(order, definition);
    }
    // Naturally labelled posets of five elements: OEIS A006455.
    expect(orders).toBe(357);
  });
});

describe('an order under change', () => {
  const universe = [...'abcdefgh'];
  const pair = fc.tuple(fc.constantFrom(...universe), fc.constantFrom(...universe));
  const change = fc.record({ pair, kind: fc.constantFrom('add', 'add', 'remove'), look: fc.boolean() });

  it('is at each step what the definitions give', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 30 }), async (changes) => {
        const order = new Order('drawn');
        const pairs = new Map<string, Pair>();
        for (const { pair: each, kind, look } of changes) {
          const key = each.join();
          if (kind === 'add' && !pairs.has(key)) {
            pairs.set(key, each);
            order.add(...each);
          } else if (kind === 'remove' && pairs.has(key)) {
            pairs.delete(key);
            order.remove(...each);
          }
          // Not at every step, so that what several changes left marked is rebuilt at once too.
          if (look) expectSame(order, new Definition(universe, [...pairs.values()]), universe);
        }
        const definition = new Definition(universe, [...pairs.values()]);
        expectSame(order, definition, universe);
        await expectWidth(order, definition);
        await expectCompletion(order, definition);
      }),
      { numRuns: 100 },
    );
  });
});

describe('an order', () => {
  it('holds a chain longer than a call stack', () => {
    const length = 3_000;
    const order = Order.of(Array.from({ length }, (_, i): Pair => [`n${i}`, `n${i + 1}`]));
    expect(order.leq('n0', `n${length}`)).toBe(true);
    expect(order.leq(`n${length}`, 'n0')).toBe(false);
  });

  it('refuses a completion beyond its limit, and says what to do', async () => {
    // An antichain's crown: x_i below y_j for i != j, whose completion has 2^n cuts.
    const pairs = [...Array(8).keys()].flatMap((i) =>
      [...Array(8).keys()].filter((j) => j !== i).map((j): Pair => [`x${i}`, `y${j}`]),
    );
    const order = Order.of(pairs);
    expect((await order.complete()).size).toBe(256);
    await expect(order.complete({ maxElements: 100 })).rejects.toMatchObject({ code: 'CompletionTooLarge' });
  });

  it('takes terms in no pair as related to themselves alone', () => {
    const order = Order.of([['a', 'b']]);
    expect([order.leq('z', 'z'), order.leq('z', 'a')]).toEqual([true, false]);
    expect([order.joins('z', 'z'), order.joins('z', 'a'), order.covers('z')]).toEqual([['z'], [], []]);
  });
});
