export { exportSigstoreBundle, publicKeyOf, type SigstoreBundle } from './sigstore-bundle.js';
