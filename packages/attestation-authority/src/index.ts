/**
 * Issues, verifies, delegates and revokes signed statements, logged in a transparent log.
 *
 * @module
 */

export type { RevocationReason } from './attestation-log/index.js';
export type { AttestationErrorCode, Refusal, RefusalCode } from './errors/index.js';
export {
  type AppraisalPolicy,
  type AttestationKey,
  appraiseQuote,
  type Challenge,
  type CompiledEventRules,
  type CompiledPolicy,
  type CredentialChallenge,
  compilePolicy,
  countersOf,
  deviceStateOf,
  type Endorsement,
  type EndorsementCircumstances,
  type EndorsementKey,
  type Entropy,
  type EventLog,
  type EventRules,
  type HashName,
  isDataMeasured,
  type MeasuredEvent,
  makeCredential,
  NonceRegistry,
  type NonceRegistryOptions,
  type PcrSelection,
  parseEventLog,
  parseQuote,
  parseQuoteSignature,
  printCredentialFile,
  type Quote,
  type QuoteAcceptance,
  type QuoteAppraisal,
  type QuoteCircumstances,
  type QuoteEvidence,
  type QuoteSignature,
  type Redemption,
  type RequiredEvent,
  readAttestationKey,
  readEndorsementKey,
  replayEventLog,
  type SignatureScheme,
  type TpmCounters,
  verifyEndorsement,
} from './evidence/index.js';
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
  type DeviceState,
  type DsseEnvelope,
  type DsseSignature,
  dataSetType,
  delegationType,
  deviceStateType,
  type InTotoStatement,
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
  type StatusEvidence,
  type Verdict,
  type VerifierOptions,
} from './verification/index.js';
