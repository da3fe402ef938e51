export { AttestationVerifier, type Circumstances, type VerifierOptions } from './attestation-verifier.js';
export { type FollowedRotation, followKeyRotation } from './key-rotation.js';
export type { Acceptance, Expectation, StatusEvidence, Verdict } from './verdict.js';
