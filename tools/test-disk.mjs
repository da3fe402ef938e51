// A small disk for the tests of a file, to be filled: a tmpfs, mounted while they run.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { requirement } from './test-requirements.mjs';

const pageBytes = 4096;

/**
 * Mounts a disk; it is gone after the file's last test.
 *
 * @param {number} sizeBytes
 * @returns {import('./test-disk.mjs').SmallDisk}
 */
export function smallDisk(sizeBytes) {
  const root = mkdtempSync(join(tmpdir(), 'tenstrip-small-disk-'));
  const folder = join(root, 'disk');
  const ballast = join(folder, 'ballast');
  mkdirSync(folder);
  const options = ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', folder];
  const mounted = spawnSync('mount', options, { stdio: 'ignore' }).status === 0;
  afterAll(() => {
    if (mounted) execFileSync('umount', [folder]);
    rmSync(root, { recursive: true, force: true });
  });
  return {
    ...requirement(mounted, 'mounting a small disk needs root'),
    folder,
    fill(freePages) {
      try {
        for (;;) writeFileSync(ballast, Buffer.alloc(pageBytes), { flag: 'a' });
      } catch {
        truncateSync(ballast, statSync(ballast).size - freePages * pageBytes);
      }
    },
    makeRoom: () => rmSync(ballast, { force: true }),
  };
}
