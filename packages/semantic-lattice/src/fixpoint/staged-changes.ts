// What a transaction asserts and retracts, in the order it was said, as integers.
import { emptyColumn, grown, type Relation } from '../relations/index.js';

/** Changes of one relation. */
class RelationChanges {
  readonly #arity: number;
  #tuples: Int32Array = emptyColumn;
  #length = 0;

  constructor(arity: number) {
    this.#arity = arity;
  }

  get length(): number {
    return this.#length;
  }

  push(tuple: Int32Array, asserted: boolean): void {
    const width = this.#arity + 1;
    const at = this.#length * width;
    if (at + width > this.#tuples.length)
      this.#tuples = grown(this.#tuples, Math.max(64 * width, this.#tuples.length * 2));
    for (let column = 0; column < this.#arity; column++) this.#tuples[at + column] = tuple[column]!;
    this.#tuples[at + this.#arity] = asserted ? 1 : 0;
    this.#length++;
  }

  /** Marks the numbers that a column has. */
  mark(column: number, used: Uint8Array): void {
    for (let index = 0; index < this.#length; index++) used[this.#tuples[index * (this.#arity + 1) + column]!] = 1;
  }

  /** Copies a change's tuple, and tells whether it is asserted. */
  read(index: number, into: Int32Array): boolean {
    const at = index * (this.#arity + 1);
    for (let column = 0; column < this.#arity; column++) into[column] = this.#tuples[at + column]!;
    return this.#tuples[at + this.#arity] === 1;
  }
}

/** Changes by relation. */
export class StagedChanges {
  readonly #byRelation = new Map<number, RelationChanges>();

  push(relation: Relation, tuple: Int32Array, asserted: boolean): void {
    let changes = this.#byRelation.get(relation.id);
    if (changes === undefined) {
      changes = new RelationChanges(relation.arity);
      this.#byRelation.set(relation.id, changes);
    }
    changes.push(tuple, asserted);
  }

  /** Relations that changes are of. */
  get size(): number {
    return this.#byRelation.size;
  }

  of(relation: Relation): RelationChanges | undefined {
    return this.#byRelation.get(relation.id);
  }
}
