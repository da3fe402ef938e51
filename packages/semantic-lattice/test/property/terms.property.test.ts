// Terms and lattice values that come and go: their numbers are given again, and nothing else is to be seen of it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requireFull } from '../../../../tools/test-requirements.mjs';
import { any, type Change, createEngine, maxInteger, powerSet, rel } from '../../src/index.js';

const full = requireFull().available;
const relations = {
  edge: rel('term', 'term'),
  reach: rel('term', 'term'),
  tag: rel('term', powerSet()),
  tags: rel('term', powerSet()),
  level: rel('term', maxInteger),
  alone: rel('term'),
};
const text = `
  reach(X, Y) :- edge(X, Y). reach(X, Z) :- reach(X, Y), edge(Y, Z).
  tags(X, V) :- tag(X, V). tags(Y, V) :- edge(X, Y), tags(X, V).
  level(Y, 3) :- edge(_, Y). level(Y, N) :- level(X, N), edge(X, Y).
  alone(X) :- tag(X, _), not edge(X, _), X != "somebody".`;

const engineOf = (limits: { terms?: number } = {}, codeGeneration = true) => {
  const engine = createEngine({ relations, limits, codeGeneration });
  engine.addRules(text);
  return engine;
};
type TestEngine = ReturnType<typeof engineOf>;

const shown = ({ added, removed, updated }: Change) =>
  JSON.stringify([
    [...added].map((each) => JSON.stringify(each)).sort(),
    [...removed].map((each) => JSON.stringify(each)).sort(),
    [...updated].map((each) => JSON.stringify(each)).sort(),
  ]);

const apply = (engine: TestEngine, round: number, moves: readonly (readonly [number, number, boolean])[]) =>
  engine.transact((tx) => {
    for (const [a, b, insert] of moves) {
      // Of ten rounds ago, or of now: most terms are seen once and never again.
      const at = insert ? round : Math.max(0, round - 1);
      const [from, to] = [`n${at}-${a}`, `n${at}-${b}`];
      if (insert) {
        tx.insert('edge', from, to);
        tx.insert('tag', from, [`t${at}`, `u${at}-${b}`].sort());
      } else {
        tx.retract('edge', from, to);
        tx.retract('tag', from, [`t${at}`, `u${at}-${b}`].sort());
      }
    }
  });

const small = fc.integer({ min: 0, max: 2 });
const schedule = fc.array(
  fc.array(
    fc.tuple(small, small, fc.boolean()).map((move) => move as readonly [number, number, boolean]),
    { minLength: 1, maxLength: 6 },
  ),
  { minLength: 1, maxLength: 14 },
);

describe('an engine that has room for few terms', () => {
  it('is as one with room for all, after every transaction, and so is what was told before', async () => {
    await fc.assert(
      fc.asyncProperty(schedule, fc.boolean(), async (rounds, codeGeneration) => {
        const roomy = engineOf();
        const told: [Change, Change][] = [];
        let most = 0;
        const needed: number[] = [];
        for (const [round, moves] of rounds.entries()) {
          await apply(roomy, round, moves);
          needed.push(roomy.statistics.terms);
        }
        most = Math.max(...needed);
        const twin = engineOf();
        // Room for what holds and for what one transaction says, so that numbers are freed often.
        const tight = engineOf({ terms: Math.max(24, Math.min(60, most)) }, codeGeneration);
        for (const [round, moves] of rounds.entries()) {
          const expected = await apply(twin, round, moves);
          let change: Change;
          try {
            change = await apply(tight, round, moves);
          } catch (error) {
            expect(error).toMatchObject({ code: 'CapacityExceeded', details: { resource: 'terms' } });
            return;
          }
          told.push([change, expected]);
          expect(tight.digest()).toBe(twin.digest());
          for (const name of ['reach', 'tags', 'level', 'alone'] as const) {
            const rows = (engine: TestEngine) => Array.from(engine.find(name), (row) => JSON.stringify(row)).sort();
            expect(rows(tight)).toEqual(rows(twin));
          }
          for (const [x] of tight.find('edge')) {
            expect([...tight.find('edge', [x, any])].length).toBe([...twin.find('edge', [x, any])].length);
            expect(tight.count('reach', [x, any])).toBe(twin.count('reach', [x, any]));
          }
          for (const row of tight.find('reach')) {
            const steps = tight.explain('reach', row).steps;
            expect(steps.at(-1)!.fact.values).toEqual(row);
            for (const { fact, by } of steps)
              if (by === 'asserted') expect(twin.has('edge', fact.values as [string, string])).toBe(true);
          }
        }
        for (const [change, expected] of told) expect(shown(change)).toBe(shown(expected));
      }),
      { numRuns: full ? 3_000 : 50 },
    );
  });
});

describe('a long-lived engine whose data change', () => {
  it('keeps as many terms and values as it needs, whatever has been', async () => {
    const engine = engineOf();
    let most = 0;
    for (let round = 0; round < 60; round++) {
      await engine.transact((tx) => {
        for (let at = 0; at < 400; at++) {
          if (round > 0) {
            tx.retract('edge', `r${round - 1}-${at}`, 'hub');
            tx.retract('tag', `r${round - 1}-${at}`, [`tag ${round - 1}-${at}`]);
          }
          tx.insert('edge', `r${round}-${at}`, 'hub');
          tx.insert('tag', `r${round}-${at}`, [`tag ${round}-${at}`]);
        }
      });
      engine.whatIf((tx) => tx.insert('edge', `what ${round}`, 'if'));
      most = Math.max(most, engine.statistics.terms);
    }
    expect(most).toBeLessThan(6_000);
    const fresh = engineOf();
    await fresh.transact((tx) => {
      for (let at = 0; at < 400; at++) {
        tx.insert('edge', `r59-${at}`, 'hub');
        tx.insert('tag', `r59-${at}`, [`tag 59-${at}`]);
      }
    });
    expect(engine.digest()).toBe(fresh.digest());
  });

  it('gets out of being full: a transaction that does not fit fails, and its terms are forgotten', async () => {
    const engine = engineOf({ terms: 50 });
    await engine.transact((tx) => tx.insert('edge', 'a', 'b'));
    for (let round = 0; round < 5; round++) {
      const tooMany = engine.transact((tx) => {
        for (let at = 0; at < 100; at++) tx.insert('edge', `${round} ${at}`, 'x');
      });
      await expect(tooMany).rejects.toMatchObject({ code: 'CapacityExceeded' });
      await engine.transact((tx) => {
        tx.insert('edge', 'a', `c${round}`);
        tx.retract('edge', 'a', `c${round - 1}`);
      });
    }
    expect([...engine.find('edge')].map(([, to]) => to).sort()).toEqual(['b', 'c4']);
  });

  it('keeps what a transaction that is being said, a rule and a text have, and reads no rows across', async () => {
    const engine = engineOf({ terms: 64 });
    await engine.transact((tx) => tx.insert('edge', 'a', 'b'));
    let goOn = () => {};
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const slow = engine.transact(async (tx) => {
      tx.insert('edge', 'slow', 'b');
      await gate;
      tx.insert('edge', 'slower', 'b');
    });
    await Promise.resolve();
    engine.addRules('edge("by text", "also by text"). alone(X) :- edge(X, "never seen before").');
    // What they say waits to be forgotten until the other has said all.
    for (let round = 0; round < 2; round++) {
      engine.whatIf((tx) => {
        for (let at = 0; at < 15; at++) tx.insert('edge', `w${round} ${at}`, 'b');
      });
    }
    goOn();
    await slow;
    expect([...engine.find('edge')].map((row) => row.join(' ')).sort()).toEqual([
      'a b',
      'by text also by text',
      'slow b',
      'slower b',
    ]);
    await engine.transact((tx) => tx.insert('edge', 'late', 'never seen before'));
    expect([...engine.find('alone')]).toEqual([['late']]);
    const rows = engine.find('edge');
    rows.next();
    for (let round = 0; round < 3; round++)
      engine.whatIf((tx) => {
        for (let at = 0; at < 25; at++) tx.insert('edge', `v${round} ${at}`, 'b');
      });
    expect(() => rows.next()).toThrow(expect.objectContaining({ code: 'RevisionConflict' }));
  });
});
