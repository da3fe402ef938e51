// Evaluation by partitions: a predicate with a pivot, empty so far, is derived one pivot value at a time. Rows of a part are its
// queue, first in first out, so that first derivations have least height as in rounds; marks by the other column's numbers
// tell what the part has. No table is built before somebody asks for a row by its tuple, and no height is counted before maintenance
// asks for one: most of what a row costs is the new pages that it is written to.
import { LIVE, type OwnPremise, type Relation } from '../relations/index.js';
import { type Pivot, pivotOf } from '../rules/index.js';
import { denseClosure } from './dense-closure.js';
import type { PreparedJoin } from './prepared-rule.js';
import type { PreparedStratum } from './program.js';
import type { Workspace } from './workspace.js';

const never = (): boolean => false;

/** Evaluates a stratum by partitions where its rules allow that and nothing of it is there yet; tells whether it did. */
export function* evaluatePartitions(
  stratum: PreparedStratum,
  work: Workspace,
  terms: number,
): Generator<void, boolean> {
  const [relation] = stratum.relations;
  if (stratum.relations.length !== 1 || relation === undefined || relation.rows > 0 || !stratum.recursive) return false;
  const pivot = pivotOf(relation, stratum.rules);
  if (pivot === undefined) return false;
  const ownPremises: OwnPremise[] = [];
  for (const [index, { id, positive }] of stratum.rules.entries())
    ownPremises[id] = { atom: pivot.recursiveAtoms[index]!, premises: positive.length };
  relation.countHeightsLater(ownPremises);
  yield* beginParts(stratum, pivot, work);
  if (relation.rows > 0) yield* completeParts(stratum, relation, pivot, work, terms);
  return true;
}

/** What the rules without recursion give, as it comes: the same tuple may come twice. */
function* beginParts(stratum: PreparedStratum, pivot: Pivot, work: Workspace): Generator<void> {
  for (const [index, prepared] of stratum.prepared.entries()) {
    if (pivot.recursiveAtoms[index] !== -1) continue;
    const { positive } = prepared.rule;
    const limits = Int32Array.from(positive, ({ relation }) => relation.rows);
    const join = prepared.partition(positive.length === 0 ? -1 : 0, undefined);
    join.prepare();
    yield* runPausing(join, work, 0, limits[0] ?? 0, undefined, limits);
  }
}

function* completeParts(
  stratum: PreparedStratum,
  relation: Relation,
  pivot: Pivot,
  work: Workspace,
  terms: number,
): Generator<void> {
  const joins: { join: PreparedJoin; limits: Int32Array }[] = [];
  for (const [index, prepared] of stratum.prepared.entries()) {
    const atom = pivot.recursiveAtoms[index]!;
    if (atom === -1) continue;
    const join = prepared.partition(atom, pivot.freeColumn);
    join.prepare();
    joins.push({ join, limits: Int32Array.from(prepared.rule.positive, (each) => each.relation.rows) });
  }
  const recursive = stratum.prepared.filter((_, index) => pivot.recursiveAtoms[index] !== -1);
  const atom = pivot.recursiveAtoms.find((each) => each !== -1)!;
  const dense = recursive.length === 1 ? denseClosure(recursive[0]!, atom, pivot, work, terms) : undefined;
  const { order, ends } = rowsByPivot(relation, pivot.column, terms);
  const first = relation.rows;
  let from = 0;
  for (const end of ends) {
    if (end === from) continue;
    const kept = dropRepeated(relation, pivot, order, from, end, work, terms);
    if (dense === undefined) yield* completePart(relation, order, from, kept, joins, work);
    else dense(order, from, kept);
    from = end;
    if (relation.rows * 8 > relation.capacity * 7) reserveAsExpected(relation, first, from / order.length);
    if (work.wantsTurn()) yield;
  }
}

/** Parts done before what they gave tells anything about the others. */
const TELLING_SHARE = 1 / 64;
/** What room is made for: more than is expected, and at most so many times what there is. */
const SLACK = 1.25;
const MOST_AHEAD = 8;

/** Makes room for what the other parts will give if they are like those that are done: a share of the first rows. */
function reserveAsExpected(relation: Relation, first: number, done: number): void {
  if (done < TELLING_SHARE) return;
  const { rows, capacity } = relation;
  const expected = first + (rows - first) / done;
  if (expected > capacity) relation.reserve(Math.ceil(Math.min(expected * SLACK, capacity * MOST_AHEAD)));
}

/** Rows sorted by their pivot's number, and where each number's rows end. */
function rowsByPivot(relation: Relation, column: number, terms: number): { order: Int32Array; ends: Int32Array } {
  const pivots = relation.columns[column]!;
  const ends = new Int32Array(terms);
  for (let row = 0; row < relation.rows; row++) ends[pivots[row]!]!++;
  let sum = 0;
  for (let value = 0; value < terms; value++) {
    const count = ends[value]!;
    ends[value] = sum;
    sum += count;
  }
  const order = new Int32Array(relation.rows);
  for (let row = 0; row < relation.rows; row++) order[ends[pivots[row]!]!++] = row;
  return { order, ends };
}

/** Marks what a part begins with; a tuple that comes again ends. Gives where those that stay end in `order`. */
function dropRepeated(
  relation: Relation,
  pivot: Pivot,
  order: Int32Array,
  from: number,
  end: number,
  work: Workspace,
  terms: number,
): number {
  work.freshMarks(terms);
  const { marks, epoch } = work;
  const free = relation.columns[pivot.freeColumn]!;
  let kept = from;
  for (let at = from; at < end; at++) {
    const row = order[at]!;
    if (marks[free[row]!] === epoch) {
      relation.state[row]! &= ~LIVE;
      relation.live--;
      relation.garbage++;
      continue;
    }
    marks[free[row]!] = epoch;
    order[kept++] = row;
  }
  return kept;
}

function* runPausing(
  join: PreparedJoin,
  work: Workspace,
  from: number,
  to: number,
  list: Int32Array | undefined,
  limits: Int32Array,
): Generator<void> {
  join.run(work, from, to, list, limits, never);
  while (work.paused > 0) {
    yield;
    join.run(work, from, to, list, limits, never);
  }
}

function* completePart(
  relation: Relation,
  order: Int32Array,
  from: number,
  kept: number,
  joins: readonly { join: PreparedJoin; limits: Int32Array }[],
  work: Workspace,
): Generator<void> {
  let next = relation.rows;
  for (const { join, limits } of joins) yield* runPausing(join, work, from, kept, order, limits);
  if (joins.length === 1) {
    yield* runPausing(joins[0]!.join, work, next, -1, undefined, joins[0]!.limits);
    return;
  }
  while (next < relation.rows) {
    const to = relation.rows;
    for (const { join, limits } of joins) yield* runPausing(join, work, next, to, undefined, limits);
    next = to;
  }
}
