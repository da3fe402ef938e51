// What a compiled or interpreted rule looks like from outside: a loop over a driver's rows that offers each match to a sink.
import type { ChainedIndex } from '../relations/index.js';
import { slotsOf, type Test, type Value } from './checked-rule.js';
import type { Binding, Check, Plan, Step } from './join-planner.js';
import { compares } from './rule-checks.js';

/** What all joins of an engine share while they run. Fields are open to generated code. */
export interface JoinContext {
  /** Rows that may still be looked at before {@link refuel} is asked. */
  fuel: number;
  /** Looks at the budget and gives more fuel. @throws TenstripError `BudgetExceeded` and what stops an operation */
  refuel(): number;
  /** The match at hand, for a visiting sink: rows of the positive atoms, and the head's values. */
  readonly premises: Int32Array;
  readonly head: Int32Array;
  /** Whether the event loop should get a turn: a join that is out of fuel then pauses, wherever it is in its loops. */
  wantsTurn(): boolean;
  /** Loops whose places are in {@link places} when a join has paused; 0: none has. Run again with the same arguments, it goes on there. */
  paused: number;
  readonly places: Int32Array;
  /** Marks of a partition: `marks[value] === epoch` when the value was seen. */
  marks: Int32Array;
  epoch: number;
  /** Heads that wait for their table, {@link BATCH_LENGTH} integers; only while a join runs. */
  readonly batch: Int32Array;
  /** Takes what is loaded only to be near. */
  touched: number;
}

/** Integers of a batch of heads. */
export const BATCH_LENGTH = 4096;

/** A sink that visits matches; true ends the loop. */
export type Visit = () => boolean;

/**
 * Evaluates a rule from rows of its driver: `list[from…to)`, or the rows `from…to` themselves where there is no list. Rows of the
 * positive atom `i` are below `limits[i]`. True when the sink ended it, or when it has paused, so that one row of the driver, however
 * many matches it has, does not hold the event loop.
 */
export type Join = (
  context: JoinContext,
  from: number,
  to: number,
  list: Int32Array | undefined,
  limits: Int32Array,
  visit: Visit,
) => boolean;

export interface JoinOptions {
  /**
   * `insert` appends to the head's relation what it does not have; `partition` does the same with marks for one value of a pivot
   * column; `visit` calls the sink.
   */
  readonly sink: 'insert' | 'partition' | 'visit';
  /** Rows that take part: those that hold, or also those that held before and cells' earlier values. */
  readonly visible: 'live' | 'evidence';
  /**
   * What a computation that throws does: `throw` ends all, `skip` makes it no match. Instances that held were computed without an
   * error, so that one which throws is none of those that are looked for when facts end or are explained.
   */
  readonly errors: 'throw' | 'skip';
  /** Whether rows' states need be looked at; not when every row of every relation holds. */
  readonly checkStates: boolean;
  /** Positive atoms whose relations are of the head's stratum: heights count from them. */
  readonly recursive: readonly number[];
  /** Column of the head that is no pivot, for `partition`; without it rows are appended as they come. */
  readonly freeColumn?: number;
}

/** Makes joins; one that compiles and one that interprets give the same rows in the same order. */
export interface JoinMaker {
  make(plan: Plan, options: JoinOptions): Join;
}

/** The index that a scan or a negation reads, if it reads one. */
export function indexOf(step: Step): ChainedIndex | undefined {
  if (step.type !== 'scan' && !(step.type === 'absent' && !step.whole)) return undefined;
  if (step.keys.length === 0 && step.filter.length === 0)
    return step.type === 'absent' ? step.relation.indexOn([], [], []) : undefined;
  return step.relation.indexOn(
    step.filter.map(({ column }) => column),
    step.filter.map(({ value }) => value),
    step.keys.map(({ column }) => column),
    step.type === 'scan' ? step.admitting : -1,
  );
}

/** Whether an atom compares a variable that the same atom binds. */
export function bindsOwn(checks: readonly Check[], bindings: readonly Binding[]): boolean {
  return checks.some(({ value }) => value.type === 'slot' && bindings.some(({ slot }) => slot === value.slot));
}

/** The computation itself, or one that gives `NaN`, which no value's number is, where it throws. */
export function computing(
  compute: (...slots: number[]) => number,
  { errors }: JoinOptions,
): (...slots: number[]) => number {
  if (errors === 'throw') return compute;
  return (...slots) => {
    try {
      return compute(...slots);
    } catch {
      return Number.NaN;
    }
  };
}

/** A test that has computations, as a function of its slots; one that throws does not hold where errors are skipped. */
export function testing(
  test: Test,
  { errors }: JoinOptions,
): { readonly slots: readonly number[]; readonly holds: (...slots: number[]) => boolean } {
  const { slots, holds } = test.type === 'computed' ? test : asFunction(test);
  if (errors === 'throw') return { slots, holds };
  return {
    slots,
    holds: (...given) => {
      try {
        return holds(...given);
      } catch {
        return false;
      }
    },
  };
}

function asFunction({ comparison, left, right }: Test & { type: 'direct' }) {
  const cut = slotsOf(left).length;
  return {
    slots: [...slotsOf(left), ...slotsOf(right)],
    holds: (...given: number[]) =>
      compares(comparison, numberUnder(left, given.slice(0, cut)), numberUnder(right, given.slice(cut))),
  };
}

function numberUnder(value: Value, slots: readonly number[]): number {
  if (value.type === 'constant') return value.value;
  return value.type === 'slot' ? slots[0]! : value.compute(...slots);
}
