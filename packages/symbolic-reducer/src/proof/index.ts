export { acceptedCertificate } from './accepted-certificate.js';
export { assumedConditions, certified } from './assumptions-certified.js';
export {
  certifyForm,
  checkedEqualityCertificate,
  equalityCertificate,
} from './equality-certificate.js';
export {
  type ProveOptions,
  proveEqual,
  type UnknownReason,
  type Verdict,
} from './prove-equal.js';
export { proveSign, type SignVerdict } from './prove-sign.js';
