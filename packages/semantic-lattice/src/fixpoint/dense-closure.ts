// The closure of a dense graph, part by part, over bit sets: the neighbours of a node that the part has not reached yet are found 32
// at a time. Breadth first, so that every pair keeps a derivation of least height, as on the generic path; a closure by strongly
// connected components alone would give the pairs without it. A step costs targets / 32, whatever the number of edges.
import { DERIVED, LIVE, PROOF_WIDTH, type Relation } from '../relations/index.js';
import type { CheckedRule, Pivot } from '../rules/index.js';
import type { PreparedRule } from './prepared-rule.js';
import type { Workspace } from './workspace.js';

/** Cells of the matrix from edge to row: 64 MiB. */
const MOST_CELLS = 2 ** 24;
/** One edge for so many cells makes bit sets cheaper than lists. */
const CELLS_PER_EDGE = 16;

/** Completes one part from its first rows, which are `order[from…to)`. */
export type CompletePart = (order: Int32Array, from: number, to: number) => void;

interface Closure {
  readonly edges: Relation;
  /** The edges' column that meets the part's free column. */
  readonly source: number;
  readonly edgeFirst: boolean;
}

/** The rule `p(x, z) :- p(x, y), e(y, z)` in any order of columns and atoms; nothing when the rule is another. */
function closureOf(rule: CheckedRule, recursive: number, pivot: Pivot): Closure | undefined {
  if (rule.positive.length !== 2 || rule.negative.length + rule.tests.length + rule.assignments.length > 0)
    return undefined;
  const own = rule.positive[recursive]!;
  const other = rule.positive[1 - recursive]!;
  const meeting = own.arguments[pivot.freeColumn]!;
  const head = rule.head.values[pivot.freeColumn]!;
  if (meeting.type !== 'slot' || head.type !== 'slot' || rule.variables.length !== 3 || meeting.slot === head.slot)
    return undefined;
  if (other.arguments.length !== 2 || other.relation === own.relation || other.relation.values !== undefined)
    return undefined;
  const source = other.arguments.findIndex((argument) => argument.type === 'slot' && argument.slot === meeting.slot);
  const target = other.arguments.findIndex((argument) => argument.type === 'slot' && argument.slot === head.slot);
  if (source < 0 || target < 0) return undefined;
  return { edges: other.relation, source, edgeFirst: recursive === 1 };
}

/** A way to complete parts by bit sets, where the rule is a closure and its graph is dense enough. */
export function denseClosure(
  prepared: PreparedRule,
  recursive: number,
  pivot: Pivot,
  work: Workspace,
  terms: number,
): CompletePart | undefined {
  const { rule } = prepared;
  const closure = closureOf(rule, recursive, pivot);
  if (closure === undefined) return undefined;
  const { edges, source, edgeFirst } = closure;
  if (edges.kinds.some((kind) => kind !== 'term')) return undefined;
  const sources = numbering(edges, source, terms);
  const targets = numbering(edges, 1 - source, terms);
  const cells = sources.count * targets.count;
  if (cells > MOST_CELLS || edges.live * CELLS_PER_EDGE < cells) return undefined;
  const words = (targets.count + 31) >>> 5;
  const matrix = new Int32Array(cells);
  const bits = new Int32Array(sources.count * words);
  for (let row = 0; row < edges.rows; row++) {
    if ((edges.state[row]! & LIVE) === 0) continue;
    const from = sources.numberOf[edges.columns[source]![row]!]! - 1;
    const to = targets.numberOf[edges.columns[1 - source]![row]!]! - 1;
    matrix[from * targets.count + to] = row;
    bits[from * words + (to >>> 5)]! |= 1 << (to & 31);
  }
  const seen = new Int32Array(words);
  const relation = rule.head.relation;

  return (order, from, to) => {
    const first = relation.rows;
    seen.fill(0);
    let missing = targets.count;
    for (let at = from; at < to; at++) missing -= mark(relation.columns[pivot.freeColumn]![order[at]!]!);
    const value = relation.columns[pivot.column]![order[from]!]!;
    for (let at = from; at < to && missing > 0; at++) step(order[at]!, value);
    for (let row = first; row < relation.rows && missing > 0; row++) step(row, value);

    function mark(term: number): number {
      const number = targets.numberOf[term]! - 1;
      if (number < 0) return 0;
      const word = number >>> 5;
      const bit = 1 << (number & 31);
      if ((seen[word]! & bit) !== 0) return 0;
      seen[word]! |= bit;
      return 1;
    }

    function step(row: number, pivotValue: number): void {
      const node = sources.numberOf[relation.columns[pivot.freeColumn]![row]!]! - 1;
      if (node < 0) return;
      work.fuel -= words;
      if (work.fuel < 0) work.fuel = work.refuel();
      for (let word = 0; word < words; word++) {
        let fresh = bits[node * words + word]! & ~seen[word]!;
        if (fresh === 0) continue;
        seen[word]! |= fresh;
        while (fresh !== 0) {
          const bit = 31 - Math.clz32(fresh & -fresh);
          fresh &= fresh - 1;
          missing--;
          const target = word * 32 + bit;
          append(pivotValue, targets.terms[target]!, row, matrix[node * targets.count + target]!);
        }
      }
    }
  };

  function append(pivotValue: number, free: number, row: number, edge: number): void {
    const made = relation.rows;
    if (made >= relation.capacity) relation.grow(made + 1);
    relation.columns[pivot.column]![made] = pivotValue;
    relation.columns[pivot.freeColumn]![made] = free;
    relation.state[made] = DERIVED;
    if (relation.withProofs) {
      const at = made * PROOF_WIDTH;
      relation.proof[at] = rule.id;
      relation.proof[at + 1] = edgeFirst ? edge : row;
      relation.proof[at + 2] = edgeFirst ? row : edge;
    }
    relation.rows = made + 1;
    relation.live++;
  }
}

/** Numbers from 1 for the terms of a column, in the order of first use; 0 for all others. */
function numbering(
  relation: Relation,
  column: number,
  terms: number,
): { numberOf: Int32Array; terms: Int32Array; count: number } {
  const numberOf = new Int32Array(terms);
  const used = new Int32Array(Math.min(terms, relation.rows));
  let count = 0;
  for (let row = 0; row < relation.rows; row++) {
    const term = relation.columns[column]![row]!;
    if ((relation.state[row]! & LIVE) === 0 || numberOf[term] !== 0) continue;
    used[count++] = term;
    numberOf[term] = count;
  }
  return { numberOf, terms: used, count };
}
