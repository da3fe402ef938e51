// Somebody who guesses a little over ssh and a little at an API: too little for either, together one decision. The page shows
// why, and whoever has only the page can check the proof.

import { readFileSync, writeFileSync } from 'node:fs';
import { createVerifier, sha256 } from '@tenstrip/shared-core/crypto';
import { leafHash, parseVerifierKey, verifyTlogProof } from '@tenstrip/shared-core/transparency';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failedLogins, refusedLogins } from './attack-lines';
import { documentOf, type RunDocument, Scratch, watchtower } from './run-watchtower';

describe('an actor in two logs', () => {
  const scratch = new Scratch();
  afterAll(() => scratch[Symbol.dispose]());
  const noon = new Date('2026-03-01T12:00:00Z');
  let document: RunDocument;
  let page: string;

  beforeAll(async () => {
    const [auth, access, report] = [scratch.path('auth.log'), scratch.path('access.log'), scratch.path('report.html')];
    const elsewhere = failedLogins('203.0.113.6', 3, noon);
    writeFileSync(auth, failedLogins('203.0.113.5', 3, noon) + elsewhere);
    writeFileSync(access, refusedLogins('203.0.113.5', 3, new Date(noon.getTime() + 5000)));
    document = documentOf(await watchtower(scratch.folder, '--json', '--report', report, auth, access));
    page = readFileSync(report, 'utf8');
  });

  test('gets one decision, and nobody else any', () => {
    expect(document.blocked).toMatchObject([
      { target: '203.0.113.5', scenarios: ['tenstrip/cross-domain'], evidence: 6 },
    ]);
    expect(document.blocked[0]!.decisions).toHaveLength(1);
  });

  test('is explained on the page: rule and version, lines of both logs, length, rails and the way back', () => {
    for (const text of ['tenstrip/cross-domain', 'version 1.0.0', 'sshd[1000]', 'POST /api/login']) {
      expect(page).toContain(text);
    }
    expect(page).toContain('4 h at first, the first ban in 30 days');
    for (const rail of ['SELF', 'ALLOW_LIST', 'FEEDBACK_LOOP', 'SPOOFABLE', 'SHARED_ADDRESS'])
      expect(page).toContain(rail);
    expect(page).toContain('ledger.revoke(');
  });

  test('can be held against the ledger’s key with nothing but the page', () => {
    const blocks = [...page.matchAll(/<p class="muted">(entry \d+|proof|key)<\/p><pre>([\s\S]*?)<\/pre>/g)];
    const unescaped = (text: string) =>
      text.replace(/<br>/g, '\n').replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
    const [entry, proof, key] = blocks.map((block) => unescaped(block[2]!));
    const policy = {
      logs: [{ key: parseVerifierKey(key!.trim(), sha256)! }],
      witnesses: [],
      groups: [],
      quorum: 'none',
    };
    const verdict = (text: string) =>
      verifyTlogProof(proof!, leafHash(Buffer.from(text), sha256), policy, createVerifier().verify, sha256);
    expect(verdict(entry!.trimEnd())).toMatchObject({ verified: true });
    expect(verdict(entry!.trimEnd().replace('"ban"', '"observe"'))).toMatchObject({ verified: false });
  });
});
