// Deletion. Every row has a stored derivation whose premises are lower (a rank that cannot go in circles), so a row is in doubt only
// when its own derivation lost a premise. Backward: is there another derivation from rows of lower rank? Then the row stays and
// nothing else is looked at. Forward: otherwise it ends, and the rows whose stored derivation it was in come into doubt. Doubts are
// taken by rank, so that what is lower is settled. At the end, rows that ended are derived again from what stayed, where possible.
// Backward/forward after Motik, Nenov, Piro, Horrocks (AAAI 2015), its recursive proof search cut short by ranks as in dynamic
// shortest paths (Even, Shiloach, JACM 1981). Cells of lattices end with their evidence and climb again from what is left (DRedL:
// Szabó, Bergmann, Erdweg, Voelter, OOPSLA 2018). Costs what the affected derivations cost, whatever the number of facts.
import {
  ASSERTED,
  DERIVED,
  DYING,
  JOINED,
  LIVE,
  QUEUED,
  RETRACTED,
  type Relation,
  SUPERSEDED,
} from '../relations/index.js';
import { raiseCell } from './lattice-cells.js';
import type { PreparedJoin, PreparedRule } from './prepared-rule.js';
import type { PreparedStratum } from './program.js';
import { RowList, type Workspace } from './workspace.js';

/** Rows handled between two pauses. */
const PAUSE_AFTER = 256;

/** Takes from a stratum what no longer follows. `retracted` are rows of its relations that lost their assertion. */
export function* removeLost(
  stratum: PreparedStratum,
  retracted: readonly { readonly relation: Relation; readonly row: number }[],
  work: Workspace,
): Generator<void> {
  yield* new Deletion(stratum, work).run(retracted);
}

class Deletion {
  readonly #stratum: PreparedStratum;
  readonly #work: Workspace;
  readonly #doubts = new DoubtHeap();
  readonly #ended: { relation: Relation; row: number }[] = [];
  readonly #one = new Int32Array(1);
  #since = 0;

  constructor(stratum: PreparedStratum, work: Workspace) {
    this.#stratum = stratum;
    this.#work = work;
  }

  *run(retracted: readonly { readonly relation: Relation; readonly row: number }[]): Generator<void> {
    for (const { relation, row } of retracted) this.#takeBack(relation, row);
    yield* this.#doubtFromBelow();
    for (let doubt = this.#doubts.pop(); doubt !== undefined; doubt = this.#doubts.pop()) {
      yield* this.#settle(this.#work.relations[doubt.relation]!, doubt.row);
      if (++this.#since % PAUSE_AFTER === 0) yield;
    }
    if (this.#ended.length === 0) return;
    yield* this.#deriveAgain();
    for (const { id } of this.#stratum.relations) this.#keepRemoved(id);
  }

  /** Runs a join over all rows that there are; it may pause anywhere in them. True when the visit ended it. */
  *#run(
    join: PreparedJoin,
    from: number,
    to: number,
    list: Int32Array | undefined,
    visit: () => boolean,
  ): Generator<void, boolean> {
    const work = this.#work;
    work.countJoin();
    let ended = join.runAll(work, from, to, list, visit);
    while (work.paused > 0) {
      yield;
      ended = join.goOn(work, from, to, list, visit);
    }
    return ended;
  }

  #takeBack(relation: Relation, row: number): void {
    const state = relation.state[row]!;
    if ((state & RETRACTED) === 0) return;
    if ((state & DERIVED) !== 0) {
      relation.state[row] = state & ~(ASSERTED | RETRACTED);
      return;
    }
    // Without a derivation of its own it is in doubt, at the lowest rank.
    relation.state[row] = DERIVED | (state & ~(ASSERTED | RETRACTED));
    this.#doubt(relation, row);
  }

  /** Instances that ended with rows of lower strata, or with negations that no longer hold. */
  *#doubtFromBelow(): Generator<void> {
    const work = this.#work;
    for (const prepared of this.#stratum.prepared) {
      const { rule } = prepared;
      for (const [atom, join] of prepared.evidence.entries()) {
        const { relation } = rule.positive[atom]!;
        const ended = work.removed[relation.id]!;
        if (ended.length === 0 || this.#stratum.members.has(relation)) continue;
        yield* this.#run(join, 0, ended.length, ended.rows, () => this.#match(prepared));
      }
      for (const [atom, join] of prepared.disabled.entries()) {
        const { relation } = rule.negative[atom]!;
        const from = work.deltaFrom[relation.id]!;
        if (from === relation.rows) continue;
        yield* this.#run(join, from, relation.rows, undefined, () => this.#match(prepared));
      }
    }
  }

  /** Doubts the row whose stored derivation is the match at hand. */
  #match(prepared: PreparedRule): boolean {
    const { rule } = prepared;
    const { relation } = rule.head;
    const { premises } = this.#work;
    const count = rule.positive.length;
    for (
      let row = relation.find(this.#work.head);
      row >= 0;
      row = relation.values === undefined ? -1 : relation.previous[row]! - 1
    ) {
      const state = relation.state[row]!;
      if ((state & (DERIVED | SUPERSEDED)) === 0 || (state & (DYING | QUEUED)) !== 0) continue;
      if (relation.ruleOf(row) !== rule.id) continue;
      let index = 0;
      while (index < count && relation.premise(row, index, count) === premises[index]) index++;
      if (index === count) this.#doubt(relation, row);
    }
    return false;
  }

  #doubt(relation: Relation, row: number): void {
    if ((relation.state[row]! & QUEUED) !== 0) return;
    this.#work.save(relation, row);
    relation.state[row]! |= QUEUED;
    this.#doubts.push(relation.height(row), relation.id, row);
  }

  *#settle(relation: Relation, row: number): Generator<void> {
    const work = this.#work;
    work.save(relation, row);
    const state = relation.state[row]! & ~QUEUED;
    relation.state[row] = state;
    if ((state & ASSERTED) !== 0) {
      relation.state[row] = state & ~DERIVED;
      relation.setProof(row, -1, 0, work.premises, 0);
      return;
    }
    if ((state & SUPERSEDED) !== 0) work.fade(relation, row);
    else {
      if (relation.values === undefined && (yield* this.#deriveLower(relation, row))) return;
      work.remove(relation, row, DYING);
      this.#ended.push({ relation, row });
    }
    this.#doubtLater(relation, row);
    this.#one[0] = row;
    for (const prepared of this.#stratum.prepared) {
      for (const [atom, join] of prepared.evidence.entries()) {
        if (prepared.rule.positive[atom]!.relation !== relation) continue;
        yield* this.#run(join, 0, 1, this.#one, () => this.#match(prepared));
      }
    }
  }

  /** A cell's later row that was joined from this one. */
  #doubtLater(relation: Relation, row: number): void {
    if (relation.values === undefined) return;
    let later = relation.find(relation.read(row, this.#work.head));
    while (later >= 0 && later !== row) {
      const previous = relation.previous[later]! - 1;
      const state = relation.state[later]!;
      if (
        previous === row &&
        (state & JOINED) !== 0 &&
        (state & (DYING | QUEUED)) === 0 &&
        (state & (DERIVED | SUPERSEDED)) !== 0
      ) {
        this.#doubt(relation, later);
      }
      later = previous;
    }
  }

  /** Gives a row another derivation, all of whose premises are of lower rank. */
  *#deriveLower(relation: Relation, row: number): Generator<void, boolean> {
    const work = this.#work;
    const rank = relation.height(row);
    for (const prepared of work.program.deriving[relation.id]!) {
      relation.read(row, work.head);
      const found = yield* this.#run(
        prepared.backward,
        0,
        0,
        undefined,
        () => prepared.recursive.length === 0 || work.heightOf(prepared.rule, prepared.recursive) <= rank,
      );
      if (!found) continue;
      relation.setProof(row, prepared.rule.id, rank, work.premises, prepared.rule.positive.length);
      if (prepared.rule.positive.length > 2) relation.garbage++;
      return true;
    }
    return false;
  }

  /** Derives what ended again, from what stayed. */
  *#deriveAgain(): Generator<void> {
    const again: { relation: Relation; row: number }[] = [];
    for (const { relation, row } of this.#ended) {
      if (relation.values === undefined && (relation.state[row]! & DYING) !== 0 && (yield* this.#revive(relation, row)))
        again.push({ relation, row });
      if (++this.#since % PAUSE_AFTER === 0) yield;
    }
    for (let at = 0; at < again.length; at++) {
      yield* this.#reviveAfter(again[at]!, again);
      if (++this.#since % PAUSE_AFTER === 0) yield;
    }
    for (const { relation, row } of this.#ended) {
      if (relation.values === undefined || (relation.state[row]! & DYING) === 0) continue;
      yield* this.#climb(relation, row);
      if (++this.#since % PAUSE_AFTER === 0) yield;
    }
  }

  *#revive(relation: Relation, row: number): Generator<void, boolean> {
    const work = this.#work;
    for (const prepared of work.program.deriving[relation.id]!) {
      relation.read(row, work.head);
      if (!(yield* this.#run(prepared.backward, 0, 0, undefined, () => true))) continue;
      this.#restore(relation, row, prepared);
      return true;
    }
    return false;
  }

  #restore(relation: Relation, row: number, prepared: PreparedRule): void {
    const work = this.#work;
    work.save(relation, row);
    relation.state[row] = DERIVED;
    relation.live++;
    const height = work.heightOf(prepared.rule, prepared.recursive);
    relation.setProof(row, prepared.rule.id, height, work.premises, prepared.rule.positive.length);
  }

  /** Revives the rows that a revived one, with others that hold, derives. */
  *#reviveAfter(
    { relation, row }: { relation: Relation; row: number },
    again: { relation: Relation; row: number }[],
  ): Generator<void> {
    this.#one[0] = row;
    for (const prepared of this.#stratum.prepared) {
      const head = prepared.rule.head.relation;
      if (head.values !== undefined) continue;
      for (const [atom, join] of prepared.supports.entries()) {
        if (prepared.rule.positive[atom]!.relation !== relation) continue;
        yield* this.#run(join, 0, 1, this.#one, () => {
          const ended = head.find(this.#work.head);
          if (ended >= 0 && (head.state[ended]! & DYING) !== 0) {
            this.#restore(head, ended, prepared);
            again.push({ relation: head, row: ended });
          }
          return false;
        });
      }
    }
  }

  /** Joins into a cell that ended all that still derives it. */
  *#climb(relation: Relation, row: number): Generator<void> {
    const work = this.#work;
    for (const prepared of work.program.deriving[relation.id]!) {
      relation.read(row, work.head);
      yield* this.#run(prepared.backward, 0, 0, undefined, () => {
        raiseCell(work, prepared);
        return false;
      });
    }
  }

  #keepRemoved(id: number): void {
    const list = this.#work.removed[id]!;
    const { state } = this.#work.relations[id]!;
    let kept = 0;
    for (let at = 0; at < list.length; at++) {
      const row = list.rows[at]!;
      if ((state[row]! & LIVE) === 0) list.rows[kept++] = row;
    }
    list.length = kept;
  }
}

/** Rows in doubt, lowest rank first. A binary heap. */
class DoubtHeap {
  readonly #ranks = new RowList();
  readonly #relations = new RowList();
  readonly #rows = new RowList();

  push(rank: number, relation: number, row: number): void {
    let at = this.#ranks.length;
    this.#ranks.push(rank);
    this.#relations.push(relation);
    this.#rows.push(row);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#ranks.rows[parent]! <= this.#ranks.rows[at]!) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  pop(): { relation: number; row: number } | undefined {
    if (this.#ranks.length === 0) return undefined;
    const top = { relation: this.#relations.rows[0]!, row: this.#rows.rows[0]! };
    const last = this.#ranks.length - 1;
    this.#swap(0, last);
    for (const list of [this.#ranks, this.#relations, this.#rows]) list.length = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < last && this.#ranks.rows[child]! < this.#ranks.rows[least]!) least = child;
      }
      if (least === at) return top;
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(a: number, b: number): void {
    for (const { rows } of [this.#ranks, this.#relations, this.#rows]) {
      const value = rows[a]!;
      rows[a] = rows[b]!;
      rows[b] = value;
    }
  }
}
