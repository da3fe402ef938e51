// An order that follows an engine's relation: it takes the pairs that hold, and then every difference.

import type { Engine } from '../engine/index.js';
import { latticeError, refuseInput } from '../errors/index.js';
import type { RelationDeclarations } from '../relations/index.js';
import { Order } from './order.js';

/**
 * The order that a relation of two term columns generates; a pair's first is below its second. It follows the engine until it is
 * disposed: a transaction marks what it concerns, and what is marked is made anew when asked for.
 *
 * @throws TenstripError `RelationUnknown`, `EngineBusy`; `OptionsInvalid` for a relation of other columns
 */
export function orderOf<R extends RelationDeclarations>(engine: Engine<R>, relation: keyof R & string): Order {
  if (typeof (engine as Engine<R> | undefined)?.subscribe !== 'function')
    refuseInput('the engine', engine, 'give what createEngine made');
  if (!engine.relations.includes(relation)) engine.count(relation);
  const order = new Order(relation);
  const pairOf = (row: readonly unknown[]): [string, string] => {
    if (row.length === 2 && typeof row[0] === 'string' && typeof row[1] === 'string') return [row[0], row[1]];
    throw latticeError('OptionsInvalid', `${relation} is no relation of two terms, so it generates no order`, {
      issues: [{ path: 'relation', value: relation }],
    });
  };
  const { columns } = engine.declarations[relation] ?? { columns: ['term', 'term'] };
  if (columns.length !== 2 || columns.some((kind) => kind !== 'term')) pairOf([]);
  for (const row of engine.find(relation)) order.add(...pairOf(row));
  const subscription = engine.subscribe(relation, ({ added, removed }) => {
    for (const row of removed) order.remove(...pairOf(row));
    for (const row of added) order.add(...pairOf(row));
  });
  order.onDispose(() => subscription[Symbol.dispose]());
  return order;
}
