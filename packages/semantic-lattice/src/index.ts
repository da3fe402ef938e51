/**
 * Incremental, lattice-valued Datalog whose every conclusion carries its proof.
 *
 * @module
 */

// As part of a service, governed
export { semanticLatticeStrip } from './strip.js';
// The engine itself
export { Tally, type TallyCount, type TallyErrorCode } from './tally/index.js';
