export { type CheckedAtom, type CheckedRule, type SlotKind, slotsOf, type Value } from './checked-rule.js';
export {
  indexOf,
  isInline,
  type Join,
  type JoinContext,
  type JoinMaker,
  type JoinOptions,
  type Visit,
} from './join.js';
export { type Driver, isStale, type Plan, planRule, type Step } from './join-planner.js';
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
export { checkRule, kindOf, type RuleFunction, type RuleScope } from './rule-checks.js';
export { canGenerateCode, RuleCompiler } from './rule-compiler.js';
export { RuleInterpreter } from './rule-interpreter.js';
export { parseRules, type RuleTextLimits } from './rule-parser.js';
export type { Comparison, Operator, Place } from './rule-syntax.js';
export { type Stratum, stratify } from './strata.js';
