import { describe, expect, it } from 'vitest';
import {
  apply,
  atomsOf,
  createEngine,
  type Engine,
  expression,
  interval,
  type Lattice,
  maxInteger,
  minInteger,
  not,
  rel,
  rule,
  rules,
  variable,
  where,
} from '../../src/index.js';

const least: Lattice<number> = {
  name: 'least',
  bottom: Number.POSITIVE_INFINITY,
  join: Math.min,
  leq: (a, b) => a >= b,
  encode: String,
  decode: Number,
};
const relations = {
  p: rel('term'),
  q: rel('term', 'term'),
  r: rel('term', 'term'),
  u: rel('term', 'term'),
  size: rel('term', 'integer'),
  cost: rel('term', least),
};

function engine(functions = {}): Engine {
  return createEngine({ relations, functions }) as unknown as Engine;
}

describe('a rule that cannot be', () => {
  const refusals: readonly [text: string, code: string, line: number, column: number][] = [
    ['p(X) :- q(X, Y)', 'RuleSyntax', 1, 16],
    ['p(X) :- q(X, Y),\n  .', 'RuleSyntax', 2, 3],
    ['p(X) :- q(X, Y) r(X, Y).', 'RuleSyntax', 1, 17],
    ['p("a) :- q(X, Y).', 'RuleSyntax', 1, 3],
    ['p(X) :- q(X, Y + 1).', 'RuleSyntax', 1, 14],
    ['p(ex:a).', 'RuleSyntax', 1, 3],
    ['size(a, 2147483648).', 'RuleSyntax', 1, 9],
    ['p(X) :-\n  s(X).', 'RelationUnknown', 2, 3],
    ['p(X) :- q(X).', 'ArityMismatch', 1, 9],
    ['p(Y) :- p(X).', 'RuleUnsafe', 1, 3],
    ['p(X) :- p(X),\n not q(X, Z).', 'RuleUnsafe', 2, 11],
    ['p(X) :- p(X), N < 3.', 'RuleUnsafe', 1, 15],
    ['p(_) :- p(X).', 'RuleUnsafe', 1, 3],
    ['p(N) :- size(_, N).', 'KindMismatch', 1, 3],
    ['p(X) :- size(X, a).', 'KindMismatch', 1, 17],
    ['p(X) :- size(X, N), q(X, N).', 'KindMismatch', 1, 26],
    ['p(X) :- q(X, Y), X < Y.', 'KindMismatch', 1, 18],
    ['cost(X, half(C)) :- cost(X, C).', 'FunctionUnknown', 1, 9],
  ];
  for (const [text, code, line, column] of refusals) {
    it(`is refused as ${code} at line ${line}, column ${column}: ${text}`, () => {
      expect(() => engine().addRules(text)).toThrow(
        expect.objectContaining({ code, details: expect.objectContaining({ line, column }) }),
      );
    });
  }

  it('is refused with its cycle when a relation needs its own negation', () => {
    const text = 'p(X) :- q(X, _), not r(X, X).\nr(X, Y) :- q(X, Y), p(Y).';
    expect(() => engine().addRules(text)).toThrow(/p depends on not r, and r on p: .*p.*r/);
    expect(() => engine().addRules(text)).toThrow(
      expect.objectContaining({
        code: 'NotStratifiable',
        details: expect.objectContaining({ line: 1, cycle: expect.arrayContaining(['p', 'r']) }),
      }),
    );
  });

  it('is refused when a cell is tested by what it decides', () => {
    const text = 'cost(Y, C + 1) :- cost(X, C), q(X, Y), C < 5.';
    expect(() => engine().addRules(text)).toThrow(expect.objectContaining({ code: 'NotStratifiable' }));
  });

  it('is refused when a cell falls by what it raises', () => {
    const both = createEngine({ relations: { low: rel('term', minInteger), high: rel('term', maxInteger) } });
    for (const said of ['high(X, D) :- low(X, D). low(X, D) :- high(X, D).', 'low(X, 0 - D) :- low(X, D).']) {
      expect(() => both.addRules(said)).toThrow(expect.objectContaining({ code: 'NotStratifiable' }));
    }
    expect(() => both.addRules('low(X, D * 2) :- low(X, D).')).toThrow(/its value here need not rise/);
    both.addRules('low(X, D + D - 1) :- low(X, D).');
  });

  it('leaves nothing of its text behind', () => {
    const one = engine();
    expect(() => one.addRules('p(X) :- q(X, _). p(a). p(X) :- s(X).')).toThrow();
    expect(one.rules).toEqual([]);
  });

  it('has bounds on its length', () => {
    const body = Array.from({ length: 65 }, () => 'p(X)').join(', ');
    expect(() => engine().addRules(`p(X) :- ${body}.`)).toThrow(/more than 64 literals/);
    expect(() => engine().addRules(`size(a, ${'('.repeat(40)}1${')'.repeat(40)}).`)).toThrow(/nested deeper than 32/);
    // As deep as the parentheses of its canonical text, which can then be read again.
    for (const [terms, deep] of [
      [100_000, 'RuleSyntax'],
      [33, 'RuleSyntax'],
      [32, undefined],
    ] as const) {
      const text = `size(X, N${' + 1'.repeat(terms - 1)}) :- size(X, N).`;
      const one = engine();
      if (deep !== undefined) expect(() => one.addRules(text)).toThrow(expect.objectContaining({ code: deep }));
      else {
        one.addRules(text);
        engine().addRules(one.rules.join('\n'));
      }
    }
  });
});

describe('rules', () => {
  it('say the same of cells that fall as others rise, however facts came', async () => {
    const relations = {
      low: rel('term', minInteger),
      high: rel('term', maxInteger),
      turned: rel('term', minInteger),
      twice: rel('term', minInteger),
    };
    for (const proofs of [true, false]) {
      const one = createEngine({ relations, proofs });
      one.addRules('high(X, D) :- low(X, D). turned(X, 10 - D) :- low(X, D). twice(X, -2 * D) :- low(X, D).');
      for (const value of [5, 3]) await one.transact((tx) => tx.insert('low', 'a', value));
      const said = (['high', 'turned', 'twice'] as const).flatMap((name) => [...one.find(name)].map(([, at]) => at));
      expect(said).toEqual([3, 7, -6]);
    }
  });

  it('read prefixes, IRIs, strings, integers and comments', async () => {
    const one = engine();
    one.addRules(`@prefix ex: <http://example.org/#>. % a comment
      q(ex:a-b, <http://example.org/c>). q("a \\"b\\"\\n", ex:Thing). size(x, -7).
      p(X) :- q(X, ex:Thing).`);
    await one.transact();
    expect(new Set([...one.find('q')].map(String))).toEqual(
      new Set(['http://example.org/#a-b,http://example.org/c', 'a "b"\n,http://example.org/#Thing']),
    );
    expect([...one.find('p')]).toEqual([['a "b"\n']]);
    expect([...one.find('size')]).toEqual([['x', -7]]);
    expect(one.rules).toEqual(['p(X) :- q(X, "http://example.org/#Thing").']);
  });

  it('count with integers, and bind by equality in any order', async () => {
    const one = engine();
    one.addRules(`size(zero, 0). size(X, M) :- M = N + 1, size(Y, N), q(Y, X), M <= 3.
      p(X) :- size(X, N), 2 * N - 1 > N / 2, N != 3.`);
    await one.transact((tx) =>
      tx.insertAll('q', [
        ['zero', 'a'],
        ['a', 'b'],
        ['b', 'c'],
        ['c', 'd'],
      ]),
    );
    expect([...one.find('size')].map(String).sort()).toEqual(['a,1', 'b,2', 'c,3', 'zero,0']);
    expect([...one.find('p')].map(String).sort()).toEqual(['a', 'b']);
  });

  it('refuse what leaves 32 bits, and a division by zero, and hold nothing of it', async () => {
    for (const head of ['size(X, N * N)', 'size(X, N / 0)', 'size(X, N + 2147483647)']) {
      const one = engine();
      one.addRules(`${head} :- size(X, N).`);
      await expect(one.transact((tx) => tx.insert('size', 'a', 99_999))).rejects.toMatchObject({
        code: 'IntegerOverflow',
      });
      expect(one.count('size')).toBe(0);
    }
  });

  it('hold a variable that stands twice in an atom to one value', async () => {
    for (const codeGeneration of [true, false]) {
      const one = createEngine({ relations, codeGeneration }) as unknown as Engine;
      one.addRules('p(X) :- q(X, X). r(X, Y) :- p(X), q(Y, Y), r(X, X).');
      await one.transact((tx) => {
        for (const [a, b] of ['aa', 'ab', 'bb', 'ba']) tx.insert('q', a!, b!);
        tx.insert('r', 'a', 'a');
      });
      expect([...one.find('p')].map(String).sort()).toEqual(['a', 'b']);
      expect([...one.find('r')].map(String).sort()).toEqual(['a,a', 'a,b']);
    }
  });

  it('keep the bottom of a lattice out, and climb to the join of all that is said', async () => {
    const one = engine({ twice: (a: number) => a * 2 });
    one.addRules('cost(Y, twice(C) + 1) :- cost(X, C), q(X, Y). p(X) :- cost(X, C), C <= 3.');
    await one.transact((tx) => {
      tx.insert('cost', 'a', 5);
      tx.insert('cost', 'a', 1);
      tx.insert('cost', 'z', Number.POSITIVE_INFINITY);
      tx.insert('q', 'a', 'b');
    });
    expect([...one.find('cost')].map(String).sort()).toEqual(['a,1', 'b,3']);
    expect([...one.find('p')].map(String).sort()).toEqual(['a', 'b']);
    const change = await one.transact((tx) => tx.retract('cost', 'a', 1));
    expect([...one.find('cost')].map(String).sort()).toEqual(['a,5', 'b,11']);
    expect(change.updated).toEqual([
      { relation: 'cost', key: ['a'], before: 1, after: 5 },
      { relation: 'cost', key: ['b'], before: 3, after: 11 },
    ]);
    expect(Array.from(change.removed, ({ relation }) => relation)).toEqual(['p', 'p']);
  });

  it('climb as far as they are told, in any order and any number of steps, and no farther', async () => {
    const relations = { seen: rel('term', interval), copied: rel('term', interval), next: rel('term', 'term') };
    const make = () => {
      const one = createEngine({ relations, limits: { cellRaises: 10 } });
      one.addRules('copied(X, V) :- seen(X, V). copied(Y, V) :- copied(X, V), next(X, Y).');
      return one;
    };
    const highs = Array.from({ length: 1500 }, (_, high) => high);
    const [stepwise, rising, falling] = [make(), make(), make()];
    for (const one of [stepwise, rising, falling]) await one.transact((tx) => tx.insert('next', 'a', 'b'));
    for (const high of highs) await stepwise.transact((tx) => tx.insert('seen', 'a', { low: 0, high }));
    await rising.transact((tx) =>
      tx.insertAll(
        'seen',
        highs.map((high) => ['a', { low: 0, high }] as const),
      ),
    );
    await falling.transact((tx) =>
      tx.insertAll(
        'seen',
        highs.reverse().map((high) => ['a', { low: 0, high }] as const),
      ),
    );
    expect([...stepwise.find('copied')].sort()).toEqual([
      ['a', { low: 0, high: 1499 }],
      ['b', { low: 0, high: 1499 }],
    ]);
    expect(rising.digest()).toBe(stepwise.digest());
    expect(falling.digest()).toBe(stepwise.digest());
  });

  it('are refused to climb for ever, and may climb if the lattice widens', async () => {
    const most = {
      ...least,
      name: 'most',
      bottom: Number.NEGATIVE_INFINITY,
      join: Math.max,
      leq: (a: number, b: number) => a <= b,
    };
    const text = 'cost(X, C + 1) :- cost(X, C).';
    const endless = createEngine({ relations: { cost: rel('term', most) }, limits: { cellRaises: 500 } });
    endless.addRules(text);
    await expect(endless.transact((tx) => tx.insert('cost', 'a', 1))).rejects.toMatchObject({
      code: 'LatticeDidNotStabilise',
    });
    expect(endless.count('cost')).toBe(0);
    const widening = { ...most, widen: () => Number.POSITIVE_INFINITY };
    const ending = createEngine({ relations: { cost: rel('term', widening) } });
    ending.addRules(text);
    await ending.transact((tx) => tx.insert('cost', 'a', 1));
    expect([...ending.find('cost')]).toEqual([['a', Number.POSITIVE_INFINITY]]);
    expect(ending.explain('cost', ['a', Number.POSITIVE_INFINITY]).steps.at(-1)?.by).toBe('widened');
  });

  it('can be built from values, which are quoted whatever is in them', async () => {
    const make = atomsOf(relations);
    const [X, Y, N] = ['X', 'Y', 'N'].map(variable) as [
      ReturnType<typeof variable>,
      ReturnType<typeof variable>,
      ReturnType<typeof variable>,
    ];
    const one = engine({ shout: (text: string) => text.toUpperCase() });
    one.addRules(
      rule(make.p(X), make.q(X, 'a). p("b'), not(make.r(X, X)), where(X, '!=', 'c')) +
        rule(make.size(X, expression(N, '+', 1)), make.size(Y, N), make.q(Y, X), where(N, '<', 2)) +
        rule(make.cost('k', 4)) +
        rule(make.u(X, apply('shout', X)), make.p(X)),
    );
    await one.transact((tx) => {
      for (const name of ['x', 'c', 'y']) tx.insert('q', name, 'a). p("b');
      tx.insert('r', 'y', 'y');
      tx.insert('size', 'x', 0);
    });
    expect([...one.find('p')].map(String)).toEqual(['x']);
    expect([...one.find('u')].map(String)).toEqual(['x,X']);
    expect([...one.find('size')].map(String).sort()).toEqual(['a). p("b,1', 'x,0']);
    expect([...one.find('cost')]).toEqual([['k', 4]]);
    expect(rules`p(${'a"b'}).`).toBe('p("a\\"b").');
    for (const name of ['lower', 'X-1'])
      expect(() => variable(name)).toThrow(expect.objectContaining({ code: 'RuleSyntax' }));
  });
});
