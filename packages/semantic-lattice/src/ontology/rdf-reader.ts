// RDF from text, bytes or quads, through libraries: N3.js for the Turtle family, rdfxml-streaming-parser for RDF/XML. Text is read in
// pieces, with a checkpoint after each; a triple goes to its receiver as an engine's terms, without a list of quads in between.

import { EventEmitter } from 'node:events';
import type * as RDF from '@rdfjs/types';
import type { OperationContext } from '@tenstrip/shared-core';
import { DataFactory, Parser } from 'n3';
import { RdfXmlParser } from 'rdfxml-streaming-parser';
import { latticeError, objectIn, refuseInput, textOf } from '../errors/index.js';
import { termText } from './rdf-terms.js';

/** Syntaxes of RDF that are read. `quads`: RDF/JS quads of whatever parser. */
export type RdfFormat = 'turtle' | 'trig' | 'n-triples' | 'n-quads' | 'rdf-xml' | 'quads';

/** Text, pieces of text or of UTF-8 (a file's read stream), or RDF/JS quads. */
export type RdfSource = string | AsyncIterable<string | Uint8Array> | Iterable<RDF.Quad> | AsyncIterable<RDF.Quad>;

/** How a source is read. */
export interface ReadingOptions {
  readonly format: RdfFormat;
  /** Against which relative IRIs are resolved. Default: they are refused in RDF/XML, and kept as they are elsewhere. */
  readonly baseIri?: string;
  /** What blank nodes' labels begin with, so that those of two documents differ. */
  readonly blankNodes: string;
  /** Characters of one term. */
  readonly maxTermLength: number;
  readonly context: OperationContext;
}

/** Takes a triple; `line` is where it ends, from 1, where the syntax tells. @returns nothing */
export type TripleReceiver = (subject: string, predicate: string, object: string, line: number | undefined) => void;

/** What reading left out, since a triple cannot say it. */
export interface ReadingSummary {
  readonly triples: number;
  /** Quads of named graphs: read as triples of the one graph that there is. */
  readonly inNamedGraphs: number;
  /** Quads with a triple for a term (RDF 1.2), which were left out. */
  readonly withTripleTerms: number;
}

const pieceLength = 1 << 16;
const n3Formats = {
  turtle: 'text/turtle',
  trig: 'application/trig',
  'n-triples': 'application/n-triples',
  'n-quads': 'application/n-quads',
};

/**
 * Reads a source to its end.
 *
 * @throws TenstripError `OntologyInvalid` for what is no RDF of that syntax, with the line where it is known, and `OptionsInvalid`
 * for a syntax that is not read
 */
export async function readRdf(
  source: RdfSource,
  options: ReadingOptions,
  receive: TripleReceiver,
): Promise<ReadingSummary> {
  const formats = [...Object.keys(n3Formats), 'rdf-xml', 'quads'];
  if (!formats.includes(options.format)) {
    const problem = `format is ${textOf(options.format)}: one of ${formats.join(', ')}`;
    throw latticeError('OptionsInvalid', problem, { issues: [problem] });
  }
  const isText = typeof source === 'string' && options.format !== 'quads';
  const given = source as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
  const isPieces =
    typeof given?.[Symbol.asyncIterator] === 'function' || typeof given?.[Symbol.iterator] === 'function';
  if (!isText && (typeof source === 'string' || !isPieces))
    refuseInput('the source', source, options.format === 'quads' ? 'give RDF/JS quads' : 'give a text or its pieces');
  const summary = { triples: 0, inNamedGraphs: 0, withTripleTerms: 0 };
  const take = (quad: RDF.Quad, line: number | undefined) => {
    const { subject, predicate, object, graph } = quad;
    if ([subject, predicate, object].some(({ termType }) => termType === 'Quad' || termType === 'Variable')) {
      summary.withTripleTerms += 1;
      return;
    }
    if (graph.termType !== 'DefaultGraph') summary.inNamedGraphs += 1;
    summary.triples += 1;
    const terms = [termText(subject), termText(predicate), termText(object)] as const;
    const long = terms.find((term) => term.length > options.maxTermLength);
    if (long !== undefined) {
      throw invalid(`a term has ${long.length} characters; at most ${options.maxTermLength} (maxTermLength)`, line);
    }
    receive(...terms, line);
  };
  if (options.format === 'quads') await readQuads(source as Iterable<RDF.Quad>, options, take);
  else if (options.format === 'rdf-xml') await readRdfXml(pieces(source as string), options, take);
  else await readN3(pieces(source as string), options, take);
  return summary;
}

type QuadTaker = (quad: RDF.Quad, line: number | undefined) => void;

async function readQuads(
  source: Iterable<RDF.Quad> | AsyncIterable<RDF.Quad>,
  { blankNodes, context }: ReadingOptions,
  take: QuadTaker,
): Promise<void> {
  const renamed = <T extends RDF.Term>(term: T): T =>
    term.termType === 'BlankNode' ? (DataFactory.blankNode(`${blankNodes}${term.value}`) as unknown as T) : term;
  for await (const quad of source) {
    const { subject, predicate, object, graph } = objectIn('a quad', quad);
    for (const term of [subject, predicate, object, graph]) objectIn('a term of a quad', term);
    await context.checkpoint();
    take(
      DataFactory.quad(
        renamed(subject) as never,
        predicate as never,
        renamed(object) as never,
        graph as never,
      ) as RDF.Quad,
      undefined,
    );
  }
}

async function readN3(texts: AsyncIterable<string>, options: ReadingOptions, take: QuadTaker): Promise<void> {
  const { format, baseIri, blankNodes, context } = options;
  let line = 1;
  let made = 0;
  let failure: unknown;
  const factory = {
    ...DataFactory,
    blankNode: (label?: string) => {
      made += 1;
      return DataFactory.blankNode(label ?? `${blankNodes}${made}`);
    },
  };
  const parser = new Parser({
    format: n3Formats[format as keyof typeof n3Formats],
    factory,
    // A label of the document begins with something that no number does, so that none is one that was made.
    blankNodePrefix: `${blankNodes}l-`,
    ...(baseIri === undefined ? {} : { baseIRI: baseIri }),
  } as ConstructorParameters<typeof Parser>[0]);
  const input = new EventEmitter();
  const handlers = {
    onQuad(error: Error | null, quad: RDF.Quad | null) {
      if (error) failure ??= malformed(error);
      else if (quad !== null && failure === undefined) take(quad, line);
    },
    onToken(token: { line: number }) {
      line = token.line;
    },
  };
  parser.parse(input as never, handlers as never);
  for await (const text of texts) {
    input.emit('data', text);
    if (failure !== undefined) throw failure;
    await context.checkpoint();
  }
  input.emit('end');
  if (failure !== undefined) throw failure;
}

async function readRdfXml(texts: AsyncIterable<string>, options: ReadingOptions, take: QuadTaker): Promise<void> {
  const { baseIri, blankNodes, context } = options;
  let made = 0;
  const dataFactory = {
    ...DataFactory,
    blankNode: (label?: string) => {
      made += 1;
      return DataFactory.blankNode(label === undefined ? `${blankNodes}${made}` : `${blankNodes}l-${label}`);
    },
  };
  const parser = new RdfXmlParser({
    dataFactory: dataFactory as unknown as RDF.DataFactory,
    trackPosition: true,
    ...(baseIri === undefined ? {} : { baseIRI: baseIri }),
  });
  let failure: unknown;
  const saxes = (parser as unknown as { saxParser: { line: number; close(): unknown } }).saxParser;
  parser.on('data', (quad: RDF.Quad) => {
    try {
      if (failure === undefined) take(quad, saxes.line);
    } catch (error) {
      failure = error;
    }
  });
  const ended = new Promise<void>((resolve, reject) => {
    parser.on('end', resolve);
    parser.on('error', (error: Error) => {
      failure ??= malformed(error);
      reject(failure);
    });
  });
  ended.catch(() => {}); // looked at below
  for await (const text of texts) {
    if (!parser.write(text)) await Promise.race([new Promise((resolve) => parser.once('drain', resolve)), ended]);
    if (failure !== undefined) throw failure;
    await context.checkpoint();
  }
  parser.end();
  await ended;
  // The library does not ask whether the document had come to its end.
  saxes.close();
  if (failure !== undefined) throw failure;
}

/** A source's text, in pieces. */
async function* pieces(source: string | AsyncIterable<string | Uint8Array>): AsyncGenerator<string> {
  if (typeof source === 'string') {
    for (let at = 0; at < source.length; at += pieceLength) yield source.slice(at, at + pieceLength);
    return;
  }
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const piece of source) {
      if (typeof piece !== 'string' && !(piece instanceof Uint8Array))
        refuseInput('a piece of the source', piece, 'give strings or bytes');
      yield typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true });
    }
    yield decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw invalid('it is not UTF-8', undefined);
  }
}

function malformed(error: Error): Error {
  const known =
    (error as { context?: { line?: number }; line?: number }).context?.line ?? (error as { line?: number }).line;
  return invalid(error.message.replace(/\.$/, ''), known, error);
}

function invalid(problem: string, line: number | undefined, cause?: unknown): Error {
  const where = line === undefined ? '' : `line ${line}: `;
  return latticeError(
    'OntologyInvalid',
    `the source is no RDF that can be read: ${where}${problem}`,
    line === undefined ? {} : { line },
    { cause },
  );
}
