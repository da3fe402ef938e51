// Every public function with what no caller of TypeScript could give it.
import { isTenstripError } from '@tenstrip/shared-core';
import { describe, expect, it } from 'vitest';
import {
  any,
  apply,
  atomsOf,
  CertificateChecker,
  certify,
  checkCertificate,
  checkLaws,
  createEngine,
  type Engine,
  expression,
  finiteLattice,
  flatConstant,
  givenFacts,
  interval,
  loadOntology,
  minInteger,
  not,
  Order,
  orderOf,
  powerSet,
  product,
  rdfTerm,
  rel,
  rule,
  rules,
  setOf,
  type Transaction,
  termText,
  triplesOf,
  variable,
  where,
  writeTriples,
} from '../../src/index.js';

const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;
const nested: unknown[] = [];
nested.push(nested);
const mine = new Error('thrown by the caller');
const thrower = {
  [Symbol.iterator]: () => ({
    next() {
      throw mine;
    },
  }),
};
const bad: readonly unknown[] = [
  undefined,
  null,
  0,
  -0,
  Number.NaN,
  1.5,
  '',
  'x',
  true,
  Symbol('s'),
  10n,
  {},
  [],
  cyclic,
  nested,
  () => 1,
  thrower,
  Object.create(null),
  new Date(Number.NaN),
  'y'.repeat(2_000_000),
];

const engine = () => {
  const made = createEngine({
    relations: {
      e: rel('term', 'term'),
      n: rel('term', 'integer'),
      c: rel('term', minInteger),
      f: rel('term', flatConstant),
      s: rel('term', powerSet()),
      i: rel('term', interval),
    },
  });
  made.addRules('e(X, Y) :- e(Y, X).');
  return made;
};
const shared = engine();
await shared.transact((tx) => {
  tx.insert('e', 'a', 'b');
  tx.insert('n', 'a', 1);
  tx.insert('c', 'a', 4);
});
const atoms = atomsOf(
  shared.declarations as {
    e: ReturnType<typeof rel<['term', 'term']>>;
    c: ReturnType<typeof rel<['term', typeof minInteger]>>;
  },
);
const order = orderOf(shared, 'e');
const completion = await order.complete();
const onto = await loadOntology('<a> <b> <c>.', { format: 'turtle', profile: 'rdfs', baseIri: 'http://x/' });
const cert = await certify(shared, { relation: 'e', values: ['b', 'a'] });

const targets: Readonly<Record<string, (v: never) => unknown>> = {
  createEngine: (v: never) => createEngine(v),
  'createEngine.relations': (v: never) => createEngine({ relations: v }),
  'createEngine.decl': (v: never) => createEngine({ relations: { a: v } }),
  'createEngine.columns': (v: never) => createEngine({ relations: { a: { columns: v } } }),
  'createEngine.column': (v: never) => createEngine({ relations: { a: { columns: ['term', v] } } }),
  'createEngine.limits': (v: never) => createEngine({ relations: {}, limits: v }),
  'createEngine.limits.rows': (v: never) => createEngine({ relations: {}, limits: { rows: v } }),
  'createEngine.functions': (v: never) => createEngine({ relations: {}, functions: v }),
  'createEngine.functions.f': (v: never) => createEngine({ relations: {}, functions: { f: v } }),
  'createEngine.codeGeneration': (v: never) => createEngine({ relations: {}, codeGeneration: v }),
  'createEngine.proofs': (v: never) => createEngine({ relations: {}, proofs: v }),
  addRules: (v: never) => engine().addRules(v),
  transact: (v: never) => engine().transact(v),
  'transact.options': (v: never) => engine().transact(() => {}, v),
  'transact.context': (v: never) => engine().transact(() => {}, { context: v }),
  'transact.signal': (v: never) => engine().transact(() => {}, { signal: v }),
  'transact.budget': (v: never) => engine().transact(() => {}, { budget: v }),
  'transact.budget.ms': (v: never) => engine().transact(() => {}, { budget: { ms: v } }),
  'transact.expectRevision': (v: never) => engine().transact(() => {}, { expectRevision: v }),
  'tx.insert.relation': (v: never) =>
    engine().transact((tx) => (tx as unknown as Transaction).insert<string>(v, 'a', 'b')),
  'tx.insert.term': (v: never) => engine().transact((tx) => tx.insert('e', v, 'b')),
  'tx.insert.int': (v: never) => engine().transact((tx) => tx.insert('n', 'a', v)),
  'tx.insert.min': (v: never) => engine().transact((tx) => tx.insert('c', 'a', v)),
  'tx.insert.flat': (v: never) => engine().transact((tx) => tx.insert('f', 'a', v)),
  'tx.insert.flatc': (v: never) => engine().transact((tx) => tx.insert('f', 'a', { constant: v })),
  'tx.insert.set': (v: never) => engine().transact((tx) => tx.insert('s', 'a', v)),
  'tx.insert.setOf': (v: never) => engine().transact((tx) => tx.insert('s', 'a', [v])),
  'tx.insert.interval': (v: never) => engine().transact((tx) => tx.insert('i', 'a', v)),
  'tx.insert.low': (v: never) => engine().transact((tx) => tx.insert('i', 'a', { low: v, high: 3 })),
  'tx.insertAll': (v: never) => engine().transact((tx) => tx.insertAll('e', v)),
  'tx.insertAll.row': (v: never) => engine().transact((tx) => tx.insertAll('e', [v])),
  'tx.retract': (v: never) => engine().transact((tx) => tx.retract('e', v, 'b')),
  'tx.retract.rel': (v: never) => engine().transact((tx) => (tx as unknown as Transaction).retract<string>(v, 'b')),
  'tx.retract.min': (v: never) => engine().transact((tx) => tx.retract('c', 'a', v)),
  whatIf: (v: never) => engine().whatIf(v),
  'whatIf.options': (v: never) => engine().whatIf(() => {}, v),
  'subscribe.rel': (v: never) => engine().subscribe(v, () => {}),
  'subscribe.fn': (v: never) => engine().subscribe('e', v),
  'has.rel': (v: never) => (shared as unknown as Engine).has<string>(v, ['a', 'b']),
  'has.values': (v: never) => shared.has('e', v),
  'has.value': (v: never) => shared.has('e', [v, 'b']),
  'has.min': (v: never) => shared.has('c', ['a', v]),
  'find.rel': (v: never) => [...shared.find(v)],
  'find.pattern': (v: never) => [...shared.find('e', v)],
  'find.value': (v: never) => [...shared.find('e', ['a', v])],
  'find.min': (v: never) => [...shared.find('c', [any, v])],
  'findAsserted.pattern': (v: never) => [...shared.findAsserted('e', v)],
  'count.pattern': (v: never) => shared.count('e', v),
  'explain.rel': (v: never) => (shared as unknown as Engine).explain<string>(v, ['a', 'b']),
  'explain.values': (v: never) => shared.explain('e', v),
  'derivationsOf.options': (v: never) => shared.derivationsOf('e', ['a', 'b'], v),
  'derivationsOf.limit': (v: never) => shared.derivationsOf('e', ['a', 'b'], { limit: v }),
  'justifications.limits': (v: never) => shared.justifications('e', ['a', 'b'], v),
  'justifications.limit': (v: never) => shared.justifications('e', ['a', 'b'], { limit: v }),
  'repairs.limits': (v: never) => shared.repairs('e', ['a', 'b'], v),
  'repairs.limit': (v: never) => shared.repairs('e', ['a', 'b'], { limit: v }),
  'repairs.facts': (v: never) => shared.repairs('e', ['a', 'b'], { facts: v }),
  rel: (v: never) => createEngine({ relations: { a: rel(v) } }),
  variable: (v: never) => variable(v),
  expressionL: (v: never) => expression(v, '+', 1),
  apply: (v: never) => apply(v, 1),
  applyArg: (v: never) => apply('f', v),
  atomsOf: (v: never) => atomsOf(v),
  atom: (v: never) => atoms.e(v, 'b'),
  atomLattice: (v: never) => atoms.c('a', v),
  not: (v: never) => not(v),
  where: (v: never) => where(v, '=', 1),
  whereOp: (v: never) => where(1, v, 1),
  rule: (v: never) => rule(v),
  ruleBody: (v: never) => rule(atoms.e('a', 'b'), v),
  rules: (v: never) => rules`e(${v}, b).`,
  finiteLattice: (v: never) => finiteLattice(v),
  'finiteLattice.below': (v: never) => finiteLattice({ name: 'x', below: v }),
  'finiteLattice.pair': (v: never) => finiteLattice({ name: 'x', below: [v] }),
  powerSet: (v: never) => powerSet(v),
  setOf: (v: never) => setOf(v),
  setOfElement: (v: never) => setOf([v]),
  product: (v: never) => product(v),
  checkLaws: (v: never) => checkLaws(v, [1]),
  checkLawsOptions: (v: never) => checkLaws(minInteger, [1], v),
  orderOf: (v: never) => orderOf(v, 'e'),
  orderOfRel: (v: never) => orderOf(shared, v),
  'Order.of': (v: never) => Order.of(v),
  'Order.of.pair': (v: never) => Order.of([v]),
  'order.leq': (v: never) => order.leq(v, 'a'),
  'order.joins': (v: never) => order.joins(v, 'a'),
  'order.covers': (v: never) => order.covers(v),
  'order.ancestors': (v: never) => order.ancestors(v),
  'order.width': (v: never) => order.width(v),
  'order.complete': (v: never) => order.complete(v),
  'order.complete.max': (v: never) => order.complete({ maxElements: v }),
  'completion.join': (v: never) => completion.join(v, 0),
  'completion.encode': (v: never) => completion.encode(v),
  'completion.decode': (v: never) => completion.decode(v),
  'completion.generators': (v: never) => completion.generators(v),
  'completion.leq': (v: never) => completion.leq(v, 0),
  certify: (v: never) => certify(v, { relation: 'e', values: ['a', 'b'] }),
  certifyClaims: (v: never) => certify(shared, v),
  certifyClaim: (v: never) => certify(shared, [v]),
  certifyRel: (v: never) => certify(shared, { relation: v, values: ['a', 'b'] }),
  certifyOptions: (v: never) => certify(shared, { relation: 'e', values: ['a', 'b'] }, v),
  certifySigner: (v: never) => certify(shared, { relation: 'e', values: ['a', 'b'] }, { signer: v }),
  certifyMax: (v: never) => certify(shared, { relation: 'e', values: ['a', 'b'] }, { maxSteps: v }),
  givenFacts: (v: never) => [...givenFacts(v)],
  checkCertificate: (v: never) => checkCertificate(v, { rules: '', relations: {} }),
  checkCertificateOptions: (v: never) => checkCertificate(cert, v),
  checkCertificateRules: (v: never) => checkCertificate(cert, { rules: v, relations: shared.declarations }),
  checkCertificateRelations: (v: never) => checkCertificate(cert, { rules: '', relations: v }),
  checkCertificateFacts: (v: never) => checkCertificate(cert, { rules: '', relations: shared.declarations, facts: v }),
  checkCertificateKey: (v: never) =>
    checkCertificate(cert, { rules: shared.rules.join(''), relations: shared.declarations, publicKey: v }),
  CertificateChecker: (v: never) => new CertificateChecker(v),
  'CertificateChecker.rules': (v: never) => new CertificateChecker({ rules: v, relations: {} }),
  'CertificateChecker.functions': (v: never) => new CertificateChecker({ rules: '', relations: {}, functions: v }),
  loadOntology: (v: never) => loadOntology(v, { format: 'turtle', profile: 'rdfs' }),
  loadOntologyQuads: (v: never) => loadOntology(v, { format: 'quads', profile: 'rdfs' }),
  loadOntologyQuad: (v: never) => loadOntology([v], { format: 'quads', profile: 'rdfs' }),
  loadOntologyOptions: (v: never) => loadOntology('', v),
  loadOntologyFormat: (v: never) => loadOntology('', { format: v, profile: 'rdfs' }),
  loadOntologyProfile: (v: never) => loadOntology('', { format: 'turtle', profile: v }),
  loadOntologyDatatypes: (v: never) => loadOntology('', { format: 'turtle', profile: 'rdfs', datatypes: v }),
  loadOntologyInto: (v: never) => loadOntology('', { format: 'turtle', profile: 'rdfs', into: v }),
  loadOntologyEngine: (v: never) => loadOntology('', { format: 'turtle', profile: 'rdfs', engine: v }),
  loadOntologyMax: (v: never) =>
    loadOntology('<a:a> <a:b> <a:c>.', { format: 'turtle', profile: 'rdfs', maxTermLength: v }),
  triplesOf: (v: never) => [...triplesOf(v)],
  triplesOfOptions: (v: never) => [...triplesOf(onto.engine, v)],
  writeTriples: (v: never) => writeTriples(v, { format: 'turtle' }),
  writeTriplesOptions: (v: never) => writeTriples(onto.engine, v),
  writeTriplesPrefixes: (v: never) => writeTriples(onto.engine, { format: 'turtle', prefixes: v }),
  termText: (v: never) => termText(v),
  rdfTerm: (v: never) => rdfTerm(v),
};

describe('bad input', () => {
  for (const [name, call] of Object.entries(targets)) {
    it(`of ${name} is refused with a code, the value and what to do, or taken`, async () => {
      const digest = shared.digest();
      for (const value of bad) {
        try {
          await call(value as never);
        } catch (error) {
          if (error === mine) continue;
          expect(isTenstripError(error), `${name}: ${error}`).toBe(true);
          expect((error as Error).message.length).toBeGreaterThan(10);
          expect((error as Error).message.length).toBeLessThan(1_000);
        }
      }
      expect(shared.digest()).toBe(digest);
    });
  }
});

describe('zero', () => {
  it('is one, with either sign, in every kind of column', async () => {
    const made = engine();
    await made.transact((tx) => {
      tx.insert('n', 'a', -0);
      tx.insert('n', 'a', 0);
      tx.insert('c', 'a', -0);
      tx.insert('f', 'a', { constant: -0 });
      tx.insert('f', 'a', { constant: 0 });
      tx.insert('i', 'a', { low: -0, high: 0 });
    });
    expect([...made.find('n')]).toStrictEqual([['a', 0]]);
    expect([...made.find('c')]).toStrictEqual([['a', 0]]);
    expect([...made.find('f')]).toStrictEqual([['a', { constant: 0 }]]);
    expect([...made.find('i')]).toStrictEqual([['a', { low: 0, high: 0 }]]);
    for (const zero of [0, -0]) {
      expect(made.has('n', ['a', zero])).toBe(true);
      expect(made.has('c', ['a', zero])).toBe(true);
      expect(made.has('f', ['a', { constant: zero }])).toBe(true);
    }
    made.addRules('n(b, -0). n(X, N * -1) :- n(X, N).');
    await made.transact();
    expect([...made.find('n', ['b', any])]).toStrictEqual([['b', 0]]);
  });
});

describe('a value of a lattice', () => {
  it('is kept as it was said, whatever becomes of the object', async () => {
    const made = engine();
    const range = { low: 1, high: 2 };
    await made.transact((tx) => tx.insert('i', 'a', range));
    range.high = 9;
    expect([...made.find('i')]).toEqual([['a', { low: 1, high: 2 }]]);
  });
});
