// Which of a driver's rows can match at all, found before the join by two short loops that every rule shares: rows with the atom's
// constants are a run of a filtered index, and rows whose next atom has no chain for their key are dropped.
import { type ChainedIndex, emptyColumn } from '../relations/index.js';
import { indexOf, type Plan } from '../rules/index.js';

/** Fewer rows are not worth a look. */
const FEW_ROWS = 32;

/** A list of rows `list[from…to)`; without a list, the rows themselves. */
export interface RowRange {
  readonly list: Int32Array | undefined;
  readonly from: number;
  readonly to: number;
}

/** The selection of a plan's driver rows; all of them where nothing can be told. */
export class DriverSelection {
  /** Indexes to be brought up to date with the plan's own. */
  readonly indexes: readonly ChainedIndex[];
  readonly #constants: ChainedIndex | undefined;
  readonly #next: { readonly column: number; readonly index: ChainedIndex } | undefined;
  #scratch: Int32Array = emptyColumn;

  constructor(plan: Plan) {
    const [drive, next] = plan.steps;
    if (drive?.type !== 'drive' || !drive.positive) {
      this.indexes = [];
      return;
    }
    const constants = drive.checks.flatMap(({ column, value }) =>
      value.type === 'constant' ? [{ column, value: value.value }] : [],
    );
    if (constants.length > 0) {
      const columns = constants.map(({ column }) => column);
      const values = constants.map(({ value }) => value);
      this.#constants = drive.relation.filteredBy(columns, values);
    }
    const index = next === undefined ? undefined : indexOf(next);
    if (next?.type === 'scan' && index?.dense === true && next.keys.length === 1) {
      const key = next.keys[0]!.value;
      const binding = drive.bindings.find(({ slot }) => key.type === 'slot' && key.slot === slot);
      if (binding !== undefined) this.#next = { column: binding.column, index };
    }
    this.indexes = this.#constants === undefined ? [] : [this.#constants];
  }

  /** The rows from `from` to `to` of the driver that can match. Valid until the next selection. */
  select(columns: readonly Int32Array[], from: number, to: number): RowRange {
    if (to - from < FEW_ROWS) return { list: undefined, from, to };
    let range: RowRange = { list: undefined, from, to };
    if (this.#constants !== undefined) {
      const { rowsOf, entries } = this.#constants;
      range = { list: rowsOf, from: lowerBound(rowsOf, entries, from), to: lowerBound(rowsOf, entries, to) };
    }
    if (this.#next === undefined) return range;
    const length = range.to - range.from;
    if (this.#scratch.length < length) this.#scratch = new Int32Array(length);
    const { column, index } = this.#next;
    return { list: this.#scratch, from: 0, to: selectByHeads(columns[column]!, range, index.heads, this.#scratch) };
  }
}

function lowerBound(rows: Int32Array, length: number, row: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]! < row) low = middle + 1;
    else high = middle;
  }
  return low;
}

function selectByHeads(column: Int32Array, { list, from, to }: RowRange, heads: Int32Array, into: Int32Array): number {
  let count = 0;
  for (let at = from; at < to; at++) {
    const row = list === undefined ? at : list[at]!;
    const key = column[row]!;
    if (key < heads.length && heads[key] !== 0) into[count++] = row;
  }
  return count;
}
