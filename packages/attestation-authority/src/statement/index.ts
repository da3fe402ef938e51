export { type Attestation, type ChainLink, parseAttestation, printAttestation } from './attestation.js';
export { decodeDsseBase64, decodeDsseBase64InPlace, encodeBase64 } from './base64.js';
export {
  checkEnvelope,
  type DsseEnvelope,
  type DsseSignature,
  openEnvelope,
  payloadIsNoBase64,
  preAuthenticationEncoding,
  sealEnvelope,
} from './dsse-envelope.js';
export {
  hasStatementContent,
  type InTotoStatement,
  printStatement,
  type ReadStatement,
  readStatement,
  type StatusReference,
  type Subject,
  statementContentSchema,
  statementSchema,
  statementType,
  type Terms,
  unprintable,
  unprintableSubjects,
  writeStatement,
} from './in-toto-statement.js';
export { statementPayloadType } from './payload-type.js';
export {
  type Delegation,
  type DeviceState,
  dataSetType,
  delegationType,
  deviceStateSchema,
  deviceStateType,
  type KeyRotation,
  keyRotationSchema,
  keyRotationType,
  knownPredicates,
  maximumChain,
  type PredicateSchemas,
  patternSchema,
  type StatusListPredicate,
  serviceIdentityType,
  slsaProvenanceType,
  statusListType,
  userIdentityType,
} from './predicates/index.js';
export { fits } from './shape.js';
export {
  decodeSignedPayload,
  digestOf,
  encodeSignedPayload,
  type SignedPayload,
  writeSignedPayload,
} from './signed-payload.js';
export { freezeDeeply, maximumDepth, maximumJsonBytes, parseStrictJson } from './strict-json.js';
