export {
  canonicalAddress,
  formatIpAddress,
  formatIpPrefix,
  formatIpv4,
  formatIpv6,
  type IpAddress,
  type IpPrefix,
  isHost,
  isMapped,
  networkOf,
  parseIpAddress,
  parseIpPrefix,
  parseIpv4,
  parseIpv6,
  prefixCovers,
  requireIpAddress,
  requireIpPrefix,
  wordMask,
} from './ip-address.js';
export { IpPrefixIndex } from './ip-prefix-index.js';
export { mixWord } from './mix-word.js';
export { NetworkSet } from './network-set.js';
export {
  type NetworkBlocking,
  type SharedAction,
  SharedBlocksWriter,
  type SharedLookupHandle,
} from './shared-blocks.js';
export { openSharedLookup, type SharedBlock, type SharedLookup, type SharedLookupOptions } from './shared-lookup.js';
