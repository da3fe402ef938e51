import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requireFull } from '../../../../tools/test-requirements.mjs';
import { createEngine, type Engine, rel } from '../../src/index.js';

const full = requireFull().available;
const relations = {
  e: rel('term', 'integer'),
  f: rel('term', 'integer'),
  r: rel('term'),
  low: rel('integer'),
  edge: rel('term', 'term'),
  w: rel('term', 'integer'),
  out: rel('term', 'integer'),
  p: rel('term', 'term'),
  cnt: rel('term', 'integer'),
  q: rel('term'),
  late: rel('term', 'integer'),
};
type Name = keyof typeof relations;
type Row = readonly (string | number)[];

class Model {
  readonly rows = new Map<string, Row>();
  of(name: Name): Row[] {
    return [...this.rows].filter(([key]) => key.startsWith(`${name} `)).map(([, row]) => row);
  }
  has(name: Name, ...row: Row): boolean {
    return this.rows.has(`${name} ${row.join(' ')}`);
  }
  add(name: Name, ...row: Row): void {
    this.rows.set(`${name} ${row.join(' ')}`, row);
  }
}

/** A result of 32 bits, as the language defines it. */
function whole(value: number): number {
  if (!Number.isFinite(value) || (Math.trunc(value) | 0) !== Math.trunc(value)) throw new RangeError('overflow');
  return Math.trunc(value) + 0;
}
const over = (a: unknown, b: unknown) => {
  if (b === 0) throw new RangeError('division by zero');
  return Math.trunc(Number(a) / Number(b)) + 0;
};

/** Rules that can fail, each with what it means: its computations are made where all that needs none of them holds. */
const candidates: readonly { readonly text: string; readonly level: number; readonly derive: (m: Model) => void }[] = [
  {
    text: 'out(X, 10 / N) :- e(X, N), r(X).',
    level: 0,
    derive: (m) => {
      for (const [x, n] of m.of('e')) if (m.has('r', x!)) m.add('out', x!, over(10, n));
    },
  },
  {
    text: 'out(X, 10 / N) :- not r(X), e(X, N).',
    level: 0,
    derive: (m) => {
      for (const [x, n] of m.of('e')) if (!m.has('r', x!)) m.add('out', x!, over(10, n));
    },
  },
  {
    text: 'out(X, M) :- M = N * K, M < 1000, not low(M), e(X, N), f(X, K).',
    level: 0,
    derive: (m) => {
      for (const [x, n] of m.of('e')) {
        for (const [y, k] of m.of('f')) {
          if (x !== y) continue;
          const product = whole(Number(n) * Number(k));
          if (product < 1000 && !m.has('low', product)) m.add('out', x!, product);
        }
      }
    },
  },
  {
    text: 'out(X, N + K) :- e(X, N), f(Y, K), 100 / K > 1, r(Y), K != 0.',
    level: 0,
    derive: (m) => {
      for (const [x, n] of m.of('e'))
        for (const [y, k] of m.of('f'))
          if (m.has('r', y!) && k !== 0 && over(100, k) > 1) m.add('out', x!, whole(Number(n) + Number(k)));
    },
  },
  {
    text: 'out(X, 8 / (N - K)) :- e(X, N), f(X, K), N > K, low(N).',
    level: 0,
    derive: (m) => {
      for (const [x, n] of m.of('e'))
        for (const [y, k] of m.of('f'))
          if (x === y && n! > k! && m.has('low', n!)) m.add('out', x!, over(8, Number(n) - Number(k)));
    },
  },
  {
    text: 'q(X) :- e(X, N), A = 6 / N, B = 6 / A, not low(B).',
    level: 0,
    derive: (m) => {
      for (const [x, n] of m.of('e')) {
        const b = over(6, over(6, n));
        if (!m.has('low', b)) m.add('q', x!);
      }
    },
  },
  {
    text: 'q(X) :- f(X, N), A = 6 / N, not low(A), 7 / (A - 3) > 0.',
    level: 0,
    derive: (m) => {
      for (const [x, n] of m.of('f')) {
        const a = over(6, n);
        if (!m.has('low', a) && over(7, a - 3) > 0) m.add('q', x!);
      }
    },
  },
  {
    text: 'cnt(X, N) :- e(X, N). cnt(X, N + 2147483640) :- cnt(X, N), r(X), not low(N), N != 4.',
    level: 0,
    derive: (m) => {
      for (const [x, n] of m.of('e')) m.add('cnt', x!, n!);
      for (const [x, n] of m.of('cnt'))
        if (m.has('r', x!) && !m.has('low', n!) && n !== 4) m.add('cnt', x!, whole(Number(n) + 2_147_483_640));
    },
  },
  {
    text: 'p(X, Y) :- edge(X, Y). p(X, Z) :- p(X, Y), edge(Y, Z), w(Z, N), 10 / N > 0.',
    level: 0,
    derive: (m) => {
      for (const [x, y] of m.of('edge')) m.add('p', x!, y!);
      for (const [x, y] of m.of('p'))
        for (const [from, z] of m.of('edge'))
          for (const [at, n] of m.of('w')) if (y === from && z === at && over(10, n) > 0) m.add('p', x!, z!);
    },
  },
  {
    text: 'late(X, 10 / N) :- e(X, N), not q(X).',
    level: 1,
    derive: (m) => {
      for (const [x, n] of m.of('e')) if (!m.has('q', x!)) m.add('late', x!, over(10, n));
    },
  },
];

function modelOf(rules: typeof candidates, asserted: ReadonlyMap<string, Update>): Model {
  const model = new Model();
  for (const { name, row } of asserted.values()) model.add(name, ...row);
  for (const level of [0, 1]) {
    for (let before = -1; before !== model.rows.size; ) {
      before = model.rows.size;
      for (const rule of rules) if (rule.level === level) rule.derive(model);
    }
  }
  return model;
}

interface Update {
  readonly insert: boolean;
  readonly name: Name;
  readonly row: Row;
}
const term = fc.constantFrom('a', 'b', 'c');
const integer = fc.constantFrom(0, 1, 2, 3, 5, 7, 2_147_483_647, -1);
const update: fc.Arbitrary<Update> = fc
  .tuple(
    fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 2, arbitrary: fc.constant(false) }),
    fc.oneof(
      fc.tuple(fc.constantFrom('e' as const, 'f' as const, 'w' as const), fc.tuple(term, integer)),
      fc.tuple(fc.constant('r' as const), fc.tuple(term)),
      fc.tuple(fc.constant('low' as const), fc.tuple(integer)),
      fc.tuple(fc.constant('edge' as const), fc.tuple(term, term)),
    ),
  )
  .map(([insert, [name, row]]) => ({ insert, name, row }));

type Kind = 'compiled' | 'interpreted' | 'without partitions' | 'other sizes' | 'without proofs' | 'reversed';
const kinds: readonly Kind[] = [
  'compiled',
  'interpreted',
  'without partitions',
  'other sizes',
  'without proofs',
  'reversed',
];

async function engineOf(kind: Kind, rules: typeof candidates): Promise<Engine> {
  const engine = createEngine({
    relations,
    codeGeneration: kind !== 'interpreted',
    proofs: kind !== 'without proofs',
  }) as unknown as Engine;
  if (kind === 'without partitions') {
    await engine.transact((tx) => tx.insert('p', 'gone', 'gone'));
    await engine.transact((tx) => tx.retract('p', 'gone', 'gone'));
  }
  if (kind === 'other sizes') {
    // Joins of these begin elsewhere.
    await engine.transact((tx) => {
      for (let at = 0; at < 700; at++) {
        tx.insert('r', `other ${at}`);
        tx.insert('low', 1000 + at);
      }
    });
  }
  const texts = rules.map(({ text }) => text);
  engine.addRules((kind === 'reversed' ? texts.reverse() : texts).join('\n'));
  return engine;
}

const ofInterest = (name: string, row: Row) =>
  !(name === 'r' || name === 'low') || !/^other|^1\d\d\d$/.test(String(row[0]));
const stateOf = (engine: Engine) =>
  engine.relations
    .flatMap((name) =>
      [...engine.find(name)].filter((row) => ofInterest(name, row as Row)).map((row) => `${name} ${row.join(' ')}`),
    )
    .sort();

describe('computations that can fail', () => {
  it('fail exactly where a binding of all atoms fails, whatever the plan, the order, the history and the evaluator', async () => {
    let failures = 0;
    let successes = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.subarray([...candidates], { minLength: 1, maxLength: 5 }),
        fc.array(fc.array(update, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 }),
        async (rules, schedule) => {
          const engines = await Promise.all(kinds.map((kind) => engineOf(kind, rules)));
          let asserted: ReadonlyMap<string, Update> = new Map();
          for (const updates of schedule) {
            const next = new Map(asserted);
            const last = new Map(updates.map((each) => [`${each.name} ${each.row.join(' ')}`, each]));
            for (const [key, each] of last) {
              if (each.insert) next.set(key, each);
              else next.delete(key);
            }
            let expected: Model | undefined;
            try {
              expected = modelOf(rules, next);
            } catch (error) {
              expect(error).toBeInstanceOf(RangeError);
            }
            for (const [index, engine] of engines.entries()) {
              const said = kinds[index] === 'reversed' ? [...last.values()].reverse() : [...last.values()];
              const done = engine.transact((tx) => {
                for (const { insert, name, row } of said) {
                  if (insert) tx.insert(name, ...row);
                  else tx.retract(name, ...row);
                }
              });
              if (expected === undefined)
                await expect(done, kinds[index]!).rejects.toMatchObject({ code: 'IntegerOverflow' });
              else await done;
            }
            if (expected === undefined) failures++;
            else {
              successes++;
              asserted = next;
            }
            const state = [...modelOf(rules, asserted).rows.keys()].sort();
            for (const [index, engine] of engines.entries()) expect(stateOf(engine), kinds[index]!).toEqual(state);
          }
        },
      ),
      { numRuns: full ? 5_000 : 200 },
    );
    // Both happen often, or this says nothing.
    expect(Math.min(failures, successes)).toBeGreaterThan(20);
  });

  it('do not stand in the way of taking back what they would fail on, had they been made', async () => {
    for (const codeGeneration of [true, false]) {
      const engine = createEngine({ relations, codeGeneration });
      engine.addRules('out(X, 10 / N) :- e(X, N), not r(X). q(X) :- e(X, N), A = 10 / N, A > 0, r(X), not low(N).');
      await engine.transact((tx) => {
        tx.insert('e', 'a', 0);
        tx.insert('r', 'a');
        tx.insert('low', 0);
      });
      await engine.transact((tx) => tx.retract('e', 'a', 0));
      expect(engine.count('e')).toBe(0);
    }
  });
});
