export {
  type ActorRecord,
  AutoblockerLedger,
  type CallOptions,
  type DecisionQuery,
  type IngestOptions,
  type IngestReceipt,
  type LedgerStatistics,
  type LineOptions,
  type LineReceipt,
  type RevocationReceipt,
} from './autoblocker-ledger.js';
export { type AutoblockerOptions, maxBucketsSchema } from './autoblocker-options.js';
export type { ReadLogsOptions, ReadProgress, ReadReport, SourceReport, StampOptions } from './read-report.js';
