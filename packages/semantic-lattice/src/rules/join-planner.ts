// The order in which a rule's body is evaluated, from what is bound at the start. Greedy: tests, assignments and negations as soon
// as their slots are bound; then the atom with the most bound columns, then the smaller relation. A delta's atom comes first.
//
// What may throw comes last, in an order that is the rule's own: a computation is made for exactly those bindings that satisfy every
// atom, every negation and every comparison that can be told without it. So whether a rule fails on some facts does not depend on the
// plan, on the sizes of relations, or on the order in which facts came.
import type { Relation } from '../relations/index.js';
import { type CheckedAtom, type CheckedRule, mayThrow, slotsOf, type Test, type Value } from './checked-rule.js';

/** What an evaluation of a rule starts from. */
export type Driver =
  /** Rows of the positive atom of this number. */
  | { readonly type: 'positive'; readonly atom: number }
  /** Rows of the negated atom of this number, which bind its variables. */
  | { readonly type: 'negative'; readonly atom: number }
  /** A tuple of the head's columns, all bound. */
  | { readonly type: 'head' }
  /** Nothing: the body has no positive atom. */
  | { readonly type: 'unit' };

/** A column that is compared with a slot or a constant. */
export interface Check {
  readonly column: number;
  readonly value: Value;
}

/** A column whose value a slot takes. */
export interface Binding {
  readonly column: number;
  readonly slot: number;
}

export type Step =
  /** The driver's row: binds and checks columns. */
  | {
      readonly type: 'drive';
      readonly relation: Relation;
      readonly atom: number;
      readonly positive: boolean;
      readonly checks: readonly Check[];
      readonly bindings: readonly Binding[];
    }
  /** The head's tuple: checks and binds values. */
  | { readonly type: 'head'; readonly checks: readonly Check[]; readonly bindings: readonly Binding[] }
  /** All rows of an atom with a key. */
  | {
      readonly type: 'scan';
      readonly relation: Relation;
      readonly atom: number;
      readonly filter: readonly { column: number; value: number }[];
      readonly keys: readonly Check[];
      /** Position among the keys of one whose values are few, because another atom with constants has them; -1: none. */
      readonly admitting: number;
      readonly checks: readonly Check[];
      readonly bindings: readonly Binding[];
    }
  /** The one row of an atom whose key columns are all bound. */
  | {
      readonly type: 'lookup';
      readonly relation: Relation;
      readonly atom: number;
      readonly keys: readonly Value[];
      readonly checks: readonly Check[];
      readonly bindings: readonly Binding[];
    }
  /** That no row of a negated atom holds. */
  | {
      readonly type: 'absent';
      readonly relation: Relation;
      readonly whole: boolean;
      readonly keys: readonly Check[];
      readonly filter: readonly { column: number; value: number }[];
    }
  | { readonly type: 'test'; readonly test: Test }
  | { readonly type: 'assign'; readonly slot: number; readonly value: Value }
  /** A head's computed value equals the driver's. */
  | { readonly type: 'yields'; readonly column: number; readonly value: Value };

export interface Plan {
  readonly rule: CheckedRule;
  readonly driver: Driver;
  readonly steps: readonly Step[];
  /** Rows of each positive atom's relation when this was planned. */
  readonly sizes: readonly number[];
}

export interface PlanOptions {
  /** A tuple is looked up by all its rows, not by the newest alone. */
  readonly versions: boolean;
  /** What throws is no match, so that it can be computed as soon as its slots are bound. */
  readonly skipsErrors: boolean;
}

/** Plans the evaluation of a rule. */
export function planRule(rule: CheckedRule, driver: Driver, options: PlanOptions): Plan {
  return new Planner(rule, driver, options).plan();
}

/** Whether relations grew or shrank so far since a plan was made that another may be better. */
export function isStale(plan: Plan): boolean {
  for (const [index, atom] of plan.rule.positive.entries()) {
    const then = plan.sizes[index]! + 64;
    const now = atom.relation.live + 64;
    if (now > then * 8 || now * 8 < then) return true;
  }
  return false;
}

class Planner {
  readonly #rule: CheckedRule;
  readonly #driver: Driver;
  readonly #options: PlanOptions;
  readonly #bound = new Set<number>();
  readonly #steps: Step[] = [];

  constructor(rule: CheckedRule, driver: Driver, options: PlanOptions) {
    this.#rule = rule;
    this.#driver = driver;
    this.#options = options;
  }

  plan(): Plan {
    const rule = this.#rule;
    const driver = this.#driver;
    const waiting = new Set(rule.positive.keys());
    const yields = this.#start();
    if (driver.type === 'positive') waiting.delete(driver.atom);
    const conditions = new Conditions(rule, yields, this.#options.skipsErrors);
    conditions.place(this.#bound, this.#steps);
    while (waiting.size > 0) {
      const atom = this.#best(waiting);
      waiting.delete(atom);
      this.#steps.push(this.#join(atom));
      conditions.place(this.#bound, this.#steps);
    }
    conditions.placeLast(this.#bound, this.#steps);
    return { rule, driver, steps: this.#steps, sizes: rule.positive.map(({ relation }) => relation.live) };
  }

  /** The driver's step; gives the head's values that can only be compared when their slots are bound. */
  #start(): Step[] {
    const driver = this.#driver;
    if (driver.type === 'unit') return [];
    if (driver.type === 'head') return this.#startFromHead();
    const positive = driver.type === 'positive';
    const atom = (positive ? this.#rule.positive : this.#rule.negative)[driver.atom]!;
    const { checks, bindings } = this.#match(atom, atom.arguments.keys());
    this.#steps.push({ type: 'drive', relation: atom.relation, atom: driver.atom, positive, checks, bindings });
    return [];
  }

  #startFromHead(): Step[] {
    const checks: Check[] = [];
    const bindings: Binding[] = [];
    const later: Step[] = [];
    const { relation, values } = this.#rule.head;
    for (let column = 0; column < relation.keys; column++) {
      const value = values[column]!;
      if (value.type === 'computed') later.push({ type: 'yields', column, value });
      else if (value.type === 'constant' || this.#bound.has(value.slot)) checks.push({ column, value });
      else {
        this.#bound.add(value.slot);
        bindings.push({ column, slot: value.slot });
      }
    }
    this.#steps.push({ type: 'head', checks, bindings });
    return later;
  }

  /** Splits an atom's columns into those that are compared and those that bind a slot. */
  #match(atom: CheckedAtom, columns: Iterable<number>): { checks: Check[]; bindings: Binding[] } {
    const checks: Check[] = [];
    const bindings: Binding[] = [];
    for (const column of columns) {
      const argument = atom.arguments[column]!;
      if (argument.type === 'any') continue;
      if (argument.type === 'constant' || this.#bound.has(argument.slot)) checks.push({ column, value: argument });
      else {
        this.#bound.add(argument.slot);
        bindings.push({ column, slot: argument.slot });
      }
    }
    return { checks, bindings };
  }

  /** Whether an atom with constants has a slot too, so that few of a column's terms are likely to be looked for. */
  #isSelected(relation: Relation, column: number, value: Value): boolean {
    if (value.type !== 'slot' || relation.kinds[column] !== 'term') return false;
    return this.#rule.positive.some(
      ({ arguments: given }) =>
        given.some((argument) => argument.type === 'constant') &&
        given.some((argument) => argument.type === 'slot' && argument.slot === value.slot),
    );
  }

  #boundColumns(atom: CheckedAtom): number {
    return atom.arguments.filter(
      (argument) => argument.type === 'constant' || (argument.type === 'slot' && this.#bound.has(argument.slot)),
    ).length;
  }

  #best(waiting: ReadonlySet<number>): number {
    let best = -1;
    let bestScore = Number.POSITIVE_INFINITY;
    for (const index of waiting) {
      const atom = this.#rule.positive[index]!;
      const bound = this.#boundColumns(atom);
      // An atom whose columns are all bound is a test; each bound column is taken to divide the rows by their square root and more.
      const free = atom.relation.arity - bound;
      const score =
        free === 0 ? -1 : (atom.relation.live + 1) ** (free / atom.relation.arity) + (bound === 0 ? 1e9 : 0);
      if (score >= bestScore) continue;
      best = index;
      bestScore = score;
    }
    return best;
  }

  #join(index: number): Step {
    const atom = this.#rule.positive[index]!;
    const { relation } = atom;
    const isKnown = (column: number) => {
      const argument = atom.arguments[column]!;
      return argument.type === 'constant' || (argument.type === 'slot' && this.#bound.has(argument.slot));
    };
    const keyColumns = Array.from({ length: relation.keys }, (_, column) => column);
    const whole = keyColumns.every(isKnown);
    if (whole && !this.#options.versions && !isSmallWhenFiltered(atom)) {
      const keys = keyColumns.map((column) => atom.arguments[column] as Value);
      return {
        type: 'lookup',
        relation,
        atom: index,
        keys,
        ...this.#match(atom, relation.keys < relation.arity ? [relation.keys] : []),
      };
    }
    const known = keyColumns.filter(isKnown);
    const { filter, keys } = splitKnown(atom, known);
    const { checks, bindings } = this.#match(
      atom,
      Array.from(atom.arguments.keys()).filter((column) => !known.includes(column)),
    );
    const admitting =
      keys.length < 2 ? -1 : keys.findIndex(({ column, value }) => this.#isSelected(relation, column, value));
    return { type: 'scan', relation, atom: index, filter, keys, admitting, checks, bindings };
  }
}

/** Whether constants leave one column of terms: then a small array by term number is better than the table of all rows. */
function isSmallWhenFiltered(atom: CheckedAtom): boolean {
  const open = [...atom.arguments.keys()].filter((column) => atom.arguments[column]!.type !== 'constant');
  return (
    open.length === 1 &&
    atom.arguments.length > 1 &&
    atom.relation.kinds[open[0]!] === 'term' &&
    atom.relation.values === undefined
  );
}

function splitKnown(
  atom: CheckedAtom,
  known: readonly number[],
): { filter: { column: number; value: number }[]; keys: Check[] } {
  const filter: { column: number; value: number }[] = [];
  const keys: Check[] = [];
  for (const column of known) {
    const argument = atom.arguments[column]!;
    if (argument.type === 'constant') filter.push({ column, value: argument.value });
    else if (argument.type === 'slot') keys.push({ column, value: argument });
  }
  return { filter, keys };
}

interface Condition {
  readonly step: Step;
  readonly needs: readonly number[];
}

/** What has to be true of slots: placed as soon as they are bound, or, where it may throw, when all else is true. */
class Conditions {
  #waiting: readonly Condition[];
  readonly #last: readonly Condition[];

  constructor(rule: CheckedRule, yields: readonly Step[], skipsErrors: boolean) {
    const all = [
      ...rule.tests.map((test) => ({ step: { type: 'test', test } as const, needs: slotsOfTest(test) })),
      ...rule.assignments.map(({ slot, value }) => ({
        step: { type: 'assign', slot, value } as const,
        needs: slotsOf(value),
      })),
      ...yields.map((step) => ({ step, needs: step.type === 'yields' ? slotsOf(step.value) : [] })),
      ...rule.negative.map((atom) => negation(atom)),
    ];
    const isLast = ({ step }: Condition) => !skipsErrors && stepMayThrow(step);
    this.#waiting = all.filter((each) => !isLast(each));
    this.#last = inOwnOrder(rule, all.filter(isLast));
  }

  place(bound: Set<number>, steps: Step[]): void {
    for (let before = -1; before !== this.#waiting.length; ) {
      before = this.#waiting.length;
      const ready = this.#waiting.filter(({ needs }) => needs.every((slot) => bound.has(slot)));
      // Tests before assignments, which may refuse what a test would have left out.
      const first = ready.filter(({ step }) => step.type !== 'assign');
      const placed = first.length > 0 ? first : ready.slice(0, 1);
      for (const { step } of placed) placeStep(step, bound, steps);
      this.#waiting = this.#waiting.filter((each) => !placed.includes(each));
    }
  }

  /** Places what may throw, when every atom is there; whatever can be told after one of them comes before the next. */
  placeLast(bound: Set<number>, steps: Step[]): void {
    for (const { step } of this.#last) {
      placeStep(step, bound, steps);
      this.place(bound, steps);
    }
  }
}

function placeStep(step: Step, bound: Set<number>, steps: Step[]): void {
  if (step.type !== 'assign') {
    steps.push(step);
    return;
  }
  const left = { type: 'slot', slot: step.slot } as const;
  if (bound.has(step.slot))
    steps.push({ type: 'test', test: { type: 'direct', comparison: '=', left, right: step.value } });
  else steps.push(step);
  bound.add(step.slot);
}

/** From what positive atoms bind: tests as soon as they can be made, in the order of the text, then the next assignment. */
function inOwnOrder(rule: CheckedRule, conditions: readonly Condition[]): Condition[] {
  const bound = new Set(
    rule.positive.flatMap((atom) => atom.arguments.flatMap((each) => (each.type === 'slot' ? [each.slot] : []))),
  );
  const plain = rule.assignments.filter(({ value }) => !mayThrow(value));
  const waiting = new Set(conditions);
  const ordered: Condition[] = [];
  while (waiting.size > 0) {
    for (const { slot, value } of plain) if (slotsOf(value).every((each) => bound.has(each))) bound.add(slot);
    const ready = [...waiting].filter(({ needs }) => needs.every((slot) => bound.has(slot)));
    const next = ready.find(({ step }) => step.type !== 'assign') ?? ready[0]!;
    if (next.step.type === 'assign') bound.add(next.step.slot);
    waiting.delete(next);
    ordered.push(next);
  }
  return ordered;
}

function slotsOfTest(test: Test): readonly number[] {
  return test.type === 'direct' ? [...slotsOf(test.left), ...slotsOf(test.right)] : test.slots;
}

function stepMayThrow(step: Step): boolean {
  if (step.type === 'assign') return mayThrow(step.value);
  if (step.type !== 'test') return false;
  const { test } = step;
  return test.type === 'direct' ? mayThrow(test.left) || mayThrow(test.right) : !test.total;
}

function negation(atom: CheckedAtom): { step: Step; needs: number[] } {
  const { relation } = atom;
  const known = Array.from(atom.arguments.keys()).filter((column) => atom.arguments[column]!.type !== 'any');
  const whole = known.filter((column) => column < relation.keys).length === relation.keys;
  const needs = atom.arguments.flatMap((argument) => (argument.type === 'slot' ? [argument.slot] : []));
  if (whole) {
    const keys = known.map((column): Check => ({ column, value: atom.arguments[column] as Value }));
    return { step: { type: 'absent', relation, whole, keys, filter: [] }, needs };
  }
  return { step: { type: 'absent', relation, whole, ...splitKnown(atom, known) }, needs };
}
