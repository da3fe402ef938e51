// How rows were before a transaction touched them: state and derivation, in the order of the changes. Rows that the transaction
// appended need no entry; undone, they are rows that do not hold.
import { emptyColumn, grown, LIVE, PROOF_WIDTH, type Relation } from '../relations/index.js';

const WIDTH = 4 + PROOF_WIDTH;

/** Changes of one transaction, newest last. */
export class UndoLog {
  #entries: Int32Array = emptyColumn;
  #length = 0;

  /** Remembers a row as it is now. */
  save(relation: Relation, row: number): void {
    if (this.#length + WIDTH > this.#entries.length) {
      this.#entries = grown(this.#entries, Math.max(64 * WIDTH, this.#entries.length * 2));
    }
    const at = this.#length;
    this.#entries[at] = relation.id;
    this.#entries[at + 1] = row;
    this.#entries[at + 2] = relation.state[row]!;
    if (relation.withProofs) {
      this.#entries[at + 3] = relation.height(row);
      for (let index = 0; index < PROOF_WIDTH; index++) {
        this.#entries[at + 4 + index] = relation.proof[row * PROOF_WIDTH + index]!;
      }
    }
    this.#length += WIDTH;
  }

  /** Gives every row back what it had. */
  undo(relations: readonly Relation[]): void {
    const entries = this.#entries;
    for (let at = this.#length - WIDTH; at >= 0; at -= WIDTH) {
      const relation = relations[entries[at]!]!;
      const row = entries[at + 1]!;
      relation.state[row] = entries[at + 2]!;
      if (relation.withProofs) {
        relation.heights[row] = entries[at + 3]!;
        relation.proof.set(entries.subarray(at + 4, at + WIDTH), row * PROOF_WIDTH);
      }
    }
    for (let at = 0; at < this.#length; at += WIDTH) {
      const relation = relations[entries[at]!]!;
      if ((relation.state[entries[at + 1]!]! & LIVE) !== 0) relation.pointTo(entries[at + 1]!);
    }
    this.clear();
  }

  clear(): void {
    this.#length = 0;
    if (this.#entries.length > 1 << 20) this.#entries = emptyColumn;
  }
}
