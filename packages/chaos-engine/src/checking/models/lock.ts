// A lock that one owner holds at a time.

import { illegal, type Model, unknownResult } from '../model.js';
import { answer, text } from './scalar.js';

/**
 * Operations of {@link lockModel}. `acquire` waits until the lock is free; `try` does not, and is answered with whether it got the
 * lock; `release` is possible for its owner only.
 */
export type LockOperation = { readonly f: 'acquire' | 'try' | 'release'; readonly owner: string | number };

/** A lock; an owner that holds it cannot acquire it again. */
export function lockModel(): Model<string | number | null, LockOperation, unknown> {
  return {
    name: 'lock',
    initial: null,
    step(state, { f, owner }, result) {
      switch (f) {
        case 'acquire':
          // Of unknown outcome it may wait for ever, which changes nothing.
          if (state === null) return owner;
          return result === unknownResult ? state : illegal;
        case 'try': {
          const free = state === null;
          if (result !== unknownResult && result !== free) return illegal;
          return free ? owner : state;
        }
        case 'release':
          if (state === owner) return null;
          return result === unknownResult ? state : illegal;
        default:
          return illegal;
      }
    },
    readOnly: ({ f }, result) => f === 'try' && result === false,
    key: (state) => (typeof state === 'string' ? `s${state}` : String(state)),
    describe: ({ f, owner }, result) => `${f}(${text(owner)})${f === 'try' ? answer(result) : ''}`,
  };
}
