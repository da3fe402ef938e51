export { AutoblockerLedger } from './autoblocker-ledger.js';
export { type AutoblockerOptions, maxBucketsSchema } from './autoblocker-options.js';
export type {
  ActorRecord,
  CallOptions,
  DecisionQuery,
  IngestOptions,
  IngestReceipt,
  LedgerStatistics,
  LineOptions,
  LineReceipt,
  RevocationReceipt,
} from './ledger-calls.js';
export type { ReadLogsOptions, ReadProgress, ReadReport, SourceReport, StampOptions } from './read-report.js';
