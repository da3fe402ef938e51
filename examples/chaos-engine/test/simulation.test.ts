// The examples of simulation run, and end as they say.
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const repository = resolve(__dirname, '../../..');

async function linesOf(example: string): Promise<string[]> {
  const path = `examples/chaos-engine/${example}.ts`;
  const tsNode = resolve(repository, 'node_modules/ts-node/dist/bin.js');
  const { stdout } = await promisify(execFile)(process.execPath, [tsNode, path], { cwd: repository });
  return stdout.trimEnd().split('\n');
}

it('a lost update is found, shrunk and replayed', { timeout: 300_000 }, async () => {
  const lines = await linesOf('lost-update');
  expect(lines[0]).toMatch(/^found in world \d+: Error: 2 visits were counted as 1$/);
  expect(lines.filter((line) => line.includes('asks add 1'))).toHaveLength(2);
  expect(lines.at(-1)).toBe('the same: Error: 2 visits were counted as 1');
});

it('an unmodified pair of services lives through a partition, twice in the same way', {
  timeout: 300_000,
}, async () => {
  const lines = await linesOf('http-under-partition');
  expect(lines.slice(0, 4)).toEqual([
    'quiet: charged /quiet at attempt 1, after 0.0 s',
    'cut: charged /cut at attempt 3, after 6.5 s',
    'mute: given up, after 17.5 s',
    'healed: charged /healed at attempt 1, after 0.0 s',
  ]);
  expect(lines.at(-1)).toBe('a second run leaves the same trace');
});
