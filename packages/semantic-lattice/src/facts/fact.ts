/** A fact: a relation's name and a value for each of its columns. */
export interface Fact {
  readonly relation: string;
  readonly values: readonly unknown[];
}
