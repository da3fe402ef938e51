// What one transaction needs at hand: where each relation's new rows begin, which rows ended, and the way back.
import { ASSERTED, DERIVED, DYING, emptyColumn, grown, LIVE, type Relation } from '../relations/index.js';
import { BATCH_LENGTH, type JoinContext } from '../rules/index.js';
import type { BudgetMeter } from './budget.js';
import type { Program } from './program.js';
import { UndoLog } from './undo-log.js';

/** Longest body and widest relation that the match at hand has room for. */
export const MOST_LITERALS = 64;
export const MOST_COLUMNS = 32;
/** Rows looked at between two turns of the event loop: 2 to 5 ms of work. */
const TURN_AFTER = 131_072;
/** What it costs to begin a join, in rows. */
const ROWS_A_JOIN = 32;
/** Raises of one cell after which its lattice's widening is applied. */
const WIDEN_AFTER = 64;

/** A growing list of rows. */
export class RowList {
  rows: Int32Array = emptyColumn;
  length = 0;

  push(row: number): void {
    if (this.length === this.rows.length) this.rows = grown(this.rows, Math.max(16, this.length * 2));
    this.rows[this.length++] = row;
  }

  clear(): void {
    this.length = 0;
    if (this.rows.length > 1 << 16) this.rows = emptyColumn;
  }
}

/** The state of a transaction. One is reused for all transactions of an engine. */
export class Workspace implements JoinContext {
  readonly relations: readonly Relation[];
  program: Program;
  fuel = 0;
  readonly premises = new Int32Array(MOST_LITERALS);
  readonly head = new Int32Array(MOST_COLUMNS);
  marks: Int32Array = emptyColumn;
  epoch = 0;
  readonly batch = new Int32Array(BATCH_LENGTH);
  touched = 0;
  paused = 0;
  readonly places = new Int32Array(MOST_LITERALS + 1);
  /** Rows asked for so far, for turns of the event loop. */
  meter!: BudgetMeter;
  /** By relation: rows below existed before the transaction. */
  readonly start: Int32Array;
  /** By relation: rows from here are new to the strata above; zero when the rules changed. */
  readonly deltaFrom: Int32Array;
  /** By relation: rows below are seen by the joins of a round. */
  readonly seen: Int32Array;
  /** By relation: rows that held before the transaction and no longer do, or whose cell has another row now. */
  readonly removed: readonly RowList[];
  /** By relation: earlier values of cells that lost their evidence. */
  readonly faded: readonly RowList[];
  readonly undo = new UndoLog();
  /** A rule may be evaluated although none of its rows is new. */
  full = false;
  readonly maxRaises: number;
  readonly #before: Int32Array;
  #active = false;
  #lastTurn = 0;
  #joins = 0;

  constructor(relations: readonly Relation[], program: Program, maxRaises: number) {
    this.relations = relations;
    this.program = program;
    this.maxRaises = maxRaises;
    this.start = new Int32Array(relations.length);
    this.deltaFrom = new Int32Array(relations.length);
    this.seen = new Int32Array(relations.length);
    this.removed = relations.map(() => new RowList());
    this.faded = relations.map(() => new RowList());
    this.#before = new Int32Array(relations.length * 2);
  }

  refuel(): number {
    return this.meter.refuel();
  }

  begin(meter: BudgetMeter): void {
    this.meter = meter;
    this.fuel = 0;
    this.paused = 0;
    this.#joins = 0;
    this.full = false;
    this.#active = true;
    this.#lastTurn = 0;
    for (const [id, relation] of this.relations.entries()) {
      this.start[id] = relation.rows;
      this.deltaFrom[id] = relation.rows;
      this.#before[2 * id] = relation.live;
      this.#before[2 * id + 1] = relation.garbage;
    }
  }

  /** Takes back all that was derived, so that the rules are evaluated as if for the first time. */
  startOver(): void {
    this.full = true;
    this.deltaFrom.fill(0);
    for (const relation of this.relations) {
      for (let row = 0; row < relation.rows; row++) {
        const state = relation.state[row]!;
        if ((state & ASSERTED) !== 0) {
          if ((state & DERIVED) === 0) continue;
          this.save(relation, row);
          relation.state[row] = ASSERTED;
          relation.setProof(row, -1, 0, this.premises, 0);
        } else if ((state & DERIVED) !== 0) this.remove(relation, row, DYING);
      }
    }
  }

  /** Rows appended so far. */
  get addedRows(): number {
    let added = 0;
    for (const [id, relation] of this.relations.entries()) added += relation.rows - this.start[id]!;
    return added;
  }

  /** Remembers a row that existed before the transaction, before it is changed. */
  save(relation: Relation, row: number): void {
    if (row < this.start[relation.id]!) this.undo.save(relation, row);
  }

  /** Puts everything back as it was at {@link begin}; nothing when nothing was begun. */
  rollBack(): void {
    if (!this.#active) return;
    for (const [id, relation] of this.relations.entries()) {
      const start = this.start[id]!;
      relation.state.fill(0, start, relation.rows);
      relation.live = this.#before[2 * id]!;
      relation.garbage = this.#before[2 * id + 1]! + relation.rows - start;
    }
    this.undo.undo(this.relations);
    this.end();
  }

  end(): void {
    this.#active = false;
    this.undo.clear();
    for (const list of this.removed) list.clear();
    for (const list of this.faded) list.clear();
    if (this.marks.length > 1 << 22) this.marks = emptyColumn;
  }

  /** Marks for numbers below `size`, none of which is set. */
  freshMarks(size: number): void {
    if (this.marks.length < size) {
      this.marks = new Int32Array(size);
      this.epoch = 0;
    }
    if (this.epoch === 2 ** 31 - 1) {
      this.marks.fill(0);
      this.epoch = 0;
    }
    this.epoch++;
  }

  /** The height of the match at hand: one more than the greatest of its premises in the stratum. */
  heightOf(
    rule: { readonly positive: readonly { readonly relation: Relation }[] },
    recursive: readonly number[],
  ): number {
    let height = 1;
    for (const atom of recursive) {
      height = Math.max(height, rule.positive[atom]!.relation.height(this.premises[atom]!) + 1);
    }
    return height;
  }

  /** Ends a row that holds; strata above see it among the removed. */
  remove(relation: Relation, row: number, state: number): void {
    this.save(relation, row);
    relation.state[row] = state;
    relation.live--;
    relation.garbage++;
    if (row < this.start[relation.id]! || state === DYING) this.removed[relation.id]!.push(row);
  }

  /** Ends a cell's earlier value, which is evidence for nothing any more but visible as such until the transaction ends. */
  fade(relation: Relation, row: number): void {
    relation.state[row] = DYING;
    this.faded[relation.id]!.push(row);
  }

  /** Asserts a tuple; tells whether that made a row. */
  assertTuple(relation: Relation, tuple: Int32Array): void {
    const row = relation.find(tuple);
    if (row >= 0 && (relation.state[row]! & LIVE) !== 0) {
      this.save(relation, row);
      relation.state[row] = (relation.state[row]! | ASSERTED) & 0x7f;
      return;
    }
    const made = relation.append(tuple);
    relation.state[made] = ASSERTED;
    relation.setProof(made, -1, 0, this.premises, 0);
    relation.live++;
  }

  /** Rows that joins have looked at so far. */
  get lookedAt(): number {
    return this.meter.granted - this.fuel;
  }

  /** Counts a join that is begun: many that look at few rows are work too. */
  countJoin(): void {
    this.#joins++;
  }

  /** Whether so much work was done since the last time it said so that the event loop should get a turn. */
  wantsTurn(): boolean {
    const done = this.lookedAt + this.#joins * ROWS_A_JOIN;
    if (done - this.#lastTurn < TURN_AFTER) return false;
    this.#lastTurn = done;
    return true;
  }

  get widenAfter(): number {
    return WIDEN_AFTER;
  }
}
