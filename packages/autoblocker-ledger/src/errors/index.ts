export type { LedgerErrorCode } from './ledger-error-code.js';
