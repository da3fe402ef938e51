// An engine from an ontology: triples into one relation, a rule set over it, and a report of what the rules do not cover.

import { type OperationContext, ungoverned } from '@tenstrip/shared-core';
import { createEngine, type Engine, type EngineOptions, type Transaction } from '../engine/index.js';
import {
  countIn,
  iterableIn,
  latticeError,
  objectIn,
  optionsIn,
  refuseInput,
  textIn,
  textOf,
} from '../errors/index.js';
import type { Budget } from '../fixpoint/index.js';
import { type LiteralMeaning, RecognisedDatatypes } from './datatypes.js';
import { ontologyRelations } from './ontology-relations.js';
import { type OntologyProfile, type ProfileReport, ProfileReporter } from './profile-report.js';
import { type RdfFormat, type RdfSource, readRdf } from './rdf-reader.js';
import { namespaces } from './rdf-terms.js';
import { owlRlRules, rdfsPlusRules } from './rule-sets/owl-rl.js';
import { rdfsRules } from './rule-sets/rdfs.js';

const { owl, rdf, xsd } = namespaces;

/** The engine of an ontology. */
export type OntologyEngine = Engine<typeof ontologyRelations>;

/** How an ontology is loaded. */
export interface OntologyOptions {
  readonly format: RdfFormat;
  /** `rdfs`: all of RDFS; `rdfs-plus`: nine rules that most vocabularies need; `owl-rl`: a first part of OWL 2 RL. */
  readonly profile: OntologyProfile;
  /** Against which relative IRIs are resolved. */
  readonly baseIri?: string;
  /**
   * Datatypes whose values are known to the rules: their literals are replaced by one text for each value, and ill-typed ones are
   * inconsistent. XML Schema's numbers, booleans and strings, and `rdf:langString`. Default: none; literals are equal as texts.
   */
  readonly datatypes?: readonly string[];
  /** Characters of one term. Default 1,048,576. */
  readonly maxTermLength?: number;
  /** The engine to read it into, after another document: its blank nodes stay apart from those of earlier ones. Default: a new one. */
  readonly into?: OntologyEngine;
  /** Options of a new engine. */
  readonly engine?: Omit<EngineOptions, 'relations' | 'functions'>;
  /** Bounds of the evaluation. */
  readonly budget?: Budget;
  readonly context?: OperationContext;
}

/** An ontology's engine, and what its rules do not cover. */
export interface Ontology {
  readonly engine: OntologyEngine;
  readonly report: ProfileReport;
}

/** The rules of a profile, as text. */
export const profileRules: Readonly<Record<OntologyProfile, string>> = {
  rdfs: rdfsRules,
  'rdfs-plus': rdfsPlusRules,
  'owl-rl': owlRlRules,
};

/**
 * Reads an ontology and derives what follows from it.
 *
 * @throws TenstripError `OntologyInvalid` for what is no RDF of that format, `OptionsInvalid` for a datatype that is not known, and
 * what `transact` throws
 */
export async function loadOntology(source: RdfSource, options: OntologyOptions): Promise<Ontology> {
  objectIn('the options of loadOntology', options);
  optionsIn('engine', options.engine);
  const { context = ungoverned.context(), budget, into } = options;
  if (into !== undefined && typeof into?.addRules !== 'function')
    refuseInput('into', into, 'give the engine of an ontology');
  const engine = into ?? createEngine({ ...options.engine, relations: ontologyRelations });
  const { insertInto, report } = await readOntology(source, {
    ...options,
    context,
    blankNodes: nextBlankNodes(engine),
  });
  useProfile(engine, options.profile);
  await engine.transact(insertInto, { context, ...(budget === undefined ? {} : { budget }) });
  return { engine, report };
}

/** Documents that were read into an engine so far, finished or not. */
const documentsOf = new WeakMap<object, number>();

/** What the labels of the next document's blank nodes begin with: no other document's do, even if they are read at the same time. */
export function nextBlankNodes(engine: object): string {
  const number = documentsOf.get(engine) ?? 0;
  documentsOf.set(engine, number + 1);
  return `d${number}-`;
}

/** By engine: the last rule of each profile that it was given. */
const profilesOf = new WeakMap<object, Map<OntologyProfile, string>>();

/** Adds the rules of a profile to an engine that has not got them, or no longer because they were dropped. */
export function useProfile(engine: Pick<OntologyEngine, 'addRules' | 'rules'>, profile: OntologyProfile): void {
  const known = profilesOf.get(engine) ?? new Map();
  if (known.has(profile) && engine.rules.includes(known.get(profile)!)) return;
  engine.addRules(profileRules[profile]);
  profilesOf.set(engine, known.set(profile, engine.rules.at(-1)!));
}

/** A source read to its end, to be inserted into any engine that has the relations of an ontology. */
export interface ReadOntology {
  readonly insertInto: (transaction: Transaction<typeof ontologyRelations>) => void;
  readonly report: ProfileReport;
}

/** How a source is read; `blankNodes` is what its labels begin with. */
export type OntologyReading = Pick<
  OntologyOptions,
  'format' | 'profile' | 'baseIri' | 'datatypes' | 'maxTermLength'
> & {
  readonly context: OperationContext;
  readonly blankNodes: string;
};

/** Reads a source without an engine. @throws TenstripError `OntologyInvalid`, `OptionsInvalid` */
export async function readOntology(source: RdfSource, options: OntologyReading): Promise<ReadOntology> {
  const { format, profile, baseIri, datatypes = [], maxTermLength = 1_048_576, context, blankNodes } = options;
  countIn('maxTermLength', maxTermLength, 1);
  iterableIn('datatypes', datatypes);
  if (baseIri !== undefined) textIn('baseIri', baseIri);
  if (typeof profile !== 'string' || !Object.hasOwn(profileRules, profile)) {
    const problem = `profile is ${textOf(profile)}: one of ${Object.keys(profileRules).join(', ')}`;
    throw latticeError('OptionsInvalid', problem, { issues: [problem] });
  }
  const reporter = new ProfileReporter(profile);
  const facts = new OntologyFacts(datatypes);
  const base = baseIri === undefined ? {} : { baseIri };
  const reading = { format, blankNodes, maxTermLength, context, ...base };
  const summary = await readRdf(source, reading, (subject, predicate, object, line) => {
    reporter.see(subject, predicate, object, line);
    facts.add(subject, predicate, object);
  });
  reporter.leftOut('named graphs', summary.inNamedGraphs, 'their triples are read as those of one graph');
  reporter.leftOut('triple terms', summary.withTripleTerms, 'triples that have a triple for a term are left out');
  return { insertInto: (transaction) => facts.insertInto(transaction), report: reporter.report() };
}

/** What was read, until the end of the source: a transaction is built at once, when all of it is known to be RDF. */
class OntologyFacts {
  readonly #recognised: RecognisedDatatypes;
  /** Three for each triple. */
  readonly #terms: string[] = [];
  readonly #literals = new Map<string, LiteralMeaning>();
  readonly #memberships = new Set<string>();
  readonly #maxima = new Map<string, string>();

  constructor(datatypes: readonly string[]) {
    this.#recognised = new RecognisedDatatypes(datatypes);
  }

  add(subject: string, predicate: string, object: string): void {
    const meaning = this.#recognised.meaning(object);
    if (meaning !== undefined) this.#literals.set(meaning.term, meaning);
    const value = meaning?.term ?? object;
    this.#terms.push(subject, predicate, value);
    for (const term of [subject, predicate, object]) if (isMembership(term)) this.#memberships.add(term);
    if (predicate !== `${owl}maxCardinality`) return;
    const maximum = /^"0*([01])"\^\^(.*)$/.exec(object);
    if (maximum?.[2]?.startsWith(xsd)) this.#maxima.set(value, maximum[1]!);
  }

  insertInto(transaction: Transaction<typeof ontologyRelations>): void {
    const terms = this.#terms;
    for (let at = 0; at < terms.length; at += 3)
      transaction.insert('triple', terms[at]!, terms[at + 1]!, terms[at + 2]!);
    for (const datatype of this.#recognised.iris) transaction.insert('recognised', datatype);
    for (const { term, types, excluded, illTyped } of this.#literals.values()) {
      for (const datatype of types) transaction.insert('literalType', term, datatype);
      for (const datatype of excluded) transaction.insert('excluded', term, datatype);
      if (illTyped !== undefined) transaction.insert('illTyped', term, illTyped);
    }
    for (const term of this.#memberships) transaction.insert('membership', term);
    for (const [literal, maximum] of this.#maxima) transaction.insert('cardinality', literal, maximum);
  }
}

function isMembership(term: string): boolean {
  return term.startsWith(`${rdf}_`) && /^[1-9]\d*$/.test(term.slice(rdf.length + 1));
}
