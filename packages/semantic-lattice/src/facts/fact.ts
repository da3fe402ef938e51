/** A fact: a relation's name and a value for each of its columns. */
export interface Fact {
  /** The relation's name. */
  readonly relation: string;
  /** One for each column, in their order. */
  readonly values: readonly unknown[];
}
