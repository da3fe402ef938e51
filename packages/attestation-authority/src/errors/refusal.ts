// Refusals: why an attestation, a status list or a device's evidence is not believed. They are data, never thrown.

/** The step that failed. Codes are stable; `detail` is for people. */
export type RefusalCode =
  // The envelope and what is in it
  | 'ENVELOPE_MALFORMED'
  | 'PAYLOAD_TYPE_UNKNOWN'
  | 'STATEMENT_MALFORMED'
  | 'PREDICATE_INVALID'
  // Who vouches for it
  | 'UNKNOWN_KEY'
  | 'SIGNATURE_INVALID'
  | 'NOT_VOUCHED'
  | 'KEY_RETIRED'
  | 'PROOF_MALFORMED'
  | 'PROOF_MISSING'
  | 'PROOF_ROOT_MISMATCH'
  | 'CHECKPOINT_INVALID'
  | 'QUORUM_MISSING'
  | 'ROTATION_INVALID'
  // Whether they may
  | 'CHAIN_TOO_LONG'
  | 'DELEGATION_INVALID'
  | 'DELEGATION_WIDENS'
  | 'SCOPE_EXCEEDED'
  | 'ROOT_EXPIRED'
  // When
  | 'NOT_YET_VALID'
  | 'EXPIRED'
  | 'REVOKED'
  | 'STATUS_MISSING'
  | 'STATUS_UNKNOWN'
  | 'STATUS_STALE'
  | 'STATUS_LIST_INVALID'
  | 'STATUS_ROLLBACK'
  // Whether it is what was asked for
  | 'SUBJECT_MISMATCH'
  | 'PREDICATE_TYPE_MISMATCH'
  // What a device sends about itself, and its keys
  | 'EVIDENCE_MALFORMED'
  | 'QUOTE_MALFORMED'
  | 'QUOTE_MAGIC_INVALID'
  | 'QUOTE_TYPE_INVALID'
  | 'SIGNATURE_MALFORMED'
  | 'ALGORITHM_REFUSED'
  | 'ATTESTATION_KEY_INVALID'
  | 'ENDORSEMENT_KEY_INVALID'
  | 'ENDORSEMENT_INVALID'
  // Whether it is an answer to a challenge
  | 'NONCE_MISMATCH'
  | 'NONCE_UNKNOWN'
  | 'NONCE_REUSED'
  | 'NONCE_EXPIRED'
  | 'QUOTE_STALE'
  // Whether the device is in a state that the policy knows
  | 'POLICY_UNKNOWN'
  | 'PCR_BANK_REFUSED'
  | 'PCR_SELECTION_INVALID'
  | 'PCR_SELECTION_INSUFFICIENT'
  | 'PCR_VALUES_MALFORMED'
  | 'PCR_DIGEST_MISMATCH'
  | 'PCR_MISMATCH'
  | 'COUNTERS_WENT_BACK'
  | 'REBOOTED'
  | 'CLOCK_UNSAFE'
  | 'FIRMWARE_REFUSED'
  | 'FIRMWARE_CHANGED'
  | 'EVENT_LOG_MISSING'
  | 'EVENT_LOG_MALFORMED'
  | 'EVENT_LOG_MISMATCH'
  | 'EVENT_REFUSED'
  | 'EVENT_MISSING';

/** That something is not believed, and why. */
export interface Refusal {
  readonly ok: false;
  /** The first step that failed. */
  readonly code: RefusalCode;
  /** What was found, in words; text from outside in it is quoted and cut. */
  readonly detail: string;
  /** Which part: `envelope.payload`, `chain[1].proof`, `status`. */
  readonly path: string;
}

/** Makes a refusal. */
export function refuse(code: RefusalCode, path: string, detail: string): Refusal {
  return { ok: false, code, detail, path };
}

/** Whether a step ended in a refusal. */
export function isRefusal(outcome: unknown): outcome is Refusal {
  return typeof outcome === 'object' && outcome !== null && (outcome as { ok?: unknown }).ok === false;
}
