import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { openCapability } from '../../../src/capabilities/index.js';

const base = mkdtempSync(join(tmpdir(), 'tenstrip-files-'));
afterAll(() => rmSync(base, { recursive: true }));
let count = 0;
let granted: string;
let outside: string;

beforeEach(() => {
  granted = join(base, `${count}`, 'granted');
  outside = join(base, `${count++}`, 'outside');
  mkdirSync(join(granted, 'sub'), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(granted, 'sub', 'file'), 'inside');
  writeFileSync(join(outside, 'file'), 'secret');
});

const reading = () => openCapability('fs.read', { grants: { 'fs.read': [granted] } });
const writing = () => openCapability('fs.write', { grants: { 'fs.write': [granted] } });
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('openCapability', () => {
  it('names what is missing and what is granted', () => {
    expect(() => openCapability('net', { grants: { env: ['HOME'] } })).toThrow(
      expect.objectContaining({ code: 'CapabilityDenied', message: expect.stringMatching(/^net: .*grants env/) }),
    );
    expect(() => openCapability('net', { grants: { net: [] } })).toThrow(/granted: nothing/);
    expect(openCapability('env', undefined)).toHaveProperty('PATH');
  });

  it('gives only the granted variables, frozen', () => {
    process.env.TENSTRIP_SEEN = 'yes';
    const environment = openCapability('env', { grants: { env: ['TENSTRIP_SEEN', 'TENSTRIP_UNSET'] } });
    expect({ ...environment }).toEqual({ TENSTRIP_SEEN: 'yes' });
    expect('toString' in environment).toBe(false);
    expect(Object.isFrozen(environment)).toBe(true);
  });
});

describe('fs.read', () => {
  it('reads, lists and resolves below its folders', async () => {
    expect(text(await reading().read(join(granted, 'sub', 'file')))).toBe('inside');
    expect(await reading().list(granted)).toEqual(['sub']);
    expect(await reading().resolve(`${granted}/sub/../sub/file`)).toBe(join(granted, 'sub', 'file'));
  });

  it('refuses a neighbour whose name begins alike, and says what is granted', async () => {
    mkdirSync(`${granted}-too`);
    await expect(reading().list(`${granted}-too`)).rejects.toMatchObject({
      code: 'CapabilityDenied',
      message: expect.stringContaining(`granted: ${JSON.stringify(granted)}`),
      details: { capability: 'fs.read', granted: [granted] },
    });
  });

  it('passes on the error of a missing file only inside', async () => {
    await expect(reading().read(join(granted, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(reading().read(join(outside, 'none'))).rejects.toMatchObject({ code: 'CapabilityDenied' });
    await expect(reading().read(`${outside}/none/../../granted/sub/file`)).rejects.toMatchObject({
      code: 'CapabilityDenied',
    });
  });

  it('follows a granted folder that is a link, as it led when the handle was opened', async () => {
    const link = join(base, 'link');
    symlinkSync(granted, link);
    const handle = openCapability('fs.read', { grants: { 'fs.read': [link] } });
    expect(text(await handle.read(join(link, 'sub', 'file')))).toBe('inside');
    rmSync(link);
    symlinkSync(outside, link);
    await expect(handle.read(join(link, 'file'))).rejects.toMatchObject({ code: 'CapabilityDenied' });
  });

  it('is not outrun by folders that are swapped for links meanwhile', async () => {
    const handle = reading();
    const [sub, aside] = [join(granted, 'sub'), join(granted, 'aside')];
    let swapping = true;
    const swaps = (async () => {
      while (swapping) {
        renameSync(sub, aside);
        symlinkSync(outside, sub);
        await new Promise(setImmediate);
        rmSync(sub);
        renameSync(aside, sub);
        await new Promise(setImmediate);
      }
    })();
    for (let i = 0; i < 500; i++) {
      const seen = await handle.read(join(sub, 'file')).then(text, (error: NodeJS.ErrnoException) => error.code);
      expect(['inside', 'CapabilityDenied', 'ENOENT', 'ELOOP', 'ENOTDIR']).toContain(seen);
    }
    swapping = false;
    await swaps;
  });

  it('refuses what has no end, what is too large, and what is no path', async () => {
    execFileSync('mkfifo', [join(granted, 'pipe')]);
    await expect(reading().read(join(granted, 'pipe'))).rejects.toThrow(/not a regular file/);
    await expect(openCapability('fs.read', undefined).read('/dev/zero')).rejects.toThrow(/not a regular file/);
    await expect(reading().read(join(granted, 'sub', 'file'), { maxBytes: 5 })).rejects.toMatchObject({
      code: 'IsolateLimit',
    });
    for (const path of ['', '\0', `${granted}/sub/file\0`, 'x'.repeat(5000), 7 as unknown as string]) {
      await expect(reading().read(path)).rejects.toMatchObject({ code: 'CapabilityDenied' });
    }
  });

  it('narrows another handle: both must grant', async () => {
    const sub = openCapability('fs.read', { grants: { 'fs.read': [join(granted, 'sub')] } });
    const narrow = openCapability('fs.read', { grants: { 'fs.read': true } }, sub);
    expect(text(await narrow.read(join(granted, 'sub', 'file')))).toBe('inside');
    await expect(narrow.list(granted)).rejects.toMatchObject({ code: 'CapabilityDenied' });
  });
});

describe('fs.write', () => {
  it('makes, replaces and removes files, links themselves and empty folders', async () => {
    const file = join(granted, 'new');
    await writing().write(file, 'long text');
    await writing().write(file, new Uint8Array([104, 105]));
    expect(readFileSync(file, 'utf8')).toBe('hi');
    symlinkSync(join(outside, 'file'), join(granted, 'link'));
    for (const name of ['new', 'link']) await writing().remove(join(granted, name));
    expect(readFileSync(join(outside, 'file'), 'utf8')).toBe('secret');
    await expect(writing().remove(join(granted, 'sub'))).rejects.toMatchObject({ code: 'ENOTEMPTY' });
    await expect(writing().remove(granted)).rejects.toThrow(/the granted folder itself/);
  });

  it('never writes through a link that leads out or nowhere', async () => {
    symlinkSync(join(outside, 'file'), join(granted, 'out'));
    symlinkSync(join(outside, 'made'), join(granted, 'dangling'));
    for (const name of ['out', 'dangling', '../outside/made', 'sub/../../outside/file']) {
      await expect(writing().write(`${granted}/${name}`, 'x')).rejects.toMatchObject({ code: 'CapabilityDenied' });
    }
    expect(readFileSync(join(outside, 'file'), 'utf8')).toBe('secret');
  });
});
