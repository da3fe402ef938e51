/**
 * Incremental, lattice-valued Datalog whose every conclusion carries its proof.
 *
 * @module
 */

// Values of lattices, and your own
export type { Lattice } from './lattices/index.js';
