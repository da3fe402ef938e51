export {
  canonicalAddress,
  formatIpAddress,
  formatIpPrefix,
  type IpAddress,
  type IpPrefix,
  networkOf,
  parseIpAddress,
  parseIpPrefix,
  prefixCovers,
  requireIpAddress,
  requireIpPrefix,
} from './ip-address.js';
export { IpPrefixIndex } from './ip-prefix-index.js';
export { NetworkSet } from './network-set.js';
