import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder, syncFolder } from '../../../src/files/index.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenstrip-folders-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a folder', () => {
  it.skipIf(process.platform === 'win32')(
    'is made with those above it, and stays as it is when it is there',
    async () => {
      await makeFolder(join(folder, 'a', 'b'), { mode: 0o700 });
      for (const made of ['a', 'a/b']) expect(statSync(join(folder, made)).mode & 0o777).toBe(0o700);
      await makeFolder(join(folder, 'a'), { mode: 0o755 });
      expect(statSync(join(folder, 'a')).mode & 0o777).toBe(0o700);
    },
  );

  it('is made by one of many who make it at once', async () => {
    await Promise.all(Array.from({ length: 8 }, () => makeFolder(join(folder, 'a', 'b', 'c'))));
    expect(statSync(join(folder, 'a', 'b', 'c')).isDirectory()).toBe(true);
  });

  it('cannot be where a file is', async () => {
    writeFileSync(join(folder, 'file'), '');
    for (const path of ['file', 'file/a']) {
      await expect(makeFolder(join(folder, path))).rejects.toMatchObject({
        code: expect.stringMatching(/^(EEXIST|ENOTDIR)$/),
      });
    }
  });

  it.skipIf(process.platform === 'win32')('must be there to be synced', async () => {
    await syncFolder(folder);
    await expect(syncFolder(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.skipIf(process.platform !== 'linux')('need not take syncing: /proc, as some network file systems, refuses', () =>
    expect(syncFolder('/proc/self')).resolves.toBeUndefined(),
  );
});
