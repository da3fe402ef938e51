export {
  type AppraisalPolicy,
  appraisalPolicySchema,
  type CompiledEventRules,
  type CompiledPolicy,
  compilePolicy,
  type EventRules,
  type RequiredEvent,
} from './appraisal-policy.js';
export { countersOf, deviceStateOf } from './device-state.js';
export {
  DeviceVerifier,
  type DeviceVerifierOptions,
  type Enrolment,
  type EnrolmentChallenge,
  type EnrolmentRequest,
  type QuoteAnswer,
} from './device-verifier.js';
export { parseQuoteEvidence } from './json-evidence.js';
export { type Challenge, NonceRegistry, type NonceRegistryOptions, type Redemption } from './nonce-registry.js';
export * from './tpm/index.js';
