// An order of an engine's relation follows its transactions, derived pairs too, and stops when it is disposed.
import { expect, it } from 'vitest';
import { createEngine, minInteger, orderOf, rel } from '../../../src/index.js';

it('follows what is asserted and what is derived', async () => {
  const engine = createEngine({
    relations: { is: rel('term', 'term'), alias: rel('term', 'term'), below: rel('term', 'term') },
  });
  engine.addRules('below(X, Y) :- is(X, Y). below(X, Y) :- alias(X, Z), below(Z, Y).');
  await engine.transact((tx) =>
    tx.insertAll('is', [
      ['cat', 'mammal'],
      ['mammal', 'animal'],
    ]),
  );
  const order = orderOf(engine, 'below');
  expect(order.leq('cat', 'animal')).toBe(true);
  expect(order.ancestors('cat')).toEqual(['animal', 'mammal']);
  await engine.transact((tx) => tx.insert('alias', 'tom', 'cat'));
  expect(order.covers('tom')).toEqual(['mammal']);
  expect(order.joins('tom', 'cat')).toEqual(['mammal']);
  await engine.transact((tx) => {
    tx.retract('is', 'mammal', 'animal');
    tx.insert('is', 'mammal', 'cat');
  });
  expect(order.leq('tom', 'animal')).toBe(false);
  expect(order.equivalents('cat')).toEqual(['cat', 'mammal']);
  expect([...(await order.complete()).added()]).toEqual([]);
  order[Symbol.dispose]();
  await engine.transact((tx) => tx.insert('is', 'cat', 'pet'));
  expect(order.leq('cat', 'pet')).toBe(false);
});

it('is refused for a relation that is no set of pairs of terms', () => {
  const engine = createEngine({ relations: { p: rel('term'), d: rel('term', minInteger) } });
  expect(() => orderOf(engine, 'p')).toThrow(expect.objectContaining({ code: 'OptionsInvalid' }));
  expect(() => orderOf(engine, 'd')).toThrow(expect.objectContaining({ code: 'OptionsInvalid' }));
  expect(() => orderOf(engine, 'none' as 'p')).toThrow(expect.objectContaining({ code: 'RelationUnknown' }));
});
