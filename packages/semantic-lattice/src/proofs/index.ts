export { type Derivation, derivationsOf } from './derivations.js';
export { explain, type Proof, type ProofStep } from './proof.js';
