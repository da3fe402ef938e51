import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildDigest } from './build.mjs';
import { explainFailure, isInstalled, npmCommand } from './install.mjs';
import { withLock } from './lock.mjs';
import { nodeVersionProblem } from './node-version.mjs';
import { repositoryRoot } from './repository.mjs';
import { runStep } from './step.mjs';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenstrip-bootstrap-'));
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

describe('the Node.js version', () => {
  it.each(['20.19.0', '20.20.2', '22.12.0', '23.0.0', '26.1.0'])('%s can run the suite', (version) => {
    expect(nodeVersionProblem(version)).toBeUndefined();
  });
  it.each(['12.22.12', '18.20.8', '20.18.3', '21.7.3', '22.11.0'])('%s is refused with what to do', (version) => {
    expect(nodeVersionProblem(version)).toContain(`this is ${version}`);
    expect(nodeVersionProblem(version)).toContain('Install');
  });
});

describe('an install', () => {
  it('runs no script of a dependency, whichever npm does it', () => {
    const npm = npmCommand(['config', 'get', 'ignore-scripts']);
    const { stdout } = spawnSync(npm.command, npm.args, { cwd: repositoryRoot, encoding: 'utf8' });
    expect(stdout.trim()).toBe('true');
  });
});

describe('installed dependencies', () => {
  /** @param {Record<string, object>} packages */
  const lock = (packages) => writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages }));
  /** @param {Record<string, object>} packages */
  const installed = (packages) => {
    mkdirSync(join(folder, 'node_modules'), { recursive: true });
    writeFileSync(join(folder, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }));
  };

  it('are missing on a bare clone', () => {
    lock({ 'node_modules/a': { version: '1.0.0' } });
    expect(isInstalled(folder)).toBe(false);
  });

  it('are recognised after an install by hand, other platforms’ packages left out', () => {
    lock({
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/a-win32': { version: '1.0.0', optional: true },
    });
    installed({ 'node_modules/a': { version: '1.0.0' } });
    expect(isInstalled(folder)).toBe(true);
    rmSync(join(folder, 'node_modules', '.package-lock.json'));
    expect(isInstalled(folder), 'by the stamp alone').toBe(true);
  });

  it('are out of date when a version or a linked workspace differs', () => {
    lock({ 'node_modules/a': { version: '1.0.1' } });
    installed({ 'node_modules/a': { version: '1.0.0' } });
    expect(isInstalled(folder)).toBe(false);
    lock({ 'node_modules/b': { link: true, resolved: 'packages/b' } });
    expect(isInstalled(folder)).toBe(false);
  });

  it('are out of date when the lock file changed after the stamp', () => {
    lock({ 'node_modules/a': { version: '1.0.0' } });
    installed({ 'node_modules/a': { version: '1.0.0' } });
    expect(isInstalled(folder)).toBe(true);
    lock({ 'node_modules/a': { version: '2.0.0' } });
    expect(isInstalled(folder)).toBe(false);
  });

  it.each([
    ['npm error code EAI_AGAIN', 'registry'],
    ['npm error code EACCES', 'write here'],
    ['npm error code ENOSPC', 'disk is full'],
    ['npm error code EUSAGE', 'do not agree'],
    ['something else', 'by hand'],
  ])('%s is explained', (output, advice) => {
    expect(explainFailure(output)).toContain(advice);
  });
});

describe('the digest of a build', () => {
  it('changes with a source, with the compiler’s record, and when the output is gone', () => {
    const engine = join(folder, 'packages', 'engine');
    mkdirSync(join(engine, 'src'), { recursive: true });
    mkdirSync(join(engine, 'dist'));
    writeFileSync(join(engine, 'package.json'), '{}');
    const digests = new Set();
    const record = () => digests.add(buildDigest(folder));
    record();
    writeFileSync(join(engine, 'src', 'index.ts'), 'export const a = 1;');
    record();
    writeFileSync(join(engine, 'dist', '.tsbuildinfo'), 'built');
    record();
    writeFileSync(join(engine, 'dist', 'index.js'), 'built');
    record();
    rmSync(join(engine, 'dist', 'index.js'));
    record();
    expect(digests.size).toBe(4);
  });
});

describe('a step', () => {
  it('keeps quiet on standard output and gives the output of a command that went well', async () => {
    const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const step = { title: 'Say', command: process.execPath, args: ['-e', 'console.log(1 + 1)'], cwd: folder };
    expect(await runStep(step)).toBe('2\n');
    expect(out).not.toHaveBeenCalled();
  });

  it('shows what a failed command said, its code, and what to do', async () => {
    const program = 'console.error("no such thing"); process.exit(3)';
    const step = {
      title: 'Try',
      command: process.execPath,
      args: ['-e', program],
      cwd: folder,
      explain: () => 'Do this.',
    };
    await expect(runStep(step)).rejects.toThrow(/^no such thing\nTry: .* ended with code 3\.\nDo this\.$/s);
  });

  it('says that a program is missing', async () => {
    const step = { title: 'Try', command: 'no-such-program-here', args: [], cwd: folder };
    await expect(runStep(step)).rejects.toThrow('`no-such-program-here`: it is not installed or not on the PATH');
  });
});

describe('the set-up lock', () => {
  it('lets one body run at a time', async () => {
    const file = join(folder, 'lock');
    let running = 0;
    let most = 0;
    const body = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    };
    await Promise.all([withLock(file, body), withLock(file, body), withLock(file, body)]);
    expect(most).toBe(1);
    expect(existsSync(file)).toBe(false);
  });

  it('is taken from an owner that is gone', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => child.on('close', resolve));
    writeFileSync(join(folder, 'lock'), String(child.pid));
    expect(await withLock(join(folder, 'lock'), async () => 'done')).toBe('done');
  });

  it('is given back when the body fails', async () => {
    await expect(withLock(join(folder, 'lock'), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(existsSync(join(folder, 'lock'))).toBe(false);
  });
});
