// The predicates whose shape is known. A predicate of another type passes through unread.
import type { z } from 'zod';
import { dataSetSchema, dataSetType } from './data-set.js';
import { delegationSchema, delegationType } from './delegation.js';
import { deviceStateSchema, deviceStateType } from './device-state.js';
import { serviceIdentitySchema, serviceIdentityType, userIdentitySchema, userIdentityType } from './identities.js';
import { keyRotationSchema, keyRotationType } from './key-rotation.js';
import { slsaProvenanceSchema, slsaProvenanceType } from './slsa-provenance.js';
import { statusListSchema, statusListType } from './status-list.js';

export { dataSetType } from './data-set.js';
export { type Delegation, delegationType, maximumChain, patternSchema } from './delegation.js';
export { type DeviceState, deviceStateSchema, deviceStateType } from './device-state.js';
export { serviceIdentityType, userIdentityType } from './identities.js';
export { type KeyRotation, keyRotationSchema, keyRotationType } from './key-rotation.js';
export { slsaProvenanceType } from './slsa-provenance.js';
export { type StatusListPredicate, statusListType } from './status-list.js';

/** Schemas by predicate type. */
export type PredicateSchemas = ReadonlyMap<string, z.ZodType>;

/** The schemas that every verifier and authority knows. */
export const knownPredicates: PredicateSchemas = new Map<string, z.ZodType>([
  [slsaProvenanceType, slsaProvenanceSchema],
  [serviceIdentityType, serviceIdentitySchema],
  [userIdentityType, userIdentitySchema],
  [dataSetType, dataSetSchema],
  [deviceStateType, deviceStateSchema],
  [delegationType, delegationSchema],
  [statusListType, statusListSchema],
  [keyRotationType, keyRotationSchema],
]);
