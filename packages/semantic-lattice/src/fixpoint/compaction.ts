// Drops rows that no longer hold and are no evidence for any that does, and renumbers premises. Linear in all rows, so it is done
// when as many rows ended as hold.
import { grown, LIVE, PROOF_WIDTH, type Relation, SUPERSEDED } from '../relations/index.js';
import type { Program } from './program.js';

const LEAST_GARBAGE = 4096;

/** Whether compaction pays. */
export function wantsCompaction(relations: readonly Relation[]): boolean {
  let live = 0;
  let garbage = 0;
  for (const relation of relations) {
    live += relation.live;
    garbage += relation.garbage;
  }
  return garbage > live + LEAST_GARBAGE;
}

/** Compacts all relations. Between transactions only. */
export function compactAll(relations: readonly Relation[], program: Program): void {
  const kept = keptRows(relations, program);
  const renumbered = relations.map((relation, id) => relation.compact(kept[id]!));
  for (const relation of relations) if (relation.withProofs) renumberPremises(relation, program, renumbered);
}

function keptRows(relations: readonly Relation[], program: Program): Uint8Array[] {
  const kept = relations.map(({ rows }) => new Uint8Array(rows));
  const open: number[] = [];
  const keep = (relation: Relation, row: number) => {
    if (kept[relation.id]![row] !== 0) return;
    kept[relation.id]![row] = 1;
    if (relation.values !== undefined) open.push(relation.id, row);
  };
  for (const relation of relations) {
    for (let row = 0; row < relation.rows; row++) if ((relation.state[row]! & LIVE) !== 0) keep(relation, row);
  }
  // Rows of strata with lattices may rest on cells' earlier values.
  for (const relation of relations) {
    if (relation.withProofs && relation.values === undefined && restsOnCells(relation, program)) {
      for (let row = 0; row < relation.rows; row++) if (kept[relation.id]![row] !== 0) open.push(relation.id, row);
    }
  }
  while (open.length > 0) {
    const row = open.pop()!;
    const relation = relations[open.pop()!]!;
    if (!relation.withProofs) continue;
    if (relation.values !== undefined) {
      const previous = relation.previous[row]! - 1;
      if (previous >= 0 && (relation.state[previous]! & SUPERSEDED) !== 0) keep(relation, previous);
    }
    const id = relation.ruleOf(row);
    if (id < 0) continue;
    const { positive } = program.rules[id]!;
    for (let index = 0; index < positive.length; index++) {
      keep(positive[index]!.relation, relation.premise(row, index, positive.length));
    }
  }
  return kept;
}

function restsOnCells(relation: Relation, program: Program): boolean {
  return program.deriving[relation.id]!.some(({ rule }) =>
    rule.positive.some((atom) => atom.relation.values !== undefined),
  );
}

function renumberPremises(relation: Relation, program: Program, renumbered: readonly Int32Array[]): void {
  const pool: number[] = [];
  for (let row = 0; row < relation.rows; row++) {
    const at = row * PROOF_WIDTH;
    const id = relation.ruleOf(row);
    if (id < 0) continue;
    const { positive } = program.rules[id]!;
    const premises = positive.map(
      (atom, index) => renumbered[atom.relation.id]![relation.premise(row, index, positive.length)]!,
    );
    if (premises.length > 2) {
      relation.proof[at + 1] = pool.length;
      for (const premise of premises) pool.push(premise);
    } else
      premises.forEach((premise, index) => {
        relation.proof[at + 1 + index] = premise;
      });
  }
  relation.pooled = pool.length;
  relation.pool = grown(Int32Array.from(pool), Math.max(64, pool.length));
}
