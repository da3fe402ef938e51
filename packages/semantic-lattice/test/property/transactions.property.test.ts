import { spawnSync } from 'node:child_process';
import { ResourceGovernor, testing, VirtualClock } from '@tenstrip/shared-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requireFull, requireTool } from '../../../../tools/test-requirements.mjs';
import { createEngine, type Engine, type FactSets, rel } from '../../src/index.js';
import {
  arities,
  assertedAfter,
  keyOf,
  naiveModel,
  relations,
  ruleText,
  type TestAtom,
  type TestProgram,
  type TestUpdate,
  testProgram,
} from './random-programs.js';

const full = requireFull().available;
const clingo = requireTool('clingo');
function engineFor({ rules }: Pick<TestProgram, 'rules'>): Engine {
  const engine = createEngine({ relations }) as Engine;
  engine.addRules(rules.map(ruleText).join('\n'));
  return engine;
}

function apply(engine: Engine, updates: readonly TestUpdate[], budget = {}): ReturnType<Engine['transact']> {
  return engine.transact(
    (tx) => {
      for (const { insert, fact } of updates) {
        if (insert) tx.insert(fact.predicate, ...fact.arguments);
        else tx.retract(fact.predicate, ...fact.arguments);
      }
    },
    { budget },
  );
}

const textOf = (relation: string, values: readonly unknown[]) => `${relation}(${values.join(',')})`;

function modelOf(engine: Engine): string[] {
  return engine.relations.flatMap((name) => Array.from(engine.find(name), (row) => textOf(name, row))).sort();
}

describe('a transaction', () => {
  it('that runs out of its budget, wherever that is, leaves nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(testProgram, fc.nat({ max: 60 }), async (program, derivations) => {
        const engine = engineFor(program);
        for (const [index, updates] of program.schedule.entries()) {
          const before = modelOf(engine);
          const digest = engine.digest();
          const { revision } = engine;
          try {
            await apply(engine, updates, { derivations: derivations % (index + 2) === 0 ? derivations : 3 });
          } catch (error) {
            expect(error).toMatchObject({ code: 'BudgetExceeded' });
            expect(modelOf(engine)).toEqual(before);
            expect(engine.digest()).toBe(digest);
            expect(engine.revision).toBe(revision);
            await apply(engine, updates);
          }
          const expected = naiveModel(program.rules, assertedAfter(program.schedule.slice(0, index + 1)).keys());
          expect(modelOf(engine)).toEqual([...expected].sort());
        }
      }),
      { numRuns: full ? 10_000 : 300 },
    );
  });

  it('gives the same digest however insertions are batched and ordered', async () => {
    const facts = testProgram.map(({ rules, schedule }) => ({ rules, facts: [...assertedAfter(schedule).values()] }));
    await fc.assert(
      fc.asyncProperty(
        facts,
        fc.integer({ min: 1, max: 5 }),
        fc.infiniteStream(fc.nat()),
        async ({ rules, facts }, size, random) => {
          const atOnce = engineFor({ rules });
          await apply(
            atOnce,
            facts.map((fact) => ({ insert: true, fact })),
          );
          const shuffled = facts.map((fact) => ({ fact, key: random.next().value ?? 0 })).sort((a, b) => a.key - b.key);
          const inParts = engineFor({ rules: [...rules].reverse() });
          for (let from = 0; from < shuffled.length; from += size) {
            await apply(
              inParts,
              shuffled.slice(from, from + size).map(({ fact }) => ({ insert: true, fact })),
            );
          }
          expect(inParts.digest()).toBe(atOnce.digest());
          const [first] = facts;
          if (first === undefined) return;
          await apply(inParts, [{ insert: false, fact: first }]);
          expect(inParts.digest()).not.toBe(atOnce.digest());
        },
      ),
      { numRuns: full ? 5_000 : 200 },
    );
  });
});

describe('justifications and repairs', () => {
  /** Every subset of at most seven assertions, smallest first. */
  const subsets = (facts: readonly TestAtom[]) =>
    Array.from({ length: 2 ** facts.length }, (_, code) => facts.filter((_, index) => (code >> index) % 2 === 1)).sort(
      (a, b) => a.length - b.length,
    );
  const minimal = (sets: readonly (readonly TestAtom[])[]) =>
    sets.filter((set, index) => !sets.slice(0, index).some((other) => other.every((fact) => set.includes(fact))));
  const shown = (sets: readonly (readonly TestAtom[])[]) => sets.map((set) => set.map(keyOf).sort().join(' ')).sort();
  const given = ({ sets }: FactSets) =>
    sets
      .map((set) =>
        set
          .map(({ relation, values }) => textOf(relation, values))
          .sort()
          .join(' '),
      )
      .sort();

  it('are the minimal sets of assertions that suffice, and that are missed', async () => {
    const positive = testProgram.map(({ rules, schedule }) => ({
      rules: rules.map(({ head, body }) => ({ head, body: body.filter(({ negated }) => !negated) })),
      facts: [...assertedAfter(schedule).values()].slice(0, 7),
    }));
    await fc.assert(
      fc.asyncProperty(positive, async ({ rules, facts }) => {
        const engine = engineFor({ rules });
        await apply(
          engine,
          facts.map((fact) => ({ insert: true, fact })),
        );
        const all = subsets(facts);
        const models = all.map((set) => naiveModel(rules, set.map(keyOf)));
        for (const name of engine.relations) {
          for (const row of engine.find(name)) {
            const fact = textOf(name, row);
            const sufficient = minimal(all.filter((_, index) => models[index]!.has(fact)));
            const justifications = engine.justifications(name, row);
            expect(given(justifications)).toEqual(shown(sufficient));
            expect(justifications.complete).toBe(true);
            const missed = minimal(
              all.filter((set) => !naiveModel(rules, facts.filter((each) => !set.includes(each)).map(keyOf)).has(fact)),
            );
            const repairs = engine.repairs(name, row, { limit: 1000 });
            expect(given(repairs)).toEqual(shown(missed));
            expect(repairs.complete).toBe(true);
          }
        }
      }),
      { numRuns: full ? 400 : 40 },
    );
  });
});

describe.skipIf(!clingo.available)(`against clingo ${clingo.reason}`, () => {
  it('holds the stable model of random programs after their updates', async () => {
    const programs = fc.sample(testProgram, { numRuns: full ? 5_000 : 300, seed: 20 });
    // One process for all: every program has predicates of its own.
    const text = programs.flatMap((program, number) => {
      const named = (rule: string) => rule.replace(/\b([ep]\d)\(/g, `q${number}_$1(`);
      const shown = Object.entries(arities).map(([name, arity]) => `#show q${number}_${name}/${arity}.`);
      return [
        ...program.rules.map((rule) => named(ruleText(rule))),
        ...[...assertedAfter(program.schedule).keys()].map((fact) => named(`${fact}.`)),
        ...shown,
      ];
    });
    const answer = spawnSync('clingo', ['--outf=0', '-V0', '-Wnone', '-'], {
      input: text.join('\n'),
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    const models = programs.map(() => [] as string[]);
    for (const [, number, fact] of answer.stdout.matchAll(/q(\d+)_(\S+\([^)]*\))/g))
      models[Number(number)]!.push(fact!);
    expect(answer.stdout).toContain('q0_');
    for (const [number, program] of programs.entries()) {
      const engine = engineFor(program);
      for (const updates of program.schedule) await apply(engine, updates);
      expect(modelOf(engine), program.rules.map(ruleText).join(' ')).toEqual(models[number]!.sort());
    }
  });
});

describe('a long transaction', () => {
  const chain = (length: number) => Array.from({ length }, (_, index) => [`n${index}`, `n${index + 1}`] as const);
  const closure = () => {
    const engine = createEngine({ relations: { edge: rel('term', 'term'), reach: rel('term', 'term') } });
    engine.addRules('reach(X, Y) :- edge(X, Y). reach(X, Z) :- reach(X, Y), reach(Y, Z).');
    return engine;
  };

  it('gives the event loop turns, and refuses readers meanwhile', async () => {
    const engine = closure();
    let turns = 0;
    let refused: unknown;
    const timer = setInterval(() => {
      turns++;
      try {
        engine.count('reach');
      } catch (error) {
        refused = error;
      }
    }, 1);
    await engine.transact((tx) => tx.insertAll('edge', chain(260)));
    clearInterval(timer);
    expect(engine.count('reach')).toBe((260 * 261) / 2);
    expect(turns).toBeGreaterThan(2);
    expect(refused).toMatchObject({ code: 'EngineBusy', retryable: true });
  });

  it('ends when it is aborted or its deadline has come, and leaves nothing behind', async () => {
    const engine = closure();
    const digest = engine.digest();
    const controller = new AbortController();
    const aborted = engine.transact((tx) => tx.insertAll('edge', chain(2000)), { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 20);
    await expect(aborted).rejects.toThrow();
    expect(engine.digest()).toBe(digest);
    await using governor = new ResourceGovernor({ ...testing(1), clock: new VirtualClock() });
    const governed = governor.run({ name: 'closure', deadlineMs: 0 }, (context) =>
      engine.transact((tx) => tx.insertAll('edge', chain(2000)), { context }),
    );
    await expect(governed).rejects.toMatchObject({ code: 'DeadlineExceeded' });
    expect(engine.digest()).toBe(digest);
    await engine.transact((tx) => tx.insertAll('edge', chain(20)));
    expect(engine.count('reach')).toBe(210);
  });

  it('is held to its budget of rows and of time', async () => {
    const engine = closure();
    const tooMany = engine.transact((tx) => tx.insertAll('edge', chain(600)), { budget: { rows: 10_000 } });
    await expect(tooMany).rejects.toMatchObject({
      code: 'BudgetExceeded',
      details: { resource: 'rows', allowed: 10_000 },
    });
    const tooLong = engine.transact((tx) => tx.insertAll('edge', chain(600)), { budget: { ms: 0.5 } });
    await expect(tooLong).rejects.toMatchObject({ code: 'BudgetExceeded', details: { resource: 'ms' } });
    const enough = engine.whatIf((tx) => tx.insertAll('edge', chain(100)), { budget: { rows: 5150 } });
    expect(enough.added.size).toBe(5150);
    expect(engine.count('edge')).toBe(0);
  });

  it('lets others wait, in order', async () => {
    const engine = closure();
    const changes = await Promise.all([
      engine.transact((tx) => tx.insertAll('edge', chain(50))),
      engine.transact((tx) => tx.retract('edge', 'n0', 'n1')),
      engine.transact((tx) => tx.insert('edge', 'n0', 'n1')),
    ]);
    expect(changes.map(({ revision, added, removed }) => [revision, added.size, removed.size])).toEqual([
      [1, 50 + 1275, 0],
      [2, 0, 51],
      [3, 51, 0],
    ]);
  });
});
