// Repairs: the minimal sets of assertions whose withdrawal makes a fact no longer follow, which are the minimal hitting sets of its
// justifications (Reiter, Artificial Intelligence 1987). Breadth first, so the smallest come first; bounded.
import type { Fact, Schema } from '../facts/index.js';
import type { Relation } from '../relations/index.js';
import type { CheckedRule } from '../rules/index.js';
import { type FactSets, sortedSets, textOfFact } from './justifications.js';

/** Sets in waiting, and sets looked at. */
const MOST_OPEN = 100_000;

/** Minimal sets that have an element of every justification; `limit` at most. */
export function hittingSets(schema: Schema, justifications: FactSets, limit: number): FactSets {
  const facts = new Map<string, Fact>();
  const sets = justifications.sets.map((set) =>
    set.map((fact) => {
      const key = textOfFact(schema, fact);
      facts.set(key, fact);
      return key;
    }),
  );
  const found: ReadonlySet<string>[] = [];
  let open: ReadonlySet<string>[] = [new Set<string>()];
  let complete = justifications.complete;
  let looked = 0;
  while (open.length > 0 && found.length < limit) {
    const next = new Map<string, ReadonlySet<string>>();
    for (const set of open) {
      if (found.some((known) => [...known].every((key) => set.has(key)))) continue;
      const missed = sets.find((justification) => !justification.some((key) => set.has(key)));
      if (missed === undefined) {
        if (found.length < limit) found.push(set);
        else complete = false;
        continue;
      }
      looked += missed.length;
      if (missed.length === 0 || looked > MOST_OPEN) {
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
 * Whether withdrawing assertions can end facts of a relation otherwise than through their premises: a rule below it negates what
 * may then begin to hold. Looks at the rules alone, so it may say so where no fact is concerned.
 */
export function mayFallByGains(relation: Relation, rules: readonly CheckedRule[]): boolean {
  const gains = (below: Relation) =>
    rulesBelow(below, rules).some(({ negative, strict }) => negative.length + strict.length > 0);
  return rulesBelow(relation, rules).some(({ negative }) => negative.some((atom) => gains(atom.relation)));
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
