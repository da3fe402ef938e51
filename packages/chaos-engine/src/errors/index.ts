export type { ChaosErrorCode } from './chaos-error-code.js';
