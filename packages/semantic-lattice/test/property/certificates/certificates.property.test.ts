// Whatever an engine derives can be certified, and its checker, which shares no code with it, agrees; nothing that was changed
// afterwards is accepted, signed or not.
import { createSigner } from '@tenstrip/shared-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Certificate, CertificateChecker, certify, givenFacts } from '../../../src/certificates/index.js';
import { createEngine, type Engine, minInteger, powerSet, type RelationDeclarations, rel } from '../../../src/index.js';
import { arities, ruleText, testProgram } from '../random-programs.js';

const relations: RelationDeclarations = Object.fromEntries(
  Object.entries(arities).map(([name, arity]) => [name, rel(...Array.from({ length: arity }, () => 'term' as const))]),
);

function* allFacts(engine: Engine) {
  for (const relation of engine.relations) for (const values of engine.find(relation)) yield { relation, values };
}

describe('certificates of random programs', () => {
  it('are accepted for every fact, alone and together, with negation', async () => {
    let facts = 0;
    let negations = 0;
    await fc.assert(
      fc.asyncProperty(testProgram, async ({ rules, schedule }) => {
        const engine = createEngine({ relations });
        const text = rules.map(ruleText).join('\n');
        engine.addRules(text);
        for (const updates of schedule) {
          await engine.transact((tx) => {
            for (const { insert, fact } of updates) {
              if (insert) tx.insert(fact.predicate, ...fact.arguments);
              else tx.retract(fact.predicate, ...fact.arguments);
            }
          });
        }
        const checker = new CertificateChecker({ rules: text, relations, facts: givenFacts(engine) });
        const all = [...allFacts(engine)];
        for (const fact of all) {
          const certificate = await certify(engine, fact);
          expect(checker.check(certificate)).toMatchObject({ valid: true });
          facts += 1;
          negations += Number(certificate.rules.some((rule) => rule.includes('not ')));
        }
        if (all.length > 0) {
          expect(checker.check(await certify(engine, all))).toMatchObject({ valid: true, factsChecked: true });
        }
      }),
      { numRuns: 100 },
    );
    expect(facts).toBeGreaterThan(300);
    expect(negations).toBeGreaterThan(10);
  });
});

describe('certificates of cells', () => {
  const rules = `dist(X, 0) :- start(X).
    dist(Y, D + W) :- dist(X, D), road(X, Y, W).
    seen(X, only(X)) :- start(X).
    seen(Y, S) :- seen(X, S), road(X, Y, W).
    seen(X, only(X)) :- road(X, Y, W).
    near(X) :- dist(X, D), D <= 10.`;
  const declared = {
    start: rel('term'),
    road: rel('term', 'term', 'integer'),
    dist: rel('term', minInteger),
    seen: rel('term', powerSet()),
    near: rel('term'),
  };
  const functions = { only: (name: string) => [name] };
  const road = fc.tuple(fc.constantFrom(...'abcdef'), fc.constantFrom(...'abcdef'), fc.integer({ min: 0, max: 9 }));

  it('are accepted on graphs with cycles, before and after roads close', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(road, { minLength: 1, maxLength: 14 }), fc.nat(), async (roads, close) => {
        const engine = createEngine({ relations: declared, functions });
        engine.addRules(rules);
        await engine.transact((tx) => {
          tx.insert('start', 'a');
          tx.insertAll('road', roads);
        });
        for (const step of ['open', 'closed']) {
          const options = { rules, relations: declared, functions, facts: givenFacts(engine) };
          const checker = new CertificateChecker(options);
          for (const relation of engine.relations) {
            for (const values of engine.find(relation)) {
              const verdict = checker.check(await certify(engine, { relation, values }));
              expect(verdict, `${step}: ${relation}(${values.join()})`).toMatchObject({ valid: true });
            }
          }
          await engine.transact((tx) => tx.retract('road', ...roads[close % roads.length]!));
        }
      }),
      { numRuns: 40 },
    );
  });
});

type Key = string | number;
type Container = Record<Key, unknown>;

/** Every place of a JSON value, as the keys that lead there. */
function* places(value: unknown, path: readonly Key[] = []): Generator<readonly Key[]> {
  if (path.length > 0) yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    yield* places(inner, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

const at = (value: unknown, path: readonly Key[]): unknown =>
  path.reduce((inner, key) => (inner as Container)[key], value);

/** Changes one place: another value, an element gone, doubled or moved, a key more. */
const change = fc.record({
  place: fc.nat(),
  other: fc.nat(),
  kind: fc.constantFrom('value', 'value', 'value', 'remove', 'double', 'swap', 'key', 'copy'),
  value: fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.constant([]), fc.constant({}), fc.constant(-1)),
});

interface Mutation {
  readonly place: number;
  readonly other: number;
  readonly kind: string;
  readonly value: unknown;
}

function mutated(certificate: Certificate, { place, other, kind, value }: Mutation): unknown {
  const copy: unknown = structuredClone(certificate);
  const all = [...places(copy)];
  const path = all[place % all.length]!;
  const parent = at(copy, path.slice(0, -1)) as Container;
  const key = path.at(-1)!;
  const present = parent[key];
  if (kind === 'remove') {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete parent[key];
  } else if (kind === 'double') {
    if (Array.isArray(parent)) parent.splice(Number(key), 0, present);
    else parent[`${key}2`] = present;
  } else if (kind === 'swap' && Array.isArray(parent)) {
    const beside = other % parent.length;
    parent[Number(key)] = parent[beside];
    parent[beside] = present;
  } else if (kind === 'key') {
    if (typeof present === 'object' && present !== null && !Array.isArray(present))
      Object.assign(present, { more: value });
    else parent[key] = [present];
  } else if (kind === 'copy') parent[key] = structuredClone(at(copy, all[other % all.length]!));
  else parent[key] = typeof present === 'number' && typeof value === 'number' ? value % 7 : value;
  return copy;
}

describe('10,000 changed certificates', () => {
  const rules = `above(X, Y) :- reports(X, Y).
    above(X, Z) :- above(X, Y), reports(Y, Z).
    may(X, D) :- above(Y, X), owns(Y, D), not barred(X, D).
    may(X, D) :- owns(X, D).`;
  const declared = {
    reports: rel('term', 'term'),
    above: rel('term', 'term'),
    owns: rel('term', 'term'),
    barred: rel('term', 'term'),
    may: rel('term', 'term'),
  };

  it('are all refused: unsigned by what they say, signed by the signature too', { timeout: 60_000 }, async () => {
    const engine = createEngine({ relations: declared });
    engine.addRules(rules);
    await engine.transact((tx) => {
      tx.insertAll('reports', [
        ['chief', 'head'],
        ['head', 'lead'],
        ['lead', 'dev'],
      ]);
      tx.insert('owns', 'chief', 'plan');
      tx.insert('barred', 'lead', 'plan');
    });
    using signer = createSigner(new Uint8Array(32).fill(7));
    const claim = { relation: 'may', values: ['dev', 'plan'] };
    const plain = await certify(engine, claim);
    const signed = await certify(engine, claim, { signer });
    const facts = [...givenFacts(engine)];
    const checker = new CertificateChecker({ rules, relations: declared, facts });
    const keyed = new CertificateChecker({ rules, relations: declared, facts, publicKey: signer.publicKey });
    expect(checker.check(plain)).toMatchObject({ valid: true });
    expect(keyed.check(signed)).toMatchObject({ valid: true, signedBy: signed.signature!.publicKey });
    let refused = 0;
    const accepted: unknown[] = [];
    const tryOne = (certificate: Certificate, judge: CertificateChecker, how: Mutation) => {
      const wrong = mutated(certificate, how);
      if (JSON.stringify(wrong) === JSON.stringify(certificate)) return;
      const verdict = judge.check(wrong);
      if (verdict.valid) accepted.push(wrong);
      else {
        refused += 1;
        expect(verdict.at).not.toBe('');
        expect(verdict.reason).not.toBe('');
      }
    };
    fc.assert(
      fc.property(change, (how) => {
        tryOne(plain, checker, how);
        tryOne(signed, keyed, how);
      }),
      { numRuns: 6_500 },
    );
    // Keys of an object and what is no order of anything may stand otherwise: that says the same.
    const differs = accepted.filter((wrong) => !saysTheSame(wrong as Certificate, plain));
    expect(differs).toEqual([]);
    expect(refused).toBeGreaterThan(10_000);
  });
});

/** Whether two certificates differ in the order of facts, steps or rules alone: each still states what follows. */
function saysTheSame(a: Certificate, b: Certificate): boolean {
  const parts = ({ claims, facts, rules, steps }: Certificate) =>
    JSON.stringify([
      claims,
      [...facts].sort(),
      [...rules].sort(),
      steps.map(({ fact }) => JSON.stringify(fact)).sort(),
    ]);
  return parts(a) === parts(b) && a.signature === undefined;
}
