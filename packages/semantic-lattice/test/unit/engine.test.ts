import { spawnSync } from 'node:child_process';
import { ResourceGovernor, testing } from '@tenstrip/shared-core';
import { describe, expect, it } from 'vitest';
import { any, createEngine, interval, type Lattice, rel } from '../../src/index.js';

const relations = { edge: rel('term', 'term'), reach: rel('term', 'term') };
const text = 'reach(X, Y) :- edge(X, Y). reach(X, Z) :- reach(X, Y), edge(Y, Z).';
const closure = (options = {}) => {
  const engine = createEngine({ relations, ...options });
  engine.addRules(text);
  return engine;
};
const pairs = (letters: string) => letters.split(' ').map((pair) => [pair[0]!, pair[1]!] as const);

describe('the engine', () => {
  it('deletes what lost its last support, and not what has another or only itself', async () => {
    const engine = closure();
    await engine.transact((tx) => tx.insertAll('edge', pairs('ab bd ac cd xy yx')));
    await engine.transact((tx) => tx.retract('edge', 'a', 'b'));
    expect(engine.has('reach', ['a', 'd'])).toBe(true);
    await engine.transact((tx) => tx.retract('edge', 'c', 'd'));
    expect(engine.has('reach', ['a', 'd'])).toBe(false);
    // x and y support one another through their cycle; without the edge nothing supports the cycle.
    await engine.transact((tx) => tx.retract('edge', 'x', 'y'));
    expect([...engine.find('reach', ['x', any])]).toEqual([]);
    const change = await engine.transact((tx) => {
      tx.retract('edge', 'y', 'x');
      tx.insert('edge', 'y', 'x');
      tx.insert('edge', 'x', 'y');
    });
    expect(Array.from(change.added, ({ relation, values }) => `${relation} ${values.join('')}`).sort()).toEqual([
      'edge xy',
      'reach xx',
      'reach xy',
      'reach yy',
    ]);
    expect(change.removed.size).toBe(0);
  });

  it('keeps a fact that is both asserted and derived until it is neither', async () => {
    const engine = closure();
    await engine.transact((tx) => {
      tx.insert('edge', 'a', 'b');
      tx.insert('reach', 'a', 'b');
    });
    expect((await engine.transact((tx) => tx.retract('reach', 'a', 'b'))).removed.size).toBe(0);
    await engine.transact((tx) => tx.insert('reach', 'a', 'b'));
    await engine.transact((tx) => tx.retract('edge', 'a', 'b'));
    expect(engine.has('reach', ['a', 'b'])).toBe(true);
    expect(engine.explain('reach', ['a', 'b']).steps).toMatchObject([{ by: 'asserted' }]);
    await engine.transact((tx) => tx.retract('reach', 'a', 'b'));
    expect(engine.count('reach')).toBe(0);
  });

  it('tells subscribers exactly what changed, once a transaction', async () => {
    const engine = closure();
    const heard: string[] = [];
    {
      using _ = engine.subscribe('reach', ({ revision, added, removed }) => {
        heard.push(
          `${revision} +${[...added].map((row) => row.join('')).sort()} -${[...removed].map((row) => row.join('')).sort()}`,
        );
      });
      await engine.transact((tx) => tx.insertAll('edge', pairs('ab bc')));
      await engine.transact((tx) => tx.insert('edge', 'a', 'b'));
      await engine.transact((tx) => tx.retract('edge', 'b', 'c'));
    }
    await engine.transact((tx) => tx.insert('edge', 'b', 'c'));
    expect(heard).toEqual(['1 +ab,ac,bc -', '2 + -ac,bc']);
  });

  it('stops waiting when it is aborted, for its own function or for its turn', async () => {
    const engine = closure();
    const aborting = new AbortController();
    const endless = engine.transact(() => new Promise<void>(() => {}), { signal: aborting.signal });
    const waiting = new AbortController();
    const second = engine.transact((tx) => tx.insert('edge', 'a', 'b'), { signal: waiting.signal });
    const third = engine.transact((tx) => tx.insert('edge', 'b', 'c'));
    waiting.abort();
    await expect(second).rejects.toMatchObject({ code: 'OperationAborted' });
    aborting.abort();
    await expect(endless).rejects.toMatchObject({ code: 'OperationAborted' });
    expect((await third).revision).toBe(1);
    expect([...engine.find('edge')]).toEqual([['b', 'c']]);
    await using governor = new ResourceGovernor(testing(1));
    const governed = governor.run({ name: 'wait', deadlineMs: 5 }, (context) =>
      engine.transact(() => new Promise<void>(() => {}), { context }),
    );
    await expect(governed).rejects.toMatchObject({ code: 'DeadlineExceeded' });
    expect((await engine.transact((tx) => tx.insert('edge', 'a', 'b'))).revision).toBe(2);
  });

  it('refuses what is said too late, and a promise where nothing waits', async () => {
    const engine = closure();
    let late: (() => void) | undefined;
    await engine.transact((tx) => {
      late = () => tx.insert('edge', 'a', 'b');
    });
    expect(late).toThrow(expect.objectContaining({ code: 'TransactionOver' }));
    expect(() => engine.whatIf(async (tx) => tx.insert('edge', 'a', 'b'))).toThrow(
      expect.objectContaining({ code: 'OptionsInvalid' }),
    );
    await engine.transact();
    expect(engine.count('edge')).toBe(0);
  });

  it('names bad values and bounds, whatever they are', async () => {
    const engine = closure();
    const nameless = Object.create(null) as string;
    await expect(engine.transact((tx) => tx.insert('edge', nameless, 'b'))).rejects.toMatchObject({
      code: 'FactInvalid',
    });
    const thrower = createEngine({
      relations,
      functions: {
        nothing: () => nameless,
        thrown: () => {
          throw nameless;
        },
      },
    });
    thrower.addRules('reach(X, nothing(Y)) :- edge(X, Y), X = a. reach(X, thrown(Y)) :- edge(X, Y), X != a.');
    for (const [from, code] of [
      ['a', 'KindMismatch'],
      ['b', 'LatticeInvalid'],
    ] as const)
      await expect(thrower.transact((tx) => tx.insert('edge', from, 'x'))).rejects.toMatchObject({ code });
    expect(() => engine.explain('edge', [nameless, 'b'])).toThrow(expect.objectContaining({ code: 'FactInvalid' }));
    await expect(engine.transact(undefined, { budget: { derivations: Number.NaN } })).rejects.toMatchObject({
      code: 'OptionsInvalid',
    });
    expect(() => createEngine({ relations: { edge: null as never } })).toThrow(
      expect.objectContaining({ code: 'OptionsInvalid' }),
    );
  });

  it('tells values of a lattice apart in what to withdraw', async () => {
    const engine = createEngine({
      relations: { range: rel('term', interval), known: rel('term'), also: rel('term', interval) },
    });
    engine.addRules('known(X) :- range(X, _). known(X) :- also(X, _).');
    await engine.transact((tx) => {
      tx.insert('range', 'x', { low: 0, high: 1 });
      tx.insert('range', 'y', { low: 0, high: 2 });
      tx.insert('also', 'x', { low: 0, high: 3 });
    });
    engine.addRules('known(both) :- range(x, _), range(y, _).');
    await engine.transact();
    expect(engine.repairs('known', ['both']).sets).toEqual([
      [{ relation: 'range', values: ['x', { low: 0, high: 1 }] }],
      [{ relation: 'range', values: ['y', { low: 0, high: 2 }] }],
    ]);
    await engine.transact((tx) => {
      tx.retract('range', 'x', { low: 0, high: 1 });
      tx.insert('range', 'x', { low: 0, high: 4 });
      tx.insert('range', 'x', { low: -1, high: 3 });
    });
    // Both assertions make the cell; either alone leaves the other.
    expect(engine.justifications('range', ['x', { low: -1, high: 4 }]).sets).toEqual([
      [
        { relation: 'range', values: ['x', { low: -1, high: 3 }] },
        { relation: 'range', values: ['x', { low: 0, high: 4 }] },
      ],
    ]);
    expect(engine.repairs('range', ['x', { low: -1, high: 4 }]).sets).toHaveLength(2);
  });

  it('does not call repairs complete where a withdrawal could make hold what must be absent', async () => {
    const names = ['given', 'blocked', 'reason', 'excuse', 'allowed'] as const;
    const engine = createEngine({ relations: Object.fromEntries(names.map((name) => [name, rel('term')])) });
    engine.addRules('allowed(X) :- given(X), not blocked(X). blocked(X) :- reason(X).');
    await engine.transact((tx) => {
      for (const name of ['given', 'excuse']) tx.insert(name, 'x');
    });
    const byGiven = [[{ relation: 'given', values: ['x'] }]];
    expect(engine.repairs('allowed', ['x'])).toEqual({ sets: byGiven, complete: true });
    // Withdrawing the excuse would do it too, and is in no proof.
    engine.addRules('blocked(X) :- given(X), not excuse(X).');
    await engine.transact();
    expect(engine.whatIf((tx) => tx.retract('excuse', 'x')).removed.of('allowed')).toHaveProperty('size', 1);
    expect(engine.repairs('allowed', ['x'])).toEqual({ sets: byGiven, complete: false });
  });

  it('explains by the shortest way, and gives every derivation', async () => {
    const engine = closure();
    await engine.transact((tx) => tx.insertAll('edge', pairs('ab bc cd ad be ed')));
    const { fact, steps } = engine.explain('reach', ['a', 'd']);
    expect(fact).toEqual({ relation: 'reach', values: ['a', 'd'] });
    expect(steps.map(({ by }) => by)).toEqual(['asserted', 'rule']);
    expect(engine.derivationsOf('reach', ['a', 'd']).map(({ bindings }) => bindings)).toEqual(
      expect.arrayContaining([
        { X: 'a', Y: 'd' },
        { X: 'a', Y: 'c', Z: 'd' },
        { X: 'a', Y: 'e', Z: 'd' },
      ]),
    );
    expect(engine.derivationsOf('reach', ['a', 'd'])).toHaveLength(3);
    expect(() => engine.explain('reach', ['d', 'a'])).toThrow(expect.objectContaining({ code: 'FactUnknown' }));
  });

  it('answers patterns on any columns', async () => {
    const engine = createEngine({ relations: { t: rel('term', 'term', 'integer') } });
    await engine.transact((tx) => {
      for (let at = 0; at < 200; at++) tx.insert('t', `a${at % 7}`, `b${at % 11}`, at % 13);
    });
    const rows = [...engine.find('t')];
    expect(rows).toHaveLength(200);
    for (const pattern of [
      ['a1', any, any],
      [any, 'b3', any],
      [any, any, 5],
      ['a1', 'b3', any],
      ['a1', any, 5],
      ['a2', 'b2', 2],
      ['none', any, any],
      [any, any, 99],
    ] as const) {
      const expected = rows.filter((row) => pattern.every((value, column) => value === any || value === row[column]));
      expect([...engine.find('t', pattern)].map(String).sort()).toEqual(expected.map(String).sort());
      expect(engine.count('t', pattern)).toBe(expected.length);
    }
  });

  it('refuses to go on reading rows of another revision', async () => {
    const engine = closure();
    await engine.transact((tx) => tx.insertAll('edge', pairs('ab bc cd')));
    const rows = engine.find('reach');
    rows.next();
    await engine.transact((tx) => tx.retract('edge', 'a', 'b'));
    expect(() => [...rows]).toThrow(expect.objectContaining({ code: 'RevisionConflict' }));
    await expect(engine.transact(() => undefined, { expectRevision: 1 })).rejects.toMatchObject({
      code: 'RevisionConflict',
    });
  });

  it('keeps its size under endless changes', async () => {
    const engine = closure();
    const chain = Array.from({ length: 60 }, (_, at) => [`n${at}`, `n${at + 1}`] as const);
    await engine.transact((tx) => tx.insertAll('edge', chain));
    const digest = engine.digest();
    let bytes = 0;
    for (let round = 0; round < 60; round++) {
      await engine.transact((tx) => tx.retract('edge', 'n29', 'n30'));
      engine.whatIf((tx) => tx.retract('edge', 'n10', 'n11'));
      await engine.transact((tx) => tx.insert('edge', 'n29', 'n30'));
      if (round === 20) bytes = engine.statistics.bytes;
    }
    expect(engine.digest()).toBe(digest);
    expect(engine.statistics.bytes).toBe(bytes);
    expect(engine.explain('reach', ['n0', 'n60']).steps).toHaveLength(120);
  });

  it('tells a change that reads the same whatever comes after it', async () => {
    const engine = createEngine({ relations: { edge: rel('term', 'term') } });
    const edges = Array.from({ length: 6000 }, (_, at): [string, string] => [`a${at}`, `b${at}`]);
    const { added } = await engine.transact((tx) => tx.insertAll('edge', edges));
    const { added: supposed } = engine.whatIf((tx) =>
      tx.insertAll(
        'edge',
        edges.map(([a, b]): [string, string] => [b, a]),
      ),
    );
    const expected = [...added.of('edge')];
    expect(expected).toEqual(edges);
    // Enough ends for the rows to be moved together, and others take their places.
    await engine.transact((tx) => {
      for (const edge of edges.slice(0, 5500)) tx.retract('edge', ...edge);
    });
    await engine.transact((tx) =>
      tx.insertAll(
        'edge',
        edges.map(([a]): [string, string] => [a, 'c']),
      ),
    );
    expect([...added.of('edge')]).toEqual(expected);
    expect([...supposed.of('edge')]).toEqual(edges.map(([a, b]) => [b, a]));
  });

  it('lets a transaction be said over time, with rules that come meanwhile', async () => {
    const engine = createEngine({ relations });
    const change = engine.transact(async (tx) => {
      tx.insert('edge', 'a', 'b');
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(engine.count('edge')).toBe(0);
      engine.addRules(`${text} edge(b, c).`);
      tx.insert('edge', 'c', 'd');
    });
    expect((await change).added.size).toBe(9);
    expect(engine.count('reach')).toBe(6);
    const failing = engine.transact(async (tx) => {
      tx.insert('edge', 'd', 'e');
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(engine.count('edge')).toBe(3);
  });

  it('counts what it grows by against its governor', async () => {
    await using governor = new ResourceGovernor({ ...testing(1), ramBytes: 1 << 20 });
    const engine = closure();
    const chain = Array.from({ length: 600 }, (_, at) => [`n${at}`, `n${at + 1}`] as const);
    const governed = governor.run('closure', (context) =>
      engine.transact((tx) => tx.insertAll('edge', chain), { context }),
    );
    await expect(governed).rejects.toMatchObject({ code: 'MemoryLimit' });
    expect(engine.count('edge')).toBe(0);
    expect(governor.statistics().reservedBytes).toBe(0);
    await engine.transact((tx) => tx.insertAll('edge', chain));
    expect(engine.count('reach')).toBe((600 * 601) / 2);
  });

  it('refuses what it cannot hold, naming it', async () => {
    const engine = createEngine({
      relations: { edge: rel('term', 'term'), age: rel('term', 'integer') },
      limits: { rows: 100, termLength: 10 },
    });
    const insert = (relation: 'edge' | 'age', ...values: unknown[]) =>
      engine.transact((tx) => tx.insert(relation, ...(values as [string, never])));
    await expect(insert('edge', 'a')).rejects.toMatchObject({ code: 'FactInvalid' });
    await expect(insert('edge', 'a', 7)).rejects.toMatchObject({ code: 'FactInvalid' });
    await expect(insert('age', 'a', 1.5)).rejects.toMatchObject({ code: 'FactInvalid' });
    await expect(insert('age', 'a', 2 ** 31)).rejects.toMatchObject({ code: 'FactInvalid' });
    await expect(insert('edge', 'a', 'b'.repeat(11))).rejects.toMatchObject({ code: 'FactInvalid' });
    await expect(insert('none' as 'edge', 'a', 'b')).rejects.toMatchObject({ code: 'RelationUnknown' });
    await expect(
      engine.transact((tx) =>
        tx.insertAll(
          'edge',
          Array.from({ length: 101 }, (_, at) => [`${at}`, 'x'] as const),
        ),
      ),
    ).rejects.toMatchObject({ code: 'CapacityExceeded' });
    expect(engine.count('edge')).toBe(0);
    expect(engine.revision).toBe(0);
  });

  it('names everything that is wrong with its options', () => {
    expect(() =>
      createEngine({ relations: { Edge: rel('term'), x: { columns: ['word' as 'term'] }, y: { columns: [] } } }),
    ).toThrow(/Edge.*x, column 0.*y needs/);
    expect(() => createEngine({ relations: {}, limits: { rows: 0, rowz: 1 } as object })).toThrow(
      /limits.rows is 0.*limits.rowz is unknown/,
    );
  });

  it('says what a lattice did wrong', async () => {
    const broken: Lattice<string> = {
      name: 'broken',
      bottom: '',
      join: () => {
        throw new Error('no');
      },
      leq: () => true,
      encode: String,
      decode: String,
    };
    const engine = createEngine({ relations: { c: rel('term', broken) } });
    const both = engine.transact((tx) => {
      tx.insert('c', 'a', 'x');
      tx.insert('c', 'a', 'y');
    });
    await expect(both).rejects.toMatchObject({
      code: 'LatticeInvalid',
      message: expect.stringContaining('join of lattice broken'),
    });
    expect(engine.count('c')).toBe(0);
  });

  it('interprets where no code may be made from strings', () => {
    const index = new URL('../../dist/index.js', import.meta.url).href;
    const script = `import { createEngine, rel } from ${JSON.stringify(index)};
      const engine = createEngine({ relations: { edge: rel('term', 'term'), reach: rel('term', 'term') } });
      engine.addRules(${JSON.stringify(text)});
      await engine.transact((tx) => { tx.insert('edge', 'a', 'b'); tx.insert('edge', 'b', 'c'); });
      console.log(engine.statistics.compiled, engine.count('reach'));`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--disallow-code-generation-from-strings', '--input-type=module', '-e', script],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    expect(stdout).toBe('false 3\n');
  });
});
