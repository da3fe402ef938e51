// One transaction over the strata, lowest first: assertions, then what is lost, then what is new.
import { ASSERTED, DYING, RETRACTED, type Relation } from '../relations/index.js';
import { removeLost } from './backward-forward.js';
import { evaluatePartitions } from './partitions.js';
import type { PreparedStratum } from './program.js';
import { deriveNew } from './semi-naive.js';
import type { StagedChanges } from './staged-changes.js';
import type { Workspace } from './workspace.js';

/** Evaluates staged changes, one after the other; pauses between slices of work. Whatever it throws, the workspace can be rolled back. */
export function* evaluate(
  work: Workspace,
  staged: readonly StagedChanges[],
  terms: { readonly size: number },
): Generator<void> {
  for (const stratum of work.program.strata) yield* evaluateStratum(stratum, work, staged, terms);
  work.meter.check();
}

function* evaluateStratum(
  stratum: PreparedStratum,
  work: Workspace,
  staged: readonly StagedChanges[],
  terms: { readonly size: number },
): Generator<void> {
  const retracted: { relation: Relation; row: number }[] = [];
  for (const relation of stratum.relations) {
    for (const changes of staged) yield* assertAndRetract(relation, work, changes, retracted);
  }
  if (stratum.prepared.length === 0 && retracted.length === 0) return;
  if (work.full) dropRetracted(retracted, work);
  else if (hasLosses(stratum, work, retracted.length)) yield* removeLost(stratum, retracted, work);
  if (stratum.prepared.length === 0) return;
  const evaluated = yield* evaluatePartitions(stratum, work, terms.size);
  if (!evaluated) yield* deriveNew(stratum, work);
}

/** When all is derived anew, what lost its assertion just ends. */
function dropRetracted(retracted: readonly { relation: Relation; row: number }[], work: Workspace): void {
  for (const { relation, row } of retracted) {
    if ((relation.state[row]! & RETRACTED) !== 0) work.remove(relation, row, DYING);
  }
}

function hasLosses(stratum: PreparedStratum, work: Workspace, retracted: number): boolean {
  if (retracted > 0) return true;
  if (stratum.relations.every(({ live }) => live === 0)) return false;
  return stratum.rules.some(
    (rule) =>
      rule.positive.some(({ relation }) => work.removed[relation.id]!.length > 0) ||
      rule.negative.some(({ relation }) => relation.rows > work.deltaFrom[relation.id]!),
  );
}

/** Operations looked at between two pauses. */
const PAUSE_AFTER = 16_384;

function* assertAndRetract(
  relation: Relation,
  work: Workspace,
  staged: StagedChanges,
  retracted: { relation: Relation; row: number }[],
): Generator<void> {
  const changes = staged.of(relation);
  if (changes === undefined) return;
  const tuple = new Int32Array(relation.arity);
  for (let at = 0; at < changes.length; at++) {
    if (changes.read(at, tuple)) work.assertTuple(relation, tuple);
    else retract(relation, tuple, work, retracted);
    if (at % PAUSE_AFTER === PAUSE_AFTER - 1) {
      work.meter.check();
      yield;
    }
  }
}

function retract(
  relation: Relation,
  tuple: Int32Array,
  work: Workspace,
  retracted: { relation: Relation; row: number }[],
): void {
  const row = relation.find(tuple);
  if (row < 0 || (relation.state[row]! & ASSERTED) === 0 || (relation.state[row]! & RETRACTED) !== 0) return;
  work.save(relation, row);
  relation.state[row]! |= RETRACTED;
  retracted.push({ relation, row });
}
