// A process that is killed with SIGKILL while it writes a sealed key: the key is whole, or another start makes it.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { killWhileWriting } from '../../../../../tools/test-kill.mjs';
import { requireFull } from '../../../../../tools/test-requirements.mjs';
import { readKeyFile, writeKeyFile } from '../../../src/crypto/index.js';
import { seededRandom } from '../../../src/determinism/index.js';

const root = mkdtempSync(join(tmpdir(), 'tenstrip-kill-key-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const kills = requireFull().available ? 100 : 2;

it(`a sealed key is whole or not there after SIGKILL at ${kills} random moments`, { timeout: 900_000 }, async () => {
  const random = seededRandom('kill key');
  const seed = new Uint8Array(32).fill(9);
  const program = new URL('write-keys.child.mjs', import.meta.url);
  for (let kill = 0; kill < kills; kill++) {
    const folder = mkdtempSync(join(root, 'folder-'));
    const path = join(folder, 'signing.key');
    await killWhileWriting(program, { folder, args: [folder], afterMs: random.float() * 10 });
    if (!existsSync(path)) await writeKeyFile(path, seed, 'passphrase');
    expect(await readKeyFile(path, 'passphrase')).toEqual(seed);
  }
});
