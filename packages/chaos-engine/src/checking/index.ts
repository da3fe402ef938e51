export type { FailureExplanation, LinearizablePrefix } from './explanation.js';
export { parseJepsenLog } from './formats/jepsen-log.js';
export { parseHistoryJson } from './formats/json.js';
export { parseKeyValueLog } from './formats/key-value-log.js';
export { type History, type HistoryEntry, HistoryRecorder, type OpenOperation, type Outcome } from './history.js';
export {
  checkLinearizable,
  type LinearizabilityOptions,
  type LinearizabilityReport,
  type PartitionVerdict,
  type Verdict,
} from './linearizability.js';
export { type Answer, illegal, type Model, unknownResult } from './model.js';
export { type KeyValueOperation, type KeyValueState, keyValueModel } from './models/key-value.js';
export { type LockOperation, lockModel } from './models/lock.js';
export { type QueueOperation, queueModel } from './models/queue.js';
export {
  type CasRegisterOperation,
  casRegisterModel,
  type RegisterOperation,
  registerModel,
} from './models/register.js';
export type { Scalar } from './models/scalar.js';
export { type SetOperation, setModel } from './models/set.js';
export { renderTimeline, renderTimelineHtml } from './timeline.js';
