// Delegations, read: the keys and the scope that the statement of a delegation gives.
import { type Refusal, refuse } from '../errors/index.js';
import { type Delegation, delegationType, type ReadStatement } from '../statement/index.js';
import { type Scope, wideningOf } from './scope.js';
import { type ReadKey, readTrustedKey } from './trusted-key.js';

/** What a delegation gives. */
export interface ReadDelegation {
  readonly keys: readonly ReadKey[];
  readonly scope: Scope;
}

const known = new WeakMap<ReadStatement, ReadDelegation | Refusal>();

/**
 * The delegation that a statement is, if it lies inside `parent`; or why not. One without a beginning begins with its
 * parent. Keys are read once a statement.
 */
export function readDelegation(read: ReadStatement, parent: Scope, path: string): ReadDelegation | Refusal {
  let delegation = known.get(read);
  if (delegation === undefined) {
    delegation = delegationOf(read, path);
    known.set(read, delegation);
  }
  if ('code' in delegation) return refuse(delegation.code, path, delegation.detail);
  const { scope } = delegation;
  const begun = scope.notBefore === Number.NEGATIVE_INFINITY ? { ...scope, notBefore: parent.notBefore } : scope;
  const widening = wideningOf(begun, parent);
  return widening === undefined ? { keys: delegation.keys, scope: begun } : refuse('DELEGATION_WIDENS', path, widening);
}

function delegationOf({ statement }: ReadStatement, path: string): ReadDelegation | Refusal {
  if (statement.predicateType !== delegationType) return refuse('DELEGATION_INVALID', path, 'it is no delegation');
  const { keys: vkeys, subjects, predicateTypes, notBefore, notAfter, maxDepth } = statement.predicate as Delegation;
  const keys = vkeys.map((vkey) => readTrustedKey({ vkey }));
  if (!keys.every((key) => key !== undefined)) {
    return refuse('DELEGATION_INVALID', path, 'a delegated key is no vkey of type Ed25519');
  }
  const begin = notBefore === undefined ? Number.NEGATIVE_INFINITY : Date.parse(notBefore);
  return { keys, scope: { subjects, predicateTypes, notBefore: begin, notAfter: Date.parse(notAfter), maxDepth } };
}
