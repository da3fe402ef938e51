// Each rule of OWL 2 RL (tables 4 to 9 of the Profiles recommendation) that the set covers, by a smallest premise and what it must
// give; and what the report must name instead.
import { describe, expect, it } from 'vitest';
import {
  createEngine,
  loadOntology,
  type OntologyProfile,
  ontologyRelations,
  rdfTerm,
  triplesOf,
  writeTriples,
} from '../../../src/index.js';

const prefixes = `@prefix : <http://e/> . @prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> . `;
const load = (text: string, profile: OntologyProfile = 'owl-rl', datatypes: string[] = []) =>
  loadOntology(prefixes + text, { format: 'turtle', profile, datatypes });

describe('the rules of OWL RL', () => {
  it.each([
    ['eq-sym', ':a owl:sameAs :b .', ':b owl:sameAs :a'],
    ['eq-trans', ':a owl:sameAs :b . :b owl:sameAs :c .', ':a owl:sameAs :c'],
    ['eq-rep-s', ':a owl:sameAs :b ; :p :o .', ':b :p :o'],
    ['eq-rep-p', ':p owl:sameAs :q . :a :p :o .', ':a :q :o'],
    ['eq-rep-o', ':o owl:sameAs :n . :a :p :o .', ':a :p :n'],
    ['prp-dom', ':p rdfs:domain :C . :a :p :b .', ':a a :C'],
    ['prp-rng', ':p rdfs:range :C . :a :p :b .', ':b a :C'],
    ['prp-fp', ':p a owl:FunctionalProperty . :a :p :b, :c .', ':b owl:sameAs :c'],
    ['prp-ifp', ':p a owl:InverseFunctionalProperty . :a :p :c . :b :p :c .', ':a owl:sameAs :b'],
    ['prp-symp', ':p a owl:SymmetricProperty . :a :p :b .', ':b :p :a'],
    ['prp-trp', ':p a owl:TransitiveProperty . :a :p :b . :b :p :c .', ':a :p :c'],
    ['prp-spo1', ':p rdfs:subPropertyOf :q . :a :p :b .', ':a :q :b'],
    ['prp-spo2', ':p owl:propertyChainAxiom ( :q :r :s ) . :a :q :b . :b :r :c . :c :s :d .', ':a :p :d'],
    ['prp-eqp1', ':p owl:equivalentProperty :q . :a :p :b .', ':a :q :b'],
    ['prp-eqp2', ':p owl:equivalentProperty :q . :a :q :b .', ':a :p :b'],
    ['prp-inv1', ':p owl:inverseOf :q . :a :p :b .', ':b :q :a'],
    ['prp-inv2', ':p owl:inverseOf :q . :a :q :b .', ':b :p :a'],
    ['cls-int1', ':C owl:intersectionOf ( :D :E :F ) . :a a :D, :E, :F .', ':a a :C'],
    ['cls-int2', ':C owl:intersectionOf ( :D :E ) . :a a :C .', ':a a :E'],
    ['cls-uni', ':C owl:unionOf ( :D :E ) . :a a :E .', ':a a :C'],
    ['cls-svf1', ':R owl:someValuesFrom :C ; owl:onProperty :p . :a :p :b . :b a :C .', ':a a :R'],
    ['cls-svf2', ':R owl:someValuesFrom owl:Thing ; owl:onProperty :p . :a :p :b .', ':a a :R'],
    ['cls-avf', ':R owl:allValuesFrom :C ; owl:onProperty :p . :a a :R ; :p :b .', ':b a :C'],
    ['cls-hv1', ':R owl:hasValue :v ; owl:onProperty :p . :a a :R .', ':a :p :v'],
    ['cls-hv2', ':R owl:hasValue :v ; owl:onProperty :p . :a :p :v .', ':a a :R'],
    ['cls-maxc2', ':R owl:maxCardinality 1 ; owl:onProperty :p . :a a :R ; :p :b, :c .', ':b owl:sameAs :c'],
    ['cls-oo', ':C owl:oneOf ( :a :b ) .', ':b a :C'],
    ['cax-sco', ':C rdfs:subClassOf :D . :a a :C .', ':a a :D'],
    ['cax-eqc1', ':C owl:equivalentClass :D . :a a :C .', ':a a :D'],
    ['cax-eqc2', ':C owl:equivalentClass :D . :a a :D .', ':a a :C'],
    ['scm-cls', ':C a owl:Class .', ':C rdfs:subClassOf owl:Thing'],
    ['scm-sco', ':C rdfs:subClassOf :D . :D rdfs:subClassOf :E .', ':C rdfs:subClassOf :E'],
    ['scm-eqc1', ':C owl:equivalentClass :D .', ':D rdfs:subClassOf :C'],
    ['scm-eqc2', ':C rdfs:subClassOf :D . :D rdfs:subClassOf :C .', ':C owl:equivalentClass :D'],
    ['scm-op', ':p a owl:ObjectProperty .', ':p rdfs:subPropertyOf :p'],
    ['scm-dp', ':p a owl:DatatypeProperty .', ':p owl:equivalentProperty :p'],
    ['scm-spo', ':p rdfs:subPropertyOf :q . :q rdfs:subPropertyOf :r .', ':p rdfs:subPropertyOf :r'],
    ['scm-eqp1', ':p owl:equivalentProperty :q .', ':q rdfs:subPropertyOf :p'],
    ['scm-eqp2', ':p rdfs:subPropertyOf :q . :q rdfs:subPropertyOf :p .', ':p owl:equivalentProperty :q'],
    ['scm-dom1', ':p rdfs:domain :C . :C rdfs:subClassOf :D .', ':p rdfs:domain :D'],
    ['scm-dom2', ':q rdfs:domain :C . :p rdfs:subPropertyOf :q .', ':p rdfs:domain :C'],
    ['scm-rng1', ':p rdfs:range :C . :C rdfs:subClassOf :D .', ':p rdfs:range :D'],
    ['scm-rng2', ':q rdfs:range :C . :p rdfs:subPropertyOf :q .', ':p rdfs:range :C'],
    [
      'scm-hv',
      ':R owl:hasValue :v ; owl:onProperty :p . :S owl:hasValue :v ; owl:onProperty :q . :p rdfs:subPropertyOf :q .',
      ':R rdfs:subClassOf :S',
    ],
    [
      'scm-svf1',
      ':R owl:someValuesFrom :C ; owl:onProperty :p . :S owl:someValuesFrom :D ; owl:onProperty :p . :C rdfs:subClassOf :D .',
      ':R rdfs:subClassOf :S',
    ],
    [
      'scm-svf2',
      ':R owl:someValuesFrom :C ; owl:onProperty :p . :S owl:someValuesFrom :C ; owl:onProperty :q . :p rdfs:subPropertyOf :q .',
      ':R rdfs:subClassOf :S',
    ],
    [
      'scm-avf1',
      ':R owl:allValuesFrom :C ; owl:onProperty :p . :S owl:allValuesFrom :D ; owl:onProperty :p . :C rdfs:subClassOf :D .',
      ':R rdfs:subClassOf :S',
    ],
    [
      'scm-avf2',
      ':R owl:allValuesFrom :C ; owl:onProperty :p . :S owl:allValuesFrom :C ; owl:onProperty :q . :p rdfs:subPropertyOf :q .',
      ':S rdfs:subClassOf :R',
    ],
    ['scm-int', ':C owl:intersectionOf ( :D :E ) .', ':C rdfs:subClassOf :E'],
    ['scm-uni', ':C owl:unionOf ( :D :E ) .', ':E rdfs:subClassOf :C'],
  ])('%s', async (_, premise, conclusion) => {
    const { engine } = await load(premise);
    const { engine: wanted } = await load(`${conclusion} .`);
    const [triple] = [...wanted.findAsserted('triple')];
    expect([...engine.findAsserted('triple')]).not.toContainEqual(triple);
    expect(engine.has('triple', triple!)).toBe(true);
    expect(engine.count('inconsistent')).toBe(0);
  });

  it.each([
    ['eq-diff1', ':a owl:sameAs :b ; owl:differentFrom :b .'],
    ['eq-diff2', '[] a owl:AllDifferent ; owl:distinctMembers ( :a :b :c ) . :a owl:sameAs :c .'],
    ['prp-irp', ':p a owl:IrreflexiveProperty . :a :p :a .'],
    ['prp-asyp', ':p a owl:AsymmetricProperty . :a :p :b . :b :p :a .'],
    ['prp-pdw', ':p owl:propertyDisjointWith :q . :a :p :b ; :q :b .'],
    ['prp-adp', '[] a owl:AllDisjointProperties ; owl:members ( :p :q :r ) . :a :p :b ; :r :b .'],
    ['prp-npa', '[] owl:sourceIndividual :a ; owl:assertionProperty :p ; owl:targetIndividual :b . :a :p :b .'],
    ['cls-nothing2', ':a a owl:Nothing .'],
    ['cls-com', ':C owl:complementOf :D . :a a :C, :D .'],
    ['cls-maxc1', ':R owl:maxCardinality 0 ; owl:onProperty :p . :a a :R ; :p :b .'],
    ['cax-dw', ':C owl:disjointWith :D . :a a :C, :D .'],
    ['cax-adc', '[] a owl:AllDisjointClasses ; owl:members ( :C :D :E ) . :a a :C, :E .'],
    ['dt-not-type', ':p rdfs:range xsd:integer . :a :p "one" .'],
  ])('%s is inconsistent, with a proof', async (rule, premise) => {
    const { engine } = await load(premise, 'owl-rl', ['http://www.w3.org/2001/XMLSchema#integer']);
    const found = [...engine.find('inconsistent')];
    expect(found.map(([name]) => name)).toContain(rule);
    expect(engine.explain('inconsistent', found[0]!).steps.length).toBeGreaterThan(1);
  });

  it('take back what followed from a triple that is retracted', async () => {
    const { engine } = await load(':C rdfs:subClassOf :D . :D rdfs:subClassOf :E . :a a :C .');
    const type = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type';
    expect(engine.has('triple', ['http://e/a', type, 'http://e/E'])).toBe(true);
    await engine.transact((tx) =>
      tx.retract('triple', 'http://e/D', 'http://www.w3.org/2000/01/rdf-schema#subClassOf', 'http://e/E'),
    );
    expect(engine.has('triple', ['http://e/a', type, 'http://e/E'])).toBe(false);
    expect(engine.has('triple', ['http://e/a', type, 'http://e/D'])).toBe(true);
  });
});

describe('the profile report', () => {
  const uncovered = async (text: string, profile?: OntologyProfile) =>
    (await load(text, profile)).report.uncovered.map(({ construct, count }) => `${construct} ${count}`);

  it.each<[string, string, string[], OntologyProfile?]>([
    [
      'an existential as a superclass',
      ':C rdfs:subClassOf [ owl:someValuesFrom :D ; owl:onProperty :p ] .',
      ['owl:someValuesFrom 1'],
    ],
    ['none as a subclass', '[ owl:someValuesFrom :D ; owl:onProperty :p ] rdfs:subClassOf :C .', []],
    [
      'an existential on both sides',
      ':C owl:equivalentClass [ owl:someValuesFrom :D ; owl:onProperty :p ] .',
      ['owl:someValuesFrom 1'],
    ],
    [
      'one inside another expression',
      ':C rdfs:subClassOf [ owl:intersectionOf ( :D [ owl:someValuesFrom :E ; owl:onProperty :p ] ) ] .',
      ['owl:someValuesFrom 1'],
    ],
    [
      'a universal as a subclass',
      '[ owl:allValuesFrom :D ; owl:onProperty :p ] rdfs:subClassOf :C .',
      ['owl:allValuesFrom 1'],
    ],
    ['none as a superclass', ':C rdfs:subClassOf [ owl:allValuesFrom :D ; owl:onProperty :p ] .', []],
    [
      'cardinalities',
      ':C rdfs:subClassOf [ owl:cardinality 2 ; owl:onProperty :p ], [ owl:maxCardinality 3 ; owl:onProperty :p ], [ owl:maxCardinality 1 ; owl:onProperty :p ] .',
      ['owl:cardinality 1', 'owl:maxCardinality 1'],
    ],
    ['keys and imports', ':o owl:imports :x, :y . :C owl:hasKey ( :p ) .', ['owl:hasKey 1', 'owl:imports 2']],
    ['what nobody knows', ':a owl:somethingNew :b .', ['owl:somethingNew 1']],
    ['annotations, which say nothing', ':o a owl:Ontology ; owl:versionInfo "1" . :p a owl:AnnotationProperty .', []],
    [
      'all of OWL under RDFS',
      ':p owl:inverseOf :q . :p a owl:TransitiveProperty .',
      ['owl:TransitiveProperty 1', 'owl:inverseOf 1'],
      'rdfs',
    ],
    [
      'less under the nine rules',
      ':p owl:inverseOf :q . :p a owl:SymmetricProperty .',
      ['owl:SymmetricProperty 1'],
      'rdfs-plus',
    ],
    ['container memberships under the nine rules', ':a rdf:_1 :b .', ['rdfs:member 1'], 'rdfs-plus'],
  ])('names %s', async (_, text, expected, profile) => {
    expect(await uncovered(text, profile)).toEqual(expected);
  });

  it('says where the first is, and why', async () => {
    const { report } = await load('\n:a :p :b .\n:C owl:hasKey ( :p ) .\n:D owl:hasKey ( :q ) .\n');
    expect(report).toMatchObject({ profile: 'owl-rl', complete: false });
    expect(report.uncovered[0]).toMatchObject({
      construct: 'owl:hasKey',
      count: 2,
      first: { line: 4, triple: ['http://e/C', expect.any(String), expect.any(String)] },
      reason: expect.stringContaining('prp-key'),
    });
  });

  it('names quads of named graphs, which are read as triples', async () => {
    const { report, engine } = await loadOntology('<http://e/g> { <http://e/a> <http://e/p> <http://e/b> }', {
      format: 'trig',
      profile: 'rdfs',
    });
    expect(report.uncovered).toMatchObject([{ construct: 'named graphs', count: 1 }]);
    expect(engine.count('triple', ['http://e/a', 'http://e/p', 'http://e/b'])).toBe(1);
  });
});

describe('a second document', () => {
  it('goes into the same engine, and its blank nodes are others', async () => {
    const text = '<http://e/a> <http://e/p> _:x .';
    const options = { format: 'turtle', profile: 'rdfs-plus' } as const;
    const { engine } = await loadOntology(text, options);
    const rules = engine.rules.length;
    const { report } = await loadOntology(text, { ...options, into: engine });
    expect(report.triples).toBe(1);
    expect(engine.count('triple')).toBe(2);
    expect(engine.rules).toHaveLength(rules);
  });
});

describe('triples as RDF/JS', () => {
  it('match a pattern, as a source and as a dataset', async () => {
    const { engine } = await load(':a :p :b, "x"@en . :c :p :b .', 'rdfs-plus');
    const source = triplesOf(engine);
    const p = rdfTerm('http://e/p');
    expect([...source.quads(null, p, rdfTerm('http://e/b'))].map(({ subject }) => subject.value).sort()).toEqual([
      'http://e/a',
      'http://e/c',
    ]);
    const streamed: string[] = [];
    for await (const { object } of source.match(rdfTerm('http://e/a')) as unknown as AsyncIterable<{
      object: { value: string };
    }>)
      streamed.push(object.value);
    expect(streamed.sort()).toEqual(['http://e/b', 'x']);
    const [quad] = [...source];
    expect(source.has(quad!)).toBe(true);
    expect([...source.quads(null, null, null, rdfTerm('http://e/g'))]).toEqual([]);
  });

  it('are written so that reading them gives the same again', async () => {
    const { engine } = await load(':a :p "say \\"hi\\"\\n"@en, 1, [ :q :b ] .', 'rdfs-plus');
    for (const format of ['turtle', 'n-triples'] as const) {
      const text = await writeTriples(engine, { format, view: 'asserted', prefixes: { e: 'http://e/' } });
      const again = await loadOntology(text, { format, profile: 'rdfs-plus' });
      const plain = (rows: Iterable<readonly string[]>) =>
        [...rows].map((row) => row.map((term) => (term.startsWith('_:') ? '_' : term)).join(' ')).sort();
      expect(plain(again.engine.findAsserted('triple'))).toEqual(plain(engine.findAsserted('triple')));
      expect(await writeTriples(engine, { format, view: 'asserted', prefixes: { e: 'http://e/' } })).toBe(text);
    }
  });
});

describe('documents that are loaded at the same time', () => {
  it('keep their blank nodes apart', async () => {
    const engine = createEngine({ relations: ontologyRelations });
    const texts = ['[] <urn:p> <urn:a> .', '[] <urn:q> <urn:b> .'];
    const loading = texts.map((text) => loadOntology(text, { format: 'turtle', profile: 'rdfs-plus', into: engine }));
    await Promise.all(loading);
    expect(new Set(Array.from(engine.find('triple'), ([subject]) => subject)).size).toBe(2);
    const unknown = loadOntology('', { format: 'turtle', profile: 'owl' as never });
    await expect(unknown).rejects.toMatchObject({ code: 'OptionsInvalid' });
  });
});
