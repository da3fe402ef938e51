export { type BlockTarget, blockTargetSchema, targetKey } from './block-target.js';
export {
  type EventEvidence,
  lineDigest,
  ocsfClass,
  ocsfClassOf,
  parseSecurityEvent,
  type SecurityEvent,
  securityEventSchema,
} from './security-event.js';
