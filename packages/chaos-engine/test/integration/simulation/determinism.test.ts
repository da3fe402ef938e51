// One seed is one trace: in run after run, in process after process, on a busy machine, by either driver, and on a newer Node.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { requireFull } from '../../../../../tools/test-requirements.mjs';
import { newestNode } from '../../services/newest-node.js';

const child = fileURLToPath(new URL('trace-hashes.child.mjs', import.meta.url));
const full = requireFull();
const newest = newestNode();
const [seeds, runs] = full.available ? [10, 100] : [3, 2];
const busy: ChildProcess[] = [];

async function traceHashes(node = process.execPath, driver = 'auto'): Promise<string[][]> {
  const { stdout } = await promisify(execFile)(node, [child, String(seeds), String(runs), driver]);
  return JSON.parse(stdout) as string[][];
}

afterAll(() => {
  for (const each of busy) each.kill('SIGKILL');
});

describe('http, undici, streams, async iterators, AbortSignal, setImmediate and nested timers under faults', () => {
  it(`leave one trace a seed: ${runs} runs of ${seeds} seeds in two processes, then under load and by turns`, {
    timeout: 900_000,
  }, async () => {
    const first = await traceHashes();
    expect(first.map((hashes) => hashes.length)).toEqual(first.map(() => 1));
    expect(new Set(first.flat()).size).toBe(seeds);
    expect(await traceHashes()).toEqual(first);
    for (let each = 0; each < 2; each++) busy.push(spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
    expect(await traceHashes()).toEqual(first);
    expect(await traceHashes(process.execPath, 'by-turns')).toEqual(first);
  });

  it.skipIf(!newest.available)('leave one trace a seed on the newest Node too', { timeout: 900_000 }, async () => {
    const first = await traceHashes(newest.path);
    expect(first.map((hashes) => hashes.length)).toEqual(first.map(() => 1));
    expect(await traceHashes(newest.path, 'by-turns')).toEqual(first);
  });
});
