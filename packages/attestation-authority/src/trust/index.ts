export { readDelegation } from './delegation-chain.js';
export { excessOf, type Scope } from './scope.js';
export {
  type Authorised,
  isRotatedTo,
  maximumKeys,
  type ReadRoot,
  type ReadTrust,
  readTrust,
  rotateRoot,
  type StatusPolicy,
  type Trust,
  type TrustRoot,
} from './trust.js';
export { keyIdOf, type ReadKey, readTrustedKey, type TrustedKey } from './trusted-key.js';
