export { type Derivation, derivationsOf } from './derivations.js';
export { type FactSets, type JustificationLimits, justificationsOf } from './justifications.js';
export { explain, type Proof, type ProofStep } from './proof.js';
export { mayFallByGains, repairsOf } from './repairs.js';
