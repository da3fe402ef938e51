// A map of registers, judged key by key.

import { type Answer, illegal, type Model, unknownResult } from '../model.js';
import { answer, type Scalar, text } from './scalar.js';

/**
 * Operations of {@link keyValueModel}. `get` is answered with the value, or with the model's `missing` when there is none; `cas`
 * with whether it took place; the others with anything.
 */
export type KeyValueOperation =
  | { readonly f: 'get' | 'delete'; readonly key: string }
  | { readonly f: 'put'; readonly key: string; readonly value: Scalar }
  /** Joins a text to the one that is there. */
  | { readonly f: 'append'; readonly key: string; readonly value: string }
  | { readonly f: 'cas'; readonly key: string; readonly from: Scalar; readonly to: Scalar };

/** What a {@link keyValueModel} holds. */
export type KeyValueState = ReadonlyMap<string, Scalar>;

/** A key-value store. @param missing what `get` gives for a key without value; default `null`. Putting it deletes. */
export function keyValueModel(missing: Scalar = null): Model<KeyValueState, KeyValueOperation, unknown> {
  const read = (state: KeyValueState, key: string): Scalar => state.get(key) ?? missing;
  const write = (state: KeyValueState, key: string, value: Scalar): KeyValueState => {
    const next = new Map(state);
    if (value === missing) next.delete(key);
    else next.set(key, value);
    return next;
  };
  return {
    name: 'key-value store',
    initial: new Map(),
    step(state, operation, result) {
      const { f, key } = operation;
      const value = read(state, key);
      switch (f) {
        case 'get':
          return result === unknownResult || result === value ? state : illegal;
        case 'put':
          return write(state, key, operation.value);
        case 'append':
          return write(state, key, `${value === missing ? '' : value}${operation.value}`);
        case 'delete':
          return write(state, key, missing);
        case 'cas': {
          const matches = value === operation.from;
          if (result !== unknownResult && result !== matches) return illegal;
          return matches ? write(state, key, operation.to) : state;
        }
        default:
          return illegal;
      }
    },
    readOnly: (operation, result) =>
      operation.f === 'get' || (operation.f === 'cas' && (result === false || operation.from === operation.to)),
    partition: ({ key }) => key,
    key: stateKey,
    describe,
  };
}

function stateKey(state: KeyValueState): string {
  if (state.size === 0) return '';
  const entries = [...state].map(([key, value]) => JSON.stringify([key, value]));
  return entries.length === 1 ? entries[0]! : entries.sort().join();
}

function describe(operation: KeyValueOperation, result: Answer<unknown>): string {
  const key = text(operation.key);
  switch (operation.f) {
    case 'get':
      return `get(${key})${answer(result)}`;
    case 'cas':
      return `cas(${key}, ${text(operation.from)}, ${text(operation.to)})${answer(result)}`;
    case 'delete':
      return `delete(${key})`;
    default:
      return `${operation.f}(${key}, ${text(operation.value)})`;
  }
}
