export { type BlockTarget, blockTargetSchema, targetKey } from './block-target.js';
export { isVerified, mayBeRefusalByBlock, provesAddress } from './event-proof.js';
export { FileTail, type FileTailOptions } from './file-tail.js';
export {
  type CompactableEvent,
  type CompactEvent,
  type CompactForm,
  EventKeeper,
  type KeptEvent,
} from './kept-event.js';
export type {
  LineBatch,
  LineSource,
  SourceLine,
  SourcePosition,
} from './line-source.js';
export { LineSplitter } from './line-splitter.js';
export {
  type EventEvidence,
  type FieldTeller,
  fieldOf,
  lineDigest,
  ocsfClassOf,
  parseSecurityEvent,
  type SecurityEvent,
  securityEventSchema,
} from './security-event.js';
export { bringBack } from './stamp-ahead.js';
export { StdinSource } from './stdin-source.js';
export { wellFormed, wellFormedText } from './well-formed-text.js';
