export type {
  Certificate,
  CertificateBase,
  CertifiedCondition,
  CertifiedRule,
  CheckLimits,
  CheckResult,
  CoprimalityWitness,
  DerivativeCertificate,
  EqualityCertificate,
  GcdCertificate,
  Identity,
  IdentityName,
  IdentityStep,
  MathJson,
  QuotientCertificate,
  RewritingCertificate,
  RewritingStep,
  SquareFreeCertificate,
} from './certificate.js';
export { DERIVATIVES, IDENTITIES, NOT_NUMBERS, SHORTHANDS } from './certificate.js';
export { checkCertificate } from './checker.js';
