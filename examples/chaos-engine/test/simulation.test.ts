// The examples of simulation run, and end as they say.
import { expect, it } from 'vitest';
import { linesOfExample } from '../../../tools/test-example.mjs';

const linesOf = (example: string) => linesOfExample(`chaos-engine/${example}`);

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
