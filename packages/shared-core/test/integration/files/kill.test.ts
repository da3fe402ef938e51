// Processes that are killed with SIGKILL while they write files: at random moments, and before each call to the system that could leave
// something half done.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { requireFull, requireTool } from '../../../../../tools/test-requirements.mjs';
import { seededRandom } from '../../../src/determinism/index.js';

const child = fileURLToPath(new URL('write-files.child.mjs', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'tenstrip-kill-files-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const isFull = requireFull().available;
const kills = isFull ? 1_000 : 20;
const draftName = /^\.tenstrip-draft-[0-9a-f]{16}$/;

/** The number of a file's content; throws when it is not all of it. */
function numberIn(folder: string, name: string): number {
  const content = readFileSync(join(folder, name));
  const number = content.length - 200_000;
  expect(content.equals(Buffer.alloc(content.length, number % 251))).toBe(true);
  expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  return number;
}

/** Whether all files are whole; which there are, and how many drafts. */
function look(folder: string): { files: Map<string, number>; drafts: number } {
  const names = readdirSync(folder);
  const drafts = names.filter((name) => draftName.test(name));
  const files = names.filter((name) => !draftName.test(name));
  return { files: new Map(files.map((name) => [name, numberIn(folder, name)])), drafts: drafts.length };
}

test(`a file is whole or not there after SIGKILL at ${kills} random moments, and there once that was said`, async () => {
  const random = seededRandom('kill files');
  for (let kill = 0; kill < kills; kill++) {
    const folder = join(root, `random-${kill}`);
    mkdirSync(folder);
    const writer = spawn(process.execPath, [child, folder, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    writer.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await Promise.race([once(writer.stdout, 'data'), once(writer, 'exit')]);
    expect(writer.exitCode).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, random.float() * 40));
    writer.kill('SIGKILL');
    await once(writer, 'close');

    const { files, drafts } = look(folder);
    expect(drafts).toBeLessThanOrEqual(1);
    const acknowledged = said.split('\n').slice(0, -1); // a line that was not ended was not said
    expect(acknowledged.length).toBeGreaterThan(0);
    for (const name of acknowledged.filter((line) => line.startsWith('new-'))) {
      expect(files.get(name)).toBe(Number(name.slice('new-'.length)));
    }
    const replaced = acknowledged.filter((line) => line.startsWith('replaced ')).at(-1);
    if (replaced !== undefined) {
      expect(files.get('replaced')).toBeGreaterThanOrEqual(Number(replaced.slice('replaced '.length)));
    }
    rmSync(folder, { recursive: true });
  }
}, 900_000);

const strace = requireTool('strace');
const calls = ['fsync', 'link', 'rename', ...(isFull ? ['fchmod', 'getdents64', 'write', 'unlink'] : [])];

test.skipIf(!strace.available || process.platform !== 'linux')(
  'a file is whole or not there when the process is killed before any of its calls to the system',
  () => {
    const states = new Map(calls.map((call) => [call, [...statesBeforeEach(call)]]));
    // A draft is synced before the file has its name, and the folder after.
    expect(states.get('fsync')).toEqual([
      'nothing and a draft',
      'new-0',
      'new-0 and a draft',
      'new-0, replaced',
      'new-0, replaced',
    ]);
    expect(states.get('link')).toEqual(['nothing and a draft', 'new-0, replaced']);
  },
  300_000,
);

/** What there is when a process is killed before its first, second, … call of a kind; at last after a whole run. */
function* statesBeforeEach(call: string): Iterable<string> {
  for (let time = 1, isWhole = false; !isWhole; time++) {
    const folder = join(root, `${call}-${time}`);
    mkdirSync(folder);
    // One thread for files, as strace counts the calls of each thread.
    const { signal, status, stderr } = spawnSync(
      'strace',
      [
        ...['-f', '-qq', '-o', join(root, 'trace'), '-e', `trace=${call}`],
        ...['-e', `inject=${call}:signal=SIGKILL:when=${time}`, process.execPath, child, folder, '0', 'once'],
      ],
      { env: { ...process.env, UV_THREADPOOL_SIZE: '1' }, encoding: 'utf8' },
    );
    isWhole = status === 0;
    if (!isWhole) expect([signal, stderr]).toEqual(['SIGKILL', '']);
    const { files, drafts } = look(folder);
    expect(drafts).toBeLessThanOrEqual(1);
    yield `${[...files.keys()].join(', ') || 'nothing'}${drafts === 0 ? '' : ' and a draft'}`;
  }
}
