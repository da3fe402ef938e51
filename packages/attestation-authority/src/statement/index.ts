export { type Attestation, type ChainLink, parseAttestation, printAttestation } from './attestation.js';
export { decodeDsseBase64, encodeBase64 } from './base64.js';
export {
  type DsseEnvelope,
  type DsseSignature,
  openEnvelope,
  preAuthenticationEncoding,
  sealEnvelope,
} from './dsse-envelope.js';
export {
  type InTotoStatement,
  printStatement,
  type ReadStatement,
  readStatement,
  type StatusReference,
  type Subject,
  statementContentSchema,
  statementPayloadType,
  statementType,
  type Terms,
} from './in-toto-statement.js';
export {
  type Delegation,
  type DeviceState,
  dataSetType,
  delegationType,
  deviceStateSchema,
  deviceStateType,
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
export { maximumDepth, maximumJsonBytes, parseStrictJson } from './strict-json.js';
