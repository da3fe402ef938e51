// A first-in first-out queue without bound.

import { illegal, type Model, unknownResult } from '../model.js';
import { answer, type Scalar, text } from './scalar.js';

/** Operations of {@link queueModel}; `dequeue` is answered with the first value, or with the model's `empty`. */
export type QueueOperation = { readonly f: 'enqueue'; readonly value: Scalar } | { readonly f: 'dequeue' };

/** A queue. @param empty what `dequeue` gives when there is nothing; it cannot be enqueued (that is illegal). Default `null` */
export function queueModel(empty: Scalar = null): Model<readonly Scalar[], QueueOperation, unknown> {
  return {
    name: 'queue',
    initial: [],
    step(state, operation, result) {
      if (operation.f === 'enqueue') return operation.value === empty ? illegal : [...state, operation.value];
      if (operation.f !== 'dequeue') return illegal;
      const first = state.length === 0 ? empty : state[0]!;
      if (result !== unknownResult && result !== first) return illegal;
      return state.length === 0 ? state : state.slice(1);
    },
    readOnly: (operation, result) => operation.f === 'dequeue' && result === empty,
    key: (state) => JSON.stringify(state),
    describe: (operation, result) =>
      operation.f === 'enqueue' ? `enqueue(${text(operation.value)})` : `dequeue()${answer(result)}`,
  };
}
