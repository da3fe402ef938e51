// Joins that pause in the middle of a row's matches, and go on there.
import { type OperationContext, ungoverned } from '@tenstrip/shared-core';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { requireFull } from '../../../../tools/test-requirements.mjs';
import { Workspace } from '../../src/fixpoint/workspace.js';
import { createEngine, type Engine, minInteger, rel } from '../../src/index.js';
import { apply, provedFacts, relations, ruleText, testProgram } from './random-programs.js';

const full = requireFull().available;

afterEach(() => vi.restoreAllMocks());

/** Makes fuel last for a few rows only, and pauses where it is told to. */
function pausing(random: () => number): void {
  vi.spyOn(Workspace.prototype, 'refuel').mockImplementation(() => random() % 3);
  vi.spyOn(Workspace.prototype, 'wantsTurn').mockImplementation(() => random() % 2 === 0);
}

describe('joins that pause anywhere', () => {
  for (const codeGeneration of [true, false]) {
    it(`give the same rows and proofs, in the same order, ${codeGeneration ? 'compiled' : 'interpreted'}`, async () => {
      await fc.assert(
        fc.asyncProperty(testProgram, fc.nat(), async ({ rules, schedule }, seed) => {
          const run = async () => {
            const engine = createEngine({ relations, codeGeneration }) as Engine;
            engine.addRules(rules.map(ruleText).join('\n'));
            for (const updates of schedule) await apply(engine, updates);
            return engine;
          };
          const straight = provedFacts(await run());
          let state = seed;
          pausing(() => {
            state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
            return state >>> 16;
          });
          const paused = await run();
          vi.restoreAllMocks();
          expect(provedFacts(paused)).toEqual(straight);
        }),
        { numRuns: full ? 5_000 : 150 },
      );
    });
  }

  it('give the same cells of a lattice', async () => {
    const node = fc.integer({ min: 0, max: 5 }).map((number) => `n${number}`);
    const roads = fc.array(fc.tuple(node, node, fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(roads, fc.nat(), fc.boolean(), async (given, seed, codeGeneration) => {
        const run = async () => {
          const engine = createEngine({
            relations: { road: rel('term', 'term', 'integer'), far: rel('term', 'term', minInteger) },
            codeGeneration,
          });
          engine.addRules('far(X, Y, D) :- road(X, Y, D). far(X, Z, D + E) :- far(X, Y, D), far(Y, Z, E).');
          await engine.transact((tx) => tx.insertAll('road', given));
          await engine.transact((tx) => tx.retract('road', ...given[0]!));
          return engine.digest();
        };
        const straight = await run();
        let state = seed;
        pausing(() => {
          state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
          return state >>> 16;
        });
        const paused = await run();
        vi.restoreAllMocks();
        expect(paused).toBe(straight);
      }),
      { numRuns: full ? 3_000 : 100 },
    );
  });
});

/** An operation that counts its checkpoints, and does something at one of them. */
function counting(at: number, act: () => void): { context: OperationContext; checkpoints: () => number } {
  const operation = ungoverned.context();
  let checkpoints = 0;
  const context = new Proxy(operation, {
    get(target, name) {
      if (name === 'checkpoint') {
        return () => {
          checkpoints++;
          if (checkpoints === at) act();
          return target.checkpoint();
        };
      }
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { context, checkpoints: () => checkpoints };
}

describe('one row with very many matches', () => {
  const hub = (codeGeneration: boolean) => {
    const engine = createEngine({
      relations: { start: rel('term'), left: rel('term', 'term'), right: rel('term', 'term'), met: rel('term') },
      codeGeneration,
    });
    engine.addRules('met(X) :- start(X), left(X, Y), right(X, Z), Y = Z.');
    return engine;
  };
  const spokes = Array.from({ length: 2_000 }, (_, at) => at);

  for (const codeGeneration of [true, false]) {
    it(`gives turns, and ends at an abort with everything as before, ${codeGeneration ? 'compiled' : 'interpreted'}`, async () => {
      const engine = hub(codeGeneration);
      await engine.transact((tx) => {
        for (const at of spokes) {
          tx.insert('left', 'hub', `l${at}`);
          tx.insert('right', 'hub', `r${at}`);
        }
        tx.insert('left', 'hub', 'both');
        tx.insert('right', 'hub', 'both');
      });
      const digest = engine.digest();
      const controller = new AbortController();
      const aborting = counting(3, () => controller.abort(new Error('enough')));
      const aborted = engine.transact((tx) => tx.insert('start', 'hub'), {
        context: aborting.context,
        signal: controller.signal,
      });
      await expect(aborted).rejects.toThrow('enough');
      expect(aborting.checkpoints()).toBe(3);
      expect(engine.digest()).toBe(digest);
      // Four million pairs: a turn for each 131,072 of them.
      const counted = counting(0, () => undefined);
      await engine.transact((tx) => tx.insert('start', 'hub'), { context: counted.context });
      expect(counted.checkpoints()).toBeGreaterThan(28);
      expect(engine.count('met')).toBe(1);
      // The same in a deletion.
      const deleting = counting(0, () => undefined);
      await engine.transact((tx) => tx.retract('start', 'hub'), { context: deleting.context });
      expect(deleting.checkpoints()).toBeGreaterThan(28);
      expect(engine.count('met')).toBe(0);
      // What a budget counts is what was looked at, pauses or not.
      const exact = 1 + 2_001 + 2_001 * 2_001;
      const short = engine.transact((tx) => tx.insert('start', 'hub'), { budget: { derivations: exact - 1 } });
      await expect(short).rejects.toMatchObject({ code: 'BudgetExceeded' });
      await engine.transact((tx) => tx.insert('start', 'hub'), { budget: { derivations: exact } });
    });
  }

  it('gives turns in rounds that look at few rows each', async () => {
    const engine = createEngine({ relations: { edge: rel('term', 'term'), seen: rel('term') } });
    engine.addRules('seen(X) :- edge(n0, X). seen(Y) :- seen(X), edge(X, Y).');
    const counted = counting(0, () => undefined);
    await engine.transact(
      (tx) => {
        for (let at = 0; at < 20_000; at++) tx.insert('edge', `n${at}`, `n${at + 1}`);
      },
      { context: counted.context },
    );
    expect(engine.count('seen')).toBe(20_000);
    expect(counted.checkpoints()).toBeGreaterThan(4);
  });
});
