// A ledger that finds no room when it is made: what it could not write does not stand in the way of a second try.

import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { smallDisk } from '../../../../../tools/test-disk.mjs';
import { AutoblockerLedger } from '../../../src/index.js';

const disk = smallDisk(256 << 10);

it.skipIf(!disk.available)('can be opened once there is room, wherever the room ended before', async () => {
  const codes = new Set<unknown>();
  for (let free = 0; free <= 10; free += 1) {
    const folder = join(disk.folder, `ledger-${free}`);
    mkdirSync(folder);
    disk.fill(free);
    const refusal = await AutoblockerLedger.open({ folder })
      .then((ledger) => ledger.close())
      .catch((error: unknown) => error);
    if (refusal !== undefined) {
      expect(refusal).toMatchObject({ name: 'TenstripError' });
      codes.add((refusal as { code: string }).code);
    }
    disk.makeRoom();
    const ledger = await AutoblockerLedger.open({ folder });
    expect((await ledger.verify()).verified).toBe(true);
    await ledger.close();
    expect(readdirSync(folder).sort()).toEqual(['log', 'signing.key', 'verifier.key']);
    rmSync(folder, { recursive: true });
  }
  expect(codes).toContain('SigningKeyInvalid');
});
