export { type CheckedRule, constantsOf, type SlotKind, type Value } from './checked-rule.js';
export {
  BATCH_LENGTH,
  indexOf,
  type Join,
  type JoinContext,
  type JoinMaker,
  type JoinOptions,
  type Visit,
} from './join.js';
export { type Driver, isStale, type Plan, planRule } from './join-planner.js';
export { type Pivot, pivotOf } from './pivot-analysis.js';
export {
  apply,
  atomsOf,
  expression,
  not,
  type RuleArgument,
  type RuleArguments,
  type RuleAtoms,
  RuleLiteral,
  RuleVariable,
  rule,
  rules,
  variable,
  where,
} from './rule-builder.js';
export { checkRule, type RuleFunction } from './rule-checks.js';
export { canGenerateCode, RuleCompiler } from './rule-compiler.js';
export { RuleInterpreter } from './rule-interpreter.js';
export { parseRules } from './rule-parser.js';
export type { Comparison, Operator } from './rule-syntax.js';
export { type Stratum, stratify } from './strata.js';
