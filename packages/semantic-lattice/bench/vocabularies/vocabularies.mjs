// The 106 vocabularies that npm's @zazuko/vocabularies 4.0.0 gathers (each a package of its own: it adds parsers without a stated
// licence), and the nine rules that both sides apply, once as N3 and once as Datalog.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..', 'node_modules/@vocabulary');

/** Why the vocabularies are not there; nothing when they are. */
export function absentVocabularies() {
  return existsSync(folder) ? undefined : 'run `npm ci` in packages/semantic-lattice/bench';
}

/** The texts of all vocabularies, as N-Quads, each with its name. */
export function vocabularyTexts() {
  return readdirSync(folder)
    .sort()
    .flatMap((name) =>
      readdirSync(join(folder, name))
        .filter((file) => file.endsWith('.nq'))
        .map((file) => ({ name, text: readFileSync(join(folder, name, file), 'utf8') })),
    );
}

export const n3Rules = `
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
{?a rdfs:subClassOf ?b . ?b rdfs:subClassOf ?c} => {?a rdfs:subClassOf ?c} .
{?a rdfs:subPropertyOf ?b . ?b rdfs:subPropertyOf ?c} => {?a rdfs:subPropertyOf ?c} .
{?a rdfs:subClassOf ?b . ?x rdf:type ?a} => {?x rdf:type ?b} .
{?p rdfs:subPropertyOf ?q . ?x ?p ?y} => {?x ?q ?y} .
{?p rdfs:domain ?c . ?x ?p ?y} => {?x rdf:type ?c} .
{?p rdfs:range ?c . ?x ?p ?y} => {?y rdf:type ?c} .
{?p rdf:type owl:TransitiveProperty . ?x ?p ?y . ?y ?p ?z} => {?x ?p ?z} .
{?p owl:inverseOf ?q . ?x ?p ?y} => {?y ?q ?x} .
{?p owl:inverseOf ?q . ?x ?q ?y} => {?y ?p ?x} .
`;
