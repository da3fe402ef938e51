// The one question on which deletion, justifications, certificates and lattice cells stand: which rule instances derive this fact
// now? Asked here for people; the fixpoint asks it of the same joins.
import type { Fact, Schema } from '../facts/index.js';
import type { PreparedRule, Program, Workspace } from '../fixpoint/index.js';
import type { Relation } from '../relations/index.js';
import type { CheckedRule, SlotKind, Value } from '../rules/index.js';

/** What proofs are read from. */
export interface ProofSource {
  readonly schema: Schema;
  readonly program: Program;
  readonly work: Workspace;
}

/** An instance of a rule that holds. */
export interface Derivation {
  /** The rule's canonical text. */
  readonly rule: string;
  /** What the rule's variables stand for. */
  readonly bindings: Readonly<Record<string, unknown>>;
  /** What the head's values are; for a cell, what this instance gives to it. */
  readonly fact: Fact;
  /** The facts of the body's positive atoms, in their order. */
  readonly premises: readonly Fact[];
}

/** An instance as rows. */
export interface RowDerivation {
  readonly prepared: PreparedRule;
  /** Rows of the positive atoms. */
  readonly premises: Int32Array;
}

/** The instances that derive a row now, as rows; `limit` at most. Assertions that flow into cells are among them. */
export function rowDerivationsOf(
  { program, work }: ProofSource,
  relation: Relation,
  row: number,
  limit: number,
): RowDerivation[] {
  const found: RowDerivation[] = [];
  work.fuel = Number.MAX_SAFE_INTEGER;
  for (const prepared of program.deriving[relation.id]!) {
    if (found.length >= limit) break;
    relation.read(row, work.head);
    const count = prepared.rule.positive.length;
    prepared.backward.runAll(work, 0, 0, undefined, () => {
      found.push({ prepared, premises: work.premises.slice(0, count) });
      return found.length >= limit;
    });
  }
  return found;
}

/** The instances that derive a row now, as facts. */
export function derivationsOf(source: ProofSource, relation: Relation, row: number, limit: number): Derivation[] {
  return rowDerivationsOf(source, relation, row, limit)
    .filter(({ prepared }) => !prepared.rule.assertion)
    .map(({ prepared: { rule }, premises }) => {
      const slots = slotsOfMatch(rule, premises);
      return {
        rule: rule.text,
        bindings: bindingsOf(source.schema, rule, slots),
        fact: { relation: relation.name, values: headValues(source.schema, rule, slots) },
        premises: rule.positive.map((atom, index) => factOf(source.schema, atom.relation, premises[index]!)),
      };
    });
}

/** A row as a fact of the relation that people know. */
export function factOf(schema: Schema, relation: Relation, row: number): Fact {
  return { relation: schema.publicOf(relation).name, values: schema.decode(relation, row) };
}

/** A rule's slots, read back from the rows of its positive atoms. */
export function slotsOfMatch(rule: CheckedRule, premises: ArrayLike<number>): Int32Array {
  const slots = new Int32Array(rule.variables.length);
  for (const [index, atom] of rule.positive.entries()) {
    for (const [column, argument] of atom.arguments.entries()) {
      if (argument.type === 'slot') slots[argument.slot] = atom.relation.columns[column]![premises[index]!]!;
    }
  }
  for (const { slot, value } of rule.assignments) slots[slot] = valueUnder(value, slots);
  return slots;
}

/** A value under slots. */
export function valueUnder(value: Value, slots: Int32Array): number {
  if (value.type === 'constant') return value.value;
  return value.type === 'slot' ? slots[value.slot]! : value.compute(...value.slots.map((slot) => slots[slot]!));
}

/** What the variables stand for. */
export function bindingsOf(schema: Schema, rule: CheckedRule, slots: Int32Array): Record<string, unknown> {
  return Object.fromEntries(
    rule.variables.map((name, slot) => [name, decodeSlot(schema, rule.slotKinds[slot]!, slots[slot]!)]),
  );
}

function decodeSlot(schema: Schema, kind: SlotKind, number: number): unknown {
  if (kind === 'term') return schema.terms.term(number);
  return kind === 'integer' ? number : schema.publicOf(kind).values!.value(number);
}

/** The head's values under slots; for a cell, what the instance gives to it. */
export function headValues(schema: Schema, rule: CheckedRule, slots: Int32Array): unknown[] {
  const { relation, values } = rule.head;
  return values.map((value, column) => schema.decodeValue(relation, column, valueUnder(value, slots)));
}
