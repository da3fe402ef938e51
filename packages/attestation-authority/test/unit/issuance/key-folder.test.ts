import { cp, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSigner, sha256 } from '@tenstrip/shared-core/crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Attestation,
  AttestationAuthority,
  AttestationVerifier,
  preAuthenticationEncoding,
  statementPayloadType,
} from '../../../src/index.js';

const options = { origin: 'ca.example/log', passphrase: 'correct horse' };
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attestation-keys-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (at = 'authority') => AttestationAuthority.open({ ...options, folder: join(folder, at) });
const issue = (authority: AttestationAuthority) =>
  authority.issue({
    subject: [{ name: 'a', digest: { sha256: '00'.repeat(32) } }],
    predicateType: 'https://t/1',
    predicate: {},
    validity: { notAfter: new Date(Date.now() + 3_600_000) },
    revocable: false,
    mode: 'both',
  });

/** Whether an authority goes on with this key, and believes what came before. */
async function expectKey(at: string, vkey: string, before: Attestation): Promise<void> {
  await using authority = await open(at);
  expect(authority.vkey).toBe(vkey);
  const verifier = new AttestationVerifier({ roots: [authority.trustRoot()], status: { missing: 'accept' } });
  for (const attestation of [before, await issue(authority)]) {
    expect(verifier.verify(attestation, { time: Date.now() })).toMatchObject({ ok: true });
  }
  expect(await authority.audit()).toEqual([]);
}

describe('an authority that keeps its own keys', () => {
  it('goes on with the next one when it is opened again, at whatever point of a rotation it was killed', async () => {
    const path = (...names: string[]) => join(folder, ...names);
    let first: string;
    let before: Attestation;
    {
      await using authority = await open();
      first = authority.vkey;
      before = await issue(authority);
    }
    await cp(path('authority'), path('before'), { recursive: true });
    let second: string;
    let untilSize: bigint | undefined;
    let rotation: Attestation;
    {
      await using authority = await open();
      const receipt = await authority.rotateKey();
      second = authority.vkey;
      untilSize = receipt.root.keys[0]!.untilSize;
      rotation = receipt.attestation;
      expect(second).not.toBe(first);
    }
    const payload = Buffer.from(rotation.envelope.payload, 'base64');
    const digest = Buffer.from(sha256(preAuthenticationEncoding(statementPayloadType, payload))).toString('hex');
    const intended = { from: first, to: second, atSize: String(untilSize), digest };
    const pending = JSON.stringify({ previous: [], pending: intended });

    // Killed when the next key was in its place, and the list of keys not yet written.
    await cp(path('authority'), path('replaced'), { recursive: true });
    await writeFile(path('replaced', 'keys.json'), pending);
    await expectKey('replaced', second, before);

    // Killed when the statement was logged, and the key not yet replaced.
    await cp(path('authority'), path('logged'), { recursive: true });
    await rename(path('logged', 'signing.key'), path('logged', 'next.key'));
    await cp(path('before', 'signing.key'), path('logged', 'signing.key'));
    await writeFile(path('logged', 'keys.json'), pending);
    await expectKey('logged', second, before);

    // Killed when the statement was not logged yet: the old key goes on.
    await cp(path('authority', 'signing.key'), path('before', 'next.key'));
    await writeFile(path('before', 'keys.json'), pending);
    await expectKey('before', first, before);

    await expectKey('authority', second, before);
    expect(rotation.envelope.signatures).toHaveLength(2);
  });

  it('refuses a damaged list of keys, and another signer for its next key', async () => {
    await using authority = await open();
    const next = createSigner(new Uint8Array(32).fill(1));
    await expect(authority.rotateKey(next)).rejects.toMatchObject({ code: 'RequestInvalid' });
    await authority.close();
    await writeFile(join(folder, 'authority', 'keys.json'), '{"previous":1}');
    await expect(open()).rejects.toMatchObject({ code: 'SigningKeyInvalid' });
  });
});
