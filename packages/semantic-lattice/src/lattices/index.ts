export type { Lattice } from './lattice.js';
