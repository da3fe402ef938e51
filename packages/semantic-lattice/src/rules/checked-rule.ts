// A rule after its checks: variables are slots, terms are numbers, and every part says what kind of value it has.
import type { Relation } from '../relations/index.js';
import type { Comparison, Place } from './rule-syntax.js';

/** An argument of a body atom. */
export type Argument =
  | { readonly type: 'slot'; readonly slot: number }
  | { readonly type: 'constant'; readonly value: number }
  | { readonly type: 'any' };

export interface CheckedAtom {
  readonly relation: Relation;
  readonly arguments: readonly Argument[];
}

/** A value made from slots; `computed` calls a function of integers that knows nothing of rows. */
export type Value =
  | { readonly type: 'slot'; readonly slot: number }
  | { readonly type: 'constant'; readonly value: number }
  | { readonly type: 'computed'; readonly slots: readonly number[]; readonly compute: (...slots: number[]) => number };

/** A condition on slots; `direct` compares the integers themselves. */
export type Test =
  | { readonly type: 'direct'; readonly comparison: Comparison; readonly left: Value; readonly right: Value }
  | {
      readonly type: 'computed';
      readonly slots: readonly number[];
      readonly holds: (...slots: number[]) => boolean;
      /** Whether it has an answer for all slots; otherwise it may throw. */
      readonly total: boolean;
    };

/** A slot that is bound by a value, when the slots of that are. */
export interface Assignment {
  readonly slot: number;
  readonly value: Value;
}

export interface CheckedRule {
  /** Number among the engine's rules. */
  readonly id: number;
  /** Canonical text. */
  readonly text: string;
  readonly place: Place;
  readonly head: { readonly relation: Relation; readonly values: readonly Value[] };
  readonly positive: readonly CheckedAtom[];
  readonly negative: readonly CheckedAtom[];
  readonly tests: readonly Test[];
  readonly assignments: readonly Assignment[];
  /** Names of the slots' variables. */
  readonly variables: readonly string[];
  /** How the slots' integers are read: as what column of what relation, or as an integer. */
  readonly slotKinds: readonly SlotKind[];
  /** Relations whose lattice values the rule looks at in a way that need not be monotone. */
  readonly strict: readonly Relation[];
  /** Made by the engine: the assertions of a lattice-valued relation flow into it. */
  readonly assertion: boolean;
}

/** A kind of value: a string, a whole number, or a value of the lattice of this relation. */
export type SlotKind = 'term' | 'integer' | Relation;

/** The numbers that stand in a rule, of whatever kind. */
export function constantsOf(rule: CheckedRule): number[] {
  const tested = rule.tests.flatMap((test) => (test.type === 'direct' ? [test.left, test.right] : []));
  const assigned = rule.assignments.map(({ value }) => value);
  const given = [...rule.positive, ...rule.negative].flatMap((atom) => atom.arguments);
  return [...given, ...rule.head.values, ...tested, ...assigned].flatMap((each) =>
    each.type === 'constant' ? [each.value] : [],
  );
}

/** Whether a value may have none: its computation throws then. */
export function mayThrow(value: Value): boolean {
  return value.type === 'computed';
}

/** The slots that a value needs. */
export function slotsOf(value: Value): readonly number[] {
  if (value.type === 'slot') return [value.slot];
  return value.type === 'computed' ? value.slots : [];
}
