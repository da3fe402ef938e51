import { seededRandom } from '@tenstrip/shared-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requireFull } from '../../../../tools/test-requirements.mjs';
import { type Change, createEngine, type Engine, rel } from '../../src/index.js';
import {
  assertedAfter,
  keyOf,
  naiveModel,
  relations,
  ruleText,
  type TestProgram,
  type TestUpdate,
  testProgram,
} from './random-programs.js';

const full = requireFull().available;

function engineFor({ rules }: TestProgram, options: { codeGeneration?: boolean; proofs?: boolean } = {}): Engine {
  const engine = createEngine({ relations, ...options }) as Engine;
  engine.addRules(rules.map(ruleText).join('\n'));
  return engine;
}

function apply(engine: Engine, updates: readonly TestUpdate[]): Promise<Change> {
  return engine.transact((tx) => {
    for (const { insert, fact } of updates) {
      if (insert) tx.insert(fact.predicate, ...fact.arguments);
      else tx.retract(fact.predicate, ...fact.arguments);
    }
  });
}

const textOf = (relation: string, values: readonly unknown[]) => `${relation}(${values.join(',')})`;

function modelOf(engine: Engine): Set<string> {
  const model = new Set<string>();
  for (const name of engine.relations) for (const row of engine.find(name)) model.add(textOf(name, row));
  return model;
}

const sorted = (facts: Iterable<string>) => [...facts].sort();
const changed = (facts: Iterable<{ relation: string; values: readonly unknown[] }>) =>
  sorted(Array.from(facts, ({ relation, values }) => textOf(relation, values)));

describe('random programs under random updates', () => {
  it('hold what a naive evaluator derives, after each transaction, and tell exactly what changed', async () => {
    await fc.assert(
      fc.asyncProperty(testProgram, async (program) => {
        const engine = engineFor(program);
        let before = new Set<string>();
        for (const [index, updates] of program.schedule.entries()) {
          const change = await apply(engine, updates);
          const expected = naiveModel(program.rules, assertedAfter(program.schedule.slice(0, index + 1)).keys());
          expect(sorted(modelOf(engine))).toEqual(sorted(expected));
          expect(changed(change.added)).toEqual(sorted([...expected].filter((fact) => !before.has(fact))));
          expect(changed(change.removed)).toEqual(sorted([...before].filter((fact) => !expected.has(fact))));
          before = expected;
        }
      }),
      { numRuns: full ? 20_000 : 1_000 },
    );
  });

  it('give the same rows interpreted as compiled, in the same order', async () => {
    await fc.assert(
      fc.asyncProperty(testProgram, async (program) => {
        const compiled = engineFor(program, { codeGeneration: true });
        const interpreted = engineFor(program, { codeGeneration: false });
        for (const updates of program.schedule) {
          await apply(compiled, updates);
          await apply(interpreted, updates);
          for (const name of compiled.relations) {
            expect([...interpreted.find(name)]).toEqual([...compiled.find(name)]);
          }
        }
      }),
      { numRuns: full ? 4_000 : 150 },
    );
  });

  it('give the same rows where far more heads than rows are gathered, and some rows ended before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const random = seededRandom(`gathered ${seed}`);
        const node = () => `n${random.integer(0, 39)}`;
        const edges = Array.from({ length: 240 }, () => [node(), node()] as const);
        const make = (codeGeneration: boolean) => {
          const engine = createEngine({
            relations: {
              edge: rel('term', 'term'),
              two: rel('term', 'term'),
              three: rel('term', 'term', 'term'),
              far: rel('term', 'term'),
            },
            codeGeneration,
          });
          engine.addRules(`two(X, Z) :- edge(X, Y), edge(Y, Z).
            three(X, Y, Z) :- two(X, Y), edge(Y, Z), edge(Z, _).
            far(X, Y) :- two(X, Y). far(X, Z) :- far(X, Y), far(Y, Z).`);
          return engine;
        };
        const compiled = make(true);
        const interpreted = make(false);
        for (const engine of [compiled, interpreted]) {
          await engine.transact((tx) => tx.insertAll('edge', edges));
          await engine.transact((tx) => {
            for (const edge of edges.slice(0, 60)) tx.retract('edge', ...edge);
          });
          await engine.transact((tx) => tx.insertAll('edge', edges.slice(0, 40)));
        }
        expect(compiled.count('three')).toBeGreaterThan(256);
        for (const name of ['two', 'three', 'far'] as const) {
          const rows = [...compiled.find(name)];
          expect([...interpreted.find(name)]).toEqual(rows);
          for (const row of rows.slice(0, 20))
            expect(interpreted.explain(name, row)).toEqual(compiled.explain(name, row));
        }
      }),
      { numRuns: full ? 100 : 5 },
    );
  });

  it('hold the same facts without proofs', async () => {
    await fc.assert(
      fc.asyncProperty(testProgram, async (program) => {
        const engine = engineFor(program, { proofs: false });
        for (const [index, updates] of program.schedule.entries()) {
          await apply(engine, updates);
          const expected = naiveModel(program.rules, assertedAfter(program.schedule.slice(0, index + 1)).keys());
          expect(sorted(modelOf(engine))).toEqual(sorted(expected));
        }
      }),
      { numRuns: full ? 4_000 : 150 },
    );
  });

  it('are left as they were by what-if, and by rules that come later', async () => {
    await fc.assert(
      fc.asyncProperty(testProgram, async (program) => {
        const engine = engineFor({ ...program, rules: program.rules.slice(0, 1) });
        for (const [index, updates] of program.schedule.entries()) {
          const before = sorted(modelOf(engine));
          const answer = engine.whatIf((tx) => {
            for (const { insert, fact } of updates) {
              if (insert) tx.insert(fact.predicate, ...fact.arguments);
              else tx.retract(fact.predicate, ...fact.arguments);
            }
          });
          expect(sorted(modelOf(engine))).toEqual(before);
          const change = await apply(engine, updates);
          expect(changed(change.added)).toEqual(changed(answer.added));
          expect(changed(change.removed)).toEqual(changed(answer.removed));
          if (index !== 0) continue;
          engine.addRules(program.rules.slice(1).map(ruleText).join('\n'));
          await engine.transact();
        }
        const expected = naiveModel(program.rules, assertedAfter(program.schedule).keys());
        expect(sorted(modelOf(engine))).toEqual(sorted(expected));
      }),
      { numRuns: full ? 4_000 : 150 },
    );
  });

  it('prove every fact from assertions, by instances of the rules whose premises come before', async () => {
    await fc.assert(
      fc.asyncProperty(testProgram, async (program) => {
        const engine = engineFor(program);
        for (const updates of program.schedule) await apply(engine, updates);
        const asserted = assertedAfter(program.schedule);
        const model = naiveModel(program.rules, asserted.keys());
        for (const name of engine.relations) {
          for (const row of engine.find(name)) {
            const { steps } = engine.explain(name, row);
            expect(textOf(steps.at(-1)!.fact.relation, steps.at(-1)!.fact.values)).toBe(textOf(name, row));
            for (const [index, step] of steps.entries()) {
              const fact = textOf(step.fact.relation, step.fact.values);
              if (step.by === 'asserted') {
                expect(asserted.has(fact)).toBe(true);
                continue;
              }
              expect(step.premises.every((premise) => premise < index)).toBe(true);
              const premises = step.premises.map((premise) =>
                textOf(steps[premise]!.fact.relation, steps[premise]!.fact.values),
              );
              const instance = program.rules.some(({ head, body }) => {
                const ground = (argument: string) => String(step.bindings?.[argument] ?? argument);
                const positive = body.filter(({ negated }) => !negated);
                return (
                  keyOf({ ...head, arguments: head.arguments.map(ground) }) === fact &&
                  positive.length === premises.length &&
                  positive.every(
                    (atom, at) => keyOf({ ...atom, arguments: atom.arguments.map(ground) }) === premises[at],
                  ) &&
                  naiveModel([{ head, body }], model).size === model.size
                );
              });
              expect(instance).toBe(true);
            }
          }
        }
      }),
      { numRuns: full ? 4_000 : 150 },
    );
  });
});
