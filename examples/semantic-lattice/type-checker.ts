// Types of variables in a small program, by data flow over a subtyping lattice: what is assigned is joined, and a use that asks for
// more than that is an error with its derivation. Run it with `npx ts-node examples/semantic-lattice/type-checker.ts`.
import { createEngine, finiteLattice, rel } from '@tenstrip/semantic-lattice';

/** Each below what it may stand for. `never`: nothing was assigned yet. */
const types = finiteLattice({
  name: 'types',
  below: [
    ['never', 'integer'],
    ['never', 'string'],
    ['never', 'boolean'],
    ['integer', 'number'],
    ['number', 'printable'],
    ['string', 'printable'],
    ['printable', 'any'],
    ['boolean', 'any'],
  ],
});

/** The program: assignments of a literal, copies, sums, and uses that ask for a type. */
const program = `
  count = 1
  ratio = 0.5
  name = "n"
  flag = true
  total = count + count
  share = total + ratio
  either = count
  either = name
  loop = count
  loop = loop + ratio
  needs count number
  needs share number
  needs either printable
  needs either number
  needs flag printable
`;

const relations = {
  literal: rel('term', 'term', 'term'),
  copy: rel('term', 'term', 'term'),
  sum: rel('term', 'term', 'term', 'term'),
  needs: rel('term', 'term', 'term'),
  type: rel('term', types),
  fault: rel('term', 'term', 'term', 'term'),
  found: rel('term', 'term'),
};

/** A type as the value of a cell, and back; and whether a use is within what it asks for. */
const functions = {
  named: (name: string) => name,
  nameOf: (type: string) => type,
  sumOf: (a: string, b: string) => types.join(a, b),
};

async function main(): Promise<void> {
  const engine = createEngine({ relations, functions });
  engine.addRules(`
    type(V, named(T)) :- literal(Line, V, T).
    type(V, T) :- copy(Line, V, W), type(W, T).
    type(V, sumOf(S, T)) :- sum(Line, V, W, X), type(W, S), type(X, T).
    found(V, nameOf(T)) :- type(V, T).
    fault(Line, V, T, Wanted) :- needs(Line, V, Wanted), found(V, T).
  `);
  await engine.transact((tx) => {
    for (const [n, line] of program.trim().split('\n').entries()) {
      const place = String(n + 1);
      const words = line.trim().split(' ');
      if (words[0] === 'needs') tx.insert('needs', place, words[1]!, words[2]!);
      else if (words[3] === '+') tx.insert('sum', place, words[0]!, words[2]!, words[4]!);
      else if (/^[a-z]+$/.test(words[2]!) && words[2] !== 'true') tx.insert('copy', place, words[0]!, words[2]!);
      else tx.insert('literal', place, words[0]!, literalType(words[2]!));
    }
  });
  for (const [variable, type] of [...engine.find('type')].sort()) console.log(`${variable}: ${type}`);
  // The subtyping lattice decides: what was joined must be below what the use asks for.
  const faults = [...engine.find('fault')].filter(([, , type, wanted]) => !types.leq(type, wanted));
  for (const [line, variable, type, wanted] of faults.sort(([a], [b]) => Number(a) - Number(b))) {
    console.log(`line ${line}: ${variable} is ${type}, and ${wanted} is needed, because`);
    const { steps } = engine.explain('found', [variable, type]);
    for (const { fact } of steps.filter(({ by }) => by === 'asserted')) {
      console.log(`  line ${fact.values[0]}: ${fact.relation} of ${fact.values.slice(1).join(', ')}`);
    }
  }
}

function literalType(text: string): string {
  if (text.startsWith('"')) return 'string';
  if (text === 'true' || text === 'false') return 'boolean';
  return /^\d+$/.test(text) ? 'integer' : 'number';
}

void main();
