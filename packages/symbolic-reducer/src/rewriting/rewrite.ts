// Rewriting by rules, to the end: the innermost place first, the first rule that fits. What was seen before ends it, so rules that lead in a
// circle do no harm.

import type { Budget } from '../budget/index.js';
import type { CertifiedRule, RewritingCertificate } from '../certificate/index.js';
import {
  type Condition,
  type ExpressionStore,
  type ExprId,
  postorder,
  substitute,
  symbolNames,
} from '../expression/index.js';
import { assumedConditions, certified } from '../proof/index.js';
import { SharedMathJson, toMathJson } from '../syntax/index.js';
import { Matcher } from './match.js';
import { type Rule, type RuleSet, satisfies } from './rule-set.js';

/** One rewriting. */
interface Rewriting {
  readonly rule: Rule;
  readonly substitution: ReadonlyMap<ExprId, ExprId>;
  /** The expression with {@link hole} in the rewritten place. */
  readonly context: ExprId;
}

/** What rewriting came to. */
export interface Rewritten {
  readonly result: ExprId;
  readonly steps: readonly Rewriting[];
  /** Whether no rule fits any more. */
  readonly complete: boolean;
}

/** The symbol that marks the place. @internal */
const hole = '#hole';

/**
 * Rewrites until no rule fits, or what comes was there before, or `maxSteps` steps were taken.
 *
 * @throws TenstripError `BudgetExceeded`; what the operation throws when it was stopped
 */
export function rewrite(
  store: ExpressionStore,
  root: ExprId,
  rules: RuleSet,
  { budget, maxSteps = 256 }: { readonly budget: Budget; readonly maxSteps?: number },
): Rewritten {
  const seen = new Set<ExprId>([root]);
  const steps: Rewriting[] = [];
  let current = root;
  while (steps.length < maxSteps) {
    const next = rewriteOnce(store, current, rules, budget, seen);
    if (next === undefined) return { result: current, steps, complete: true };
    seen.add(next.result);
    steps.push(next.step);
    current = next.result;
  }
  return { result: current, steps, complete: false };
}

function rewriteOnce(
  store: ExpressionStore,
  root: ExprId,
  { rules }: RuleSet,
  budget: Budget,
  seen: ReadonlySet<ExprId>,
): { readonly result: ExprId; readonly step: Rewriting } | undefined {
  const order = postorder(store, [root]);
  for (const node of order) {
    for (const rule of rules) {
      budget.step(16);
      let found: { readonly result: ExprId; readonly step: Rewriting } | undefined;
      new Matcher(store, rule.letters).first(rule.left, node, ({ substitution, rest }) => {
        for (const name of Object.keys(rule.where)) {
          if (!satisfies(store, substitution.get(store.symbol(name))!, rule.where[name]!)) return false;
        }
        const join = (part: ExprId) =>
          store.kindOf(rule.left) === 'sum' ? store.sum([part, rest]) : store.product([part, rest]);
        const replaced = join(substitute(store, rule.right, substitution));
        const result = substitute(store, root, new Map([[node, replaced]]));
        if (replaced === node || seen.has(result)) return false;
        const context = substitute(store, root, new Map([[node, join(store.symbol(hole))]]));
        found = { result, step: { rule, substitution, context } };
        return true;
      });
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The steps as a certificate; rules without a proof of their own are believed, and the checker says which. */
export function rewritingCertificate(
  store: ExpressionStore,
  start: ExprId,
  { result, steps }: Rewritten,
): RewritingCertificate {
  const rules = [...new Set(steps.map(({ rule }) => rule))];
  const assumptions = assumedConditions(store, symbolNames(store, [start]));
  const conditions = neededConditions(store, steps);
  const roots = [
    ...[start, result, ...[...assumptions, ...conditions].map(({ expression }) => expression)],
    ...steps.flatMap(({ context, substitution }) => [context, ...substitution.values()]),
  ];
  const json = new SharedMathJson(store, roots, { instead: new Map([[store.symbol(hole), hole]]) });
  const write = (id: ExprId) => json.of(id);
  return {
    ...{ kind: 'rewriting', definitions: json.definitions },
    ...{ start: write(start), end: write(result) },
    rules: rules.map((rule) => certifiedRule(store, rule)),
    steps: steps.map(({ rule, substitution, context }) => ({
      rule: rules.indexOf(rule),
      substitution: Object.fromEntries(
        [...substitution].map(([letter, value]) => [store.nameOf(letter)!, write(value)]),
      ),
      context: write(context),
    })),
    assumptions: assumptions.map((condition) => certified(json, condition)),
    conditions: conditions.map((condition) => certified(json, condition)),
  };
}

/** Rules are written without definitions, which stand for their own letters only. */
function certifiedRule(store: ExpressionStore, { name, left, right, conditions }: Rule): CertifiedRule {
  const write = (id: ExprId) => toMathJson(store, id);
  return {
    ...{ name, left: write(left), right: write(right) },
    conditions: conditions.map(({ relation, expression }) => ({ relation, expression: write(expression) })),
  };
}

/** What the rules' conditions say of what stood for their letters, where that is neither a number nor a symbol. */
function neededConditions(store: ExpressionStore, steps: readonly Rewriting[]): Condition[] {
  const needed = new Map<string, Condition>();
  for (const { rule, substitution } of steps) {
    for (const { relation, expression } of rule.conditions) {
      const value = substitute(store, expression, substitution);
      if (store.valueOf(value) !== undefined || store.nameOf(value) !== undefined) continue;
      needed.set(`${relation} ${value}`, { relation, expression: value });
    }
  }
  return [...needed.values()];
}
