import { type ChildProcess, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { failedLogins } from './attack-lines';
import { documentOf, type Finished, finished, Scratch, start, watchtower } from './run-watchtower';

const noon = new Date('2026-03-01T12:00:00Z');
const attack = failedLogins('203.0.113.7', 20, noon);
const scratch = new Scratch();
afterAll(() => scratch[Symbol.dispose]());

/** One line of complaint, and never a stack. */
function expectOneClearError({ stderr }: Finished, ...parts: string[]): void {
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).toMatch(/^watchtower: .+\n$/);
  for (const part of parts) expect(stderr).toContain(part);
}

function expectNoStack({ stdout, stderr }: Finished): void {
  expect(stdout + stderr).not.toMatch(/\n\s+at |node:internal|\.ts:\d+/);
}

/** The most memory that a child was seen to use, in bytes; 0 where the system does not tell. */
function peakMemory({ pid }: ChildProcess): () => number {
  let peak = 0;
  const look = () => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      clearInterval(timer); // it has ended
    }
  };
  const timer = setInterval(look, 20);
  return () => {
    clearInterval(timer);
    return peak;
  };
}

describe('input that cannot be read', () => {
  test.each([
    ['a missing file', () => scratch.path('no-such.log')],
    ['a folder', () => scratch.folder],
  ])('%s is named, the other file is read, and the exit code is 3', async (_, path) => {
    const good = scratch.path('good.log');
    writeFileSync(good, attack);
    const run = await watchtower(scratch.folder, '--json', path(), good);
    expect(run.code).toBe(3);
    expectNoStack(run);
    const document = documentOf(run);
    expect(document.input.skipped).toMatchObject([{ path: path(), code: 'SourceUnreadable' }]);
    expect(document.blocked.map(({ target }) => target)).toEqual(['203.0.113.7']);
  });

  test('a missing file alone is one clear error', async () => {
    const run = await watchtower(scratch.folder, scratch.path('no-such.log'));
    expect(run).toMatchObject({ code: 3, stdout: '' });
    expectOneClearError(run, 'no-such.log');
  });

  test('a file without permission is named', async () => {
    using own = new Scratch();
    const path = own.path('secret.log');
    writeFileSync(path, attack);
    chmodSync(path, 0o000);
    chmodSync(own.folder, 0o777);
    const asNobody = process.getuid?.() === 0 ? { uid: 65_534 } : {}; // root may read everything
    const run = await finished(start(own.folder, ['--json', path], asNobody));
    expect(run.code).toBe(3);
    expectOneClearError(run, path, 'permission denied');
    expect(JSON.parse(run.stdout)).toMatchObject({ error: { code: 'SourceUnreadable' } });
  });
});

describe('input that is not what a log should be', () => {
  test('an empty file finds nobody and is no error', async () => {
    const path = scratch.path('empty.log');
    writeFileSync(path, '');
    const run = await watchtower(scratch.folder, '--json', path);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(documentOf(run)).toMatchObject({ blocked: [], input: { lines: 0, events: 0 }, ledger: { verified: true } });
  });

  test('binary garbage is counted, and attacks between it are still seen', async () => {
    const path = scratch.path('garbage.log');
    const noise = Buffer.from(Array.from({ length: 50_000 }, (_, n) => (n * 2_654_435_761) >>> 24));
    writeFileSync(path, Buffer.concat([noise, Buffer.from(`\n${attack}`), noise]));
    const run = await watchtower(scratch.folder, '--json', path);
    expect(run.code).toBe(0);
    const document = documentOf(run);
    expect(document.blocked.map(({ target }) => target)).toEqual(['203.0.113.7']);
    expect(document.input.sources[0]!.garbled + document.input.sources[0]!.unrecognised).toBeGreaterThan(0);
  });

  const giant = process.env.TENSTRIP_FULL === '1' ? 1 << 30 : 1 << 27;
  test(`a line of ${giant >> 20} MiB is cut and counted, in bounded memory`, async () => {
    const path = scratch.path('giant.log');
    const file = openSync(path, 'w');
    writeSync(file, 'x');
    ftruncateSync(file, giant);
    writeSync(file, `\n${attack}`, giant);
    closeSync(file);
    const child = start(scratch.folder, ['--json', path]);
    const peak = peakMemory(child);
    const run = await finished(child);
    expect(run.code).toBe(0);
    expect(peak()).toBeLessThan(256 << 20); // the line alone would not fit beside the program
    const document = documentOf(run);
    expect(document.input.sources[0]).toMatchObject({ cut: 1, lines: 21, events: 20 });
    expect(document.blocked.map(({ target }) => target)).toEqual(['203.0.113.7']);
  });
});

describe('a wrong command line', () => {
  test.each([
    [['--no-such-option'], '--no-such-option'],
    [['--follow'], '--follow'],
    [['verify'], 'verify takes one folder'],
    [['explain', 'x', 'y'], "'y' is not the number"],
  ])('%j is one clear error with exit code 2', async (args, part) => {
    const run = await watchtower(scratch.folder, ...args);
    expect(run.code).toBe(2);
    expectOneClearError(run, part, '--help');
  });

  test('--help tells every option and exit code, and nothing is read', async () => {
    const run = await watchtower(scratch.folder, '--help');
    expect(run).toMatchObject({ code: 0, stderr: '' });
    for (const option of ['--ledger', '--report', '--truth', '--allow', '--utc', '--checkpoint', '--key', '--json']) {
      expect(run.stdout).toContain(option);
    }
  });

  test('a truth file that is none is one clear error', async () => {
    const path = scratch.path('truth-of-nothing.json');
    writeFileSync(path, '{"actors":1}');
    const run = await watchtower(scratch.folder, '--truth', path);
    expect(run.code).toBe(1);
    expectOneClearError(run, 'truth-of-nothing.json');
  });

  test.each([
    ['verify', []],
    ['explain', ['1']],
  ])('%s of a folder without a ledger is one clear error, and makes none there', async (command, more) => {
    const folder = scratch.path(`nothing-to-${command}`);
    mkdirSync(folder);
    const run = await watchtower(scratch.folder, command, folder, ...more);
    expect(run.code).toBe(1);
    expectOneClearError(run, folder, 'LedgerMissing');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a place that cannot be written', () => {
  const taken = () => {
    writeFileSync(scratch.path('taken'), '');
    return scratch.path('taken');
  };

  test.each([
    ['the ledger below /proc', ['--ledger', '/proc/no-such/ledger'], '/proc/no-such'],
    ['the report below /proc', ['--report', '/proc/no-such/report.html'], '/proc/no-such'],
    ['the ledger at a file', () => ['--ledger', taken()], 'taken'],
    ['the report below a file', () => ['--report', join(taken(), 'report.html')], 'taken'],
  ])('%s is one clear error', async (_, options, part) => {
    const path = scratch.path('quiet.log');
    writeFileSync(path, '');
    const args = typeof options === 'function' ? options() : options;
    const child = start(scratch.folder, [...args, path]);
    const limit = setTimeout(() => child.kill('SIGKILL'), 60_000); // a program that tries for ever hears no other signal
    const run = await finished(child);
    clearTimeout(limit);
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expectOneClearError(run, part, 'FolderUnusable');
  });

  test('a report that is a folder is one clear error, after the ledger was written', async () => {
    const path = scratch.path('quiet.log');
    writeFileSync(path, '');
    const run = await watchtower(scratch.folder, '--report', scratch.folder, path);
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expectOneClearError(run, scratch.folder, 'ReportUnwritable');
  });
});

test('a closed pipe ends the output, not the program', () => {
  const path = scratch.path('piped.log');
  writeFileSync(path, attack);
  const child = start(scratch.folder, ['--ledger', scratch.path('piped'), path]);
  child.stdout?.destroy();
  return finished(child).then(async ({ code, stderr }) => {
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(spawnSync('ls', [scratch.path('piped')]).stdout.toString()).toContain('verifier.key');
  });
});
