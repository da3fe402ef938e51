// How a relation is declared: a kind for each column, of which the last may be a lattice.
import type { Lattice } from '../lattices/index.js';

/**
 * What a column holds: `term` strings, `integer` whole numbers of 32 bits with sign, or, for the last column only, values of a
 * lattice: then the other columns are the key of a cell, whose value is the join of all that was said about it.
 */
export type ColumnKind = 'term' | 'integer' | Lattice<unknown>;

/** The type of a column's values. */
export type ColumnValue<K> = K extends 'term'
  ? string
  : K extends 'integer'
    ? number
    : K extends Lattice<infer T>
      ? T
      : never;

/** A relation's columns; made by {@link rel}. `Row` is the type of its rows. */
export interface RelationDeclaration<Row extends readonly unknown[] = readonly unknown[]> {
  /** A kind for each column. */
  readonly columns: readonly ColumnKind[];
  /** For the type checker alone; never there. */
  readonly row?: Row;
}

/** The relations of an engine, by name. */
export type RelationDeclarations = Readonly<Record<string, RelationDeclaration>>;

/** The type of a declared relation's rows. */
export type RowOf<D> = D extends RelationDeclaration<infer Row> ? Row : never;

/**
 * Declares a relation by the kinds of its columns.
 *
 * ```ts
 * rel('term', 'term')                 // a set of pairs
 * rel('term', 'integer')              // with a whole number
 * rel('term', 'term', minInteger)     // a cell of a lattice for each pair
 * ```
 */
export function rel<const K extends readonly ColumnKind[]>(
  ...columns: K
): RelationDeclaration<{ readonly [I in keyof K]: ColumnValue<K[I]> }> {
  return { columns };
}
