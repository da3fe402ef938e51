// What is derived from real vocabularies passes the checker, every fact of it. The benchmark does the same with all 106.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  CertificateChecker,
  certify,
  givenFacts,
  loadOntology,
  ontologyRelations,
  profileRules,
} from '@tenstrip/semantic-lattice';
import { expect, it } from 'vitest';

const manifests = ['prov', 'dcat', 'foaf', 'skos'].map((name) => require.resolve(`@vocabulary/${name}/package.json`));
const documents = manifests.map((manifest) => {
  const folder = dirname(manifest);
  return readFileSync(join(folder, readdirSync(folder).find((file) => file.endsWith('.nq'))!), 'utf8');
});

it.each(['rdfs-plus', 'owl-rl', 'rdfs'] as const)(
  'every fact that %s derives has a certificate that is accepted',
  { timeout: 120_000 },
  async (profile) => {
    const options = { format: 'n-quads', profile } as const;
    const [first = '', ...others] = documents;
    const { engine } = await loadOntology(first, options);
    for (const text of others) await loadOntology(text, { ...options, into: engine });
    const facts = engine.relations.flatMap((relation) =>
      [...engine.find(relation)].map((values) => ({ relation, values })),
    );
    const certificate = await certify(engine, facts);
    const checker = new CertificateChecker({
      rules: profileRules[profile],
      relations: ontologyRelations,
      facts: givenFacts(engine),
    });
    const verdict = checker.check(certificate);
    expect(verdict).toMatchObject({ valid: true, factsChecked: true });
    expect(facts.length).toBeGreaterThan(3000);
    expect(certificate.claims).toHaveLength(facts.length);
  },
);
