// A register, and a register with compare-and-set: what etcd keys, Jepsen's `register` workload and lin-kv tests are.

import { type Answer, illegal, type Model, unknownResult } from '../model.js';
import { answer, type Scalar, text } from './scalar.js';

/** Operations of {@link registerModel}; a read is answered with the value, a write with anything. */
export type RegisterOperation = { readonly f: 'read' } | { readonly f: 'write'; readonly value: Scalar };

/** Operations of {@link casRegisterModel}; `cas` is answered with whether the value was `from` and now is `to`. */
export type CasRegisterOperation =
  | RegisterOperation
  | { readonly f: 'cas'; readonly from: Scalar; readonly to: Scalar };

/** A register: reads give the last value written. @param initial what is read before any write; default `null` */
export function registerModel(initial: Scalar = null): Model<Scalar, RegisterOperation, unknown> {
  return { ...casRegisterModel(initial), name: 'register' } as Model<Scalar, RegisterOperation, unknown>;
}

/** A register with compare-and-set. @param initial what is read before any write; default `null` */
export function casRegisterModel(initial: Scalar = null): Model<Scalar, CasRegisterOperation, unknown> {
  return {
    name: 'register with compare-and-set',
    initial,
    step(state, operation, result) {
      switch (operation.f) {
        case 'read':
          return result === unknownResult || result === state ? state : illegal;
        case 'write':
          return operation.value;
        case 'cas': {
          const matches = state === operation.from;
          if (result !== unknownResult && result !== matches) return illegal;
          return matches ? operation.to : state;
        }
        default:
          return illegal;
      }
    },
    readOnly: isReadOnly,
    key: (state) => (typeof state === 'string' ? `s${state}` : String(state)),
    describe,
  };
}

function isReadOnly(operation: CasRegisterOperation, result: unknown): boolean {
  if (operation.f === 'read') return true;
  return operation.f === 'cas' && (result === false || operation.from === operation.to);
}

function describe(operation: CasRegisterOperation, result: Answer<unknown>): string {
  if (operation.f === 'read') return `read()${answer(result)}`;
  if (operation.f === 'write') return `write(${text(operation.value)})`;
  return `cas(${text(operation.from)}, ${text(operation.to)})${answer(result)}`;
}
