// A set of values.

import { type Answer, illegal, type Model, unknownResult } from '../model.js';
import { answer, type Scalar, text } from './scalar.js';

/**
 * Operations of {@link setModel}. `add` and `remove` are answered with whether that changed the set, or with nothing; `has` with
 * whether the value is there; `read` with all values, in any order.
 */
export type SetOperation = { readonly f: 'add' | 'remove' | 'has'; readonly value: Scalar } | { readonly f: 'read' };

/** A set, judged value by value unless the history reads it as a whole. */
export function setModel(): Model<ReadonlySet<Scalar>, SetOperation, unknown> {
  return {
    name: 'set',
    initial: new Set(),
    step(state, operation, result) {
      if (operation.f === 'read') return result === unknownResult || isWhole(state, result) ? state : illegal;
      const { f, value } = operation;
      const present = state.has(value);
      const told = result !== unknownResult && result !== undefined && result !== null;
      switch (f) {
        case 'has':
          return !told || result === present ? state : illegal;
        case 'add':
          if (told && result !== !present) return illegal;
          return present ? state : new Set([...state, value]);
        case 'remove':
          if (told && result !== present) return illegal;
          return present ? new Set([...state].filter((other) => other !== value)) : state;
        default:
          return illegal;
      }
    },
    readOnly: ({ f }, result) => f === 'read' || f === 'has' || result === false,
    partition: (operation) => (operation.f === 'read' ? undefined : JSON.stringify(operation.value)),
    key: (state) => JSON.stringify([...state].map((value) => JSON.stringify(value)).sort()),
    describe,
  };
}

function isWhole(state: ReadonlySet<Scalar>, result: unknown): boolean {
  if (!Array.isArray(result)) return false;
  const read = new Set<Scalar>(result);
  return read.size === result.length && read.size === state.size && result.every((value) => state.has(value));
}

function describe(operation: SetOperation, result: Answer<unknown>): string {
  if (operation.f === 'read') return `read()${answer(result)}`;
  return `${operation.f}(${text(operation.value)})${answer(result)}`;
}
