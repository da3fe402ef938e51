/**
 * Issues, verifies, delegates and revokes signed statements, logged in a transparent log.
 *
 * @module
 */

export type { RevocationReason } from './attestation-log/index.js';
export type { AttestationErrorCode, Refusal, RefusalCode } from './errors/index.js';
export {
  AttestationAuthority,
  type AttestationRequest,
  type AuthorityOptions,
  type IssuanceMode,
  type IssuanceOptions,
  type KeyRotationReceipt,
  type RevocationReceipt,
} from './issuance/index.js';
export { exportSigstoreBundle, publicKeyOf, type SigstoreBundle } from './sigstore/index.js';
export {
  type Attestation,
  type ChainLink,
  type Delegation,
  type DsseEnvelope,
  type DsseSignature,
  dataSetType,
  delegationType,
  deviceStateType,
  type InTotoStatement,
  keyRotationType,
  type PredicateSchemas,
  parseAttestation,
  preAuthenticationEncoding,
  printAttestation,
  type StatusReference,
  type Subject,
  sealEnvelope,
  serviceIdentityType,
  slsaProvenanceType,
  statementPayloadType,
  statementType,
  statusListType,
  type Terms,
  userIdentityType,
} from './statement/index.js';
export { type StatusList, StatusSnapshot } from './status/index.js';
export { attestationStrip } from './strip.js';
export { rotateRoot, type StatusPolicy, type Trust, type TrustedKey, type TrustRoot } from './trust/index.js';
export {
  type Acceptance,
  AttestationVerifier,
  type Circumstances,
  type Expectation,
  type FollowedRotation,
  followKeyRotation,
  type StatusEvidence,
  type Verdict,
  type VerifierOptions,
} from './verification/index.js';
