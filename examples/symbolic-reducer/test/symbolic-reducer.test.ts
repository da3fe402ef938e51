// The examples run, and end as they say.
import { expect, it } from 'vitest';
import { linesOfExample } from '../../../tools/test-example.mjs';

const linesOf = (example: string) => linesOfExample(`symbolic-reducer/${example}`);

it('a cost model is reduced with a proof, and compiled', { timeout: 300_000 }, async () => {
  const lines = await linesOf('cost-model');
  expect(lines[1]).toBe('reduced: (3*load*price + price*reserve)/capacity');
  expect(lines[3]).toBe('proof: 1 certificate, accepted');
  // (3*50*33.33 + 33.33*25)/100
  expect(lines.at(-1)).toMatch(/: 58\.33$/);
});

it('formulas are proved equal, or shown where they differ', { timeout: 300_000 }, async () => {
  expect(await linesOf('prove-formulas')).toEqual(
    expect.arrayContaining([
      '  proved where x - 1 is nonzero',
      '  they differ at x = -1',
      expect.stringMatching(/^ {2}they differ at a = \S+, b = \S+$/),
      expect.stringMatching(/^ {2}unknown: /),
    ]),
  );
});

it('derivatives find the minimum', { timeout: 300_000 }, async () => {
  const lines = await linesOf('optimiser-derivatives');
  expect(lines.slice(0, 2)).toEqual(['derivative by a: proved', 'derivative by b: proved']);
  // At the minimum the loss is that of the noise, far below the first.
  expect(Number(/loss (\S+),/.exec(lines.at(-1)!)![1])).toBeLessThan(0.001);
});

it('a proof is accepted in a second process, and refused after a change', { timeout: 300_000 }, async () => {
  expect(await linesOf('proof-in-second-process')).toEqual([
    'a proof of equality',
    'second process: accepted',
    expect.stringMatching(/^after a change: refused/),
  ]);
});
