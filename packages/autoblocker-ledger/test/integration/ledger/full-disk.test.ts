// A ledger that finds no room when it is made: what it could not write does not stand in the way of a second try.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { requirement } from '../../../../../tools/test-requirements.mjs';
import { AutoblockerLedger } from '../../../src/index.js';

const root = mkdtempSync(join(tmpdir(), 'ledger-full-disk-'));
const disk = join(root, 'disk');
mkdirSync(disk);
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk], { stdio: 'ignore' }).status === 0;
afterAll(() => {
  if (mounted) execFileSync('umount', [disk]);
  rmSync(root, { recursive: true, force: true });
});

it.skipIf(!requirement(mounted, 'mounting a small disk needs root').available)(
  'can be opened once there is room, wherever the room ended before',
  async () => {
    const ballast = join(disk, 'ballast');
    const codes = new Set<unknown>();
    for (let free = 0; free <= 10; free += 1) {
      const folder = join(disk, `ledger-${free}`);
      mkdirSync(folder);
      fill(ballast, free);
      const refusal = await AutoblockerLedger.open({ folder })
        .then((ledger) => ledger.close())
        .catch((error: unknown) => error);
      if (refusal !== undefined) {
        expect(refusal).toMatchObject({ name: 'TenstripError' });
        codes.add((refusal as { code: string }).code);
      }
      rmSync(ballast);
      const ledger = await AutoblockerLedger.open({ folder });
      expect((await ledger.verify()).verified).toBe(true);
      await ledger.close();
      expect(readdirSync(folder).sort()).toEqual(['log', 'signing.key', 'verifier.key']);
      rmSync(folder, { recursive: true });
    }
    expect(codes).toContain('SigningKeyInvalid');
  },
);

/** Leaves so many pages of 4 KiB. */
function fill(path: string, free: number): void {
  try {
    for (;;) writeFileSync(path, Buffer.alloc(4096), { flag: 'a' });
  } catch {
    truncateSync(path, statSync(path).size - free * 4096);
  }
}
