import { scryptSync } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import nacl from 'tweetnacl';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readKeyFile, writeKeyFile } from '../../../src/crypto/index.js';

const seed = Uint8Array.from({ length: 32 }, (_, at) => at);
const passphrase = 'correct horse battery staple';
const keyInvalid = expect.objectContaining({ code: 'KeyInvalid' });
let folder = '';
let path = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenstrip-key-'));
  path = join(folder, 'signing.key');
  await writeKeyFile(path, seed, passphrase);
});
afterAll(() => rm(folder, { recursive: true }));

async function copyWith(change: (text: string) => string): Promise<string> {
  const copy = join(folder, `copy-${Math.random()}`);
  await writeFile(copy, change(await readFile(path, 'latin1')), { mode: 0o600, encoding: 'latin1' });
  return copy;
}

describe('key file', () => {
  it('gives the seed back to whoever knows the passphrase', async () => {
    expect(await readKeyFile(path, passphrase)).toEqual(seed);
    await expect(readKeyFile(path, `${passphrase}!`)).rejects.toMatchObject({
      code: 'KeyInvalid',
      message: expect.stringContaining('passphrase is wrong'),
    });
  });

  it('is a secretbox under what scrypt makes of the passphrase, and does not show the seed', async () => {
    const text = await readFile(path, 'latin1');
    const [first, salt, nonce, sealed] = text.split('\n');
    expect(first).toBe('tenstrip-key-file v1 scrypt N=131072 r=8 p=1 xsalsa20-poly1305');
    const hex = (part: string | undefined): Uint8Array => new Uint8Array(Buffer.from(part!, 'hex'));
    const key = scryptSync(passphrase, hex(salt), 32, { N: 131072, r: 8, p: 1, maxmem: 2 ** 28 });
    expect(nacl.secretbox.open(hex(sealed), hex(nonce), new Uint8Array(key))).toEqual(seed);
    expect(text).not.toContain(Buffer.from(seed).toString('hex'));
  });

  it.each([undefined, null, 5])('refuses %j as a passphrase or a seed', async (given) => {
    const other = join(folder, 'none.key');
    await expect(readKeyFile(path, given as never)).rejects.toThrow(keyInvalid);
    await expect(writeKeyFile(other, seed, given as never)).rejects.toThrow(keyInvalid);
    await expect(writeKeyFile(other, given as never, passphrase)).rejects.toThrow(keyInvalid);
    await expect(stat(other)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('takes a passphrase in either Unicode form, and a fresh salt each time', async () => {
    const other = join(folder, 'other.key');
    await writeKeyFile(other, seed, 'Schl\u00fcssel');
    expect(await readKeyFile(other, 'Schlu\u0308ssel')).toEqual(seed);
    expect((await readFile(other, 'latin1')).split('\n')[1]).not.toBe((await readFile(path, 'latin1')).split('\n')[1]);
  });

  it('does not open when salt, nonce or content was changed', async () => {
    for (const line of [1, 2, 3]) {
      const copy = await copyWith((text) => {
        const lines = text.split('\n');
        lines[line] = lines[line]!.replace(/./, (digit) => (digit === '0' ? '1' : '0'));
        return lines.join('\n');
      });
      await expect(readKeyFile(copy, passphrase)).rejects.toEqual(keyInvalid);
    }
  });

  it.each([
    ['another version', (text: string) => text.replace('v1', 'v2')],
    ['a cheaper scrypt', (text: string) => text.replace('131072', '2')],
    ['a missing line', (text: string) => text.split('\n').toSpliced(2, 1).join('\n')],
    ['a line more', (text: string) => `${text}x\n`],
    ['a missing end', (text: string) => text.slice(0, -1)],
    ['capital digits', (text: string) => text.split('\n').with(1, 'A'.repeat(64)).join('\n')],
    ['a content of the wrong length', (text: string) => text.replace(/..\n$/, '\n')],
    ['nothing in it', () => ''],
    ['bytes of any kind', () => '\xff\x00\x80'.repeat(50)],
    ['a megabyte', () => 'x'.repeat(2 ** 20)],
  ])('with %s is no key file', async (_, change) => {
    await expect(readKeyFile(await copyWith(change), passphrase)).rejects.toMatchObject({
      code: 'KeyInvalid',
      message: expect.stringContaining('no key file of version 1'),
    });
  });

  it.skipIf(process.platform === 'win32')('belongs to its owner alone', async () => {
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const copy = await copyWith((text) => text);
    for (const mode of [0o640, 0o604, 0o660, 0o602, 0o610, 0o601]) {
      await chmod(copy, mode);
      await expect(readKeyFile(copy, passphrase)).rejects.toMatchObject({
        code: 'KeyInvalid',
        details: { mode: mode.toString(8) },
        message: expect.stringContaining('chmod 600'),
      });
    }
    await chmod(copy, 0o400);
    expect(await readKeyFile(copy, passphrase)).toEqual(seed);
    const before = process.umask(0o777);
    const strict = join(folder, 'umask.key');
    await writeKeyFile(strict, seed, passphrase).finally(() => process.umask(before));
    expect((await stat(strict)).mode & 0o777).toBe(0o600);
  });

  it('is never overwritten', async () => {
    await expect(writeKeyFile(path, new Uint8Array(32), 'other')).rejects.toMatchObject({
      code: 'KeyInvalid',
      cause: { code: 'FileExists' },
    });
    expect(await readKeyFile(path, passphrase)).toEqual(seed);
  });

  it('cannot be a folder, and must be there', async () => {
    const missing = join(folder, 'missing.key');
    await expect(readKeyFile(missing, passphrase)).rejects.toMatchObject({
      code: 'KeyInvalid',
      details: { path: missing },
      cause: { code: 'ENOENT' },
    });
    await mkdir(join(folder, 'sub'));
    await expect(readKeyFile(join(folder, 'sub'), passphrase)).rejects.toEqual(keyInvalid);
    await expect(writeKeyFile(join(folder, 'no', 'such', 'folder'), seed, passphrase)).rejects.toEqual(keyInvalid);
    await symlink(join(folder, 'nowhere'), join(folder, 'link'));
    await expect(writeKeyFile(join(folder, 'link'), seed, passphrase)).rejects.toEqual(keyInvalid);
  });

  it('holds a seed of 32 bytes under a passphrase', async () => {
    const target = join(folder, 'refused.key');
    await expect(writeKeyFile(target, seed.subarray(1), passphrase)).rejects.toThrow('31 bytes; expected 32');
    await expect(writeKeyFile(target, seed, '')).rejects.toThrow('passphrase is empty');
    await expect(stat(target)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
