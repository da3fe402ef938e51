export {
  loadOntology,
  nextBlankNodes,
  type Ontology,
  type OntologyEngine,
  type OntologyOptions,
  profileRules,
  readOntology,
  useProfile,
} from './load-ontology.js';
export { ontologyRelations } from './ontology-relations.js';
export type { OntologyProfile, ProfileReport, TriplePlace, UncoveredConstruct } from './profile-report.js';
export type { RdfFormat, RdfSource } from './rdf-reader.js';
export { rdfTerm, termText } from './rdf-terms.js';
export {
  TripleSource,
  type TriplesOptions,
  type TripleView,
  triplesOf,
  type WritingOptions,
  writeTriples,
} from './rdf-view.js';
