import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../bootstrap/repository.mjs';
import { completePlatformPackages, missingOptionalPackages, platformEntry } from './platform-packages.mjs';

/** A lock file as npm writes it where the registry serves Linux on x64 only. */
const partial = () => ({
  '': { version: '1.0.0' },
  'node_modules/tool': {
    version: '2.6.8',
    license: 'MIT',
    dev: true,
    optionalDependencies: {
      '@tool/linux-x64-musl': '2.6.8',
      '@tool/darwin-arm64': '2.6.8',
      '@tool/linux-x64': '2.6.8',
    },
  },
  'node_modules/@tool/linux-x64': { version: '2.6.8', optional: true, os: ['linux'], cpu: ['x64'] },
});

describe('npm run complete-lock', () => {
  it('says in a line what it cannot read, without a stack', () => {
    const program = join(repositoryRoot, 'tools', 'complete-lock.mjs');
    const { status, stderr } = spawnSync(process.execPath, [program, 'no-such-folder'], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain('no-such-folder/package-lock.json cannot be read');
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('a lock file without the packages of other platforms', () => {
  it('names what is missing and who wants it', () => {
    expect(missingOptionalPackages(partial()).map(({ name, parent }) => [name, parent])).toEqual([
      ['@tool/linux-x64-musl', 'node_modules/tool'],
      ['@tool/darwin-arm64', 'node_modules/tool'],
    ]);
  });

  it('is made whole, in sorted order, with platform, version and licence', () => {
    const packages = /** @type {Record<string, import('./platform-packages.mjs').LockEntry>} */ (partial());
    expect(completePlatformPackages(packages).unknown).toEqual([]);
    expect(Object.keys(packages)).toEqual([
      '',
      'node_modules/@tool/darwin-arm64',
      'node_modules/@tool/linux-x64',
      'node_modules/@tool/linux-x64-musl',
      'node_modules/tool',
    ]);
    expect(packages['node_modules/@tool/linux-x64-musl']).toEqual({
      version: '2.6.8',
      cpu: ['x64'],
      dev: true,
      libc: ['musl'],
      license: 'MIT',
      optional: true,
      os: ['linux'],
    });
    expect(missingOptionalPackages(packages)).toEqual([]);
  });

  it('finds a nested package beside its parent and in every folder above', () => {
    const nested = {
      'node_modules/a/node_modules/b': { optionalDependencies: { c: '1.0.0', d: '1.0.0', e: '1.0.0' } },
      'node_modules/a/node_modules/b/node_modules/c': {},
      'node_modules/a/node_modules/d': {},
      'node_modules/e': {},
    };
    expect(missingOptionalPackages(nested)).toEqual([]);
  });

  it('leaves alone what does not state its platform and exact version', () => {
    expect(platformEntry({ path: '', name: 'fsevents', range: '^2.3.0', parent: '' }, {})).toBeUndefined();
    expect(platformEntry({ path: '', name: '@tool/darwin-arm64', range: '^2.3.0', parent: '' }, {})).toBeUndefined();
  });
});
