// Repairs of cells against trying every withdrawal there is, each with an engine that never had what is withdrawn.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requireFull } from '../../../../tools/test-requirements.mjs';
import { createEngine, type Engine, type Fact, type Lattice, minInteger, rel } from '../../src/index.js';

const full = requireFull().available;

const bits: Lattice<number> = {
  name: 'bits',
  bottom: 0,
  join: (a, b) => a | b,
  leq: (a, b) => (a & b) === a,
  encode: String,
  decode: Number,
};
const relations = {
  edge: rel('term', 'term'),
  v: rel('term', bits),
  w: rel('term', bits),
  far: rel('term', 'term', minInteger),
  near: rel('term', 'term'),
  all: rel('term'),
  none: rel('term'),
};
const functions = { both: (a: number, b: number) => a & b, shift: (a: number) => (a << 1) & 7 };
const monotone = [
  'v(Y, V) :- edge(X, Y), v(X, V).',
  'w(X, V) :- v(X, V).',
  'w(Y, both(V, W)) :- edge(X, Y), v(X, V), v(Y, W).',
  'v(X, shift(V)) :- w(X, V), edge(X, _).',
  'far(X, Y, 1) :- edge(X, Y). far(X, Z, D + E) :- far(X, Y, D), far(Y, Z, E).',
  'near(X, Y) :- far(X, Y, D), D < 3.',
  'all(X) :- w(X, "7").',
];
const withGains = ['none(X) :- edge(X, _), not all(X).', 'w(X, 3) :- edge(X, _), not near(X, X).'];

const node = fc.constantFrom('a', 'b', 'c');
const fact: fc.Arbitrary<Fact> = fc.oneof(
  fc.tuple(node, node).map((values) => ({ relation: 'edge', values })),
  fc
    .tuple(fc.constantFrom('v', 'w'), node, fc.integer({ min: 1, max: 7 }))
    .map(([relation, ...values]) => ({ relation, values })),
);
const facts = fc.uniqueArray(fact, { minLength: 1, maxLength: 6, selector: (each) => JSON.stringify(each) });

async function engineOf(rules: readonly string[], asserted: readonly Fact[]): Promise<Engine> {
  const engine = createEngine({ relations, functions }) as unknown as Engine;
  engine.addRules(rules.join('\n'));
  await engine.transact((tx) => {
    for (const { relation, values } of asserted) tx.insert(relation, ...values);
  });
  return engine;
}

const holding = (engine: Engine) =>
  new Set(engine.relations.flatMap((name) => Array.from(engine.find(name), (row) => JSON.stringify([name, ...row]))));
const text = (set: readonly Fact[]) => set.map((each) => JSON.stringify([each.relation, ...each.values])).sort();

describe('repairs of what rests on cells of a lattice', () => {
  const check = async (rules: readonly string[], given: readonly Fact[], exact: boolean) => {
    const engine = await engineOf(rules, given);
    const subsets = Array.from({ length: 2 ** given.length }, (_, code) => given.filter((_, at) => (code >> at) & 1));
    subsets.sort((a, b) => a.length - b.length);
    const left = new Map<string, Set<string>>();
    for (const set of subsets) {
      const rest = given.filter((each) => !set.includes(each));
      left.set(JSON.stringify(text(set)), holding(await engineOf(rules, rest)));
    }
    const digest = engine.digest();
    for (const name of engine.relations) {
      for (const row of engine.find(name)) {
        const key = JSON.stringify([name, ...row]);
        const ends = subsets.filter((set) => !left.get(JSON.stringify(text(set)))!.has(key));
        const least = ends.filter(
          (set) => !ends.some((other) => other !== set && other.every((each) => set.includes(each))),
        );
        const { sets, complete } = engine.repairs(name, row, { limit: 1000 });
        const found = sets.map((set) => JSON.stringify(text(set)));
        // Whatever else: each does it.
        for (const each of found) expect(left.get(each)!.has(key)).toBe(false);
        if (exact) expect(complete).toBe(true);
        if (complete) expect(found.sort()).toEqual(least.map((set) => JSON.stringify(text(set))).sort());
      }
    }
    expect(engine.digest()).toBe(digest);
  };

  it('are all minimal withdrawals that lower the cell, and no other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray(monotone, { minLength: 1 }), facts, (rules, given) => check(rules, given, true)),
      { numRuns: full ? 1_500 : 40 },
    );
  });

  it('do what they say where facts can begin to hold too, and are called complete only when they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray(monotone), fc.subarray(withGains, { minLength: 1 }), facts, (some, more, given) =>
        check([...some, ...more], given, false),
      ),
      { numRuns: full ? 1_500 : 40 },
    );
  });
});
