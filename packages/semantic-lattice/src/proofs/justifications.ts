// Justifications: the minimal sets of assertions from which a fact follows (why-provenance: Buneman, Khanna, Tan, ICDT 2001; in
// description logics "axiom pinpointing"). Computed as a fixpoint of antichains over the instances that can take part. There may be
// exponentially many, so everything is bounded, and an answer says whether it is all there is.
import type { Fact, Schema } from '../facts/index.js';
import { ASSERTED, type Relation } from '../relations/index.js';
import { factOf, type ProofSource, rowDerivationsOf, slotsOfMatch, valueUnder } from './derivations.js';

/** Bounds of {@link Engine.justifications} and {@link Engine.repairs}. */
export interface JustificationLimits {
  /** Sets to give. Default 100 for justifications, 10 for repairs. */
  readonly limit?: number;
  /** Facts below the one in question to look at. Default 10,000. */
  readonly facts?: number;
  /** Unions of sets to make. Default 200,000. */
  readonly unions?: number;
  /** Withdrawals that {@link Engine.repairs} may try. Default 1,000. */
  readonly trials?: number;
}

/** Sets of assertions, smallest first. */
export interface FactSets {
  /** Each a set of assertions. */
  readonly sets: readonly (readonly Fact[])[];
  /** Whether these are all that there are, and all of them are minimal; otherwise a bound was met. */
  readonly complete: boolean;
}

interface Node {
  readonly relation: Relation;
  readonly row: number;
  /** Premises of an instance, as numbers of nodes. */
  readonly instances: number[][];
  readonly readers: Set<number>;
  /** Minimal sets of assertions, each as ascending numbers of nodes. */
  supports: number[][];
}

/** The minimal sets of assertions from which a row follows. Negated atoms ask for nothing here: what is absent is no assertion. */
export function justificationsOf(
  source: ProofSource,
  relation: Relation,
  row: number,
  limits: JustificationLimits,
): FactSets {
  const { limit = 100, facts = 10_000, unions = 200_000 } = limits;
  const graph = new InstanceGraph(source, facts);
  graph.open(relation, row);
  const antichains = new Antichains(graph.nodes, limit, unions);
  antichains.saturate();
  const sets = graph.nodes[0]!.supports.map((support) =>
    support.map((number) => factOf(source.schema, graph.nodes[number]!.relation, graph.nodes[number]!.row)),
  );
  return {
    sets: sortedSets(source.schema, sets).slice(0, limit),
    complete: graph.complete && antichains.complete && sets.length <= limit,
  };
}

/** Sets in an order that does not depend on numbers of rows. */
export function sortedSets(schema: Schema, sets: readonly (readonly Fact[])[]): Fact[][] {
  const keyed = sets.map((facts) => {
    const sorted = facts.map((fact) => ({ fact, text: textOfFact(schema, fact) }));
    sorted.sort((a, b) => compareText(a.text, b.text));
    return { facts: sorted.map(({ fact }) => fact), text: sorted.map(({ text }) => text).join('\u0001') };
  });
  keyed.sort((a, b) => a.facts.length - b.facts.length || compareText(a.text, b.text));
  return keyed.map(({ facts }) => facts);
}

/** A text that no other fact has; a lattice's values have those that the lattice gives. */
export function textOfFact(schema: Schema, { relation, values }: Fact): string {
  const found = schema.relation(relation);
  const texts = values.map((value, column) =>
    found.kinds[column] === 'value' ? schema.valuesOf(found).lattice.encode(value) : value,
  );
  return JSON.stringify([relation, ...texts]);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The facts that can take part, and the instances between them. */
class InstanceGraph {
  readonly nodes: Node[] = [];
  complete = true;
  readonly #source: ProofSource;
  readonly #limit: number;
  readonly #numbers = new Map<string, number>();

  constructor(source: ProofSource, limit: number) {
    this.#source = source;
    this.#limit = limit;
  }

  open(relation: Relation, row: number): void {
    this.#number(relation, row);
    for (let at = 0; at < this.nodes.length; at++) this.#expand(at);
  }

  #number(relation: Relation, row: number): number | undefined {
    const key = `${relation.id}/${row}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    if (this.nodes.length >= this.#limit) {
      this.complete = false;
      return undefined;
    }
    this.#numbers.set(key, this.nodes.length);
    return this.nodes.push({ relation, row, instances: [], readers: new Set(), supports: [] }) - 1;
  }

  #expand(at: number): void {
    const { relation, row } = this.nodes[at]!;
    const found = rowDerivationsOf(this.#source, relation, row, this.#limit);
    if (found.length >= this.#limit) this.complete = false;
    const instances = found.map(({ prepared: { rule }, premises }) => {
      const numbers = rule.positive.map((atom, index) => this.#number(atom.relation, premises[index]!));
      const alone =
        relation.values === undefined || this.#gives(rule, premises) === relation.columns[relation.keys]![row];
      return { numbers, alone };
    });
    const known = instances.filter(({ numbers }) => !numbers.includes(undefined)) as {
      numbers: number[];
      alone: boolean;
    }[];
    const alone = known.filter((instance) => instance.alone);
    for (const { numbers } of alone) this.#add(at, numbers);
    if (known.length === 0 || alone.length === known.length) return;
    // A cell whose value is a join: all that it is joined from is a support, though perhaps not a minimal one.
    this.complete = false;
    this.#add(
      at,
      known.flatMap(({ numbers }) => numbers),
    );
  }

  #gives(rule: Parameters<typeof slotsOfMatch>[0], premises: Int32Array): number {
    return valueUnder(rule.head.values.at(-1)!, slotsOfMatch(rule, premises));
  }

  #add(at: number, premises: readonly number[]): void {
    const different = [...new Set(premises)];
    this.nodes[at]!.instances.push(different);
    for (const premise of different) this.nodes[premise]!.readers.add(at);
  }
}

/** Minimal supports of all nodes, as a least fixpoint. */
class Antichains {
  complete = true;
  readonly #nodes: readonly Node[];
  readonly #limit: number;
  #unions: number;

  constructor(nodes: readonly Node[], limit: number, unions: number) {
    this.#nodes = nodes;
    this.#limit = limit;
    this.#unions = unions;
  }

  saturate(): void {
    const waiting = new Set<number>();
    for (const [number, node] of this.#nodes.entries()) {
      if ((node.relation.state[node.row]! & ASSERTED) !== 0) node.supports.push([number]);
      waiting.add(number);
    }
    // Each is looked at once; after that only when a premise of it has found another support.
    for (const number of waiting) {
      waiting.delete(number);
      if (this.#improve(this.#nodes[number]!)) for (const reader of this.#nodes[number]!.readers) waiting.add(reader);
    }
  }

  #improve(node: Node): boolean {
    let changed = false;
    for (const premises of node.instances) {
      for (const support of this.#combine(premises)) changed = this.#insert(node, support) || changed;
    }
    return changed;
  }

  #combine(premises: readonly number[]): number[][] {
    let sets: number[][] = [[]];
    for (const premise of premises) {
      const { supports } = this.#nodes[premise]!;
      const next: number[][] = [];
      for (const set of sets) {
        for (const support of supports) {
          if (this.#unions-- <= 0) {
            this.complete = false;
            return [];
          }
          next.push(union(set, support));
        }
      }
      sets = minimal(next);
      if (sets.length > this.#limit) {
        this.complete = false;
        sets.length = this.#limit;
      }
    }
    return sets;
  }

  #insert(node: Node, support: number[]): boolean {
    if (node.supports.some((known) => isSubset(known, support))) return false;
    const kept = node.supports.filter((known) => !isSubset(support, known));
    if (kept.length >= this.#limit) {
      this.complete = false;
      return false;
    }
    kept.push(support);
    node.supports = kept;
    return true;
  }
}

function union(a: readonly number[], b: readonly number[]): number[] {
  const both: number[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const x = a[i] ?? Number.POSITIVE_INFINITY;
    const y = b[j] ?? Number.POSITIVE_INFINITY;
    both.push(Math.min(x, y));
    if (x <= y) i++;
    if (y <= x) j++;
  }
  return both;
}

function isSubset(small: readonly number[], large: readonly number[]): boolean {
  if (small.length > large.length) return false;
  let at = 0;
  for (const each of large) if (each === small[at]) at++;
  return at === small.length;
}

function minimal(sets: number[][]): number[][] {
  sets.sort((a, b) => a.length - b.length);
  const kept: number[][] = [];
  for (const set of sets) if (!kept.some((known) => isSubset(known, set))) kept.push(set);
  return kept;
}
