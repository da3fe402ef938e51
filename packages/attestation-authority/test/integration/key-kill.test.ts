// The keys of an authority that keeps its own: made by two processes at once, and replaced by one that is killed with SIGKILL meanwhile.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Attestation, AttestationAuthority, AttestationVerifier } from '@tenstrip/attestation-authority';
import { seededRandom } from '@tenstrip/shared-core';
import { afterAll, expect, it } from 'vitest';
import { killWhileWriting } from '../../../../tools/test-kill.mjs';
import { requireFull } from '../../../../tools/test-requirements.mjs';

const root = mkdtempSync(join(tmpdir(), 'attestation-key-kill-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const isFull = requireFull().available;

const open = (folder: string) =>
  AttestationAuthority.open({ folder, origin: 'keys.example', passphrase: 'correct horse' });
const issue = (authority: AttestationAuthority, name: string) =>
  authority.issue({
    subject: [{ name, digest: { sha256: '00'.repeat(32) } }],
    predicateType: 'https://example.com/p',
    predicate: {},
    validity: { notAfter: new Date(Date.now() + 86_400_000) },
    revocable: false,
  });

it('goes on after kills at random moments of a rotation, and believes all that it issued', async () => {
  const random = seededRandom('kill rotation');
  const program = new URL('rotate-until-killed.child.mjs', import.meta.url);
  const kills = isFull ? 50 : 2; // a root has at most 64 keys
  const folder = mkdtempSync(join(root, 'rotated-'));
  const issued: Attestation[] = [];
  for (let kill = 0; kill <= kills; kill++) {
    {
      await using authority = await open(folder);
      issued.push(await issue(authority, `after ${kill}`));
      expect(await authority.audit()).toEqual([]);
      const verifier = new AttestationVerifier({ roots: [authority.trustRoot()], status: { missing: 'accept' } });
      for (const one of issued) expect(verifier.verify(one, { time: Date.now() })).toMatchObject({ ok: true });
    }
    const known = new Set(['signing.key', 'next.key', 'keys.json', 'log']);
    const others = readdirSync(folder).filter((name) => !known.has(name));
    for (const name of others) expect(name).toMatch(/^\.tenstrip-draft-/);
    // A rotation writes at its beginning and its end, and has scrypt between them.
    const afterMs = random.float() * (kill % 2 === 0 ? 10 : 500);
    if (kill < kills) await killWhileWriting(program, { folder, args: [folder], afterMs });
  }
}, 900_000);

it('makes its first key once, when two processes open it at once', async () => {
  for (let round = 0; round < (isFull ? 10 : 1); round++) {
    const folder = mkdtempSync(join(root, 'made-'));
    const ends = await Promise.allSettled([open(folder), open(folder)]);
    const opened = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
    expect(opened).toHaveLength(1);
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'LogLocked' });
    const { vkey } = opened[0]!;
    await opened[0]!.close();
    await using again = await open(folder);
    expect(again.vkey).toBe(vkey);
  }
});
