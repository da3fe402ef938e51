// Every syntax gives the same triples; what is no RDF is refused with its line; blank nodes of two documents stay two.
import { Readable } from 'node:stream';
import { ungoverned } from '@tenstrip/shared-core';
import { DataFactory, Parser } from 'n3';
import { describe, expect, it } from 'vitest';
import { type RdfFormat, type RdfSource, readRdf } from '../../../src/ontology/rdf-reader.js';

async function read(
  source: RdfSource,
  format: RdfFormat,
  more: { blankNodes?: string; baseIri?: string; maxTermLength?: number } = {},
) {
  const triples: (string | number | undefined)[][] = [];
  const options = { format, blankNodes: 'd', maxTermLength: 1000, context: ungoverned.context(), ...more };
  const summary = await readRdf(source, options, (...triple) => triples.push(triple));
  return { triples, summary };
}

const xsd = 'http://www.w3.org/2001/XMLSchema#';
const expected = [
  ['http://e/a', 'http://e/p', 'http://e/b'],
  ['http://e/a', 'http://e/q', `"1"^^${xsd}integer`],
  ['http://e/a', 'http://e/q', '"say \\ "hi"\nthere"@en-gb'],
];

describe('reading RDF', () => {
  it.each([
    ['turtle', '@prefix e: <http://e/> .\ne:a e:p e:b ;\n  e:q 1, "say \\\\ \\"hi\\"\\nthere"@en-GB .\n', [2, 3, 3]],
    [
      'n-triples',
      `<http://e/a> <http://e/p> <http://e/b> .\n<http://e/a> <http://e/q> "1"^^<${xsd}integer> .\n<http://e/a> <http://e/q> "say \\\\ \\"hi\\"\\nthere"@en-gb .\n`,
      [1, 2, 3],
    ],
    [
      'rdf-xml',
      `<?xml version="1.0"?>\n<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">\n<rdf:Description rdf:about="http://e/a">\n<e:p rdf:resource="http://e/b"/>\n<e:q rdf:datatype="${xsd}integer">1</e:q>\n<e:q xml:lang="en-GB">say \\ "hi"\nthere</e:q>\n</rdf:Description></rdf:RDF>`,
      [4, 5, 7],
    ],
  ] as const)('gives the triples of %s with their lines', async (format, text, lines) => {
    const { triples } = await read(text, format);
    expect(triples).toEqual(expected.map((triple, i) => [...triple, lines[i]]));
    // The same in pieces of bytes that cut characters anywhere.
    const bytes = Buffer.from(text);
    const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.subarray(i * 7, i * 7 + 7));
    expect((await read(Readable.from(pieces), format)).triples.map((triple) => triple.slice(0, 3))).toEqual(expected);
  });

  it('takes quads of another parser', async () => {
    const quads = new Parser().parse('@prefix e: <http://e/> . e:a e:p e:b, _:x .');
    const { triples } = await read(quads as never, 'quads', { blankNodes: 'k' });
    expect(triples[0]).toEqual([...expected[0]!, undefined]);
    expect(triples[1]![2]).toMatch(/^_:k/);
  });

  it('counts what a triple cannot say', async () => {
    const graph = await read('<http://e/g> { <http://e/a> <http://e/p> <http://e/b> }', 'trig');
    expect(graph.summary).toEqual({ triples: 1, inNamedGraphs: 1, withTripleTerms: 0 });
    const term = DataFactory.quad(DataFactory.namedNode('a'), DataFactory.namedNode('b'), DataFactory.namedNode('c'));
    const quoted = DataFactory.quad(DataFactory.namedNode('a'), DataFactory.namedNode('b'), term as never);
    const triple = await read([quoted] as never, 'quads');
    expect(triple).toEqual({ triples: [], summary: { triples: 0, inNamedGraphs: 0, withTripleTerms: 1 } });
  });

  it('gives equal texts equal blank nodes, apart from labels of another document', async () => {
    const text = '<http://e/a> <http://e/p> [], _:x, _:b1, ( 1 ) .';
    const once = await read(text, 'turtle', { blankNodes: 'd' });
    expect(await read(text, 'turtle', { blankNodes: 'd' })).toEqual(once);
    const blank = (triples: unknown[][]) => new Set(triples.flat().filter((term) => String(term).startsWith('_:')));
    expect(blank(once.triples).size).toBe(4);
    const other = await read(text, 'turtle', { blankNodes: 'e' });
    expect(new Set([...blank(once.triples), ...blank(other.triples)]).size).toBe(8);
  });

  it.each([
    ['turtle', '<http://e/a> <http://e/p> <http://e/b> .\n\n<http://e/a> <http://e/p> .', /line 3/],
    ['n-triples', '<http://e/a> <http://e/p> "open .', /line 1/],
    [
      'rdf-xml',
      '<?xml version="1.0"?>\n<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n<a></b></rdf:RDF>',
      /RDF/,
    ],
    [
      'rdf-xml',
      '<?xml version="1.0"?>\n<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">\n<rdf:Description rdf:about="http://e/a"><e:p>x</e:p></rdf:Description>',
      /unclosed tag: rdf:RDF/,
    ],
    ['rdf-xml', '', /root element/],
    ['turtle', `<http://e/a> <http://e/p> "${'x'.repeat(1001)}" .`, /1003 characters; at most 1000/],
  ] as const)('refuses what is no %s, and says where', async (format, text, message) => {
    await expect(read(text, format)).rejects.toMatchObject({
      code: 'OntologyInvalid',
      message: expect.stringMatching(message),
    });
  });

  it('refuses a syntax that it does not read', async () => {
    await expect(read('', 'rdfxml' as never)).rejects.toMatchObject({ code: 'OptionsInvalid' });
  });

  it('refuses what is no UTF-8', async () => {
    const source = Readable.from([Buffer.from([0x3c, 0xff, 0x3e])]);
    await expect(read(source, 'turtle')).rejects.toMatchObject({ code: 'OntologyInvalid' });
  });

  it('ends when it is told to', async () => {
    const text = '<http://e/a> <http://e/p> <http://e/b> .\n'.repeat(10_000);
    const context = ungoverned.context({ signal: AbortSignal.abort() } as never);
    const options = { format: 'turtle', blankNodes: 'd', maxTermLength: 1000, context } as const;
    await expect(readRdf(text, options, () => {})).rejects.toMatchObject({ code: 'OperationAborted' });
  });
});
