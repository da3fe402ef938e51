export {
  canonicalAddress,
  formatIpAddress,
  formatIpPrefix,
  formatIpv4,
  type IpAddress,
  type IpPrefix,
  isHost,
  networkOf,
  parseIpAddress,
  parseIpPrefix,
  parseIpv4,
  prefixCovers,
  requireIpAddress,
  requireIpPrefix,
  wordMask,
} from './ip-address.js';
export { IpPrefixIndex } from './ip-prefix-index.js';
export { NetworkSet } from './network-set.js';
export {
  type NetworkBlocking,
  type SharedAction,
  SharedBlocksWriter,
  type SharedLookupHandle,
} from './shared-blocks.js';
export { openSharedLookup, type SharedBlock, type SharedLookup, type SharedLookupOptions } from './shared-lookup.js';
