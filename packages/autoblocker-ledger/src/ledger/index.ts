export { BlockLedger } from './block-ledger.js';
export type { DecisionChange } from './decision-change.js';
export { evidenceOf } from './evidence.js';
export type { DecisionHistory, EvidenceLine, Explanation } from './explanation.js';
export type { LedgerEntry } from './ledger-entry.js';
export { logFolder, memoryFolder, openSigner } from './ledger-folder.js';
export { LedgerPolicyState } from './policy-state.js';
export type { VerificationReport } from './verification.js';
export { verifyLedger, verifyLog } from './verify-ledger.js';
