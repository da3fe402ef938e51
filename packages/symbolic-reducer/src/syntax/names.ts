// What a name in text or MathJSON means: functions under the names that people write, and those that are made of others.

import { reducerError } from '../errors/index.js';
import type { ExpressionStore, ExprId, FunctionName } from '../expression/index.js';
import { functionTable } from '../expression/index.js';
import { rational } from '../numbers/index.js';

/** Other names of functions. */
const synonyms: ReadonlyMap<string, FunctionName> = new Map([
  ['ln', 'log'],
  ['arcsin', 'asin'],
  ['arccos', 'acos'],
  ['arctan', 'atan'],
  ['ceiling', 'ceil'],
  ['sgn', 'sign'],
]);

type Composition = (store: ExpressionStore, ...operands: ExprId[]) => ExprId;

/** Functions that are built of others, with the number of their arguments. */
const composed: ReadonlyMap<string, { readonly arity: number; readonly build: Composition }> = new Map([
  ['sqrt', { arity: 1, build: (store, a) => store.squareRoot(a) }],
  ['cbrt', { arity: 1, build: (store, a) => store.power(a, store.rational(1n, 3n)) }],
  ['pow', { arity: 2, build: (store, a, b) => store.power(a, b!) }],
  ['log2', { arity: 1, build: (store, a) => quotientOfLogs(store, a, 2n) }],
  ['log10', { arity: 1, build: (store, a) => quotientOfLogs(store, a, 10n) }],
  ['sec', { arity: 1, build: (store, a) => store.power(store.call('cos', [a]), store.minusOne) }],
  ['csc', { arity: 1, build: (store, a) => store.power(store.call('sin', [a]), store.minusOne) }],
  ['cot', { arity: 1, build: (store, a) => store.divide(store.call('cos', [a]), store.call('sin', [a])) }],
  ['sech', { arity: 1, build: (store, a) => store.power(store.call('cosh', [a]), store.minusOne) }],
  ['csch', { arity: 1, build: (store, a) => store.power(store.call('sinh', [a]), store.minusOne) }],
  ['coth', { arity: 1, build: (store, a) => store.divide(store.call('cosh', [a]), store.call('sinh', [a])) }],
]);

function quotientOfLogs(store: ExpressionStore, a: ExprId, base: bigint): ExprId {
  return store.divide(store.call('log', [a]), store.call('log', [store.number(rational(base))]));
}

const functionNames: ReadonlySet<string> = new Set([
  ...functionTable.map(({ name }) => name),
  ...synonyms.keys(),
  ...composed.keys(),
]);

/** Whether a name can be called. */
export function isFunctionName(name: string): boolean {
  return functionNames.has(name);
}

/**
 * A call by any of a function's names.
 *
 * @throws TenstripError `UnknownFunction`, also when it takes another number of arguments
 */
export function callByName(store: ExpressionStore, name: string, operands: readonly ExprId[]): ExprId {
  const made = composed.get(name);
  if (made !== undefined) {
    if (operands.length === made.arity) return made.build(store, ...operands);
    const message = `${name} takes ${made.arity} argument${made.arity === 1 ? '' : 's'}, not ${operands.length}`;
    throw reducerError('UnknownFunction', message, { name });
  }
  return store.call(synonyms.get(name) ?? (name as FunctionName), operands);
}
