import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requireFull } from '../../../../tools/test-requirements.mjs';
import { createEngine, type Engine, type Proof, rel } from '../../src/index.js';

const full = requireFull().available;
const relations = { edge: rel('term', 'term'), more: rel('term', 'term'), mark: rel('term'), p: rel('term', 'term') };

/** Rules that pass a column of `p` on, in many guises. */
const guises = [
  'p(X, Y) :- edge(X, Y). p(X, Z) :- p(X, Y), edge(Y, Z).',
  'p(X, Y) :- edge(X, Y). p(X, Z) :- edge(X, Y), p(Y, Z).',
  'p(Y, X) :- edge(X, Y). p(Z, X) :- edge(Y, Z), p(Y, X).',
  'p(X, Y) :- edge(X, Y). p(X, Y) :- more(X, Y). p(X, Z) :- p(X, Y), edge(Y, Z), not mark(Z).',
  'p(X, Y) :- edge(X, Y). p(X, Z) :- p(X, Y), edge(Y, Z). p(X, Z) :- p(X, Y), more(Y, W), more(W, Z).',
  'p(X, X) :- mark(X). p(X, Z) :- p(X, Y), edge(Y, Z), X != Z.',
  'p(X, Y) :- more(X, Y), more(Y, X). p(A, n1) :- mark(A). p(X, Z) :- edge(Z, Y), p(X, Y), mark(Y).',
  'p(X, Y) :- edge(X, Y). p(X, Y) :- edge(Y, X). p(X, Z) :- more(Y, Z), p(X, Y).',
];

const node = (count: number) => fc.integer({ min: 0, max: count - 1 }).map((number) => `n${number}`);
const graph = fc.integer({ min: 2, max: 9 }).chain((count) =>
  fc.record({
    edges: fc.array(fc.tuple(node(count), node(count)), { maxLength: count * count }),
    more: fc.array(fc.tuple(node(count), node(count)), { maxLength: count * 2 }),
    marks: fc.array(fc.tuple(node(count)), { maxLength: count }),
  }),
);

async function engineOf(
  text: string,
  { edges, more, marks }: typeof graph extends fc.Arbitrary<infer G> ? G : never,
  generic: boolean,
  codeGeneration: boolean,
) {
  const engine = createEngine({ relations, codeGeneration });
  engine.addRules(text);
  if (generic) {
    // A relation that had rows before is not evaluated by partitions.
    await engine.transact((tx) => tx.insert('p', 'gone', 'gone'));
    await engine.transact((tx) => tx.retract('p', 'gone', 'gone'));
  }
  await engine.transact((tx) => {
    tx.insertAll('edge', edges);
    tx.insertAll('more', more);
    tx.insertAll('mark', marks);
  });
  return engine;
}

/** The height of a proof. */
function heightOf({ steps }: Proof): number {
  const heights: number[] = [];
  for (const { premises, fact } of steps) {
    heights.push(fact.relation === 'p' ? 1 + Math.max(0, ...premises.map((premise) => heights[premise]!)) : 0);
  }
  return heights.at(-1)!;
}

const withHeights = (engine: Pick<Engine, 'find' | 'explain'>) =>
  [...engine.find('p')].map((row) => `${row} ${heightOf(engine.explain('p', row))}`).sort();

describe('evaluation by partitions', () => {
  for (const codeGeneration of [true, false]) {
    it(`gives the rows, and proofs of the height, of the generic path, ${codeGeneration ? 'compiled' : 'interpreted'}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...guises),
          graph,
          fc.integer({ min: 0, max: 30 }),
          async (text, facts, change) => {
            const parts = (await engineOf(text, facts, false, codeGeneration)) as unknown as Engine;
            const generic = (await engineOf(text, facts, true, codeGeneration)) as unknown as Engine;
            expect(withHeights(parts)).toEqual(withHeights(generic));
            expect(parts.digest()).toBe(generic.digest());
            const edge = facts.edges[change % Math.max(1, facts.edges.length)];
            if (edge === undefined) return;
            for (const engine of [parts, generic]) await engine.transact((tx) => tx.retract('edge', ...edge));
            expect(parts.digest()).toBe(generic.digest());
          },
        ),
        { numRuns: full ? 5_000 : codeGeneration ? 300 : 60 },
      );
    });
  }

  it('can be rolled back anywhere, and what comes after is as if it had not been tried', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...guises),
        graph,
        fc.integer({ min: 0, max: 60 }),
        fc.boolean(),
        async (text, facts, derivations, codeGeneration) => {
          const tried = createEngine({ relations, codeGeneration });
          await tried.transact((tx) => tx.insertAll('edge', facts.edges));
          tried.addRules(text);
          await tried
            .transact(undefined, { budget: { derivations } })
            .catch((error) => expect(error.code).toBe('BudgetExceeded'));
          await tried.transact((tx) => {
            tx.insertAll('more', facts.more);
            tx.insertAll('mark', facts.marks);
          });
          const plain = await engineOf(text, facts, false, codeGeneration);
          expect(tried.digest()).toBe(plain.digest());
          for (const edge of facts.edges.slice(0, 3)) {
            for (const engine of [tried, plain]) await engine.transact((tx) => tx.retract('edge', ...edge));
            expect(tried.digest()).toBe(plain.digest());
          }
        },
      ),
      { numRuns: full ? 2_000 : 150 },
    );
  });

  it('closes a dense graph as a search from every node does', async () => {
    // 150 nodes in a ring, each with an edge to each of the 25 after it; 30 more that lead into the ring and are not reached.
    const edges = Array.from(
      { length: 150 * 25 },
      (_, at) => [`n${at % 150}`, `n${((at % 150) + 1 + Math.floor(at / 150)) % 150}`] as const,
    );
    const into = Array.from({ length: 30 }, (_, at) => [`m${at}`, `n${at}`] as const);
    const engine = createEngine({ relations });
    engine.addRules(guises[0]!);
    await engine.transact((tx) => tx.insertAll('edge', [...edges, ...into]));
    expect(engine.count('p')).toBe(180 * 150);
    for (const [from, to, height] of [
      ['n0', 'n25', 1],
      ['n0', 'n26', 2],
      ['n0', 'n0', 6],
      ['m3', 'n2', 7],
    ] as const) {
      expect(heightOf(engine.explain('p', [from, to]))).toBe(height);
    }
    await engine.transact((tx) => tx.retract('edge', 'm3', 'n3'));
    expect(engine.count('p')).toBe(179 * 150);
  });
});
