import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { smallDisk } from '../../../../../tools/test-disk.mjs';
import { readKeyFile, writeKeyFile } from '../../../src/crypto/index.js';
import { writeWholeFile } from '../../../src/files/index.js';

const disk = smallDisk(256 << 10);
afterEach(() => disk.makeRoom());

describe.skipIf(!disk.available)('on a full disk (tmpfs of 256 KiB; needs root to mount)', () => {
  const full = {
    code: 'FileUnwritable',
    retryable: true,
    details: { systemCode: 'ENOSPC' },
    message: expect.stringContaining('make room'),
  };
  const pages = (count: number, byte: number) => Buffer.alloc(count * 4096, byte);

  it('a file is not there, an old one stays, and both can be written once there is room', async () => {
    const fresh = join(disk.folder, 'fresh');
    const old = join(disk.folder, 'old');
    await writeWholeFile(old, pages(2, 1));
    for (const free of [0, 1, 2]) {
      disk.fill(free);
      await expect(writeWholeFile(fresh, pages(3, 2))).rejects.toMatchObject(full);
      await expect(writeWholeFile(old, pages(3, 2), { replace: true })).rejects.toMatchObject(full);
      expect(readdirSync(disk.folder).sort()).toEqual(['ballast', 'old']);
      expect(readFileSync(old).equals(pages(2, 1))).toBe(true);
      disk.makeRoom();
    }
    disk.fill(3);
    await writeWholeFile(fresh, pages(3, 2));
    disk.makeRoom();
    await writeWholeFile(old, pages(3, 2), { replace: true });
    for (const path of [fresh, old]) expect(readFileSync(path).equals(pages(3, 2))).toBe(true);
  });

  it('a key is not written, and is once there is room', async () => {
    const path = join(disk.folder, 'signing.key');
    const seed = new Uint8Array(32).fill(9);
    disk.fill(0);
    await expect(writeKeyFile(path, seed, 'passphrase')).rejects.toMatchObject({
      code: 'KeyInvalid',
      retryable: true,
      cause: full,
    });
    expect(readdirSync(disk.folder)).not.toContain('signing.key');
    disk.makeRoom();
    await writeKeyFile(path, seed, 'passphrase');
    expect(await readKeyFile(path, 'passphrase')).toEqual(seed);
  });
});
