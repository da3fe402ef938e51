// A proof is the stored derivations below a fact, as a list in which every step comes after its premises. Shared parts stand once.
import type { Fact } from '../facts/index.js';
import { JOINED, type Relation } from '../relations/index.js';
import { bindingsOf, factOf, headValues, type ProofSource, slotsOfMatch } from './derivations.js';

/** One step of a proof. */
export interface ProofStep {
  /** What the step concludes. */
  readonly fact: Fact;
  /**
   * Why it holds: it was asserted; a rule gives it from `premises`; or a cell's value is the join of those that its premises, an
   * earlier value and a rule's, give (`widened`: the lattice's widening of them, which is above the join).
   */
  readonly by: 'asserted' | 'rule' | 'join' | 'widened';
  /** The rule's canonical text; with `rule` only. */
  readonly rule?: string;
  /** What the rule's variables stand for; with `rule` only. */
  readonly bindings?: Readonly<Record<string, unknown>>;
  /** Steps before this one, by number: with `rule` those of the positive atoms in the order of the text. */
  readonly premises: readonly number[];
}

/** Why a fact holds. The last step is the fact. */
export interface Proof {
  /** What is proved. */
  readonly fact: Fact;
  /** Every step after its premises. */
  readonly steps: readonly ProofStep[];
}

/** The proof of a row that holds, from its stored derivation. Linear in the proof's size; no recursion. */
export function explain(source: ProofSource, relation: Relation, row: number): Proof {
  const writer = new ProofWriter(source);
  writer.write(relation, row);
  const steps = writer.steps;
  return { fact: steps.at(-1)!.fact, steps };
}

class ProofWriter {
  readonly steps: ProofStep[] = [];
  readonly #source: ProofSource;
  /** By relation and row: the step that has it. */
  readonly #written = new Map<string, number>();

  constructor(source: ProofSource) {
    this.#source = source;
  }

  write(relation: Relation, row: number): void {
    const open: { relation: Relation; row: number }[] = [{ relation, row }];
    while (open.length > 0) {
      const top = open.at(-1)!;
      if (this.#stepOf(top.relation, top.row) !== undefined) {
        open.pop();
        continue;
      }
      const missing = this.#premisesOf(top.relation, top.row).filter(
        (each) => this.#stepOf(each.relation, each.row) === undefined,
      );
      if (missing.length > 0) open.push(...missing.reverse());
      else {
        open.pop();
        this.#step(top.relation, top.row);
      }
    }
  }

  #stepOf(relation: Relation, row: number): number | undefined {
    return this.#written.get(`${relation.id}/${row}`);
  }

  #premisesOf(relation: Relation, row: number): { relation: Relation; row: number }[] {
    const id = relation.ruleOf(row);
    if (id < 0) return [];
    const { positive } = this.#source.program.rules[id]!;
    const premises = positive.map((atom, index) => ({
      relation: atom.relation,
      row: relation.premise(row, index, positive.length),
    }));
    if ((relation.state[row]! & JOINED) !== 0) premises.push({ relation, row: relation.previous[row]! - 1 });
    return premises;
  }

  #step(relation: Relation, row: number): void {
    const { schema, program } = this.#source;
    const id = relation.ruleOf(row);
    const fact = factOf(schema, relation, row);
    if (id < 0) {
      this.#add(relation, row, { fact, by: 'asserted', premises: [] });
      return;
    }
    const rule = program.rules[id]!;
    const { positive } = rule;
    const rows = positive.map((_, index) => relation.premise(row, index, positive.length));
    const premises = rows.map((premise, index) => this.#stepOf(positive[index]!.relation, premise)!);
    // The assertion that flows into a cell is the cell's own.
    let given = premises[0]!;
    if (!rule.assertion) {
      const slots = slotsOfMatch(rule, rows);
      const values = headValues(schema, rule, slots);
      given =
        this.steps.push({
          fact: { relation: fact.relation, values },
          by: 'rule',
          rule: rule.text,
          bindings: bindingsOf(schema, rule, slots),
          premises,
        }) - 1;
    }
    this.#written.set(`${relation.id}/${row}`, given);
    if ((relation.state[row]! & JOINED) === 0) return;
    const previous = relation.previous[row]! - 1;
    const column = relation.keys;
    const values = relation.values!;
    const joined = values.join(
      relation.columns[column]![previous]!,
      values.intern(this.steps[given]!.fact.values[column]),
    );
    const by = joined === relation.columns[column]![row] ? 'join' : 'widened';
    this.#add(relation, row, { fact, by, premises: [this.#stepOf(relation, previous)!, given] });
  }

  #add(relation: Relation, row: number, step: ProofStep): void {
    this.#written.set(`${relation.id}/${row}`, this.steps.push(step) - 1);
  }
}
