export type { AttestationErrorCode } from './attestation-error-code.js';
export { checked } from './checked.js';
export { isRefusal, type Refusal, type RefusalCode, refuse } from './refusal.js';
