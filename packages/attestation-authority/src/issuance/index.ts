export {
  AttestationAuthority,
  type IssuanceOptions,
  type KeyRotationReceipt,
  type RevocationReceipt,
} from './attestation-authority.js';
export type { AttestationRequest, AuthorityOptions, IssuanceMode } from './authority-options.js';
