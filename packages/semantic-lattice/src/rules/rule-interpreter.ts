// Plans as closures, one a step, for places where no code may be made from strings. The same rows in the same order as the
// compiled loops; several times slower.
import { LIVE, type Relation } from '../relations/index.js';
import { type CheckedRule, mayThrow, type Value } from './checked-rule.js';
import {
  bindsOwn,
  computing,
  indexOf,
  type Join,
  type JoinContext,
  type JoinMaker,
  type JoinOptions,
  testing,
  type Visit,
} from './join.js';
import type { Binding, Check, Plan, Step } from './join-planner.js';

/** Makes joins without generating code. */
export class RuleInterpreter implements JoinMaker {
  make(plan: Plan, options: JoinOptions): Join {
    const frame = new Frame(plan.rule);
    let run = sinkOf(plan, options, frame);
    const loops = plan.steps.filter(({ type }) => type === 'drive' || type === 'scan');
    for (const step of plan.steps.slice(plan.steps[0] !== undefined && isDriver(plan.steps[0]) ? 1 : 0).reverse()) {
      run = stepOf(step, loops.indexOf(step), options, frame, run);
    }
    const first = plan.steps[0];
    return (context, from, to, list, limits, visit) => {
      frame.start(context, limits, visit);
      if (first === undefined || !isDriver(first)) return run();
      if (first.type === 'head')
        return frame.bindHead(first.bindings) && frame.passes(first.checks, (column) => context.head[column]!) && run();
      return drive(first, options, frame, run, from, to, list);
    };
  }
}

type Run = () => boolean;
type DriverStep = Step & { type: 'drive' | 'head' };

function isDriver(step: Step): step is DriverStep {
  return step.type === 'drive' || step.type === 'head';
}

/** Slots and rows of the match at hand. */
class Frame {
  readonly slots: Int32Array;
  readonly rows: Int32Array;
  context!: JoinContext;
  limits!: Int32Array;
  visit!: Visit;
  /** Loops that go on where they were. */
  back = 0;

  constructor(rule: CheckedRule) {
    this.slots = new Int32Array(rule.variables.length);
    this.rows = new Int32Array(rule.positive.length);
  }

  start(context: JoinContext, limits: Int32Array, visit: Visit): void {
    this.context = context;
    this.limits = limits;
    this.visit = visit;
    this.back = context.paused;
    context.paused = 0;
  }

  /** Where a loop begins: where it was when the join paused, or at its start. */
  placeOf(loop: number, start: number): number {
    return this.back > loop ? this.context.places[loop]! : start;
  }

  /** Ends a loop with its place, should it be that the join has paused. */
  leave(loop: number, place: number): true {
    this.context.places[loop] = place;
    return true;
  }

  /** Counts a row that is looked at; true when the join pauses instead: the row is counted when it goes on, outer loops' are not again. */
  burn(loop: number): boolean {
    const { context } = this;
    if (--context.fuel >= 0) return false;
    context.fuel = 0;
    if (context.wantsTurn()) {
      context.fuel = loop;
      context.paused = loop + 1;
      return true;
    }
    context.fuel = context.refuel();
    return false;
  }

  value(value: Value): number {
    if (value.type === 'slot') return this.slots[value.slot]!;
    return value.type === 'constant' ? value.value : value.compute(...value.slots.map((slot) => this.slots[slot]!));
  }

  passes(checks: readonly Check[], column: (column: number) => number): boolean {
    return checks.every((check) => column(check.column) === this.value(check.value));
  }

  bindHead(bindings: readonly Binding[]): true {
    for (const { column, slot } of bindings) this.slots[slot] = this.context.head[column]!;
    return true;
  }

  bind(relation: Relation, row: number, bindings: readonly Binding[]): void {
    for (const { column, slot } of bindings) this.slots[slot] = relation.columns[column]![row]!;
  }

  key(values: readonly Value[]): Int32Array {
    return Int32Array.from(values, (value) => this.value(value));
  }
}

function isVisible(options: JoinOptions, relation: Relation, row: number): boolean {
  return options.visible === 'evidence' ? relation.state[row] !== 0 : (relation.state[row]! & LIVE) !== 0;
}

function drive(
  step: Step & { type: 'drive' },
  options: JoinOptions,
  frame: Frame,
  run: Run,
  from: number,
  to: number,
  list: Int32Array | undefined,
): boolean {
  const { relation } = step;
  const grows = options.sink === 'partition' && to < 0;
  const queue = options.sink === 'partition' && options.freeColumn !== undefined;
  for (let at = frame.placeOf(0, from); at < (grows ? relation.rows : to); at++, frame.back = 0) {
    if (frame.burn(0)) return frame.leave(0, at);
    const row = list === undefined ? at : list[at]!;
    if (step.positive && !queue && !isVisible(options, relation, row)) continue;
    // As in compiled loops, slots are bound before they are compared: a variable may stand twice.
    frame.bind(relation, row, step.bindings);
    if (!frame.passes(step.checks, (column) => relation.columns[column]![row]!)) continue;
    if (step.positive) frame.rows[step.atom] = row;
    if (run()) return frame.leave(0, at);
  }
  return false;
}

/** `loop`: the step's number among the loops, where it is one. */
function stepOf(step: Step, loop: number, options: JoinOptions, frame: Frame, run: Run): Run {
  switch (step.type) {
    case 'scan':
      return scanOf(step, loop, options, frame, run);
    case 'lookup':
      return () => {
        const { relation, atom } = step;
        const row = relation.find(frame.key(step.keys));
        if (row < 0 || row >= frame.limits[atom]! || !isVisible(options, relation, row)) return false;
        return enter(step, row, frame, run);
      };
    case 'absent':
      return options.visible === 'evidence' ? run : absentOf(step, frame, run);
    case 'test': {
      const { test } = step;
      if (test.type === 'computed' || mayThrow(test.left) || mayThrow(test.right)) {
        const { slots, holds } = testing(test, options);
        return () => holds(...slots.map((slot) => frame.slots[slot]!)) && run();
      }
      const compare = COMPARE[test.comparison];
      return () => compare(frame.value(test.left), frame.value(test.right)) && run();
    }
    case 'assign': {
      const value = computed(step.value, options);
      return () => {
        const given = frame.value(value);
        frame.slots[step.slot] = given;
        return !Number.isNaN(given) && run();
      };
    }
    case 'yields': {
      const value = computed(step.value, options);
      return () => frame.value(value) === frame.context.head[step.column] && run();
    }
    default:
      return run;
  }
}

/** A value whose computation throws, or gives `NaN`, as the options say. */
function computed(value: Value, options: JoinOptions): Value {
  return value.type === 'computed' ? { ...value, compute: computing(value.compute, options) } : value;
}

const COMPARE = {
  '=': (a: number, b: number) => a === b,
  '!=': (a: number, b: number) => a !== b,
  '<': (a: number, b: number) => a < b,
  '<=': (a: number, b: number) => a <= b,
  '>': (a: number, b: number) => a > b,
  '>=': (a: number, b: number) => a >= b,
} as const;

function enter(step: Step & { type: 'scan' | 'lookup' }, row: number, frame: Frame, run: Run): boolean {
  const { relation } = step;
  if (bindsOwn(step.checks, step.bindings)) frame.bind(relation, row, step.bindings);
  if (!frame.passes(step.checks, (column) => relation.columns[column]![row]!)) return false;
  frame.bind(relation, row, step.bindings);
  frame.rows[step.atom] = row;
  return run();
}

function scanOf(step: Step & { type: 'scan' }, loop: number, options: JoinOptions, frame: Frame, run: Run): Run {
  const index = indexOf(step);
  const { relation, atom } = step;
  if (index === undefined) {
    return () => {
      for (let row = frame.placeOf(loop, 0); row < frame.limits[atom]!; row++, frame.back = 0) {
        if (frame.burn(loop)) return frame.leave(loop, row);
        if (isVisible(options, relation, row) && enter(step, row, frame, run)) return frame.leave(loop, row);
      }
      return false;
    };
  }
  const keys = step.keys.map(({ value }) => value);
  return () => {
    let entry = index.head(frame.key(keys));
    while (entry !== 0 && index.rowOf(entry) >= frame.limits[atom]!) entry = index.next[entry - 1]!;
    for (entry = frame.placeOf(loop, entry); entry !== 0; entry = index.next[entry - 1]!, frame.back = 0) {
      if (frame.burn(loop)) return frame.leave(loop, entry);
      const row = index.rowOf(entry);
      if (isVisible(options, relation, row) && enter(step, row, frame, run)) return frame.leave(loop, entry);
    }
    return false;
  };
}

function absentOf(step: Step & { type: 'absent' }, frame: Frame, run: Run): Run {
  const { relation } = step;
  if (step.whole) {
    const keys = step.keys.filter(({ column }) => column < relation.keys).map(({ value }) => value);
    const last = step.keys.find(({ column }) => column === relation.keys);
    return () => {
      const row = relation.findLive(frame.key(keys));
      const holds = row >= 0 && (last === undefined || relation.columns[last.column]![row] === frame.value(last.value));
      return !holds && run();
    };
  }
  const index = indexOf(step)!;
  const keys = step.keys.map(({ value }) => value);
  return () => {
    let entry = index.head(frame.key(keys));
    while (entry !== 0 && (relation.state[index.rowOf(entry)]! & LIVE) === 0) entry = index.next[entry - 1]!;
    return entry === 0 && run();
  };
}

function sinkOf(plan: Plan, options: JoinOptions, frame: Frame): Run {
  const { rule, driver } = plan;
  const { relation } = rule.head;
  const values = rule.head.values.map((value) => computed(value, options));
  if (options.sink === 'visit') {
    // A head that drives has its keys already; of evidence a cell's value is not looked at.
    const from = driver.type === 'head' ? relation.keys : 0;
    const to = options.visible === 'evidence' ? relation.keys : relation.arity;
    return () => {
      const { context } = frame;
      context.premises.set(frame.rows);
      for (let column = from; column < to; column++) {
        const given = frame.value(values[column]!);
        if (Number.isNaN(given)) return false;
        context.head[column] = given;
      }
      return frame.visit();
    };
  }
  const tuple = new Int32Array(relation.arity);
  return () => {
    values.forEach((value, column) => {
      tuple[column] = frame.value(value);
    });
    if (options.sink === 'partition') {
      if (options.freeColumn !== undefined) {
        const { marks, epoch } = frame.context;
        const free = tuple[options.freeColumn]!;
        if (marks[free] === epoch) return false;
        marks[free] = epoch;
      }
      const row = appendUnhashed(relation, tuple);
      relation.setDerivation(row, rule.id, frame.rows, frame.rows.length);
      hold(row);
      return false;
    }
    const old = relation.find(tuple);
    if (old >= 0 && (relation.state[old]! & LIVE) !== 0) return false;
    prove(relation.append(tuple));
    return false;
  };

  function hold(row: number): void {
    relation.state[row] = 2;
    relation.live++;
  }

  function prove(row: number): void {
    hold(row);
    let height = 1;
    for (const atom of options.recursive)
      height = Math.max(height, rule.positive[atom]!.relation.height(frame.rows[atom]!) + 1);
    relation.setProof(row, rule.id, height, frame.rows, frame.rows.length);
  }
}

function appendUnhashed(relation: Relation, tuple: Int32Array): number {
  relation.grow();
  const row = relation.rows;
  for (let column = 0; column < relation.arity; column++) relation.columns[column]![row] = tuple[column]!;
  relation.rows = row + 1;
  return row;
}
