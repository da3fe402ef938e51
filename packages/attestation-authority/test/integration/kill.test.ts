// A real process that issues and revokes, killed with SIGKILL at random moments: nothing that it acknowledged is lost.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  type Attestation,
  AttestationAuthority,
  AttestationVerifier,
  StatusSnapshot,
} from '@tenstrip/attestation-authority';
import { seededRandom } from '@tenstrip/shared-core';
import { createSigner } from '@tenstrip/shared-core/crypto';
import { expect, it } from 'vitest';

const child = fileURLToPath(new URL('issue-until-killed.child.mjs', import.meta.url));
const seed = '07'.repeat(32);
const random = seededRandom('kill');

/** Runs the child until it has acknowledged so often, and a random moment longer; what it acknowledged. */
async function runUntilKilled(folder: string, run: number): Promise<{ issued: Attestation[]; revoked: Attestation[] }> {
  const process_ = spawn(process.execPath, [child, folder, seed, String(run)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledgements = random.integer(1, 12);
  const issued: Attestation[] = [];
  const revoked: Attestation[] = [];
  let heard = 0;
  for await (const line of createInterface(process_.stdout)) {
    const said = JSON.parse(line) as { attestations?: Attestation[]; revoked?: Attestation };
    issued.push(...(said.attestations ?? []));
    if (said.revoked !== undefined) revoked.push(said.revoked);
    heard++;
    if (heard === acknowledgements) setTimeout(() => process_.kill('SIGKILL'), random.float() * 4);
  }
  return { issued, revoked };
}

it('keeps every acknowledged attestation and revocation over kills', { timeout: 900_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'attestation-kill-'));
  const kills = process.env.TENSTRIP_FULL === '1' ? 200 : 20;
  const issued: Attestation[] = [];
  const revoked = new Set<string>();
  try {
    for (let kill = 0; kill < kills; kill++) {
      const said = await runUntilKilled(folder, kill);
      issued.push(...said.issued);
      for (const { envelope } of said.revoked) revoked.add(envelope.payload);
    }
    await using authority = await AttestationAuthority.open({
      folder,
      origin: 'kill.example',
      signer: createSigner(Buffer.from(seed, 'hex')),
    });
    expect(await authority.audit()).toEqual([]);
    const verifier = new AttestationVerifier({ roots: [authority.trustRoot()] });
    let status = StatusSnapshot.empty;
    for (const list of await authority.publishStatus()) {
      const read = verifier.readStatusList(list, Date.now());
      if (!read.ok) throw new Error(read.detail);
      status = status.with(read.list) as StatusSnapshot;
    }
    expect(issued.length).toBeGreaterThan(kills);
    expect(revoked.size).toBeGreaterThan(0);
    for (const attestation of issued) {
      // Its own proof, which it had before the kill, and one that the recovered log gives.
      for (const one of [attestation, await authority.reprove(attestation)]) {
        const verdict = verifier.verify(one, { time: Date.now(), status });
        if (revoked.has(attestation.envelope.payload)) expect(verdict).toMatchObject({ code: 'REVOKED' });
        // A revocation may have become durable without being acknowledged: the child was killed before it could say so.
        else if (!verdict.ok) expect(verdict.code).toBe('REVOKED');
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
