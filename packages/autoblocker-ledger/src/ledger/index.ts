export type { DecisionChange } from './decision-change.js';
export type { DecisionHistory, EvidenceLine, Explanation } from './explanation.js';
export type { VerificationReport } from './verification.js';
