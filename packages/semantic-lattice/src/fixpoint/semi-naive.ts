// Semi-naive evaluation of one stratum (Bancilhon; Abiteboul, Hull, Vianu, section 13.1): in each round, every instance that has at
// least one new premise is tried once. Rounds make the first derivation of a row one of least height in its stratum (Zhao, Subotić,
// Scholz, TOPLAS 2020). A generator: it pauses between slices of work, so that whoever runs it can give the event loop a turn.

import { raiseCell } from './lattice-cells.js';
import type { PreparedJoin, PreparedRule } from './prepared-rule.js';
import type { PreparedStratum } from './program.js';
import type { Workspace } from './workspace.js';

/** Adds to a stratum all that follows from what is new. */
export function* deriveNew(stratum: PreparedStratum, work: Workspace): Generator<void> {
  const { relations, seen, deltaFrom } = work;
  const newFrom = Int32Array.from(deltaFrom);
  for (let round = 0; ; round++) {
    let anyNew = false;
    for (const relation of relations) seen[relation.id] = relation.rows;
    for (const prepared of stratum.prepared) {
      const { rule } = prepared;
      for (const [atom, join] of prepared.forwards.entries()) {
        const { relation } = rule.positive[atom]!;
        if (round > 0 && !stratum.members.has(relation)) continue;
        const from = newFrom[relation.id]!;
        const to = seen[relation.id]!;
        if (from === to) continue;
        const limits = limitsOf(prepared, atom, newFrom, seen);
        if (limits === undefined) continue;
        anyNew = true;
        yield* drive(join, prepared, work, from, to, undefined, limits);
      }
      if (round > 0) continue;
      const all = allRows(prepared, seen);
      for (const [atom, join] of prepared.enabled.entries()) {
        const ended = work.removed[rule.negative[atom]!.relation.id]!;
        if (ended.length > 0 && !work.full) yield* drive(join, prepared, work, 0, ended.length, ended.rows, all);
      }
      if (work.full && rule.positive.length === 0) yield* drive(prepared.unit, prepared, work, 0, 0, undefined, all);
    }
    if (work.wantsTurn()) {
      work.meter.check();
      yield;
    }
    let grew = false;
    for (const { id, rows } of stratum.relations) {
      newFrom[id] = seen[id]!;
      grew ||= rows > seen[id]!;
    }
    if (!grew || !(stratum.recursive || anyNew)) return;
    if (!stratum.recursive) return;
    // Lower strata have nothing new any more.
    if (round === 0)
      for (const { id } of relations) if (work.program.stratumOf[id] !== stratum.number) newFrom[id] = seen[id]!;
  }
}

/** Atoms before the new one see old rows only, atoms after it all; nothing when an atom sees no row. */
function limitsOf(prepared: PreparedRule, atom: number, newFrom: Int32Array, seen: Int32Array): Int32Array | undefined {
  const { positive } = prepared.rule;
  const limits = new Int32Array(positive.length);
  for (let index = 0; index < positive.length; index++) {
    const { id, live } = positive[index]!.relation;
    limits[index] = index < atom ? newFrom[id]! : seen[id]!;
    if (index !== atom && (limits[index] === 0 || live === 0)) return undefined;
  }
  return limits;
}

function allRows(prepared: PreparedRule, seen: Int32Array): Int32Array {
  return Int32Array.from(prepared.rule.positive, ({ relation }) => seen[relation.id]!);
}

/** Runs a join over its driver's rows; it may pause anywhere in them. */
function* drive(
  join: PreparedJoin,
  prepared: PreparedRule,
  work: Workspace,
  from: number,
  to: number,
  list: Int32Array | undefined,
  limits: Int32Array,
): Generator<void> {
  join.prepare();
  if (list === undefined) {
    const selected = join.select(from, to);
    if (selected.from === selected.to && to > from) return;
    from = selected.from;
    to = selected.to;
    list = selected.list;
  }
  const visit = () => {
    raiseCell(work, prepared);
    return false;
  };
  work.countJoin();
  join.run(work, from, to, list, limits, visit);
  while (work.paused > 0) {
    yield;
    join.run(work, from, to, list, limits, visit);
  }
}
