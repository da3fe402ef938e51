// Repairs: the minimal sets of assertions whose withdrawal makes a fact no longer follow, which are the minimal hitting sets of all
// sets from which it follows (Reiter, Artificial Intelligence 1987). Known justifications begin the search; a set that hits them all is
// tried, and where the fact still follows, its proof then is one more set to be hit (as in Kalyanpur, Parsia, Horridge, Sirin, ISWC
// 2007). So a cell's value, which may be joined from parts in many ways, needs no list of those ways. Breadth first, so the smallest
// come first; bounded.
import type { Fact, Schema } from '../facts/index.js';
import type { Relation } from '../relations/index.js';
import type { CheckedRule } from '../rules/index.js';
import { type FactSets, sortedSets, textOfFact } from './justifications.js';

/** Sets in waiting, and sets looked at. */
const MOST_OPEN = 100_000;

/** Tries a withdrawal: gives assertions from which the fact still follows, or nothing when it does not. */
export type Trial = (withdrawn: readonly Fact[]) => readonly Fact[] | undefined;

/**
 * Minimal sets of assertions without which a fact does not follow; `limit` at most, after `trials` trials at most.
 *
 * @param known sets of assertions from which it follows, none, some or all
 */
export function repairsOf(
  schema: Schema,
  known: readonly (readonly Fact[])[],
  trial: Trial,
  limit: number,
  trials: number,
): FactSets {
  const facts = new Map<string, Fact>();
  const keysOf = (set: readonly Fact[]) =>
    set.map((fact) => {
      const key = textOfFact(schema, fact);
      facts.set(key, fact);
      return key;
    });
  const sufficient = known.map(keysOf);
  const found: ReadonlySet<string>[] = [];
  let open: ReadonlySet<string>[] = [new Set<string>()];
  let complete = true;
  let looked = 0;
  while (open.length > 0 && found.length < limit) {
    const next = new Map<string, ReadonlySet<string>>();
    for (const set of open) {
      if (found.some((smaller) => [...smaller].every((key) => set.has(key)))) continue;
      let missed = sufficient.find((support) => !support.some((key) => set.has(key)));
      if (missed === undefined) {
        if (trials-- <= 0 || found.length >= limit) {
          complete = false;
          continue;
        }
        const support = trial(Array.from(set, (key) => facts.get(key)!));
        if (support === undefined) {
          found.push(set);
          continue;
        }
        missed = keysOf(support);
        sufficient.push(missed);
      }
      looked += missed.length;
      if (looked > MOST_OPEN) {
        complete = false;
        continue;
      }
      for (const key of missed) {
        const larger = [...set, key].sort();
        next.set(larger.join('\u0001'), new Set(larger));
      }
    }
    open = [...next.values()];
  }
  if (open.length > 0) complete = false;
  return {
    sets: sortedSets(
      schema,
      found.map((set) => Array.from(set, (key) => facts.get(key)!)),
    ),
    complete,
  };
}

/**
 * Whether withdrawing assertions can end facts of a relation otherwise than through their premises: a rule below it negates or tests
 * what may then begin to hold or rise, or it is a cell that may rise itself. Looks at the rules alone, so it may say so where no fact is
 * concerned.
 */
export function mayFallByGains(relation: Relation, rules: readonly CheckedRule[]): boolean {
  const gains = (below: Relation) =>
    rulesBelow(below, rules).some(({ negative, strict }) => negative.length + strict.length > 0);
  if (relation.values !== undefined && gains(relation)) return true;
  return rulesBelow(relation, rules).some(({ negative, strict }) =>
    [...negative.map((atom) => atom.relation), ...strict].some(gains),
  );
}

/** The rules that a relation rests on. */
function rulesBelow(relation: Relation, rules: readonly CheckedRule[]): CheckedRule[] {
  const relations = new Set([relation]);
  for (const head of relations) {
    for (const rule of rules) {
      if (rule.head.relation !== head) continue;
      for (const atom of [...rule.positive, ...rule.negative]) relations.add(atom.relation);
    }
  }
  return rules.filter(({ head }) => relations.has(head.relation));
}
