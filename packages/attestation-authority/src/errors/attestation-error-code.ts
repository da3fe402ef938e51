/** The codes of the errors that this package throws on purpose. A bad attestation is a verdict, not an error: see `RefusalCode`. */
export type AttestationErrorCode =
  /** Options, trust or a policy are wrong. `details.issues` */
  | 'OptionsInvalid'
  /** What was asked to be issued, renewed or revoked cannot be. `details.issues` */
  | 'RequestInvalid'
  /** An attestation that is to be renewed, revoked or rotated to was not issued by this authority. */
  | 'NotIssuedHere'
  /** The signing key of an authority's folder is missing, damaged, or not the log's. `details.path` */
  | 'SigningKeyInvalid'
  /** An entry of the log is none of an authority's, or is not there any more. `details.index` */
  | 'EntryInvalid'
  /** As many challenges are open as may be. Retryable. `details.open` */
  | 'NoncesExhausted'
  /** The authority was closed. */
  | 'AuthorityClosed';
