// Delegation never widens: whatever a random chain of delegations says, what its last key can have believed lies inside every
// scope above it. Judged by a check of its own, straight from the scopes.
import { ResourceGovernor, testing } from '@tenstrip/shared-core';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type Attestation,
  AttestationAuthority,
  AttestationVerifier,
  type ChainLink,
  delegationType,
  StatusSnapshot,
  statusListType,
} from '../../src/index.js';

const hour = 3_600_000;
const links = 10;
let governor: ResourceGovernor;
let authorities: AttestationAuthority[];
let start: number;
beforeAll(async () => {
  governor = new ResourceGovernor(testing('delegation'));
  start = governor.clock.now();
  authorities = [];
  for (let at = 0; at < links; at++) {
    authorities.push(await AttestationAuthority.open({ folder: 'memory:', origin: `k${at}.example`, governor }));
  }
});
afterAll(async () => {
  for (const authority of authorities) await authority.close();
  await governor.close();
});

const subjects = ['*', 'a*', 'ab*', 'abc', 'b*', 'ab'];
const types = ['*', 'https://t/*', 'https://t/1', 'https://t/2', 'https://u/1'];

interface Given {
  readonly subjects: readonly string[];
  readonly predicateTypes: readonly string[];
  readonly hours: number;
  readonly maxDepth: number;
}

const scope: fc.Arbitrary<Given> = fc.record({
  subjects: fc.uniqueArray(fc.constantFrom(...subjects), { minLength: 1, maxLength: 3 }),
  predicateTypes: fc.uniqueArray(fc.constantFrom(...types), { minLength: 1, maxLength: 3 }),
  hours: fc.integer({ min: 1, max: 4 }),
  maxDepth: fc.integer({ min: 0, max: 7 }),
});

/** Scopes that narrow often enough for chains to be accepted now and then. */
const chainOf: fc.Arbitrary<readonly Given[]> = fc
  .tuple(fc.array(scope, { maxLength: 9 }), fc.integer({ min: 0, max: 9 }))
  .map(([scopes, mischief]) =>
    scopes.map((given, at) =>
      at === mischief
        ? given
        : { ...given, subjects: ['*'], predicateTypes: ['*'], hours: 4, maxDepth: Math.max(0, 7 - at) },
    ),
  );

const matches = (pattern: string, name: string) =>
  new RegExp(`^${pattern.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&').replace('\\*', '.*')}$`).test(name);

async function delegate(from: AttestationAuthority, to: AttestationAuthority, given: Given): Promise<ChainLink> {
  return from.issue({
    subject: [{ name: to.origin, digest: { sha256: '00'.repeat(32) } }],
    predicateType: delegationType,
    predicate: {
      keys: [to.vkey],
      subjects: given.subjects,
      predicateTypes: given.predicateTypes,
      notAfter: new Date(start + given.hours * hour).toISOString(),
      maxDepth: given.maxDepth,
    },
    validity: { notAfter: new Date(start + 9 * hour) },
    revocable: false,
  });
}

it('lets nobody say what somebody above may not say', { timeout: 60_000 }, async () => {
  let accepted = 0;
  let widened = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(scope, fc.constant({ subjects: ['*'], predicateTypes: ['*'], hours: 4, maxDepth: 8 })),
      chainOf,
      fc.constantFrom('abc', 'ab', 'b', 'zz'),
      fc.constantFrom('https://t/1', 'https://u/1'),
      fc.integer({ min: 0, max: 4 }),
      async (root, scopes, name, predicateType, hours) => {
        const chain: ChainLink[] = [];
        for (const [at, given] of scopes.entries())
          chain.push(await delegate(authorities[at]!, authorities[at + 1]!, given));
        const leaf = await authorities[scopes.length]!.issue({
          subject: [{ name, digest: { sha256: '00'.repeat(32) } }],
          predicateType,
          predicate: {},
          validity: { notAfter: new Date(start + 9 * hour) },
          revocable: false,
        });
        const verifier = new AttestationVerifier({
          status: { missing: 'accept' },
          roots: [
            authorities[0]!.trustRoot({
              subjects: root.subjects,
              predicateTypes: root.predicateTypes,
              notAfter: new Date(start + root.hours * hour),
              maxDepth: root.maxDepth,
            }),
          ],
        });
        const verdict = verifier.verify({ ...leaf, chain }, { time: start + hours * hour });
        const all = [root, ...scopes];
        const isInside = all.every(
          (given) =>
            given.subjects.some((pattern) => matches(pattern, name)) &&
            given.predicateTypes.some((pattern) => matches(pattern, predicateType)) &&
            hours < given.hours,
        );
        const isShallow = all.every((given, at) => scopes.length - at <= given.maxDepth);
        if (verdict.ok) {
          accepted++;
          expect([isInside, isShallow, scopes.length <= 8]).toEqual([true, true, true]);
        } else if (verdict.code === 'DELEGATION_WIDENS') widened++;
      },
    ),
    { numRuns: 250 },
  );
  expect(accepted).toBeGreaterThan(5);
  expect(widened).toBeGreaterThan(5);
});

it('delegates status lists by their whole name only', async () => {
  const [root, delegateAuthority] = authorities as [AttestationAuthority, AttestationAuthority];
  const verifier = new AttestationVerifier({ roots: [root.trustRoot()], status: { missing: 'accept' } });
  const [list] = (await delegateAuthority.publishStatus()) as [Attestation];
  const everything = { subjects: ['*'], hours: 4, maxDepth: 0 };
  const wide = await delegate(root, delegateAuthority, { ...everything, predicateTypes: ['*'] });
  expect(verifier.readStatusList({ ...list, chain: [wide] }, start)).toMatchObject({ code: 'SCOPE_EXCEEDED' });
  const named = await delegate(root, delegateAuthority, { ...everything, predicateTypes: [statusListType] });
  expect(verifier.readStatusList({ ...list, chain: [named] }, start)).toMatchObject({ ok: true });
});

it('refuses a chain of another kind by name', async () => {
  const [root, second, third] = authorities as [AttestationAuthority, AttestationAuthority, AttestationAuthority];
  const verifier = new AttestationVerifier({ roots: [root.trustRoot()], status: { missing: 'accept' } });
  const open = { subjects: ['*'], predicateTypes: ['*'], hours: 4 };
  const first = await delegate(root, second, { ...open, maxDepth: 1 });
  const next = await delegate(second, third, { ...open, maxDepth: 0 });
  const by = async (authority: AttestationAuthority) =>
    authority.issue({
      subject: [{ name: 'x', digest: { sha256: '00'.repeat(32) } }],
      predicateType: 'https://t/1',
      predicate: {},
      validity: { notAfter: new Date(start + hour) },
      revocable: false,
    });
  const verdict = async (authority: AttestationAuthority, chain: readonly ChainLink[]) =>
    verifier.verify({ ...(await by(authority)), chain }, { time: start, status: StatusSnapshot.empty });
  expect(await verdict(third, [first, next])).toMatchObject({
    ok: true,
    delegatedBy: [expect.stringMatching(/^k0/), expect.stringMatching(/^k1/)],
  });
  expect(await verdict(third, [next, first])).toMatchObject({
    code: 'UNKNOWN_KEY',
    path: expect.stringContaining('chain[0]'),
  });
  expect(await verdict(third, [first])).toMatchObject({
    code: 'UNKNOWN_KEY',
    path: expect.stringContaining('attestation'),
  });
  expect(await verdict(second, [await by(root)])).toMatchObject({ code: 'DELEGATION_INVALID' });
  expect(await verdict(second, Array(9).fill(first))).toMatchObject({ code: 'CHAIN_TOO_LONG' });
  const damaged = { ...first, proof: next.proof! };
  expect(await verdict(second, [damaged])).toMatchObject({ ok: false, path: expect.stringContaining('chain[0]') });
});
