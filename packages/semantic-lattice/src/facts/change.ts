// What a transaction changed, exactly: computed from its new rows and the rows that ended, kept as integers and read on demand.

import type { Workspace } from '../fixpoint/index.js';
import { DYING, LIVE, MOVED, type Relation } from '../relations/index.js';
import type { Fact } from './fact.js';
import type { Schema, ValueDecoder } from './schema.js';

/** A cell of a lattice-valued relation that has another value now. */
export interface CellUpdate {
  /** The relation's name. */
  readonly relation: string;
  /** The key columns. */
  readonly key: readonly unknown[];
  /** The value before the transaction. */
  readonly before: unknown;
  /** The value after it. */
  readonly after: unknown;
}

/** Facts, decoded as they are read; in no order that can be relied on. */
export interface FactSet extends Iterable<Fact> {
  /** Number of facts. */
  readonly size: number;
  /** The rows of one relation. */
  of(relation: string): Iterable<readonly unknown[]>;
}

/** What a transaction changed, exactly: nothing is both added and removed. */
export interface Change {
  /** The engine's revision after the transaction; unchanged when nothing changed, and by {@link Engine.whatIf}. */
  readonly revision: number;
  /** Facts that hold and did not. */
  readonly added: FactSet;
  /** Facts that held and do not. */
  readonly removed: FactSet;
  /** Cells that held before and after, with different values. */
  readonly updated: readonly CellUpdate[];
}

/** What a transaction changed in one relation. */
export interface RelationChange {
  /** The engine's revision after the transaction. */
  readonly revision: number;
  /** Rows that hold and did not. */
  readonly added: Iterable<readonly unknown[]>;
  /** Rows that held and do not. */
  readonly removed: Iterable<readonly unknown[]>;
  /** Cells that held before and after, with different values. */
  readonly updated: readonly CellUpdate[];
}

/** Rows of one relation as integers, column by column. */
class TupleBlock {
  readonly relation: Relation;
  readonly columns: readonly Int32Array[];
  readonly size: number;
  readonly #decode: ValueDecoder;

  constructor(schema: Schema, relation: Relation, columns: readonly Int32Array[], size: number) {
    this.#decode = schema.decoder;
    this.relation = relation;
    this.columns = columns;
    this.size = size;
  }

  *[Symbol.iterator](): Generator<readonly unknown[]> {
    for (let at = 0; at < this.size; at++) {
      yield this.columns.map((column, index) => this.#decode(this.relation, index, column[at]!));
    }
  }
}

class Blocks implements FactSet {
  readonly #blocks: ReadonlyMap<string, TupleBlock>;
  readonly size: number;

  constructor(blocks: ReadonlyMap<string, TupleBlock>) {
    this.#blocks = blocks;
    let size = 0;
    for (const block of blocks.values()) size += block.size;
    this.size = size;
  }

  of(relation: string): Iterable<readonly unknown[]> {
    return this.#blocks.get(relation) ?? [];
  }

  *[Symbol.iterator](): Generator<Fact> {
    for (const [relation, block] of this.#blocks) for (const values of block) yield { relation, values };
  }
}

/** A change, with the names of the relations that it touches. */
export interface TouchingChange extends Change {
  readonly touched: ReadonlySet<string>;
}

/**
 * The difference that an evaluated transaction makes to the declared relations; before it is committed or rolled back.
 *
 * @param stays whether it is committed: then nothing writes over its rows any more
 */
export function changeOf(work: Workspace, schema: Schema, revision: number, stays: boolean): TouchingChange {
  const added = new Map<string, TupleBlock>();
  const removed = new Map<string, TupleBlock>();
  const updated: CellUpdate[] = [];
  for (const relation of schema.byName.values()) {
    const start = work.start[relation.id]!;
    const ended = work.removed[relation.id]!;
    if (relation.rows === start && ended.length === 0) continue;
    const gone = endedRows(relation, start, ended.rows.subarray(0, ended.length), schema, updated);
    if (gone.length > 0) removed.set(relation.name, block(schema, relation, gone));
    const fresh = newRows(relation, start, ended.length > 0);
    const made =
      typeof fresh === 'number'
        ? new TupleBlock(
            schema,
            relation,
            relation.columns.map((column) => lastOf(column, start, relation.rows, stays)),
            fresh,
          )
        : block(schema, relation, fresh);
    if (made.size > 0) added.set(relation.name, made);
  }
  const touched = new Set([...added.keys(), ...removed.keys(), ...updated.map(({ relation }) => relation)]);
  return {
    revision: touched.size > 0 ? revision + 1 : revision,
    added: new Blocks(added),
    removed: new Blocks(removed),
    updated,
    touched,
  };
}

/** A part of a column: a view, where that keeps at most twice as much memory as a copy. Rows that stay are not written over. */
function lastOf(column: Int32Array, from: number, to: number, stays: boolean): Int32Array {
  return stays && (to - from) * 2 >= column.length ? column.subarray(from, to) : column.slice(from, to);
}

function block(schema: Schema, relation: Relation, rows: readonly number[]): TupleBlock {
  const columns = relation.columns.map((column) => Int32Array.from(rows, (row) => column[row]!));
  return new TupleBlock(schema, relation, columns, rows.length);
}

/** Rows that ended for good. Those whose key holds in another row are marked there, and are updates if their value differs. */
function endedRows(
  relation: Relation,
  start: number,
  ended: Int32Array,
  schema: Schema,
  updated: CellUpdate[],
): number[] {
  const gone: number[] = [];
  const key = new Int32Array(relation.arity);
  for (const row of ended) {
    if (row >= start) continue;
    const now = relation.findLive(relation.read(row, key));
    if (now < 0) {
      gone.push(row);
      continue;
    }
    if (now >= start) relation.state[now]! |= MOVED;
    if (relation.values === undefined) continue;
    const column = relation.keys;
    const before = relation.columns[column]![row]!;
    const after = relation.columns[column]![now]!;
    if (before === after) continue;
    updated.push({
      relation: relation.name,
      key: schema.decode(relation, now).slice(0, column),
      before: relation.values.value(before),
      after: relation.values.value(after),
    });
  }
  return gone;
}

/** New rows that hold and whose key did not; their number when that is all from `start` on. */
function newRows(relation: Relation, start: number, someMoved: boolean): number[] | number {
  const { state, rows } = relation;
  let all = !someMoved;
  for (let row = start; all && row < rows; row++) all = (state[row]! & LIVE) !== 0;
  if (all) return rows - start;
  const fresh: number[] = [];
  for (let row = start; row < rows; row++) {
    if ((state[row]! & LIVE) !== 0 && (state[row]! & MOVED) === 0) fresh.push(row);
    state[row]! &= ~MOVED;
  }
  return fresh;
}

/** Makes an evaluated transaction final. */
export function settle(work: Workspace): void {
  for (const [id, { state }] of work.relations.entries()) {
    for (const list of [work.removed[id]!, work.faded[id]!]) {
      for (let at = 0; at < list.length; at++) {
        const row = list.rows[at]!;
        if ((state[row]! & DYING) !== 0) state[row] = 0;
      }
    }
  }
  work.end();
}
