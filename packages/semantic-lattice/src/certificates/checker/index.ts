export {
  CertificateChecker,
  type CertificateVerdict,
  type CheckOptions,
  checkCertificate,
  digestOfFacts,
  digestOfRules,
  signedBytes,
} from './certificate-checker.js';
export type {
  Certificate,
  CertificateFact,
  CertificateStep,
  CertificateValue,
  JoinStep,
  RuleStep,
} from './certificate-format.js';
export { type CheckLimits, defaultLimits } from './check-limits.js';
export { type CheckedLattice, Program } from './program.js';
