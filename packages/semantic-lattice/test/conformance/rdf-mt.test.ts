// The W3C's entailment tests of RDF 1.1 Semantics. What does not pass is in the table of `docs/rdf-entailment-tests.md`, with the reason;
// this test holds that exactly those do not.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Parser, type Quad, Store } from 'n3';
import { describe, expect, it } from 'vitest';
import { requireCorpus } from '../../../../tools/test-requirements.mjs';
import { loadOntology, type OntologyEngine, termText, triplesOf } from '../../src/index.js';
import { RecognisedDatatypes } from '../../src/ontology/datatypes.js';

const corpus = requireCorpus('ontologies');
const folder = join(corpus.folder, 'rdf-mt');
const mf = 'http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#';
const rdf = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';

interface EntailmentTest {
  readonly name: string;
  readonly positive: boolean;
  readonly regime: string;
  readonly datatypes: readonly string[];
  readonly action: string;
  /** A graph that is entailed or not; nothing: whether the action is inconsistent. */
  readonly result: string | undefined;
}

/** Tests that do not pass, as the document lists them. */
function documentedFailures(): string[] {
  const document = readFileSync(join(import.meta.dirname, '../../../../docs/rdf-entailment-tests.md'), 'utf8');
  return [...document.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name!).sort();
}

/** The tests that the manifest lists: approved and not rescinded. */
function manifestTests(): EntailmentTest[] {
  const base = `file://${folder}/`;
  const store = new Store(
    new Parser({ baseIRI: `${base}manifest.ttl` }).parse(readFileSync(join(folder, 'manifest.ttl'), 'utf8')),
  );
  const value = (subject: Quad['subject'], predicate: string) => store.getObjects(subject, mf + predicate, null)[0];
  const list = (head: Quad['object'] | undefined): Quad['object'][] => {
    if (head === undefined || head.value === `${rdf}nil`) return [];
    const [first] = store.getObjects(head, `${rdf}first`, null);
    return [first!, ...list(store.getObjects(head, `${rdf}rest`, null)[0])];
  };
  const [entries] = store.getObjects(null, `${mf}entries`, null);
  return list(entries).map((entry) => {
    const test = entry as Quad['subject'];
    const result = value(test, 'result')!;
    return {
      name: value(test, 'name')!.value,
      positive: store.countQuads(test, `${rdf}type`, `${mf}PositiveEntailmentTest`, null) > 0,
      regime: value(test, 'entailmentRegime')!.value,
      datatypes: list(value(test, 'recognizedDatatypes')).map((each) => each.value),
      action: value(test, 'action')!.value.slice(base.length),
      result: result.termType === 'Literal' ? undefined : result.value.slice(base.length),
    };
  });
}

const parse = (file: string) =>
  new Parser({ baseIRI: `http://example.org/${file}` }).parse(readFileSync(join(folder, file), 'utf8'));

/** Simple entailment by the interpolation lemma: some instance of `graph` is a subgraph of what follows. */
function entails(
  engine: OntologyEngine,
  asserted: boolean,
  graph: readonly Quad[],
  datatypes: readonly string[],
): boolean {
  const recognised = new RecognisedDatatypes(datatypes);
  const text = (term: Quad['object']) => recognised.meaning(termText(term))?.term ?? termText(term);
  const patterns = graph.map(({ subject, predicate, object }) => [text(subject), text(predicate), text(object)]);
  const facts = [...(asserted ? engine.findAsserted('triple') : engine.find('triple'))];
  const search = (at: number, nodes: ReadonlyMap<string, string>): boolean => {
    const pattern = patterns[at];
    if (pattern === undefined) return true;
    return facts.some((fact) => {
      const bound = new Map(nodes);
      const fits = pattern.every((term, i) => {
        if (!term.startsWith('_:')) return term === fact[i];
        const known = bound.get(term);
        if (known === undefined) bound.set(term, fact[i]!);
        return known === undefined || known === fact[i];
      });
      return fits && search(at + 1, bound);
    });
  };
  return search(0, new Map());
}

async function passes({ positive, regime, datatypes, action, result }: EntailmentTest): Promise<boolean> {
  const { engine, report } = await loadOntology(parse(action) as never, {
    format: 'quads',
    profile: 'rdfs',
    datatypes,
  });
  if (!report.complete) return false;
  const inconsistent = engine.count('inconsistent') > 0;
  // Whatever follows from what contradicts itself.
  const found =
    result === undefined
      ? inconsistent
      : inconsistent || entails(engine, regime === 'simple', parse(result), datatypes);
  return found === positive;
}

describe.skipIf(!corpus.available)('the entailment tests of RDF 1.1 Semantics', () => {
  it('pass, but for those that the document names with their reason', { timeout: 60_000 }, async () => {
    const failed: string[] = [];
    const tests = manifestTests();
    for (const test of tests) {
      const passed = await passes(test).catch((error) => {
        if (error.code === 'OptionsInvalid') return false;
        throw error;
      });
      if (!passed) failed.push(test.name);
    }
    expect(tests.length).toBeGreaterThanOrEqual(45);
    expect(failed.sort()).toEqual(documentedFailures());
  });

  it('a source shows what was given and what follows, and no triple that is none', async () => {
    const graph =
      '<http://e/a> <http://e/p> "1" . <http://e/p> <http://www.w3.org/2000/01/rdf-schema#range> <http://e/C> .';
    const { engine } = await loadOntology(graph, { format: 'turtle', profile: 'rdfs' });
    expect(triplesOf(engine, { view: 'asserted' }).size).toBe(2);
    expect(engine.has('triple', ['"1"', `${rdf}type`, 'http://e/C'])).toBe(true);
    const source = triplesOf(engine);
    expect(source.generalised).toBeGreaterThan(0);
    expect([...source].every(({ subject }) => subject.termType !== ('Literal' as string))).toBe(true);
  });
});
