// What a file system may answer and ours does not: each call of a write is refused in turn, by strace, which puts an error in its place.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { requireTool } from '../../../../../tools/test-requirements.mjs';

const root = mkdtempSync(join(tmpdir(), 'tenstrip-refused-calls-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const program = `
  import { writeWholeFile } from '@tenstrip/shared-core/files';
  const [path, replace] = process.argv.slice(1);
  const said = await writeWholeFile(path, 'new', { replace: replace === 'replace' }).then(() => ({}), (error) => error);
  process.stdout.write(JSON.stringify(said));
`;
let runs = 0;

/** Writes a file while the system answers `refusal`; what was said, what is there now, and how many drafts. */
function writeUnder(refusal: string, replace: boolean) {
  const folder = join(root, String(runs++));
  const path = join(folder, 'file');
  mkdirSync(folder);
  if (replace) writeFileSync(path, 'old');
  const { stdout } = spawnSync(
    'strace',
    [
      ...['-f', '-qq', '-o', '/dev/null', '-e', `trace=${refusal.split(':')[0]}`, '-e', `inject=${refusal}`],
      ...[process.execPath, '--input-type=module', '-e', program, path, replace ? 'replace' : 'new'],
    ],
    // One thread for files, as strace counts the calls of each thread.
    { cwd: import.meta.dirname, env: { ...process.env, UV_THREADPOOL_SIZE: '1' }, encoding: 'utf8' },
  );
  const names = readdirSync(folder);
  const content = names.includes('file') ? readFileSync(path, 'utf8') : undefined;
  return { said: JSON.parse(stdout), content, drafts: names.filter((name) => name !== 'file').length };
}

const strace = requireTool('strace');
describe.skipIf(!strace.available || process.platform !== 'linux')('a whole file', () => {
  it.each(['EPERM', 'EOPNOTSUPP'])(
    'is refused where there are no hard links (%s), and replaces all the same',
    (code) => {
      const { said, content, drafts } = writeUnder(`link:error=${code}`, false);
      expect(said).toMatchObject({ code: 'FileUnwritable', retryable: false });
      expect(said.message).toContain('makes no hard links');
      expect([content, drafts]).toEqual([undefined, 0]);
      expect(writeUnder(`link:error=${code}`, true)).toEqual({ said: {}, content: 'new', drafts: 0 });
    },
  );

  it.each([
    ['fsync:error=EIO:when=1', 'EIO'],
    ['rename:error=EBUSY', 'EBUSY'],
  ])('that is refused by %s is what it was, and may be tried again', (refusal, systemCode) => {
    const { said, content, drafts } = writeUnder(refusal, true);
    expect(said).toMatchObject({ code: 'FileUnwritable', retryable: true, details: { systemCode } });
    expect([content, drafts]).toEqual(['old', 0]);
  });

  it.each([false, true])('says so when its draft was taken for one that was left behind (replace: %j)', (replace) => {
    const { said } = writeUnder(`${replace ? 'rename' : 'link'}:error=ENOENT`, replace);
    expect(said).toMatchObject({
      code: 'FileUnwritable',
      retryable: true,
      message: expect.stringContaining('try again'),
    });
  });

  it('is whole when only its folder could not be synced, and that is said', () => {
    for (const replace of [false, true]) {
      const { said, content, drafts } = writeUnder('fsync:error=EIO:when=2', replace);
      expect(said).toMatchObject({ code: 'FileUnwritable', retryable: true, details: { systemCode: 'EIO' } });
      expect([content, drafts]).toEqual(['new', 0]);
    }
  });

  it('is written when its draft cannot be removed, or the folder takes no syncing', () => {
    expect(writeUnder('unlink:error=EIO', false)).toEqual({ said: {}, content: 'new', drafts: 1 });
    expect(writeUnder('fsync:error=EINVAL:when=2', false)).toEqual({ said: {}, content: 'new', drafts: 0 });
  });
});
