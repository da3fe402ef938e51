// Who may read what, and why: groups, folders and an exception as rules. A denial is explained, a permission has its proof, and the
// engine finds the fewest grants to withdraw so that it falls. Run it with
// `npx ts-node examples/semantic-lattice/access-control.ts`; with two arguments, `<person> <document>`, it decides about those.
import { createEngine, type Proof, rel, rules } from '@tenstrip/semantic-lattice';

const relations = {
  /** Given: who is in which group, groups in groups, what lies where, what was granted to whom, and exceptions. */
  member: rel('term', 'term'),
  inside: rel('term', 'term'),
  grant: rel('term', 'term'),
  suspended: rel('term'),
  /** Derived. */
  acts: rel('term', 'term'),
  covers: rel('term', 'term'),
  entitled: rel('term', 'term'),
  may: rel('term', 'term'),
};

const policy = rules`
  acts(P, G) :- member(P, G).
  acts(P, H) :- acts(P, G), member(G, H).
  covers(D, D) :- inside(D, _).
  covers(F, D) :- inside(D, F).
  covers(F, D) :- inside(E, F), covers(E, D).
  entitled(P, D) :- grant(P, F), covers(F, D).
  entitled(P, D) :- acts(P, G), grant(G, F), covers(F, D).
  may(P, D) :- entitled(P, D), not suspended(P).
`;

async function main(): Promise<void> {
  const engine = createEngine({ relations });
  engine.addRules(policy);
  await engine.transact((tx) => {
    tx.insertAll('member', [
      ['ann', 'payroll'],
      ['ann', 'auditors'],
      ['bob', 'payroll'],
      ['cem', 'sales'],
      ['payroll', 'finance'],
    ]);
    tx.insertAll('inside', [
      ['salaries', 'hr-files'],
      ['hr-files', 'archive'],
      ['price-list', 'shop'],
    ]);
    tx.insertAll('grant', [
      ['finance', 'hr-files'],
      ['auditors', 'archive'],
      ['sales', 'shop'],
    ]);
    tx.insert('suspended', 'bob');
  });

  const [person, document] = process.argv.slice(2);
  const asked: [string, string][] =
    person === undefined || document === undefined
      ? [
          ['ann', 'salaries'],
          ['bob', 'salaries'],
          ['cem', 'salaries'],
        ]
      : [[person, document]];
  for (const [who, what] of asked) {
    const allowed = engine.has('may', [who, what]);
    console.log(`${who} ${allowed ? 'may' : 'may not'} read ${what}`);
    if (!allowed) {
      const entitled = engine.has('entitled', [who, what]);
      console.log(entitled ? `  entitled, but suspended` : `  nothing entitles ${who}: no grant reaches ${what}`);
      if (entitled) console.log(proofLines(engine.explain('entitled', [who, what])).join('\n'));
      continue;
    }
    console.log(proofLines(engine.explain('may', [who, what])).join('\n'));
    // Memberships and folders are as they are; withdrawn can be grants. A repair is a smallest set that does it.
    const { sets } = engine.repairs('may', [who, what], { limit: 100 });
    const repair = sets.find((set) => set.every(({ relation }) => relation === 'grant'));
    if (repair === undefined) continue;
    console.log('  falls with the grants:');
    for (const { values } of repair) console.log(`    ${values.join(' on ')}`);
    const without = engine.whatIf((tx) => {
      for (const { values } of repair) tx.retract('grant', ...(values as [string, string]));
    });
    const lost = [...without.removed.of('may')].map((row) => row.join(' ')).sort();
    console.log(`  which would end: ${lost.join(', ')}`);
  }
}

/** A proof's steps as lines, each with the lines that it rests on. */
function proofLines({ steps }: Proof): string[] {
  return steps.map(({ fact, by, premises }, n) => {
    const text = `${fact.relation}(${fact.values.join(', ')})`;
    return `  ${n + 1}. ${text} ${by === 'asserted' ? 'given' : `from ${premises.map((premise) => premise + 1).join(', ')}`}`;
  });
}

void main();
