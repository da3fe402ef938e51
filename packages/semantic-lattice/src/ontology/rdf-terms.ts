// RDF terms as an engine's terms: an IRI is itself, a blank node `_:label`, a literal `"text"`, `"text"@language` or
// `"text"^^datatype`, with nothing escaped. These are N3.js's own identifiers, so that its parser makes them. Languages are in
// lower case, which RDF 1.1 Concepts, 3.3, allows and their comparison asks for.

import type * as RDF from '@rdfjs/types';
import { DataFactory, termFromId, termToId } from 'n3';
import { refuseInput, textIn } from '../errors/index.js';

/** The term of an engine for an RDF term. */
export function termText(term: RDF.Term): string {
  if (typeof (term as RDF.Term | undefined)?.termType !== 'string') refuseInput('a term', term, 'give an RDF/JS term');
  if (term.termType === 'Literal' && term.language !== '') {
    const language = term.language.toLowerCase();
    if (language !== term.language) return termToId(DataFactory.literal(term.value, language));
  }
  return termToId(term as Parameters<typeof termToId>[0]);
}

/** The RDF term of an engine's term. */
export function rdfTerm(text: string): RDF.Term {
  return termFromId(textIn('a term', text)) as unknown as RDF.Term;
}

/** Whether an engine's term is a literal. */
export function isLiteralText(text: string): boolean {
  return text.charCodeAt(0) === 34;
}

/** Whether an engine's term is a blank node. */
export function isBlankText(text: string): boolean {
  return text.startsWith('_:');
}

/** Namespaces of the W3C's own vocabularies. */
export const namespaces = {
  rdf: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#',
  rdfs: 'http://www.w3.org/2000/01/rdf-schema#',
  owl: 'http://www.w3.org/2002/07/owl#',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
} as const;
