import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openCapability } from '../../../src/capabilities/index.js';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const all = openCapability('process', undefined);
const folder = mkdtempSync(join(tmpdir(), 'tenstrip-run-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.runIf(process.platform !== 'win32')('process', () => {
  it('runs a granted program by name and by place, and no other', async () => {
    const { run } = openCapability('process', { grants: { process: ['cat', '/bin/echo'] } });
    expect(text((await run('cat', [], { input: Buffer.from('in') })).stdout)).toBe('in');
    expect(text((await run('/bin/echo', ['$HOME', ';', '`id`'])).stdout)).toBe('$HOME ; `id`\n');
    for (const program of ['sh', '/bin/sh', 'cat; sh', '', '\0', 'no-such-program']) {
      await expect(run(program, []), program).rejects.toMatchObject({ code: 'CapabilityDenied' });
    }
    await expect(run('cat', ['a\0b'])).rejects.toMatchObject({ code: 'CapabilityDenied' });
  });

  it('is not fooled by another name of the same binary', async () => {
    mkdirSync(join(folder, 'bin'));
    symlinkSync('/bin/cat', join(folder, 'bin', 'tool'));
    const { run } = openCapability('process', { grants: { process: [join(folder, 'bin', 'tool')] } });
    expect((await run(join(folder, 'bin', '..', 'bin', 'tool'), ['/dev/null'])).code).toBe(0);
    await expect(run('/bin/cat', ['/dev/null'])).rejects.toMatchObject({ code: 'CapabilityDenied' });
  });

  it('gives an empty environment, exit codes, and 128 + signal', async () => {
    expect(text((await all.run('env', [])).stdout)).toBe('');
    expect((await all.run('false', [])).code).toBe(1);
    expect((await all.run('sh', ['-c', 'kill -9 $$'])).code).toBe(137);
  });

  it('kills the whole group at the deadline, at too much output, and on abort', async () => {
    const marker = join(folder, 'survived');
    const script = `(sleep 1; touch ${marker}) & sleep 10`;
    await expect(all.run('sh', ['-c', script], { deadlineMs: 100 })).rejects.toMatchObject({
      code: 'IsolateLimit',
      details: { limit: 'deadline', deadlineMs: 100 },
    });
    await expect(all.run('yes', [], { maxOutputBytes: 10_000 })).rejects.toMatchObject({
      details: { limit: 'output' },
    });
    const stop = new AbortController();
    const running = all.run('sleep', ['60'], { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    await expect(all.run('ls', [marker])).resolves.toMatchObject({ code: 2 });
  });

  it('ends when the program ends, whatever it left in the background', async () => {
    expect(text((await all.run('sh', ['-c', 'sleep 60 & echo done'])).stdout)).toBe('done\n');
  });

  it('passes on that a program cannot be run', async () => {
    await expect(all.run(join(folder, 'none'), [])).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('native', () => {
  it('loads what is granted, and never a built-in module', async () => {
    const { load } = openCapability('native', { grants: { native: ['pino', 'fs'] } });
    expect(await load('pino')).toBeTypeOf('function');
    for (const name of ['fs', 'node:fs', 'tweetnacl', '../x', '']) {
      await expect(load(name), name).rejects.toMatchObject({ code: 'CapabilityDenied' });
    }
    await expect(openCapability('native', undefined).load('tenstrip-no-such-addon')).rejects.toThrow(
      /tenstrip-no-such-addon/,
    );
  });
});
