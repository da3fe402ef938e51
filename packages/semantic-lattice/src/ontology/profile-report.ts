// What of an ontology its rule set does not cover. A construct counts as covered where every conclusion that OWL draws from it in that
// position is drawn by the rules; whatever is not known to be so is named, with the first place where it stands.

import { namespaces } from './rdf-terms.js';

const { owl, rdf, rdfs } = namespaces;

/** Which rules an ontology is read with. */
export type OntologyProfile = 'rdfs' | 'rdfs-plus' | 'owl-rl';

/** A construct that the rules do not cover, or not everywhere. */
export interface UncoveredConstruct {
  /** The term of the vocabulary: `owl:hasKey`. */
  readonly construct: string;
  /** How many triples use it so. */
  readonly count: number;
  /** The first of them. */
  readonly first: TriplePlace;
  /** What is not concluded. */
  readonly reason: string;
}

/** Where a triple stands: its place among the triples read, from 1, and where the syntax tells the line on which it ends. */
export interface TriplePlace {
  readonly triple: readonly [subject: string, predicate: string, object: string];
  readonly ordinal: number;
  readonly line?: number;
}

/** What came of loading an ontology. */
export interface ProfileReport {
  readonly profile: OntologyProfile;
  /** Triples read, each counted as often as it stands there. */
  readonly triples: number;
  /** Whether every construct is covered: then all that the profile concludes is there. */
  readonly complete: boolean;
  /** Sorted by construct, then reason. */
  readonly uncovered: readonly UncoveredConstruct[];
}

/** Where a node stands that is a class expression. */
const asSubclass = 1;
const asSuperclass = 2;
const elsewhere = 4;

/** Terms of OWL without consequences: nothing is lost when no rule reads them. */
const withoutConsequences = new Set(
  'Ontology AnnotationProperty OntologyProperty NamedIndividual Axiom Annotation DeprecatedClass DeprecatedProperty versionInfo versionIRI priorVersion backwardCompatibleWith incompatibleWith deprecated annotatedSource annotatedProperty annotatedTarget DataRange'.split(
    ' ',
  ),
);

/** Terms that the nine rules read in full. */
const inRdfsPlus = 'TransitiveProperty inverseOf'.split(' ');

/** Terms that the rules of OWL RL read in full, wherever they stand. */
const inOwlRl =
  'sameAs differentFrom AllDifferent members distinctMembers FunctionalProperty InverseFunctionalProperty IrreflexiveProperty SymmetricProperty AsymmetricProperty propertyChainAxiom equivalentProperty propertyDisjointWith AllDisjointProperties sourceIndividual assertionProperty targetIndividual targetValue NegativePropertyAssertion Thing Nothing Class Restriction onProperty intersectionOf hasValue equivalentClass disjointWith AllDisjointClasses ObjectProperty DatatypeProperty'.split(
    ' ',
  );

/** Terms that the rules of OWL RL read where the expression stands on one side only, and what is lost on the other. */
const oneSided: Readonly<Record<string, { allowed: number; reason: string }>> = {
  someValuesFrom: { allowed: asSubclass, reason: 'as a superclass it would need an individual that nobody named' },
  unionOf: { allowed: asSubclass, reason: 'as a superclass it is a choice between classes, which no rule makes' },
  oneOf: { allowed: asSubclass, reason: 'as a superclass it is a choice between individuals, which no rule makes' },
  allValuesFrom: { allowed: asSuperclass, reason: 'as a subclass it would need that there is no other value' },
  complementOf: { allowed: asSuperclass, reason: 'as a subclass it would need that a type does not hold' },
  maxCardinality: { allowed: asSuperclass, reason: 'as a subclass it would need that there are no more values' },
};

const reasons: Readonly<Record<string, string>> = {
  imports: 'imports are not followed; load the ontology that is named too',
  hasKey: 'keys (prp-key) are not covered',
  cardinality: 'OWL RL has no exact cardinality',
  qualifiedCardinality: 'OWL RL has no exact cardinality',
  minCardinality: 'it would need individuals that nobody named',
  minQualifiedCardinality: 'it would need individuals that nobody named',
  maxQualifiedCardinality: 'qualified maxima (cls-maxqc1 to 4) are not covered',
  hasSelf: 'OWL RL has no hasSelf',
  disjointUnionOf: 'OWL RL has no disjoint union',
  ReflexiveProperty: 'OWL RL has no reflexive properties',
  onDatatype: 'restrictions of datatypes are not covered',
  withRestrictions: 'restrictions of datatypes are not covered',
  datatypeComplementOf: 'complements of datatypes are not covered',
};

/** Collects what a report says while triples pass by. */
export class ProfileReporter {
  readonly #profile: OntologyProfile;
  readonly #covered: ReadonlySet<string>;
  readonly #found = new Map<string, { construct: string; count: number; first: TriplePlace; reason: string }>();
  /** Class expressions whose sides matter: the construct, its first place, by node. */
  readonly #oneSided: { node: string; name: string; place: TriplePlace }[] = [];
  readonly #positions = new Map<string, number>();
  #ordinal = 0;

  constructor(profile: OntologyProfile) {
    this.#profile = profile;
    this.#covered = new Set(
      profile === 'rdfs' ? [] : profile === 'rdfs-plus' ? inRdfsPlus : [...inRdfsPlus, ...inOwlRl],
    );
  }

  /** Looks at a triple. */
  see(subject: string, predicate: string, object: string, line: number | undefined): void {
    this.#ordinal += 1;
    if (this.#profile === 'owl-rl') this.#position(subject, predicate, object);
    const inOwl = predicate.startsWith(owl)
      ? predicate
      : predicate === `${rdf}type` && object.startsWith(owl)
        ? object
        : '';
    if (inOwl === '') {
      if (this.#profile === 'rdfs-plus') this.#seeRdfs(subject, predicate, object, line);
      return;
    }
    const name = inOwl.slice(owl.length);
    if (withoutConsequences.has(name) || this.#covered.has(name)) return;
    const place = this.#place(subject, predicate, object, line);
    if (this.#profile !== 'owl-rl' || !Object.hasOwn(oneSided, name)) {
      this.#add(`owl:${name}`, place, this.#reason(name));
    } else if (name === 'maxCardinality' && !/^"0*[01]"/.test(object)) {
      this.#add('owl:maxCardinality', place, 'OWL RL has maxima of 0 and 1 only');
    } else this.#oneSided.push({ node: subject, name, place });
  }

  /** Counts what a source had that is no triple. */
  leftOut(construct: string, count: number, reason: string): void {
    if (count === 0) return;
    this.#found.set(construct, { construct, count, first: { triple: ['', '', ''], ordinal: 0 }, reason });
  }

  report(): ProfileReport {
    for (const { node, name, place } of this.#oneSided) {
      const { allowed, reason } = oneSided[name]!;
      if (((this.#positions.get(node) ?? elsewhere) & ~allowed) !== 0) this.#add(`owl:${name}`, place, reason);
    }
    this.#oneSided.length = 0;
    const uncovered = [...this.#found.values()].sort((a, b) =>
      a.construct === b.construct ? (a.reason < b.reason ? -1 : 1) : a.construct < b.construct ? -1 : 1,
    );
    return { profile: this.#profile, triples: this.#ordinal, complete: uncovered.length === 0, uncovered };
  }

  /** On which sides nodes stand. Inside another expression counts as elsewhere: what that asks of its parts is not followed. */
  #position(subject: string, predicate: string, object: string): void {
    switch (predicate) {
      case `${rdfs}subClassOf`:
        this.#mark(subject, asSubclass);
        this.#mark(object, asSuperclass);
        break;
      case `${rdfs}domain`:
      case `${rdfs}range`:
      case `${rdf}type`:
        this.#mark(object, asSuperclass);
        break;
      case `${owl}equivalentClass`:
        this.#mark(subject, elsewhere);
        this.#mark(object, elsewhere);
        break;
      case `${rdf}first`:
        this.#mark(object, elsewhere);
        break;
      default:
        if (predicate.startsWith(owl)) this.#mark(object, elsewhere);
    }
  }

  #mark(node: string, position: number): void {
    this.#positions.set(node, (this.#positions.get(node) ?? 0) | position);
  }

  /** The nine rules are less than RDFS: what else of it has consequences. */
  #seeRdfs(subject: string, predicate: string, object: string, line: number | undefined): void {
    const isMembership =
      object === `${rdfs}ContainerMembershipProperty` || /^_[1-9]\d*$/.test(predicate.slice(rdf.length));
    if (!isMembership || !(predicate.startsWith(rdf) || predicate === `${rdf}type`)) return;
    this.#add(
      'rdfs:member',
      this.#place(subject, predicate, object, line),
      'memberships of containers are not covered (rdfs12)',
    );
  }

  #reason(name: string): string {
    if (this.#profile !== 'owl-rl' && name !== 'imports') return `the profile ${this.#profile} has no rule for it`;
    return reasons[name] ?? 'no rule reads it';
  }

  #place(subject: string, predicate: string, object: string, line: number | undefined): TriplePlace {
    const triple = [subject, predicate, object] as const;
    return { triple, ordinal: this.#ordinal, ...(line === undefined ? {} : { line }) };
  }

  #add(construct: string, first: TriplePlace, reason: string): void {
    const key = `${construct} ${reason}`;
    const known = this.#found.get(key);
    if (known === undefined) this.#found.set(key, { construct, count: 1, first, reason });
    else known.count += 1;
  }
}
