import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { maximumWholeFileBytes, writeWholeFile } from '../../../src/files/index.js';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenstrip-whole-file-'));
  path = join(folder, 'file');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (file: string) => statSync(file).mode & 0o777;
const draft = (name: number) => join(folder, `.tenstrip-draft-${name.toString(16).padStart(16, '0')}`);

describe('a whole file', () => {
  it('holds its bytes, or its text in UTF-8, and leaves nothing beside it', async () => {
    await writeWholeFile(path, 'Schlüssel\n');
    expect(readFileSync(path, 'utf8')).toBe('Schlüssel\n');
    const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => at % 251);
    await writeWholeFile(join(folder, 'bytes'), bytes);
    expect(new Uint8Array(readFileSync(join(folder, 'bytes')))).toEqual(bytes);
    await writeWholeFile(join(folder, 'empty'), '');
    expect(statSync(join(folder, 'empty')).size).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['bytes', 'empty', 'file']);
  });

  it('may have the longest name that the file system takes, and stand in the folder of the process', async () => {
    await writeWholeFile(join(folder, 'n'.repeat(255)), 'long');
    expect(readFileSync(join(folder, 'n'.repeat(255)), 'utf8')).toBe('long');
    await expect(writeWholeFile(join(folder, 'n'.repeat(256)), 'longer')).rejects.toMatchObject({
      code: 'FileUnwritable',
      details: { systemCode: 'ENAMETOOLONG' },
    });
    const before = process.cwd();
    process.chdir(folder);
    await writeWholeFile('here', 'here').finally(() => process.chdir(before));
    expect(readFileSync(join(folder, 'here'), 'utf8')).toBe('here');
  });

  it.skipIf(process.platform === 'win32')('has exactly the permissions that were asked for', async () => {
    const before = process.umask(0o777);
    try {
      await writeWholeFile(path, 'secret', { mode: 0o600 });
      expect(modeOf(path)).toBe(0o600);
      process.umask(0o027);
      await writeWholeFile(path, 'public', { mode: 0o666, replace: true });
      expect(modeOf(path)).toBe(0o666);
      await writeWholeFile(path, 'default', { replace: true });
      expect(modeOf(path)).toBe(0o640);
    } finally {
      process.umask(before);
    }
  });

  it('never replaces what has its name, unless it is asked to', async () => {
    await writeWholeFile(path, 'first');
    const refused = { code: 'FileExists', retryable: false, details: { path }, cause: { code: 'EEXIST' } };
    await expect(writeWholeFile(path, 'second')).rejects.toMatchObject(refused);
    expect(readFileSync(path, 'utf8')).toBe('first');
    await writeWholeFile(path, 'second', { replace: true });
    expect(readFileSync(path, 'utf8')).toBe('second');

    const nowhere = join(folder, 'link');
    symlinkSync(join(folder, 'nowhere'), nowhere);
    await expect(writeWholeFile(nowhere, 'x')).rejects.toMatchObject({ code: 'FileExists' });
    mkdirSync(join(folder, 'sub'));
    await expect(writeWholeFile(join(folder, 'sub'), 'x')).rejects.toMatchObject({ code: 'FileExists' });
    await expect(writeWholeFile(join(folder, 'sub'), 'x', { replace: true })).rejects.toMatchObject({
      code: 'FileUnwritable',
      message: expect.stringContaining('a folder has its name'),
    });
    expect(readdirSync(folder).sort()).toEqual(['file', 'link', 'sub']);
  });

  it('replaces a link, and not what it leads to', async () => {
    writeFileSync(join(folder, 'target'), 'target');
    symlinkSync(join(folder, 'target'), path);
    await writeWholeFile(path, 'file', { replace: true });
    expect([readFileSync(path, 'utf8'), readFileSync(join(folder, 'target'), 'utf8')]).toEqual(['file', 'target']);
  });

  it('is written by one of many who write it at once', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 16 }, (_, at) => writeWholeFile(path, `by ${at}`)));
    const written = tries.flatMap(({ status }, at) => (status === 'fulfilled' ? [at] : []));
    expect(written).toHaveLength(1);
    expect(readFileSync(path, 'utf8')).toBe(`by ${written[0]}`);
    for (const one of tries) {
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'FileExists' });
    }
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('is refused in a folder that is not there, with what to do', async () => {
    await expect(writeWholeFile(join(folder, 'no', 'file'), 'x')).rejects.toMatchObject({
      code: 'FileUnwritable',
      retryable: false,
      details: { path: join(folder, 'no', 'file'), systemCode: 'ENOENT' },
      message: expect.stringContaining('make it first'),
    });
    writeFileSync(path, '');
    await expect(writeWholeFile(join(path, 'file'), 'x')).rejects.toMatchObject({ details: { systemCode: 'ENOTDIR' } });
  });

  it.skipIf(process.platform === 'win32')('is refused in a folder that is closed to this process', async () => {
    chmodSync(folder, 0o555);
    const isRoot = process.getuid?.() === 0; // whom no permissions stop
    if (isRoot) process.seteuid?.(65_534);
    try {
      await expect(writeWholeFile(path, 'x')).rejects.toMatchObject({
        code: 'FileUnwritable',
        retryable: false,
        details: { systemCode: 'EACCES' },
        message: expect.stringContaining('may read and write'),
      });
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(folder, 0o700);
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    [undefined, 'x'],
    ['', 'x'],
    ['a\0b', 'x'],
    ['none/', 'x'],
    [5, 'x'],
    ['ok', undefined],
    ['ok', 5],
    ['ok', [1]],
  ])('refuses %j with the content %j', async (name, content) => {
    const given = name === 'ok' ? path : name;
    await expect(writeWholeFile(given as never, content as never)).rejects.toMatchObject({ code: 'FileUnwritable' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('has a bound', async () => {
    await expect(writeWholeFile(path, new Uint8Array(maximumWholeFileBytes + 1))).rejects.toMatchObject({
      code: 'FileUnwritable',
      message: expect.stringContaining(`${maximumWholeFileBytes + 1} bytes`),
    });
  });
});

describe('the draft of a process that was killed', () => {
  it('goes with the next file that is written into the folder, when it is older than a minute', async () => {
    for (const name of [1, 2, 3]) writeFileSync(draft(name), 'half a k');
    writeFileSync(join(folder, '.tenstrip-draft-notes'), 'not ours');
    const ago = (seconds: number) => new Date(Date.now() - seconds * 1000);
    utimesSync(draft(1), ago(3600), ago(3600));
    utimesSync(draft(2), ago(90), ago(90));
    utimesSync(join(folder, '.tenstrip-draft-notes'), ago(3600), ago(3600));
    await writeWholeFile(path, 'file');
    expect(readdirSync(folder).sort()).toEqual(['.tenstrip-draft-0000000000000003', '.tenstrip-draft-notes', 'file']);
  });

  it('may have the name of a finished file too, which stays', async () => {
    await writeWholeFile(path, 'first');
    linkSync(path, draft(1));
    utimesSync(path, new Date(0), new Date(0));
    await writeWholeFile(join(folder, 'second'), 'second');
    expect(readdirSync(folder).sort()).toEqual(['file', 'second']);
    expect(readFileSync(path, 'utf8')).toBe('first');
  });
});
