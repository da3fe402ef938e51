export { type EventRecord, RuleEvent } from './rule-event.js';
export type { RuleRefusal } from './rule-refusal.js';
export {
  type CompiledRule,
  compileRules,
  type RuleFile,
  type RuleOptions,
  type RuleReport,
  type RuleSet,
  readRuleFiles,
} from './rule-set.js';
export type { OverflowSource, RuleScenario } from './scenario-compiler.js';
