// The log in its folder, read by another implementation: Go's golang.org/x/mod/sumdb. See sumdb/main.go for what it checks.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSigner } from '@tenstrip/shared-core/crypto';
import { encodeBase64 } from '@tenstrip/shared-core/transparency';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireTool } from '../../../../tools/test-requirements.mjs';
import {
  type Attestation,
  AttestationAuthority,
  preAuthenticationEncoding,
  statementPayloadType,
} from '../../src/index.js';

const sumdb = '/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog/tlog.go';
const able = [requireTool('go'), requireTool(sumdb)].every(({ available }) => available);
const source = fileURLToPath(new URL('sumdb/main.go', import.meta.url));

describe.skipIf(!able)('Go reads the log of an authority', { timeout: 120_000 }, () => {
  let folder: string;
  let vkey: string;
  let size: bigint;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'attestation-sumdb-'));
    // Debian's packages are laid out for GOPATH, and no network is needed.
    const env = { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '', CGO_ENABLED: '0' };
    const built = spawnSync('go', ['build', '-o', join(folder, 'sumdb'), source], { env, encoding: 'utf8' });
    expect(built.stderr).toBe('');
    await writeLog();
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Four levels of tiles are too long a test; two, a full one below a partial one, are what differs. */
  async function writeLog(): Promise<void> {
    await using authority = await AttestationAuthority.open({
      folder: join(folder, 'authority'),
      origin: 'ca.example/log',
      signer: createSigner(new Uint8Array(32).fill(5)),
      durability: 'os',
    });
    const given: Attestation[] = [];
    const checkpoints: { from: bigint; checkpoint: string }[] = [];
    for (const count of [1, 2, 253, 1, 300, 8, 131]) {
      given.push(...(await authority.issueBatch(Array.from({ length: count }, (_, at) => request(`${count}/${at}`)))));
      checkpoints.push({ from: authority.size, checkpoint: authority.checkpoint });
    }
    await authority.revoke(given[7]!);
    vkey = authority.vkey;
    size = authority.size;
    const consistency = [];
    for (const { from, checkpoint } of checkpoints) {
      const proof = (await authority.proveConsistency(from, size)).map(encodeBase64);
      consistency.push({ checkpoint, proof });
    }
    const proofs = given.map(({ envelope, proof }) => ({
      text: proof!,
      entry: encodeBase64(entryOf(envelope.payload)),
    }));
    await writeFile(join(folder, 'proofs.json'), JSON.stringify({ proofs, consistency }));
  }

  const request = (name: string) => ({
    subject: [{ name, digest: { sha256: '00'.repeat(32) } }],
    predicateType: 'https://t/1',
    predicate: {},
    validity: { notAfter: new Date(Date.now() + 3_600_000) },
  });

  /** The entry of an attestation, written apart from the code under test, as the README states it. */
  function entryOf(payload: string): Uint8Array {
    const bytes = Buffer.from(payload, 'base64');
    const digest = createHash('sha256').update(preAuthenticationEncoding(statementPayloadType, bytes)).digest('hex');
    const { list, index } = JSON.parse(bytes.toString()).tenstrip_terms.status;
    expect(list).toMatch(/\/0$/);
    return Buffer.from(`tenstrip.dev/attest/v1 sha256:${digest} ${index}\n`);
  }

  const check = (key = vkey) => {
    const args = [join(folder, 'authority', 'log', 'public'), key, join(folder, 'proofs.json')];
    return spawnSync(join(folder, 'sumdb'), args, { encoding: 'utf8' });
  };

  it('and finds checkpoint, tiles, entries, inclusion and consistency proofs right', () => {
    const { stdout, stderr } = check();
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ size: Number(size), entries: Number(size), proofs: 696, consistency: 7 });
  });

  it('and refuses another key, and one changed byte of a tile, an entry, the checkpoint, a proof', async () => {
    const other = createSigner(new Uint8Array(32).fill(6));
    await using stranger = await AttestationAuthority.open({
      folder: 'memory:',
      origin: 'ca.example/log',
      signer: other,
    });
    expect(check(stranger.vkey).status).toBe(1);
    const log = join(folder, 'authority', 'log', 'public');
    const [bundle] = (await readdir(join(log, 'tile', 'entries'))).filter((name) => name === '000');
    for (const path of [
      join(log, 'tile', '0', '000'),
      join(log, 'tile', 'entries', bundle!),
      join(log, 'checkpoint'),
      join(folder, 'proofs.json'),
    ]) {
      const good = await readFile(path);
      const bad = Buffer.from(good);
      bad[100]! ^= 1;
      await writeFile(path, bad);
      expect(check().status, path).toBe(1);
      await writeFile(path, good);
    }
    expect(check().status).toBe(0);
  });
});
