export {
  type ActorRecord,
  AutoblockerLedger,
  type CallOptions,
  type DecisionQuery,
  type IngestReceipt,
  type LedgerStatistics,
  type RevocationReceipt,
} from './autoblocker-ledger.js';
export type { AutoblockerOptions } from './autoblocker-options.js';
export type { ReadLogsOptions, ReadProgress, ReadReport, SourceReport } from './read-report.js';
