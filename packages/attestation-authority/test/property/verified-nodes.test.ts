// The cache of verified nodes over trees of several tiles and several checkpoints, in random order, with little room: whatever it
// has seen, right proofs are accepted and wrong ones get the verdict of a verifier that has seen nothing.
import { ResourceGovernor, testing } from '@tenstrip/shared-core';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Attestation, AttestationAuthority, AttestationVerifier, type Trust } from '../../src/index.js';

let governor: ResourceGovernor;
let trust: Trust;
const issued: Attestation[] = [];

beforeAll(async () => {
  governor = new ResourceGovernor(testing('nodes'));
  await using authority = await AttestationAuthority.open({ folder: 'memory:', origin: 'ca.example', governor });
  for (const count of [1, 300, 2, 513, 64]) {
    const requests = Array.from({ length: count }, (_, at) => ({
      subject: [{ name: `${count}/${at}`, digest: { sha256: '5a'.repeat(32) } }],
      predicateType: 'https://example.com/p',
      predicate: {},
      validity: { notAfter: new Date(governor.clock.now() + 1000) },
      revocable: false,
    }));
    issued.push(...(await authority.issueBatch(requests)));
  }
  trust = { roots: [authority.trustRoot()], status: { missing: 'accept' } };
});
afterAll(() => governor.close());

/** What is done to the lines of a proof: most of it is done to one line, some is taken from a neighbour's proof. */
const changes: Record<string, (lines: string[], at: number, neighbour: string[]) => void> = {
  none: () => {},
  double: (lines, at) => lines.splice(at, 0, lines[at]!),
  drop: (lines, at) => lines.splice(at, 1),
  swap: (lines, at) => lines.splice(at, 2, lines[at + 1] ?? '', lines[at]!),
  borrow: (lines, at, neighbour) => lines.splice(at, 1, neighbour[at] ?? ''),
  rest: (lines, at, neighbour) => lines.splice(at, lines.length, ...neighbour.slice(at)),
  insert: (lines, at, neighbour) => lines.splice(at, 0, neighbour[at] ?? ''),
  index: (lines, _, neighbour) => lines.splice(1, 1, neighbour[1]!),
  alphabet: (lines, at) => lines.splice(at, 1, lines[at]!.replace('/', '_').replace('+', '-')),
};

const step = fc.record({
  target: fc.nat(879),
  near: fc.integer({ min: -3, max: 3 }),
  line: fc.integer({ min: 1, max: 14 }),
  kind: fc.constantFrom('none', 'none', ...Object.keys(changes)),
});

it('judges like a verifier that has seen nothing, in any order, however little it keeps', { timeout: 60_000 }, () => {
  let accepted = 0;
  let refused = 0;
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 20, maxLength: 60 }),
      fc.integer({ min: 2, max: 12 }),
      fc.boolean(),
      (steps, maxTiles, inOrder) => {
        const warm = new AttestationVerifier(trust, { maxTiles, maxCheckpoints: 3 });
        if (inOrder) steps.sort((a, b) => a.target - b.target);
        for (const { target, near, line, kind } of steps) {
          const good = issued[target]!;
          const neighbour = issued[Math.min(879, Math.max(0, target + near))]!.proof!.split('\n');
          const lines = good.proof!.split('\n');
          changes[kind]!(lines, Math.min(line, lines.length - 1), neighbour);
          const attestation = { ...good, proof: lines.join('\n') };
          const verdict = warm.verify(attestation, { time: governor.clock.now() });
          expect(verdict).toEqual(new AttestationVerifier(trust).verify(attestation, { time: governor.clock.now() }));
          if (verdict.ok) accepted++;
          else refused++;
          if (attestation.proof === good.proof) expect(verdict.ok).toBe(true);
        }
      },
    ),
    { numRuns: process.env.TENSTRIP_FULL === '1' ? 500 : 40 },
  );
  expect(Math.min(accepted, refused)).toBeGreaterThan(100);
});
