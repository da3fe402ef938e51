import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requireFull } from '../../../../tools/test-requirements.mjs';
import { createEngine, type Engine, rel } from '../../src/index.js';
import { apply, provedFacts, relations, ruleText, testProgram } from './random-programs.js';

const full = requireFull().available;

/** Rules that fail wherever `most` holds, each at another place of the evaluation. */
const failing = [
  'p1(X) :- most(X, N), N + 1 > 0.',
  'more(X, N + 1) :- most(X, N).',
  'more(X, N) :- e0(X), most(_, N). more(X, N * 2) :- most(X, N), not p3(X, X, X).',
  'p1(thrown(X)) :- most(X, _).',
];

function engineFor(rules: readonly string[]): Engine {
  const engine = createEngine({
    relations: { ...relations, most: rel('term', 'integer'), more: rel('term', 'integer') },
    functions: {
      thrown: () => {
        throw new Error('as always');
      },
    },
  }) as Engine;
  engine.addRules(['most(z, 2147483647).', ...rules].join('\n'));
  return engine;
}

describe('an engine whose rules failed now and then', () => {
  it('is as one that never saw them: facts, proofs, digest, rules, and all that comes later', async () => {
    const failures = fc.array(fc.record({ bad: fc.constantFrom(...failing), withMore: fc.boolean() }), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(testProgram, failures, async ({ rules, schedule }, attempts) => {
        const [first, ...later] = rules.map(ruleText);
        const tried = engineFor([first!]);
        const spared = engineFor([first!]);
        await tried.transact();
        await spared.transact();
        for (const [step, updates] of schedule.entries()) {
          const attempt = attempts[step];
          if (attempt !== undefined) {
            tried.addRules([...(attempt.withMore ? later : []), attempt.bad, 'e0(b).'].join('\n'));
            await expect(apply(tried, updates)).rejects.toMatchObject({ details: { dropped: expect.any(Array) } });
          }
          if (step === 1 && later.length > 0) for (const each of [tried, spared]) each.addRules(later.join('\n'));
          await apply(tried, updates);
          await apply(spared, updates);
          expect(tried.digest()).toBe(spared.digest());
          expect(tried.rules).toEqual(spared.rules);
          expect(tried.revision).toBe(spared.revision);
        }
        expect(provedFacts(tried)).toEqual(provedFacts(spared));
      }),
      { numRuns: full ? 5_000 : 150 },
    );
  });
});
