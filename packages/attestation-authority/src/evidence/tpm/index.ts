export type { HashName, SignatureScheme } from './algorithms.js';
export { type PcrSelection, parseQuote, type Quote, type TpmCounters } from './attest-structures.js';
export {
  type Endorsement,
  type EndorsementCircumstances,
  readEndorsementRoots,
  verifyEndorsement,
} from './endorsement-certificate.js';
export { type EventLog, isDataMeasured, type MeasuredEvent, parseEventLog, replayEventLog } from './event-log.js';
export { type CredentialChallenge, type Entropy, makeCredential, printCredentialFile } from './make-credential.js';
export { type AttestationKey, type EndorsementKey, readAttestationKey, readEndorsementKey } from './public-area.js';
export {
  appraiseQuote,
  firmwareText,
  type QuoteAcceptance,
  type QuoteAppraisal,
  type QuoteCircumstances,
  type QuoteEvidence,
} from './quote-appraisal.js';
export { parseQuoteSignature, type QuoteSignature } from './signature-structures.js';
