// How late a strategy makes timers, whatever happens in whatever order.

import { seededRandom } from '@tenstrip/shared-core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Decisions, everyDecision } from '../../../src/simulation/decisions.js';
import { holdUpBy, type Strategy } from '../../../src/simulation/strategies.js';

it('a strategy holds up every node by some of its slack, also one that runs before others have planned anything', () => {
  const strategies: Strategy[] = [
    { name: 'random', slackMs: 5 },
    { name: 'pct', depth: 4, slackMs: 5, steps: 6 },
  ];
  const step = fc.record({ runs: fc.nat(5), asks: fc.nat(5) });
  fc.assert(
    fc.property(fc.constantFrom(...strategies), fc.nat(), fc.array(step), (strategy, seed, steps) => {
      const random = seededRandom(seed);
      const holdUp = holdUpBy(strategy, random, new Decisions(random, everyDecision))!;
      for (const { runs, asks } of steps) {
        holdUp.ran(runs);
        const delayMs = holdUp.delayMs(asks);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(5);
      }
    }),
  );
});
