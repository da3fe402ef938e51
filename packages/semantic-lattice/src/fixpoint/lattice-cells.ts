// Cells of lattice-valued relations. A cell that rises gets a new row and keeps the earlier ones as evidence, so that derivations
// stay well-founded: a row's premises are rows that were there before it.
import { latticeError } from '../errors/index.js';
import { DERIVED, JOINED, LIVE, type Relation, SUPERSEDED } from '../relations/index.js';
import type { PreparedRule } from './prepared-rule.js';
import type { Workspace } from './workspace.js';

/** Joins the value of the match at hand into its cell. Costs one look-up, and the lattice's join. */
export function raiseCell(work: Workspace, prepared: PreparedRule): void {
  const { rule, recursive } = prepared;
  const { relation } = rule.head;
  const values = relation.values!;
  const column = relation.keys;
  const given = work.head[column]!;
  if (given === 0) return;
  const row = relation.find(work.head);
  const holds = row >= 0 && (relation.state[row]! & LIVE) !== 0;
  const old = holds ? relation.columns[column]![row]! : 0;
  let value = values.join(old, given);
  if (value === old) return;
  // Only a recursion can go on for ever, and only within one transaction: what is said from outside is finite, and stays as it is.
  const ofThisOne = holds && row >= work.start[relation.id]!;
  const raised = (ofThisOne ? relation.raised[row]! : 0) + (holds && recursive.length > 0 ? 1 : 0);
  if (recursive.length > 0) {
    if (raised > work.widenAfter) value = values.widen(old, value);
    if (value === old) return;
    if (raised > work.maxRaises) refuse(relation, row, raised, work);
  }
  let height = work.heightOf(rule, recursive);
  const joined = holds && value !== given;
  if (joined) height = Math.max(height, relation.height(row) + 1);
  work.head[column] = value;
  const made = relation.append(work.head);
  work.head[column] = given;
  relation.previous[made] = row + 1;
  relation.raised[made] = raised;
  relation.state[made] = joined ? DERIVED | JOINED : DERIVED;
  relation.setProof(made, rule.id, height, work.premises, rule.positive.length);
  relation.live++;
  if (holds) work.remove(relation, row, SUPERSEDED | (relation.state[row]! & JOINED));
}

function refuse(relation: Relation, row: number, raised: number, work: Workspace): never {
  const key = Array.from({ length: relation.keys }, (_, column) => relation.columns[column]![row]!);
  throw latticeError(
    'LatticeDidNotStabilise',
    `a cell of ${relation.name} rose ${raised} times; at most ${work.maxRaises} (limits.cellRaises). Give lattice ${relation.values!.lattice.name} a widen, or rules whose values stop rising`,
    { relation: relation.name, key },
  );
}
