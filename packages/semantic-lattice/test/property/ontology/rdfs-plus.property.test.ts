// The nine rules on random graphs give what N3.js's reasoner gives, after every change too.
import fc from 'fast-check';
import * as n3 from 'n3';
import { DataFactory, Parser, Store } from 'n3';
import { expect, it } from 'vitest';
import { n3Rules } from '../../../bench/vocabularies/vocabularies.mjs';
import { createEngine, ontologyRelations, profileRules } from '../../../src/index.js';

// Newer than its types.
const { Reasoner } = n3 as unknown as { Reasoner: new (store: Store) => { reason(rules: Store): void } };
const rules = new Store(new Parser({ format: 'text/n3' }).parse(n3Rules));
const rdfs = 'http://www.w3.org/2000/01/rdf-schema#';
const owl = 'http://www.w3.org/2002/07/owl#';
const type = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type';
const node = fc.constantFrom(...'abcdpq').map((name) => `http://e/${name}`);
const triple = fc.oneof(
  fc.tuple(node, node, node),
  fc.tuple(
    node,
    fc.constantFrom(
      ...['subClassOf', 'subPropertyOf', 'domain', 'range'].map((name) => rdfs + name),
      `${owl}inverseOf`,
      type,
    ),
    node,
  ),
  fc.tuple(node, fc.constant(type), fc.constant(`${owl}TransitiveProperty`)),
);

it('the nine rules derive what another reasoner derives', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(triple, { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 3 }),
      async (triples, retractions) => {
        const engine = createEngine({ relations: ontologyRelations });
        engine.addRules(profileRules['rdfs-plus']);
        await engine.transact((tx) => tx.insertAll('triple', triples));
        let left = triples;
        for (const each of [undefined, ...retractions]) {
          const gone = each === undefined ? undefined : left[each % left.length];
          if (gone !== undefined) {
            await engine.transact((tx) => tx.retract('triple', ...gone));
            left = left.filter((other) => other.join() !== gone.join());
          }
          const store = new Store(
            left.map(([s, p, o]) =>
              DataFactory.quad(DataFactory.namedNode(s), DataFactory.namedNode(p), DataFactory.namedNode(o)),
            ),
          );
          new Reasoner(store).reason(rules);
          const expected = store
            .getQuads(null, null, null, null)
            .map(({ subject, predicate, object }) => [subject.value, predicate.value, object.value].join(' '));
          expect([...engine.find('triple')].map((row) => row.join(' ')).sort()).toEqual(expected.sort());
        }
      },
    ),
    { numRuns: 80 },
  );
});
