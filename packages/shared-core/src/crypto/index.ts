export { boxPublicKey, nonceBytes, openBox, openSecretBox, sealBox, sealSecretBox } from './box.js';
export { canonicalJson } from './canonical-json.js';
export {
  type Backend,
  createSigner,
  createVerifier,
  isStrictPublicKey,
  type LocalSigner,
  publicKeyBytes,
  type Signer,
  type SignerOptions,
  seedBytes,
  signatureBytes,
  type Verifier,
  type VerifierOptions,
} from './ed25519/index.js';
export { equalBytes } from './equal-bytes.js';
export { readKeyFile, writeKeyFile } from './key-file.js';
export { sha256, sha512 } from './sha.js';
