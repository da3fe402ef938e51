// The examples of the proxy and of the checker run, and end as they say.
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

it('toxics do to a client what they say, to the same connections in every run', { timeout: 300_000 }, async () => {
  const lines = await linesOf('proxy-toxics');
  const outcomes = lines.slice(0, 6).map((line) => /ms {3}(\S.*)$/.exec(line)?.[1]);
  expect(outcomes).toEqual([
    '20 whole',
    '20 whole',
    '20 whole',
    '12 whole, 8 cut off',
    '9 ECONNRESET, 11 whole',
    '20 ECONNREFUSED',
  ]);
  const median = (line: number) => Number(/(\d+) ms/.exec(lines[line]!.slice(24))![1]);
  expect(median(1)).toBeGreaterThanOrEqual(35);
  expect(median(2)).toBeGreaterThanOrEqual(190);
});

it('a history is judged, and what is impossible of it is shown', { timeout: 300_000 }, async () => {
  const lines = await linesOf('check-history');
  expect(lines[0]).toBe('writes wait for both replicas: ok');
  expect(lines[3]).toBe('writes are copied later: illegal');
  expect(lines).toContain('  price: ok, 7 operations');
  expect(lines.join('\n')).toContain('Not linearizable (key-value store, part "cart")');
});
