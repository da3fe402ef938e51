// The first opening of a ledger, which makes its keys: by a process that is killed meanwhile, and by two at once.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@tenstrip/shared-core';
import { afterAll, expect, it } from 'vitest';
import { killWhileWriting } from '../../../../../tools/test-kill.mjs';
import { requireFull } from '../../../../../tools/test-requirements.mjs';
import { AutoblockerLedger } from '../../../src/index.js';

const root = mkdtempSync(join(tmpdir(), 'ledger-first-open-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const newFolder = () => mkdtempSync(join(root, 'folder-'));
const isFull = requireFull().available;
const kills = isFull ? 300 : 4;

it(`can be done again, whenever it was killed (${kills} times), with the key that was published`, async () => {
  const random = seededRandom('kill at first open');
  const program = new URL('first-open.child.mjs', import.meta.url);
  for (let kill = 0; kill < kills; kill++) {
    const folder = newFolder();
    await killWhileWriting(program, { folder, args: [folder], afterMs: random.float() * 30 });
    const published = join(folder, 'verifier.key');
    const before = existsSync(published) ? readFileSync(published, 'utf8').trim() : undefined;
    const ledger = await AutoblockerLedger.open({ folder });
    expect(ledger.verifierKey).toBe(before ?? ledger.verifierKey);
    expect((await ledger.verify()).verified).toBe(true);
    await ledger.close();
    const names = readdirSync(folder).filter((name) => !name.startsWith('.tenstrip-draft-'));
    expect(names.sort()).toEqual(['log', 'signing.key', 'verifier.key']);
  }
}, 900_000);

it.each([{}, { passphrase: 'correct horse' }])('is done by one of two who do it at once (%j)', async (options) => {
  for (let round = 0; round < (isFull ? 10 : 1); round++) {
    const folder = newFolder();
    const both = [1, 2].map(() => AutoblockerLedger.open({ folder, ...options }));
    const opened = [];
    for (const one of await Promise.allSettled(both)) {
      if (one.status === 'fulfilled') opened.push(one.value);
      else expect(one.reason).toMatchObject({ code: 'LogLocked' });
    }
    expect(opened).toHaveLength(1);
    expect(readFileSync(join(folder, 'verifier.key'), 'utf8').trim()).toBe(opened[0]!.verifierKey);
    await opened[0]!.close();
  }
});
