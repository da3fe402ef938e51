// Why a fault is refused, as errors.

import { TenstripError } from '@tenstrip/shared-core/errors';
import type { ChaosErrorCode } from '../errors/index.js';
import { type FaultKind, type FaultTarget, targetName } from '../faults/index.js';

/** Not what the policy allows. */
export function targetDenied(target: FaultTarget, why: string): TenstripError<ChaosErrorCode> {
  return new TenstripError('TargetDenied', `${targetName(target)} is not to be harmed: ${why}.`, {
    details: { target },
  });
}

/** Not there. */
export function targetUnknown(target: FaultTarget, why: string): TenstripError<ChaosErrorCode> {
  return new TenstripError('TargetUnknown', `${targetName(target)} cannot be harmed: ${why}.`, { details: { target } });
}

/** In use. */
export function targetBusy(target: FaultTarget, why: string): TenstripError<ChaosErrorCode> {
  return new TenstripError('TargetBusy', `${targetName(target)} cannot be harmed now: ${why}.`, {
    details: { target },
    retryable: true,
  });
}

/** Not possible here. */
export function faultUnsupported(kind: FaultKind, missing: string): TenstripError<ChaosErrorCode> {
  return new TenstripError('FaultUnsupported', `${kind} needs ${missing}.`, { details: { kind, missing } });
}

/** Not a fault, or not for such a target. */
export function faultInvalid(issues: readonly string[]): TenstripError<ChaosErrorCode> {
  return new TenstripError('OptionsInvalid', `no fault is injected so: ${issues.join('; ')}.`, { details: { issues } });
}
