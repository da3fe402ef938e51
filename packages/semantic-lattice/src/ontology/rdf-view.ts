// An engine's triples as RDF/JS sees them: a Source that SPARQL engines and stores read, and a dataset that can be looked at. Nothing
// is copied: quads are made while they are read. Rules may derive triples whose subject is a literal or whose predicate is no IRI
// (generalised RDF); those are no RDF/JS quads, so the view leaves them out and says how many there are.

import { Readable } from 'node:stream';
import type * as RDF from '@rdfjs/types';
import { DataFactory, Writer } from 'n3';
import { objectIn, optionsIn, refuseInput } from '../errors/index.js';
import { any } from '../facts/index.js';
import type { OntologyEngine } from './load-ontology.js';
import { isBlankText, isLiteralText, rdfTerm, termText } from './rdf-terms.js';

/** Which triples a view shows: those that were given, or those that follow too. */
export type TripleView = 'asserted' | 'inferred';

/** Options of {@link triplesOf}. */
export interface TriplesOptions {
  /** Default `inferred`. */
  readonly view?: TripleView;
}

/** A read-only view of an engine's triples. It follows the engine: each look sees the facts of that moment. */
export class TripleSource implements RDF.Source<RDF.Quad>, Iterable<RDF.Quad> {
  readonly #engine: OntologyEngine;
  readonly #view: TripleView;

  /** @internal By {@link triplesOf}. */
  constructor(engine: OntologyEngine, view: TripleView) {
    this.#engine = engine;
    this.#view = view;
  }

  /** How many quads the view shows. Counts them. */
  get size(): number {
    let size = 0;
    for (const _ of this.texts()) size += 1;
    return size;
  }

  /** Triples that hold and are no RDF: a literal for a subject, or a predicate that is no IRI. */
  get generalised(): number {
    let count = 0;
    for (const [subject, predicate] of this.#rows([any, any, any])) if (!isRdf(subject, predicate)) count += 1;
    return count;
  }

  /** All quads of the view. */
  [Symbol.iterator](): IterableIterator<RDF.Quad> {
    return this.quads();
  }

  /** Whether the view shows a quad. */
  has(quad: RDF.Quad): boolean {
    const { subject, predicate, object, graph } = quad;
    return !this.quads(subject, predicate, object, graph).next().done;
  }

  /** The quads that match; a term that is left out, `null` or a variable matches every term. All are of the default graph. */
  *quads(
    subject?: RDF.Term | null,
    predicate?: RDF.Term | null,
    object?: RDF.Term | null,
    graph?: RDF.Term | null,
  ): IterableIterator<RDF.Quad> {
    if (isGiven(graph) && graph.termType !== 'DefaultGraph') return;
    const wanted = (term: RDF.Term | null | undefined) => (isGiven(term) ? termText(term) : any);
    for (const [s, p, o] of this.texts([wanted(subject), wanted(predicate), wanted(object)])) yield quadOf(s, p, o);
  }

  /** {@link TripleSource.quads} as a stream, as RDF/JS's `Source` asks. */
  match(
    subject?: RDF.Term | null,
    predicate?: RDF.Term | null,
    object?: RDF.Term | null,
    graph?: RDF.Term | null,
  ): RDF.Stream<RDF.Quad> {
    return Readable.from(this.quads(subject, predicate, object, graph)) as unknown as RDF.Stream<RDF.Quad>;
  }

  /** The triples that match, as an engine's terms. @internal */
  *texts(pattern: TriplePattern = [any, any, any]): IterableIterator<readonly [string, string, string]> {
    for (const row of this.#rows(pattern)) if (isRdf(row[0], row[1])) yield row;
  }

  #rows(pattern: TriplePattern): Iterable<readonly [string, string, string]> {
    return this.#view === 'asserted'
      ? this.#engine.findAsserted('triple', pattern)
      : this.#engine.find('triple', pattern);
  }
}

type TriplePattern = readonly [string | typeof any, string | typeof any, string | typeof any];

/** The triples of an ontology's engine as an RDF/JS source and dataset. */
export function triplesOf(engine: OntologyEngine, options: TriplesOptions = {}): TripleSource {
  const { view = 'inferred' } = optionsIn('the options of triplesOf', options);
  if (typeof (engine as OntologyEngine | undefined)?.findAsserted !== 'function')
    refuseInput('the engine', engine, 'give the engine of an ontology');
  if (view !== 'inferred' && view !== 'asserted') refuseInput('view', view, "give 'inferred' or 'asserted'");
  return new TripleSource(engine, view);
}

/** How triples are written. */
export interface WritingOptions extends TriplesOptions {
  readonly format: 'turtle' | 'n-triples';
  /** Prefixes for Turtle: names and IRIs. */
  readonly prefixes?: Readonly<Record<string, string>>;
}

/** The triples of an ontology's engine as text, sorted, so that equal facts give equal texts. */
export async function writeTriples(engine: OntologyEngine, options: WritingOptions): Promise<string> {
  const { format, prefixes = {}, view } = objectIn('the options of writeTriples', options);
  if (format !== 'turtle' && format !== 'n-triples') refuseInput('format', format, "give 'turtle' or 'n-triples'");
  for (const [name, iri] of Object.entries(objectIn('prefixes', prefixes)))
    if (typeof iri !== 'string') refuseInput(`prefixes.${name}`, iri, 'give an IRI');
  const writer = new Writer({ format: format === 'turtle' ? 'text/turtle' : 'application/n-triples', prefixes });
  const rows = [...triplesOf(engine, view === undefined ? {} : { view }).texts()];
  const keyed = rows.map((row) => ({ key: row.join('\u0000'), row })).sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const { row } of keyed) writer.addQuad(quadOf(...row) as never);
  return new Promise((resolve, reject) => {
    writer.end((error: Error | null, text: string) => (error ? reject(error) : resolve(text)));
  });
}

function quadOf(subject: string, predicate: string, object: string): RDF.Quad {
  return DataFactory.quad(rdfTerm(subject) as never, rdfTerm(predicate) as never, rdfTerm(object) as never) as RDF.Quad;
}

function isRdf(subject: string, predicate: string): boolean {
  return !isLiteralText(subject) && !isLiteralText(predicate) && !isBlankText(predicate);
}

function isGiven(term: RDF.Term | null | undefined): term is RDF.Term {
  return term !== undefined && term !== null && term.termType !== 'Variable';
}
