export { type Budget, BudgetMeter } from './budget.js';
export { compactAll, wantsCompaction } from './compaction.js';
export { evaluate } from './evaluation.js';
export type { PreparedRule } from './prepared-rule.js';
export { Program } from './program.js';
export { StagedChanges } from './staged-changes.js';
export { MOST_COLUMNS, MOST_LITERALS, Workspace } from './workspace.js';
