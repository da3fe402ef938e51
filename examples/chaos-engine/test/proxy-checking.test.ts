// The examples of the proxy and of the checker run, and end as they say.
import { expect, it } from 'vitest';
import { linesOfExample } from '../../../tools/test-example.mjs';

const linesOf = (example: string) => linesOfExample(`chaos-engine/${example}`);

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
