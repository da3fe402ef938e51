// Random stratified programs over a small domain, and an evaluator of them that is as simple as can be: it tries every assignment
// of every rule's variables until nothing new comes.
import fc from 'fast-check';
import { type Engine, rel } from '../../src/index.js';

export interface TestAtom {
  readonly predicate: string;
  readonly arguments: readonly string[];
}
interface TestLiteral extends TestAtom {
  readonly negated: boolean;
}
export interface TestRule {
  readonly head: TestAtom;
  readonly body: readonly TestLiteral[];
}
export interface TestUpdate {
  readonly insert: boolean;
  readonly fact: TestAtom;
}
export interface TestProgram {
  readonly rules: readonly TestRule[];
  readonly schedule: readonly (readonly TestUpdate[])[];
}

const domain = ['a', 'b', 'c', 'd'];
/** Each predicate's arity; a derived one is of the stratum of its number, and may be asserted too. */
export const arities: Readonly<Record<string, number>> = { e0: 1, e1: 2, e2: 3, p0: 2, p1: 1, p2: 2, p3: 3 };
const derived = ['p0', 'p1', 'p2', 'p3'];
const level: Readonly<Record<string, number>> = { e0: -1, e1: -1, e2: -1, p0: 0, p1: 0, p2: 1, p3: 2 };
const variables = ['X', 'Y', 'Z', 'W'];

const atomOf = (predicate: string, argument: fc.Arbitrary<string>): fc.Arbitrary<TestAtom> =>
  fc
    .array(argument, { minLength: arities[predicate]!, maxLength: arities[predicate]! })
    .map((given) => ({ predicate, arguments: given }));

const variableOrConstant = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...variables) },
  { weight: 1, arbitrary: fc.constantFrom(...domain) },
);

const rule = fc.constantFrom(...derived).chain((head) => {
  const below = Object.keys(arities).filter((name) => level[name]! <= level[head]!);
  const strictlyBelow = Object.keys(arities).filter((name) => level[name]! < level[head]!);
  const positive = fc
    .array(
      fc.constantFrom(...below).chain((name) => atomOf(name, variableOrConstant)),
      { minLength: 1, maxLength: 3 },
    )
    .map((atoms) => atoms.map((atom) => ({ ...atom, negated: false })));
  return positive.chain((atoms) => {
    const bound = [...new Set(atoms.flatMap((atom) => atom.arguments))];
    const safe = fc.constantFrom(...bound, ...domain.slice(0, 1));
    const negative = fc
      .array(
        fc
          .constantFrom(...strictlyBelow)
          .chain((name) => atomOf(name, fc.oneof({ weight: 5, arbitrary: safe }, fc.constant('_')))),
        { maxLength: 1 },
      )
      .map((negated) => negated.map((atom) => ({ ...atom, negated: true })));
    return fc.record({ head: atomOf(head, safe), body: negative.map((more) => [...atoms, ...more]) });
  });
});

const update = fc
  .record({
    insert: fc.boolean(),
    predicate: fc.oneof({ weight: 4, arbitrary: fc.constantFrom('e0', 'e1', 'e2') }, fc.constantFrom(...derived)),
  })
  .chain(({ insert, predicate }) => atomOf(predicate, fc.constantFrom(...domain)).map((fact) => ({ insert, fact })));

/** Programs of at most 6 rules over 7 predicates, with a schedule of transactions. */
export const testProgram: fc.Arbitrary<TestProgram> = fc.record({
  rules: fc.array(rule, { minLength: 1, maxLength: 6 }),
  schedule: fc.array(fc.array(update, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 8 }),
});

/** The declarations of the predicates, for an engine. */
export const relations = Object.fromEntries(
  Object.entries(arities).map(([name, arity]) => [name, rel(...Array.from({ length: arity }, () => 'term' as const))]),
);

export const keyOf = ({ predicate, arguments: given }: TestAtom): string => `${predicate}(${given.join(',')})`;

export function ruleText({ head, body }: TestRule): string {
  return `${keyOf(head)} :- ${body.map((literal) => `${literal.negated ? 'not ' : ''}${keyOf(literal)}`).join(', ')}.`;
}

/** The assertions after some transactions. */
export function assertedAfter(transactions: TestProgram['schedule']): Map<string, TestAtom> {
  const asserted = new Map<string, TestAtom>();
  for (const { insert, fact } of transactions.flat()) {
    if (insert) asserted.set(keyOf(fact), fact);
    else asserted.delete(keyOf(fact));
  }
  return asserted;
}

/** All facts that follow, by trying everything. */
export function naiveModel(rules: readonly TestRule[], asserted: Iterable<string>): Set<string> {
  const model = new Set(asserted);
  for (const stratum of [0, 1, 2]) {
    const own = rules.filter(({ head }) => level[head.predicate] === stratum);
    for (let before = -1; before !== model.size; ) {
      before = model.size;
      for (const each of own) for (const fact of consequences(each, model)) model.add(fact);
    }
  }
  return model;
}

function consequences({ head, body }: TestRule, model: ReadonlySet<string>): string[] {
  const names = [...new Set(body.flatMap((literal) => literal.arguments).filter((name) => variables.includes(name)))];
  const found: string[] = [];
  for (let code = 0; code < domain.length ** names.length; code++) {
    const value = (name: string) => {
      const at = names.indexOf(name);
      return at < 0 ? name : domain[Math.floor(code / domain.length ** at) % domain.length]!;
    };
    const ground = (atom: TestAtom): TestAtom => ({ ...atom, arguments: atom.arguments.map(value) });
    if (body.every((literal) => holds(ground(literal), model) !== literal.negated)) found.push(keyOf(ground(head)));
  }
  return found;
}

function holds(atom: TestAtom, model: ReadonlySet<string>): boolean {
  const wildcard = atom.arguments.indexOf('_');
  if (wildcard < 0) return model.has(keyOf(atom));
  return domain.some((each) => holds({ ...atom, arguments: atom.arguments.with(wildcard, each) }, model));
}

/** One transaction of random updates. */
export const apply = (engine: Engine, updates: readonly TestUpdate[]) =>
  engine.transact((tx) => {
    for (const { insert, fact } of updates) {
      if (insert) tx.insert(fact.predicate, ...fact.arguments);
      else tx.retract(fact.predicate, ...fact.arguments);
    }
  });

/** All facts with their proofs. */
export const provedFacts = (engine: Engine) =>
  engine.relations.flatMap((name) => Array.from(engine.find(name), (row) => engine.explain(name, row)));
