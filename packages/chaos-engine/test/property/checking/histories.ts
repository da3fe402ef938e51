// Random small histories: three processes call and return in random turns; answers are those of an object that was asked in the
// order of the calls, or any.

import fc from 'fast-check';
import type { HistoryEntry, Outcome } from '../../../src/checking/index.js';
import { blocked, type PlainObject } from './brute-force.js';

export interface Kind<Operation> {
  readonly name: string;
  readonly object: () => PlainObject;
  readonly operation: fc.Arbitrary<Operation>;
  /** Any answer that the operation may get. */
  readonly answer: (operation: Operation) => fc.Arbitrary<unknown>;
}

const outcome = fc.constantFrom<Outcome>('ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'unknown', 'unknown', 'fail');

/** Histories of at most `most` operations of a kind. */
export function histories<Operation>(kind: Kind<Operation>, most: number): fc.Arbitrary<HistoryEntry<Operation>[]> {
  const asked = kind.operation.chain((operation) =>
    fc.record({
      operation: fc.constant(operation),
      outcome,
      any: kind.answer(operation),
      honest: fc.boolean(),
    }),
  );
  const turns = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: most, maxLength: 3 * most });
  return fc
    .tuple(fc.array(asked, { minLength: 1, maxLength: most, size: 'max' }), turns, fc.integer({ min: 1, max: 3 }))
    .map(([all, order, coarse]) => {
      const entries: HistoryEntry<Operation>[] = [];
      const open = new Map<number, number>();
      const object = kind.object();
      order.forEach((process, turn) => {
        // Coarse clocks make positions equal.
        const position = Math.floor(turn / coarse);
        const at = open.get(process);
        if (at !== undefined) {
          open.delete(process);
          entries[at] = { ...entries[at]!, return: position };
          return;
        }
        const next = all[entries.length];
        if (next === undefined) return;
        const answer = next.outcome === 'fail' ? undefined : object.ask(next.operation as never);
        const result = next.honest && answer !== blocked ? answer : next.any;
        open.set(process, entries.length);
        entries.push({ process, operation: next.operation, result, call: position, outcome: next.outcome });
      });
      // What never returned is of unknown outcome.
      return entries.map((entry) =>
        entry.outcome === 'ok' && entry.return === undefined ? { ...entry, outcome: 'unknown' as const } : entry,
      );
    });
}
