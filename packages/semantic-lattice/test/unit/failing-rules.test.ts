import { describe, expect, it } from 'vitest';
import { createEngine, type Engine, rel } from '../../src/index.js';

const relations = {
  age: rel('term', 'integer'),
  next: rel('term', 'integer'),
  share: rel('term', 'integer'),
  old: rel('term'),
};

async function engineWith(...ages: readonly (readonly [string, number])[]) {
  const engine = createEngine({ relations });
  engine.addRules('old(X) :- age(X, N), N > 60.');
  await engine.transact((tx) => tx.insertAll('age', ages));
  return engine;
}

describe('rules that fail', () => {
  it('on facts that are there are dropped, and named, and the engine goes on without them', async () => {
    const engine = await engineWith(['ann', 70], ['bob', 2 ** 31 - 1]);
    const digest = engine.digest();
    engine.addRules('next(X, N + 1) :- age(X, N). age(eve, 3).');
    expect(engine.rules).toHaveLength(2);
    await expect(engine.transact((tx) => tx.insert('age', 'cid', 80))).rejects.toMatchObject({
      code: 'IntegerOverflow',
      message: expect.stringContaining('dropped'),
      details: {
        rule: 'next(X, (N + 1)) :- age(X, N).',
        dropped: ['next(X, (N + 1)) :- age(X, N).'],
      },
    });
    expect(engine.digest()).toBe(digest);
    expect(engine.rules).toEqual(['old(X) :- age(X, N), N > 60.']);
    const change = await engine.transact((tx) => tx.insert('age', 'cid', 80));
    expect(Array.from(change.added, ({ relation, values }) => `${relation} ${values[0]}`)).toEqual([
      'age cid',
      'old cid',
    ]);
    // Another rule takes the number of the one that was dropped.
    engine.addRules('share(X, 100 / N) :- age(X, N).');
    await engine.transact();
    expect(engine.explain('share', ['cid', 1]).steps.at(-1)).toMatchObject({
      rule: 'share(X, (100 / N)) :- age(X, N).',
    });
    expect(engine.has('age', ['eve', 3])).toBe(false);
  });

  it('on facts of their own transaction stay, since they are not at fault', async () => {
    const engine = await engineWith(['ann', 70]);
    engine.addRules('next(X, N + 1) :- age(X, N).');
    await expect(engine.transact((tx) => tx.insert('age', 'bob', 2 ** 31 - 1))).rejects.toMatchObject({
      code: 'IntegerOverflow',
      details: { rule: 'next(X, (N + 1)) :- age(X, N).' },
    });
    expect(engine.rules).toHaveLength(2);
    await engine.transact();
    expect([...engine.find('next')]).toEqual([['ann', 71]]);
  });

  it('take effect when the transaction takes away what they fail on', async () => {
    const engine = await engineWith(['ann', 70], ['bob', 2 ** 31 - 1]);
    engine.addRules('next(X, N + 1) :- age(X, N).');
    await engine.transact((tx) => tx.retract('age', 'bob', 2 ** 31 - 1));
    expect([...engine.find('next')]).toEqual([['ann', 71]]);
  });

  it('are dropped with facts of texts on which rules in force fail', async () => {
    const engine = await engineWith(['ann', 70]);
    engine.addRules('next(X, N + 1) :- age(X, N).');
    await engine.transact();
    engine.addRules(`age(bob, ${2 ** 31 - 1}).`);
    await expect(engine.transact()).rejects.toMatchObject({ code: 'IntegerOverflow', details: { dropped: [] } });
    await engine.transact((tx) => tx.insert('age', 'cid', 5));
    expect(engine.count('next')).toBe(2);
  });

  it('wait for another try when it was the budget that ended them, or are discarded', async () => {
    const engine = await engineWith(...Array.from({ length: 50 }, (_, at) => [`p${at}`, at] as const));
    const text = 'share(X, N + M) :- age(X, N), age(_, M).';
    engine.addRules(text);
    const within = { budget: { derivations: 100 } };
    await expect(engine.transact(undefined, within)).rejects.toMatchObject({ code: 'BudgetExceeded' });
    await expect(engine.transact(undefined, within)).rejects.toMatchObject({ code: 'BudgetExceeded' });
    expect(engine.discardRules()).toBe(1);
    expect(engine.discardRules()).toBe(0);
    await engine.transact((tx) => tx.insert('age', 'ann', 3), within);
    expect(engine.rules).toHaveLength(1);
    engine.addRules(text);
    await engine.transact();
    expect(engine.count('share')).toBeGreaterThan(50);
  });

  it('name themselves when a lattice or a function of theirs fails', async () => {
    const engine = createEngine({
      relations: { edge: rel('term', 'term'), name: rel('term') },
      functions: {
        shout: () => {
          throw new Error('no voice');
        },
      },
    });
    await engine.transact((tx) => tx.insert('edge', 'a', 'b'));
    engine.addRules('name(shout(X)) :- edge(X, _).');
    await expect(engine.transact()).rejects.toMatchObject({
      code: 'LatticeInvalid',
      details: { name: 'shout', rule: 'name(shout(X)) :- edge(X, _).' },
    });
    expect(engine.rules).toEqual([]);
    expect((engine as unknown as Engine).whatIf((tx) => tx.insert('name', 'x')).added.size).toBe(1);
  });
});
