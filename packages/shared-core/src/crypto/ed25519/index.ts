export type { Backend } from './backends/backend.js';
export { createSigner, type LocalSigner, type Signer, type SignerOptions } from './signer.js';
export { isStrictPublicKey, publicKeyBytes, seedBytes, signatureBytes } from './strict-profile.js';
export { createVerifier, type Verifier, type VerifierOptions } from './verifier.js';
