import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { repositoryRoot } from '../bootstrap/repository.mjs';
import { requireCorpus, requirement, requireTool } from '../test-requirements.mjs';
import { formatVerdict, judge } from './report.mjs';
import { installLine, isInstalledTool, missingPackages, SYSTEM_PACKAGES } from './system-packages.mjs';

/**
 * @param {string} name
 * @param {Record<string, string>} tests status by name
 * @param {string} [status]
 */
const file = (name, tests, status = 'passed') => ({
  name,
  status,
  message: 'Error: cannot find module',
  assertionResults: Object.entries(tests).map(([fullName, status]) => ({ fullName, status })),
});

describe('the verdict of a test run', () => {
  it('ends with the counts', () => {
    const report = { testResults: [file('/r/a.test.ts', { one: 'passed', two: 'passed' })] };
    const verdict = judge(report, 0, []);
    expect(verdict).toMatchObject({ passed: 2, failed: 0 });
    expect(formatVerdict(verdict, '/r').split('\n').at(-1)).toBe('2 passed, 0 failed');
  });

  it('lists what was skipped with its reason, and says when there is none', () => {
    const report = {
      testResults: [
        file('/r/a.test.ts', { one: 'skipped', two: 'passed' }),
        file('/r/b.test.ts', { three: 'skipped' }),
      ],
    };
    const text = formatVerdict(judge(report, 0, [{ file: '/r/a.test.ts', reason: 'nft is missing' }]), '/r');
    expect(text).toContain('  a.test.ts\n    nft is missing\n    - one');
    expect(text).toContain('  b.test.ts\n    no reason given');
    expect(text.split('\n').at(-1)).toBe('1 passed, 0 failed, 2 skipped');
  });

  it.each([
    ['a failed test', { testResults: [file('/r/a', { one: 'failed', two: 'passed' }, 'failed')] }, 1],
    ['a file that does not load', { testResults: [file('/r/a', {}, 'failed'), file('/r/b', { one: 'passed' })] }, 1],
    ['an error outside of any test', { testResults: [file('/r/a', { one: 'passed' })] }, 1],
    ['no test at all', { testResults: [] }, 0],
    ['only skipped tests', { testResults: [file('/r/a', { one: 'skipped' })] }, 0],
    ['a crash without a report', undefined, 139],
  ])('counts %s as one failure', (_, report, exitCode) => {
    expect(judge(report, exitCode, []).failed).toBe(1);
  });

  it('fails when no test matches, on the real runner', { timeout: 120_000 }, () => {
    const run = spawnSync(process.execPath, ['tools/test.mjs', 'no-file-has-such-a-name'], {
      cwd: repositoryRoot,
      encoding: 'utf8',
      env: { ...process.env, CI: '' },
    });
    expect(run.stdout).toContain('no test ran');
    expect(run.stdout.trimEnd().split('\n').at(-1)).toBe('0 passed, 1 failed');
    expect(run.status).toBe(1);
  });
});

describe('system packages', () => {
  it('are missing when one of their tools is', () => {
    const missing = missingPackages(SYSTEM_PACKAGES, (tool) => tool !== 'ip');
    expect(missing.map(({ debian }) => debian)).toEqual(['iproute2']);
    expect(installLine(missing)).toBe('sudo apt-get install -y iproute2');
  });

  it('are all installed by the workflow, whose user is not root', () => {
    const workflow = readFileSync(join(repositoryRoot, '.github', 'workflows', 'ci.yml'), 'utf8');
    const line =
      /apt-get install -y -q --no-install-recommends\s+([^:]+?)\s+- run:/.exec(workflow)?.[1]?.split(/\s+/) ?? [];
    expect(line.sort()).toEqual(SYSTEM_PACKAGES.map(({ debian }) => debian).sort());
  });

  it('are looked for along the path', () => {
    expect(isInstalledTool('sh')).toBe(true);
    expect(isInstalledTool('no-such-program-here')).toBe(false);
  });
});

describe('a requirement', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('that is not met leaves its reason and the file that asked', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tenstrip-requirement-'));
    vi.stubEnv('TENSTRIP_SKIP_REPORT', join(folder, 'skips'));
    vi.stubEnv('TENSTRIP_CORPUS_DIR', folder);
    expect(requireCorpus('fail2ban')).toMatchObject({ available: false, folder: join(folder, 'fail2ban') });
    expect(requirement(true, 'never shown')).toEqual({ available: true, reason: '' });
    const lines = readFileSync(join(folder, 'skips'), 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      file: fileURLToPath(import.meta.url),
      reason: expect.stringContaining('fail2ban is not in'),
    });
    rmSync(folder, { recursive: true });
  });

  it('names only tools of the table', () => {
    expect(() => requireTool('no-such-program-here')).toThrow('system-packages.mjs');
  });
});
