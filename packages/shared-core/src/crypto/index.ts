export { sha256, sha512 } from './sha.js';
