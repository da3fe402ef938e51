// What would a change of a vocabulary mean? Four vocabularies of the web (npm's @vocabulary/*, of which @zazuko/vocabularies is made)
// become one graph; a change is evaluated with all that follows and rolled back. Run it with
// `npx ts-node examples/semantic-lattice/knowledge-graph-what-if.ts`; other N-Quads files may be given as arguments.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadOntology, type OntologyEngine } from '@tenstrip/semantic-lattice';

const rdf = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
const rdfs = 'http://www.w3.org/2000/01/rdf-schema#';
const prov = 'http://www.w3.org/ns/prov#';
const dcat = 'http://www.w3.org/ns/dcat#';
const foaf = 'http://xmlns.com/foaf/0.1/';
const prefixes = { prov, dcat, foaf, rdfs, rdf, skos: 'http://www.w3.org/2004/02/skos/core#' };

const installed = [
  require.resolve('@vocabulary/prov/package.json'),
  require.resolve('@vocabulary/dcat/package.json'),
  require.resolve('@vocabulary/foaf/package.json'),
  require.resolve('@vocabulary/skos/package.json'),
];

async function main(): Promise<void> {
  const files = process.argv.length > 2 ? process.argv.slice(2) : installed.map(vocabularyFile);
  const [first = '', ...others] = files.map((file) => readFileSync(file, 'utf8'));
  const options = { format: 'n-quads', profile: 'owl-rl' } as const;
  const { engine, report } = await loadOntology(first, options);
  const reports = [report];
  for (const text of others) reports.push((await loadOntology(text, { ...options, into: engine })).report);
  const derived = engine.count('triple') - [...engine.findAsserted('triple')].length;
  console.log(`${reports.reduce((sum, { triples }) => sum + triples, 0)} triples read, ${derived} follow`);
  console.log('not covered by the rules:');
  const uncovered = reports.flatMap((each) => each.uncovered);
  for (const line of new Set(uncovered.map(({ construct, reason }) => `  ${construct}: ${reason}`))) console.log(line);

  console.log('what if a data catalogue were an agent?');
  const change = engine.whatIf((tx) => tx.insert('triple', `${dcat}Catalog`, `${rdfs}subClassOf`, `${prov}Agent`));
  show('follows', change.added.of('triple'));
  console.log('what if prov:Person were no agent any more?');
  const loss = engine.whatIf((tx) => tx.retract('triple', `${prov}Person`, `${rdfs}subClassOf`, `${prov}Agent`));
  show('is lost', loss.removed.of('triple'));

  console.log(`nothing was changed: revision ${engine.revision}`);
  console.log('why is a catalogue a resource?');
  for (const line of why(engine, `${dcat}Catalog`, `${dcat}Resource`)) console.log(`  ${line}`);
}

/** Changes between things that have names. */
function show(verb: string, triples: Iterable<readonly unknown[]>): void {
  const named = [...triples].filter((row) => !row.some((term) => String(term).startsWith('_:')));
  const rows = named.map((row) => row.map((term) => short(String(term))).join(' ')).sort();
  for (const row of rows.slice(0, 4)) console.log(`  ${verb}: ${row}`);
  if (rows.length > 4) console.log(`  and ${rows.length - 4} more`);
}

function why(engine: OntologyEngine, low: string, high: string): string[] {
  const { steps } = engine.explain('triple', [low, `${rdfs}subClassOf`, high]);
  return steps.map(({ fact, by }) => `${fact.values.map((term) => short(String(term))).join(' ')} (${by})`);
}

function short(term: string): string {
  const found = Object.entries(prefixes).find(([, iri]) => term.startsWith(iri));
  return found === undefined ? term : `${found[0]}:${term.slice(found[1].length)}`;
}

/** The N-Quads file of an installed vocabulary, by the path of its manifest. */
function vocabularyFile(manifest: string): string {
  const folder = dirname(manifest);
  const file = readdirSync(folder).find((each) => each.endsWith('.nq'));
  if (file === undefined) throw new Error(`${folder} has no N-Quads file`);
  return join(folder, file);
}

void main();
