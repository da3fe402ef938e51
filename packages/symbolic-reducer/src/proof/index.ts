export { acceptedCertificate } from './accepted-certificate.js';
export { assumedConditions, certified } from './assumptions-certified.js';
export {
  certifyForm,
  checkedEqualityCertificate,
  type EqualityProof,
  equalityCertificate,
} from './equality-certificate.js';
export {
  type ProveOptions,
  proveEqual,
  type UnknownReason,
  type Verdict,
} from './prove-equal.js';
export { proveSign, type SignVerdict } from './prove-sign.js';
export { samplePoint } from './sample-points.js';
