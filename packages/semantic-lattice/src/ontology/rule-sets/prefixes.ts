// The prefixes that the rule sets are written with.

import { namespaces } from '../rdf-terms.js';

export const prefixes = Object.entries(namespaces)
  .map(([name, iri]) => `@prefix ${name}: <${iri}>.`)
  .join('\n');
