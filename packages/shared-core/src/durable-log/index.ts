export {
  commitErasable,
  type ErasableCommitment,
  maximumErasableBytes,
  minimumSaltBytes,
} from './erasable-parts.js';
export type { LogEntry } from './log-layout.js';
export { LogReader } from './log-reader.js';
export type { LogProblem, VerifyOptions } from './log-verification.js';
export { type AppendReceipt, type LogResources, LogWriter, type LogWriterOptions } from './log-writer.js';
export { maximumRecordBytes, type RecoveredRecords, SegmentedLog, type SegmentedLogOptions } from './segmented-log.js';
