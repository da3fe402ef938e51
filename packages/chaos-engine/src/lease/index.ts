export { type LeaseRecord, leaseRecordSchema } from './lease-journal.js';
export {
  type Lease,
  type LeaseEnd,
  LeaseKeeper,
  type LeaseKeeperOptions,
  type LeaseRequest,
  type Recovery,
} from './lease-keeper.js';
export {
  commandLineOf,
  isRunning,
  type ProcessEntry,
  type ProcessIdentity,
  readProcess,
  readProcesses,
} from './process-table.js';
export { callToxiproxy, type ToxiproxyAnswer } from './toxiproxy-api.js';
export { insideNamespace, namespaceFile, runNft, runProgram } from './undo.js';
export { namespaceName, type UndoRecord, undoRecordSchema } from './undo-record.js';
