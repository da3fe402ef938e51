/**
 * Exact symbolic computation whose every reduction carries a proof.
 *
 * @module
 */

// As part of a service, governed
export { symbolicReducerStrip } from './strip.js';
// The engine itself
export { Tally, type TallyCount, type TallyErrorCode } from './tally/index.js';
