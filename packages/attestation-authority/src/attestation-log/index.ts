export {
  attestLine,
  maximumAttestLine,
  type RevocationReason,
  readLogLine,
  revocationReasons,
  revokeLine,
  statusNumberOf,
  writeAttestLine,
} from './log-line.js';
export { leafText } from './node-text.js';
export { type TileCount, VerifiedTree } from './verified-tree.js';
