// The Gene Ontology's closure, with explanations: what a term is, transitively, and why; common ancestors; updates that are followed.
// It reads Debian's `r-bioc-go.db` (its GO.sqlite, through the program sqlite3), or a file of yours with a child, a tab and a parent in
// each line. Run it with `npx ts-node examples/semantic-lattice/gene-ontology.ts [file] [term term]`.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createEngine, orderOf, rel } from '@tenstrip/semantic-lattice';

const debianFile = '/usr/lib/R/site-library/GO.db/extdata/GO.sqlite';
/** Exit code when there is nothing to read. */
const noInput = 3;

const parentsQuery = ['bp', 'mf', 'cc']
  .map(
    (part) =>
      `SELECT DISTINCT c.go_id, p.go_id FROM go_${part}_parents r JOIN go_term c ON c._id = r._id JOIN go_term p ON p._id = r._parent_id`,
  )
  .join(' UNION ALL ');

async function main(): Promise<void> {
  const [given, ...terms] = process.argv.slice(2);
  const file = given ?? debianFile;
  if (!existsSync(file)) {
    console.error(
      `${file} is not there. Install Debian's r-bioc-go.db, or name a file: its GO.sqlite, or lines of child, tab, parent.`,
    );
    process.exitCode = noInput;
    return;
  }
  const pairs = edgesOf(file);
  if (pairs === undefined) {
    console.error('The program sqlite3 is needed to read a database: sudo apt-get install -y sqlite3');
    process.exitCode = noInput;
    return;
  }
  const engine = createEngine({ relations: { parent: rel('term', 'term'), ancestor: rel('term', 'term') } });
  engine.addRules('ancestor(X, Y) :- parent(X, Y). ancestor(X, Z) :- ancestor(X, Y), parent(Y, Z).');
  await engine.transact((tx) => tx.insertAll('parent', pairs));
  console.log(`${engine.count('parent')} edges, ${engine.count('ancestor')} pairs of a term and its ancestor`);

  using order = orderOf(engine, 'parent');
  const [first = pairs[0]![0], second = pairs.at(-1)![0]] = terms;
  const ancestors = order.ancestors(first);
  console.log(`${first} has ${ancestors.length} ancestors; directly above it: ${order.covers(first).join(', ')}`);
  console.log(`nearest common ancestors of ${first} and ${second}: ${order.joins(first, second).join(', ') || 'none'}`);
  // The top term that is furthest away by its proof.
  const tops = ancestors.filter((term) => order.covers(term).length === 0);
  const top = tops[0];
  if (top === undefined) return;
  console.log(`why ${first} is below ${top}:`);
  for (const { fact, by } of engine.explain('ancestor', [first, top]).steps) {
    if (by === 'asserted') console.log(`  ${fact.values.join(' -> ')}`);
  }
  const [edge] = engine.explain('ancestor', [first, top]).steps.filter(({ by }) => by === 'asserted');
  const [low, high] = edge!.fact.values as [string, string];
  const change = await engine.transact((tx) => tx.retract('parent', low, high));
  console.log(
    `without ${low} -> ${high}: ${change.removed.size - 1} pairs fewer; still below: ${order.leq(first, top)}`,
  );
}

/** Child and parent of each edge, once; nothing when there is no program to read a database with. */
function edgesOf(file: string): [string, string][] | undefined {
  const isDatabase = readFileSync(file).subarray(0, 15).toString('latin1') === 'SQLite format 3';
  let text: string;
  try {
    text = isDatabase
      ? execFileSync('sqlite3', ['-readonly', '-separator', '\t', file, parentsQuery], {
          encoding: 'utf8',
          maxBuffer: 1 << 28,
        })
      : readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [child, parent, ...rest] = line.trimEnd().split('\t');
    if (child === undefined || parent === undefined || rest.length > 0) {
      throw new Error(`${JSON.stringify(line.slice(0, 80))} is no line of child, tab, parent`);
    }
    return [child, parent];
  });
}

void main();
