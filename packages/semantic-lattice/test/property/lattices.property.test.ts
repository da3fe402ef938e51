import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requireFull } from '../../../../tools/test-requirements.mjs';
import { createEngine, type Engine, type Lattice, rel } from '../../src/index.js';

const full = requireFull().available;

/** Sets of three elements, as bits. Neither a chain nor small enough that joins are rare. */
const bits: Lattice<number> = {
  name: 'bits',
  bottom: 0,
  join: (a, b) => a | b,
  leq: (a, b) => (a & b) === a,
  encode: String,
  decode: Number,
};
const functions = {
  grow: (a: number) => (a | (a << 1)) & 7,
  both: (a: number, b: number) => a & b,
  either: (a: number, b: number) => a | b,
  add: (a: number) => a | 4,
};
const relations = {
  edge: rel('term', 'term'),
  v: rel('term', bits),
  w: rel('term', bits),
  q: rel('term'),
  lacks: rel('term'),
  full: rel('term', 'term'),
  top: rel('term', bits),
};
const nodes = ['a', 'b', 'c'];

/** A rule's text, and what it gives under a model: keys of cells with bits, plain facts with 1. */
interface CellRule {
  readonly text: string;
  readonly derive: (model: ReadonlyMap<string, number>) => [key: string, value: number][];
}
const cell = (relation: string, node: string) => `${relation} ${node}`;
const pairs = nodes.flatMap((x) => nodes.map((y) => [x, y] as const));

/** `head(Y, f(V, W)) :- edge(X, Y), one(X, V), other(Y, W)[, q(X)].` and the like. */
const cellRule: fc.Arbitrary<CellRule> = fc
  .record({
    head: fc.constantFrom('v', 'w'),
    one: fc.constantFrom('v', 'w'),
    other: fc.constantFrom('v', 'w', undefined),
    along: fc.boolean(),
    guarded: fc.boolean(),
    apply: fc.constantFrom('grow', 'both', 'either', 'add', 'copy'),
  })
  .map(({ head, one, other, along, guarded, apply }) => {
    const binary = other !== undefined && (apply === 'both' || apply === 'either');
    const unary = apply === 'grow' || apply === 'add';
    const value = binary ? `${apply}(V, W)` : unary ? `${apply}(V)` : 'V';
    const compute = (a: number, b: number) =>
      binary ? functions[apply](a, b) : unary ? functions[apply as 'grow' | 'add'](a) : a;
    const body = [`${one}(X, V)`, along ? 'edge(X, Y)' : 'edge(Y, X)'];
    if (other !== undefined) body.push(`${other}(Y, W)`);
    if (guarded) body.push('q(X)');
    return {
      text: `${head}(Y, ${value}) :- ${body.join(', ')}.`,
      derive: (model) =>
        pairs.flatMap(([x, y]): [string, number][] => {
          const a = model.get(cell(one, x)) ?? 0;
          const b = other === undefined ? 7 : (model.get(cell(other, y)) ?? 0);
          if (a === 0 || b === 0 || !model.has(along ? `edge ${x} ${y}` : `edge ${y} ${x}`)) return [];
          if (guarded && !model.has(cell('q', x))) return [];
          return [[cell(head, y), compute(a, b)]];
        }),
    };
  });
const plainRule: fc.Arbitrary<CellRule> = fc
  .record({ one: fc.constantFrom('v', 'w'), other: fc.constantFrom('v', 'w') })
  .map(({ one, other }) => ({
    text: `q(Y) :- ${one}(X, _), ${other}(Y, _), edge(X, Y).`,
    derive: (model) =>
      pairs
        .filter(([x, y]) => model.has(cell(one, x)) && model.has(cell(other, y)) && model.has(`edge ${x} ${y}`))
        .map(([, y]): [string, number] => [cell('q', y), 1]),
  }));
/** What is read in higher strata, not monotonically. */
const upper = `lacks(X) :- edge(X, _), not v(X, _).
  full(X, Y) :- v(X, V), w(Y, V).
  top(X, V) :- w(X, V), v(X, "7").
  top(Y, V) :- top(X, V), edge(X, Y).`;

const upperRules: readonly CellRule['derive'][] = [
  (model) =>
    pairs
      .filter(([x, y]) => model.has(`edge ${x} ${y}`) && !model.has(cell('v', x)))
      .map(([x]) => [cell('lacks', x), 1]),
  (model) =>
    pairs
      .filter(([x, y]) => model.has(cell('v', x)) && model.get(cell('v', x)) === model.get(cell('w', y)))
      .map(([x, y]) => [`full ${x} ${y}`, 1]),
  (model) =>
    nodes
      .filter((x) => model.get(cell('v', x)) === 7 && model.has(cell('w', x)))
      .map((x) => [cell('top', x), model.get(cell('w', x))!]),
  (model) =>
    pairs
      .filter(([x, y]) => model.has(cell('top', x)) && model.has(`edge ${x} ${y}`))
      .map(([x, y]) => [cell('top', y), model.get(cell('top', x))!]),
];

function fixpoint(model: Map<string, number>, rules: readonly CellRule['derive'][]): void {
  for (let changed = true; changed; ) {
    changed = false;
    for (const derive of rules) {
      for (const [key, value] of derive(model)) {
        const now = (model.get(key) ?? 0) | value;
        if (now === (model.get(key) ?? 0)) continue;
        model.set(key, now);
        changed = true;
      }
    }
  }
}

interface CellUpdate {
  readonly insert: boolean;
  readonly relation: 'edge' | 'v' | 'w' | 'q';
  readonly values: readonly (string | number)[];
}
const node = fc.constantFrom(...nodes);
const update: fc.Arbitrary<CellUpdate> = fc
  .tuple(
    fc.boolean(),
    fc.oneof(
      { weight: 3, arbitrary: fc.tuple(fc.constant('edge' as const), fc.tuple(node, node)) },
      {
        weight: 3,
        arbitrary: fc.tuple(
          fc.constantFrom('v' as const, 'w' as const),
          fc.tuple(node, fc.integer({ min: 0, max: 6 })),
        ),
      },
      { weight: 1, arbitrary: fc.tuple(fc.constant('q' as const), fc.tuple(node)) },
    ),
  )
  .map(([insert, [relation, values]]) => ({ insert, relation, values }));

const program = fc.record({
  cells: fc.array(cellRule, { minLength: 1, maxLength: 4 }),
  plain: fc.array(plainRule, { maxLength: 2 }),
  schedule: fc.array(fc.array(update, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 }),
});

function naive(rules: readonly CellRule[], transactions: readonly (readonly CellUpdate[])[]): Map<string, number> {
  const asserted = new Map<string, CellUpdate>();
  for (const each of transactions.flat()) {
    const key = `${each.relation} ${each.values.join(' ')}`;
    if (each.insert) asserted.set(key, each);
    else asserted.delete(key);
  }
  const model = new Map<string, number>();
  for (const { relation, values } of asserted.values()) {
    if (relation === 'v' || relation === 'w') {
      const key = cell(relation, String(values[0]));
      if (values[1] !== 0) model.set(key, (model.get(key) ?? 0) | Number(values[1]));
    } else model.set(`${relation} ${values.join(' ')}`, 1);
  }
  fixpoint(
    model,
    rules.map(({ derive }) => derive),
  );
  fixpoint(model, upperRules);
  return model;
}

function modelOf(engine: Engine): Map<string, number> {
  const model = new Map<string, number>();
  for (const name of engine.relations) {
    const isCell = name === 'v' || name === 'w' || name === 'top';
    for (const row of engine.find(name)) {
      if (isCell) model.set(cell(name, String(row[0])), Number(row[1]));
      else model.set(`${name} ${row.join(' ')}`, 1);
    }
  }
  return model;
}

const sorted = (model: ReadonlyMap<string, number>) => [...model].sort(([a], [b]) => (a < b ? -1 : 1));

describe('random rules over cells of a lattice, under random updates', () => {
  for (const codeGeneration of [true, false]) {
    it(`hold what a naive fixpoint gives, ${codeGeneration ? 'compiled' : 'interpreted'}`, async () => {
      await fc.assert(
        fc.asyncProperty(program, async ({ cells, plain, schedule }) => {
          const engine = createEngine({ relations, functions, codeGeneration }) as unknown as Engine;
          engine.addRules([...cells, ...plain].map(({ text }) => text).join('\n') + upper);
          let before = new Map<string, number>();
          for (const [index, updates] of schedule.entries()) {
            const change = await engine.transact((tx) => {
              for (const { insert, relation, values } of updates) {
                if (insert) tx.insert(relation, ...values);
                else tx.retract(relation, ...values);
              }
            });
            const expected = naive([...cells, ...plain], schedule.slice(0, index + 1));
            expect(sorted(modelOf(engine))).toEqual(sorted(expected));
            const updated = change.updated.map(({ relation, key, before, after }) => [
              cell(relation, String(key[0])),
              before,
              after,
            ]);
            const expectedUpdates = [...expected].filter(
              ([key, value]) => before.has(key) && before.get(key) !== value,
            );
            expect(updated.sort()).toEqual(expectedUpdates.map(([key, value]) => [key, before.get(key), value]).sort());
            before = expected;
          }
          checkProofs(engine);
        }),
        { numRuns: full ? 10_000 : codeGeneration ? 600 : 100 },
      );
    });
  }
});

/** Every proof comes from assertions, and each join in it is one. */
function checkProofs(engine: Engine): void {
  for (const name of engine.relations) {
    for (const row of engine.find(name)) {
      const { steps } = engine.explain(name, row);
      expect(steps.at(-1)!.fact).toEqual({ relation: name, values: row });
      for (const [index, step] of steps.entries()) {
        expect(step.premises.every((premise) => premise < index)).toBe(true);
        if (step.by === 'join') {
          const [a, b] = step.premises.map((premise) => Number(steps[premise]!.fact.values[1]));
          expect(step.fact.values[1]).toBe(a! | b!);
        }
        if (step.by === 'asserted') expect(['edge', 'v', 'w', 'q']).toContain(step.fact.relation);
      }
    }
  }
}
