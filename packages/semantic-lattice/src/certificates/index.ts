export { type CertifyOptions, certify, givenFacts } from './certificate.js';
export {
  type Certificate,
  CertificateChecker,
  type CertificateFact,
  type CertificateStep,
  type CertificateValue,
  type CertificateVerdict,
  type CheckedLattice,
  type CheckLimits,
  type CheckOptions,
  checkCertificate,
  type JoinStep,
  type RuleStep,
} from './checker/index.js';
