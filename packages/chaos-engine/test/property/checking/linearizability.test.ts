import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requireFull } from '../../../../../tools/test-requirements.mjs';
import {
  casRegisterModel,
  checkLinearizable,
  type HistoryEntry,
  illegal,
  keyValueModel,
  lockModel,
  type Model,
  queueModel,
  setModel,
  unknownResult,
} from '../../../src/checking/index.js';
import { isLinearizableByForce, PlainLock, PlainQueue, PlainRegister, PlainSet, PlainStore } from './brute-force.js';
import { histories, type Kind } from './histories.js';

type Any = Model<unknown, unknown, unknown>;

const bit = fc.integer({ min: 0, max: 1 });
const record = fc.record;
const constant = fc.constant;

const kinds: readonly (Kind<unknown> & { readonly model: Any })[] = [
  {
    name: 'register with compare-and-set',
    model: casRegisterModel() as Any,
    object: () => new PlainRegister(),
    operation: fc.oneof(
      constant({ f: 'read' }),
      record({ f: constant('write'), value: bit }),
      record({ f: constant('cas'), from: bit, to: bit }),
    ),
    answer: (operation) =>
      (operation as { f: string }).f === 'read' ? fc.constantFrom<unknown>(null, 0, 1) : fc.boolean(),
  },
  {
    name: 'key-value store',
    model: keyValueModel() as Any,
    object: () => new PlainStore(),
    operation: record({
      f: fc.constantFrom('get', 'get', 'put', 'append', 'delete'),
      key: fc.constantFrom('a', 'b'),
      value: fc.constantFrom('x', 'y'),
    }),
    answer: () => fc.constantFrom<unknown>(null, 'x', 'y', 'xy'),
  },
  {
    name: 'queue',
    model: queueModel() as Any,
    object: () => new PlainQueue(),
    operation: fc.oneof(record({ f: constant('enqueue'), value: bit }), constant({ f: 'dequeue' })),
    answer: () => fc.constantFrom<unknown>(null, 0, 1),
  },
  {
    name: 'lock',
    model: lockModel() as Any,
    object: () => new PlainLock(),
    operation: record({ f: fc.constantFrom('acquire', 'try', 'release'), owner: fc.constantFrom('a', 'b') }),
    answer: () => fc.boolean(),
  },
  {
    name: 'set',
    model: setModel() as Any,
    object: () => new PlainSet(),
    operation: fc.oneof(
      record({ f: fc.constantFrom('add', 'remove', 'has'), value: bit }),
      record({ f: fc.constantFrom('add', 'remove', 'has'), value: bit }),
      constant({ f: 'read' }),
    ),
    answer: (operation) =>
      (operation as { f: string }).f === 'read' ? fc.constantFrom([], [0], [1], [0, 1]) : fc.boolean(),
  },
];

const runs = requireFull().available ? 20_000 : 2_000;
const verdictOf = (model: Any, history: readonly HistoryEntry[]) =>
  checkLinearizable(model, history, { explain: false }).verdict;

describe.each(kinds)('a history of a $name', (kind) => {
  const { model, object } = kind;

  it(`is judged as brute force judges it (${runs} histories)`, () => {
    let positive = 0;
    fc.assert(
      fc.property(histories(kind, 6), (history) => {
        const expected = isLinearizableByForce(history, object());
        positive += Number(expected);
        expect(verdictOf(model, history)).toBe(expected ? 'ok' : 'illegal');
      }),
      { numRuns: runs },
    );
    // Neither verdict is rare, or the test would say little.
    expect(positive).toBeGreaterThan(runs / 20);
    expect(positive).toBeLessThan(runs - runs / 20);
  });

  it('is judged the same without parts and without knowledge of what only reads', () => {
    const { partition, readOnly, ...plain } = model;
    fc.assert(
      fc.property(histories(kind, 7), (history) => {
        expect(verdictOf(plain as Any, history)).toBe(verdictOf(model, history));
      }),
      { numRuns: Math.min(runs, 3_000) },
    );
  });

  it('that could have been has an order that the object answers by', () => {
    fc.assert(
      fc.property(histories(kind, 8), (history) => {
        const { verdict, partitions } = checkLinearizable(model, history, { explain: false });
        if (verdict !== 'ok') return;
        for (const { order } of partitions) assertExplains(model, history, order!);
      }),
      { numRuns: Math.min(runs, 3_000) },
    );
  });

  it('that could have been could have stopped at any position', () => {
    fc.assert(
      fc.property(histories(kind, 7), fc.nat(12), (history, end) => {
        fc.pre(verdictOf(model, history) === 'ok');
        const prefix = history
          .filter(({ call }) => call <= end)
          .map((entry) => (entry.return! <= end ? entry : { ...entry, outcome: 'unknown' as const }));
        expect(verdictOf(model, prefix)).toBe('ok');
      }),
      { numRuns: Math.min(runs, 3_000) },
    );
  });

  it('is judged the same under other names of processes and in another order of its entries', () => {
    fc.assert(
      fc.property(histories(kind, 7), fc.shuffledSubarray([0, 1, 2], { minLength: 3 }), (history, names) => {
        const renamed = history.map((entry) => ({ ...entry, process: `p${names[entry.process as number]}` })).reverse();
        expect(verdictOf(model, renamed)).toBe(verdictOf(model, history));
      }),
      { numRuns: Math.min(runs, 3_000) },
    );
  });

  it('that is illegal stays so by brute force when all but the explained operations are made vague', () => {
    fc.assert(
      fc.property(histories(kind, 6), (history) => {
        const { verdict, failure } = checkLinearizable(model, history);
        if (verdict !== 'illegal') return;
        const { endsBefore } = failure!.prefix;
        // Indices are those of the history, so that what the cut leaves out is kept as what did not happen.
        const whole = cutAfter(history, endsBefore);
        const needed = new Set(failure!.operations);
        const vague = whole.map((entry, index) => (needed.has(index) ? entry : asIfAnytime(model, entry)));
        expect(isLinearizableByForce(vague, object())).toBe(false);
        expect(failure!.minimal).toBe(true);
        if (needed.size === 1) return;
        for (const leftOut of needed) {
          const vaguer = vague.map((entry, index) => (index === leftOut ? asIfAnytime(model, entry) : entry));
          expect(isLinearizableByForce(vaguer, object())).toBe(true);
        }
      }),
      { numRuns: Math.min(runs, 2_000) },
    );
  });

  it('has no linearizable prefix longer than the one that is told', () => {
    fc.assert(
      fc.property(histories(kind, 6), (history) => {
        const { verdict, failure } = checkLinearizable(model, history);
        if (verdict !== 'illegal') return;
        const { endsBefore, exact, order } = failure!.prefix;
        const part = history.map((entry) =>
          isOfPart(model, entry.operation, failure!.partition) ? entry : { ...entry, outcome: 'fail' as const },
        );
        expect(exact).toBe(true);
        assertExplains(model, history, order, false);
        expect(isLinearizableByForce(cutAfter(part, endsBefore), object())).toBe(false);
        expect(isLinearizableByForce(cutBefore(part, endsBefore), object())).toBe(true);
      }),
      { numRuns: Math.min(runs, 2_000) },
    );
  });
});

const maybe = ({ outcome }: HistoryEntry) => (outcome === 'fail' ? ('fail' as const) : ('unknown' as const));

/** At any time, or never; what was answered so that it changes nothing did not happen. */
function asIfAnytime(model: Any, entry: HistoryEntry): HistoryEntry {
  const answer = entry.outcome === 'ok' ? entry.result : unknownResult;
  if (model.readOnly!(entry.operation, answer)) return { ...entry, outcome: 'fail' };
  return { ...entry, outcome: maybe(entry), call: -1 };
}

/** The history up to the return of the entry at `end`, that included; those that return at one position do so in their order. */
function cutAfter(history: readonly HistoryEntry[], end: number): HistoryEntry[] {
  const last = history[end]!.return!;
  return history.map((entry, index) => {
    if (entry.call > last) return { ...entry, outcome: 'fail' };
    return entry.return! < last || (entry.return === last && index <= end)
      ? entry
      : { ...entry, outcome: maybe(entry) };
  });
}

/** The same without that return. */
function cutBefore(history: readonly HistoryEntry[], end: number): HistoryEntry[] {
  return cutAfter(history, end).map((entry, index) => (index === end ? { ...entry, outcome: 'unknown' } : entry));
}

function isOfPart(model: Any, operation: unknown, partition: string | undefined): boolean {
  return partition === undefined || model.partition?.(operation) === partition;
}

/** The order is one of the history, respects time, and the model goes along. */
function assertExplains(model: Any, history: readonly HistoryEntry[], order: readonly number[], whole = true): void {
  expect(new Set(order).size).toBe(order.length);
  let state = model.initial;
  order.forEach((index, at) => {
    const entry = history[index]!;
    expect(entry.outcome).not.toBe('fail');
    for (const later of order.slice(at + 1)) {
      const other = history[later]!;
      if (other.outcome === 'ok') expect(other.return!).toBeGreaterThanOrEqual(entry.call);
    }
    const next = model.step(state, entry.operation, entry.outcome === 'ok' ? entry.result : unknownResult);
    // In a prefix an operation that returned later has any answer.
    if (whole || next !== illegal) expect(next).not.toBe(illegal);
    state = next === illegal ? model.step(state, entry.operation, unknownResult) : next;
  });
}
