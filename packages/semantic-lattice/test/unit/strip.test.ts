// The strip: JSON in and out under a governor, sandboxed without code from strings, deterministic by its digest.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSigner, type GovernorOptions, PluginRegistry, ResourceGovernor, testing } from '@tenstrip/shared-core';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { minInteger, rel, semanticLatticeStrip } from '../../src/index.js';

const relations = {
  edge: rel('term', 'term'),
  reach: rel('term', 'term'),
  road: rel('term', 'term', 'integer'),
  dist: rel('term', 'term', minInteger),
};
const rules = `reach(X, Y) :- edge(X, Y). reach(X, Z) :- reach(X, Y), edge(Y, Z).
dist(X, Y, W) :- road(X, Y, W). dist(X, Z, D + W) :- dist(X, Y, D), road(Y, Z, W).`;
const folder = mkdtempSync(join(tmpdir(), 'semantic-lattice-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const mount = (registry: PluginRegistry) => {
  const signer = createSigner(new Uint8Array(32).fill(3));
  return registry.mount(semanticLatticeStrip, { relations, rules, signer });
};
async function mounted<T>(
  use: (call: Awaited<ReturnType<typeof mount>>['call']) => Promise<T>,
  limits: GovernorOptions = testing('lattice'),
): Promise<T> {
  await using governor = new ResourceGovernor(limits);
  await using registry = new PluginRegistry({ governor });
  return await use((await mount(registry)).call);
}
const fact = (relation: string, ...values: (string | number)[]) => ({ relation, values });

describe('the strip', () => {
  it('asserts, derives, asks, says what would change, and retracts', async () => {
    await mounted(async (call) => {
      const change = await call.transactFacts({ insert: [fact('edge', 'a', 'b'), fact('edge', 'b', 'c')] });
      expect(change).toMatchObject({ revision: 1, counts: { added: 5, removed: 0, updated: 0 } });
      expect(await call.queryPattern({ relation: 'reach', pattern: ['a', null] })).toEqual({
        rows: [
          ['a', 'b'],
          ['a', 'c'],
        ],
        truncated: false,
        revision: 1,
      });
      expect(await call.queryPattern({ relation: 'reach', view: 'asserted' })).toMatchObject({ rows: [] });
      expect(await call.queryPattern({ relation: 'reach', limit: 1 })).toMatchObject({ truncated: true });
      const retract = [fact('edge', 'b', 'c')];
      expect(await call.transactFacts({ retract, whatIf: true })).toMatchObject({
        revision: 1,
        counts: { removed: 3 },
      });
      expect((await call.queryPattern({ relation: 'reach' })).rows).toHaveLength(3);
      await expect(call.transactFacts({ retract, expectRevision: 7 })).rejects.toMatchObject({
        code: 'RevisionConflict',
      });
      expect(await call.transactFacts({ retract })).toMatchObject({ revision: 2, counts: { removed: 3 } });
    });
  });

  it('has values of lattices as their texts', async () => {
    await mounted(async (call) => {
      await call.transactFacts({
        insert: [fact('road', 'a', 'b', 9), fact('road', 'a', 'c', 2), fact('road', 'c', 'b', 3)],
      });
      expect(await call.queryPattern({ relation: 'dist', pattern: ['a', 'b', null] })).toMatchObject({
        rows: [['a', 'b', '5']],
      });
      const { updated } = await call.transactFacts({ insert: [fact('road', 'a', 'b', 1)] });
      expect(updated).toEqual([{ relation: 'dist', key: ['a', 'b'], before: '5', after: '1' }]);
      await expect(call.explainFact(fact('dist', 'a', 'b', 'near'))).rejects.toMatchObject({ code: 'FactInvalid' });
    });
  });

  it('explains, certifies with its key, and checks', async () => {
    await mounted(async (call) => {
      await call.transactFacts({ insert: [fact('edge', 'a', 'b'), fact('edge', 'b', 'c'), fact('road', 'a', 'b', 4)] });
      const { steps } = await call.explainFact(fact('reach', 'a', 'c'));
      expect(steps.map(({ by }) => by)).toEqual(['asserted', 'rule', 'asserted', 'rule']);
      const claims = [fact('reach', 'a', 'c'), fact('dist', 'a', 'b', '4')];
      const { certificate } = await call.certifyFact({ claims });
      const publicKey = Buffer.from(createSigner(new Uint8Array(32).fill(3)).publicKey).toString('base64');
      expect(await call.checkCertificate({ certificate, publicKey })).toMatchObject({
        valid: true,
        signedBy: publicKey,
      });
      const other = Buffer.from(new Uint8Array(32)).toString('base64');
      expect(await call.checkCertificate({ certificate, publicKey: other })).toMatchObject({
        valid: false,
        at: 'signature',
      });
      expect(await call.checkCertificate({ certificate, facts: [] })).toMatchObject({ valid: false, at: 'facts' });
      await call.transactFacts({ retract: [fact('edge', 'a', 'b')] });
      expect(await call.checkCertificate({ certificate })).toMatchObject({ valid: false, at: 'facts' });
    });
  });

  it('asks orders, which follow the facts, and completes them', async () => {
    await mounted(async (call) => {
      const pairs = ['ac', 'ad', 'bc', 'bd'].map((pair) => fact('edge', ...pair));
      await call.transactFacts({ insert: pairs });
      const ask = (op: 'joins' | 'meets' | 'covers', ...terms: string[]) =>
        call.queryOrder({ relation: 'edge', op, terms });
      expect(await ask('joins', 'a', 'b')).toEqual({ terms: ['c', 'd'] });
      expect(await call.queryOrder({ relation: 'edge', op: 'width' })).toMatchObject({ width: { width: 2 } });
      expect(await call.completeLattice({ relation: 'edge' })).toEqual({
        completion: 'edge@1',
        elements: 4,
        cuts: 7,
        added: 3,
        missingJoins: [[], ['a', 'b'], ['c', 'd']],
      });
      const lattice = (op: 'cut' | 'leq' | 'join' | 'meet', ...cuts: string[][]) =>
        call.queryCompletion({ completion: 'edge@1', op, cuts });
      const middle = { cut: ['a', 'b'], element: false };
      expect(await lattice('join', ['a'], ['b'])).toEqual(middle);
      expect(await lattice('meet', ['c'], ['d'])).toEqual(middle);
      expect(await lattice('cut', ['a', 'b'])).toEqual(middle);
      expect(await lattice('meet', ['a', 'b'], ['a'])).toEqual({ cut: ['a'], element: true });
      expect(await lattice('meet', ['a'], ['b'])).toEqual({ cut: [], element: false });
      expect(await lattice('leq', ['a', 'b'], ['d'])).toEqual({ holds: true });
      expect(await lattice('leq', ['c'], ['a', 'b'])).toEqual({ holds: false });
      await expect(lattice('leq', ['c'])).rejects.toMatchObject({ code: 'OptionsInvalid' });
      await expect(lattice('cut', ['z'])).rejects.toMatchObject({ code: 'OptionsInvalid' });
      const other = call.queryCompletion({ completion: 'edge@7', op: 'cut', cuts: [[]] });
      await expect(other).rejects.toMatchObject({ code: 'CompletionUnknown', details: { known: ['edge@1'] } });
      await call.transactFacts({
        insert: [fact('edge', 'a', 'm'), fact('edge', 'b', 'm'), fact('edge', 'm', 'c'), fact('edge', 'm', 'd')],
      });
      expect(await ask('joins', 'a', 'b')).toEqual({ terms: ['m'] });
      // A completion is of the revision in its name, whatever comes.
      expect(await lattice('join', ['a'], ['b'])).toEqual(middle);
      await call.transactFacts({ retract: [fact('edge', 'a', 'c'), fact('edge', 'm', 'c'), fact('edge', 'm', 'd')] });
      expect(await lattice('meet', ['c'], ['d'])).toEqual(middle);
      await call.transactFacts({ insert: [fact('edge', 'm', 'c'), fact('edge', 'm', 'd')] });
      expect(await call.queryOrder({ relation: 'edge', op: 'leq', terms: ['a', 'd'] })).toEqual({ holds: true });
      await expect(call.queryOrder({ relation: 'road', op: 'covers', terms: ['a'] })).rejects.toMatchObject({
        code: 'OptionsInvalid',
      });
      await expect(ask('covers', 'a', 'b')).rejects.toMatchObject({ code: 'OptionsInvalid' });
    });
  });

  it('loads ontologies, from text and from files, and names what it does not cover', async () => {
    const path = join(folder, 'types.ttl');
    writeFileSync(
      path,
      '@prefix : <http://e/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . :D rdfs:subClassOf :E .',
    );
    const text =
      '@prefix : <http://e/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix owl: <http://www.w3.org/2002/07/owl#> . :C rdfs:subClassOf :D ; owl:hasKey ( :p ) .';
    await mounted(async (call) => {
      const first = await call.loadOntology({ text, format: 'turtle', profile: 'owl-rl' });
      expect(first).toMatchObject({
        triples: 4,
        complete: false,
        uncovered: [{ construct: 'owl:hasKey' }],
        inconsistencies: 0,
      });
      expect(await call.loadOntology({ path, format: 'turtle', profile: 'owl-rl' })).toMatchObject({
        triples: 1,
        complete: true,
      });
      const pattern = ['http://e/C', 'http://www.w3.org/2000/01/rdf-schema#subClassOf', 'http://e/E'];
      expect((await call.queryPattern({ relation: 'triple', pattern })).rows).toHaveLength(1);
      await expect(call.loadOntology({ format: 'turtle', profile: 'rdfs' })).rejects.toMatchObject({
        code: 'PluginInputInvalid',
      });
      const missing = { path: join(folder, 'none'), format: 'turtle', profile: 'rdfs' } as const;
      await expect(call.loadOntology(missing)).rejects.toMatchObject({ code: 'OntologyInvalid' });
    });
    const sandboxed = { ...testing('lattice'), sandbox: { grants: {} } };
    await mounted(async (call) => {
      await expect(call.loadOntology({ path, format: 'turtle', profile: 'owl-rl' })).rejects.toMatchObject({
        code: 'CapabilityDenied',
      });
    }, sandboxed);
  });

  it('builds no code from strings under a sandbox policy, and derives the same', async () => {
    const derive = (limits?: GovernorOptions) =>
      mounted(async (call) => {
        const { compiled } = await call.defineRules({ text: 'reach(X, X) :- edge(X, _).' });
        await call.transactFacts({
          insert: [fact('edge', 'a', 'b'), fact('edge', 'b', 'a'), fact('road', 'a', 'b', 3)],
        });
        return { compiled, digest: (await call.stateDigest({})).digest };
      }, limits);
    const open = await derive();
    const closed = await derive({ ...testing('lattice'), sandbox: { grants: {} } });
    expect([open.compiled, closed.compiled]).toEqual([true, false]);
    expect(closed.digest).toBe(open.digest);
  });

  it('keeps to budgets, all or nothing', async () => {
    await mounted(async (call) => {
      const insert = Array.from({ length: 60 }, (_, i) => fact('edge', `n${i}`, `n${i + 1}`));
      await expect(call.transactFacts({ insert, budget: { derivations: 50 } })).rejects.toMatchObject({
        code: 'BudgetExceeded',
      });
      expect(await call.materialise({})).toMatchObject({ revision: 0, added: 0 });
    });
  });

  it('refuses a relation that is its own, and rules that are none', async () => {
    await using governor = new ResourceGovernor(testing('lattice'));
    await using registry = new PluginRegistry({ governor });
    await expect(registry.mount(semanticLatticeStrip, { relations: { triple: rel('term') } })).rejects.toMatchObject({
      code: 'OptionsInvalid',
    });
    await expect(registry.mount(semanticLatticeStrip, { rules: 'p(X' })).rejects.toMatchObject({ code: 'RuleSyntax' });
  });

  it('has one digest for the same facts, whatever the batches and their order', { timeout: 60_000 }, async () => {
    const node = fc.constantFrom(...'abcde');
    const given = fc.uniqueArray(
      fc.oneof(
        fc.tuple(node, node).map(([a, b]) => fact('edge', a, b)),
        fc.tuple(node, node, fc.integer({ min: 0, max: 5 })).map(([a, b, w]) => fact('road', a, b, w)),
      ),
      { selector: (each) => JSON.stringify(each), minLength: 1, maxLength: 10 },
    );
    await fc.assert(
      fc.asyncProperty(
        given,
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 10, maxLength: 10 }),
        async (facts, sizes) => {
          const digest = (order: typeof facts, batches: readonly number[]) =>
            mounted(async (call) => {
              let at = 0;
              for (const size of batches) {
                await call.transactFacts({ insert: order.slice(at, at + size) });
                at += size;
              }
              return (await call.stateDigest({})).digest;
            });
          expect(await digest([...facts].reverse(), sizes)).toBe(await digest(facts, [facts.length]));
        },
      ),
      { numRuns: 30 },
    );
  });
});
