// The examples run, and end as they say.
import { expect, it } from 'vitest';
import { linesOfExample } from '../../../tools/test-example.mjs';
import { requireTool } from '../../../tools/test-requirements.mjs';

const linesOf = (example: string, env?: NodeJS.ProcessEnv) => linesOfExample(`attestation-authority/${example}`, env);

it('a build is attested, and accepted by another verifier', { timeout: 300_000 }, async () => {
  const [, verified, tampered, sigstore] = await linesOf('attest-a-build');
  expect(verified).toBe('verified by both, under the root builds.example/log');
  expect(tampered).toMatch(/^a tampered file: [A-Z_]+$/);
  expect(sigstore).toMatch(/^@sigstore\/verify accepts/);
});

it('a delegated identity is believed until it, or its delegation, is revoked', { timeout: 300_000 }, async () => {
  const lines = await linesOf('delegated-service-identity');
  expect(lines.map((line) => line.replace(/\+[0-9a-f]{8}$/, ''))).toEqual([
    'the ledger service: believed, delegated by ca.example/root',
    'without the delegation: UNKNOWN_KEY',
    'a service of another team: SCOPE_EXCEEDED',
    'after its revocation: REVOKED',
    'after the delegation was revoked: REVOKED',
  ]);
});

const needs = ['swtpm', 'tpm2_quote'].map(requireTool);

it.skipIf(needs.some(({ available }) => !available))(
  'a device is enrolled, appraised and attested by its TPM, and refused when it replays or changed',
  { timeout: 300_000 },
  async () => {
    expect(await linesOf('device-quote')).toEqual([
      'enrolled: the attestation key is in the TPM with this endorsement key',
      'appraised: good by the policy "web servers", 2 PCRs',
      'attested: believed by proof, entry 0',
      'the same answer again: NONCE_REUSED',
      'an old quote for a new challenge: NONCE_MISMATCH',
      'after something else was started: PCR_MISMATCH',
    ]);
  },
);

it('without a TPM in software the example of a device says what to install', { timeout: 300_000 }, async () => {
  expect(await linesOf('device-quote', { ...process.env, PATH: '' })).toEqual([
    'This example needs a TPM in software: sudo apt-get install -y swtpm tpm2-tools',
  ]);
});
