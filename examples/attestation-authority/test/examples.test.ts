// The examples run, and end as they say.
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const repository = resolve(__dirname, '../../..');

async function linesOf(example: string): Promise<string[]> {
  const path = `examples/attestation-authority/${example}.ts`;
  const tsNode = resolve(repository, 'node_modules/ts-node/dist/bin.js');
  const { stdout } = await promisify(execFile)(process.execPath, [tsNode, path], { cwd: repository });
  return stdout.trimEnd().split('\n');
}

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
