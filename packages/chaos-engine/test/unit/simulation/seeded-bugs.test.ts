// Planted bugs are found, made small and replayed; the same programs without them raise no alarm.
import { describe, expect, it } from 'vitest';
import { requireFull } from '../../../../../tools/test-requirements.mjs';
import { explore, replay } from '../../../src/index.js';
import { seededBugs } from '../../services/seeded-bugs.js';

const full = requireFull();

describe.each(seededBugs)('$name', ({ options, wrong, right }) => {
  it('is found, shrunk to a short trace and replayed from one string', { timeout: 120_000 }, async () => {
    const { failure, worlds } = await explore({ ...options, worlds: 5000 }, wrong);
    expect(failure, `not found in ${worlds} worlds`).toBeDefined();
    expect(failure!.faults.length).toBeLessThanOrEqual(2);
    expect(failure!.decisions).toBeLessThanOrEqual(8);
    const again = await replay(failure!.trace, wrong);
    expect(again.reproduced).toBe(true);
    expect(again.failure?.message).toBe(failure!.message);
    expect(again.story).toBe(failure!.story);
  });

  it('raises no alarm where the program is right', { timeout: 120_000 }, async () => {
    expect((await explore({ ...options, worlds: 30 }, right)).failure).toBeUndefined();
  });

  it.skipIf(!full.available)('raises no alarm in its share of a minute', { timeout: 300_000 }, async () => {
    const budgetMs = 60_000 / seededBugs.length;
    expect((await explore({ ...options, worlds: 1e9, budgetMs, firstSeed: 1_000_000 }, right)).failure).toBeUndefined();
  });
});

it.skipIf(!full.available)('a right program raises no alarm in five minutes on end', { timeout: 900_000 }, async () => {
  // The one that asks most of a world: node:http over links that fail, with time limits, and retries on new connections.
  const { right, options } = seededBugs.find(({ name }) => name === 'retry that is not idempotent')!;
  const endless = { ...options, worlds: 1e9, budgetMs: 300_000, firstSeed: 2_000_000 };
  const { failure, worlds } = await explore(endless, right);
  expect(failure).toBeUndefined();
  expect(worlds).toBeGreaterThan(1000);
});
