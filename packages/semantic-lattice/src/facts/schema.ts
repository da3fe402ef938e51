// Between values and integers, at the engine's border: everything that comes in is checked here, and nowhere below.
import { latticeError, objectIn, textOf } from '../errors/index.js';
import type { StagedChanges } from '../fixpoint/index.js';
import type { Lattice } from '../lattices/index.js';
import {
  type ByteMeter,
  type ColumnKind,
  type KeyKind,
  LatticeValues,
  Relation,
  type RelationDeclarations,
} from '../relations/index.js';
import { type CheckedRule, constantsOf } from '../rules/index.js';
import { TermDictionary } from '../terms/index.js';
import type { EngineLimits } from './limits.js';

/** Stands for any value in a pattern. */
export const any: unique symbol = Symbol('any');

const NAME = /^\p{L}[\p{L}\p{N}_]*(?:-[\p{L}\p{N}_]+)*$/u;

/** Reads an integer of a relation's column. */
export type ValueDecoder = (relation: Relation, column: number, number: number) => unknown;

/** Relations, terms and lattice values of one engine. */
export class Schema {
  readonly terms: TermDictionary;
  /** Declared relations. */
  readonly byName: ReadonlyMap<string, Relation>;
  /** Declared relations, and behind them the assertions of those with a lattice. */
  readonly relations: readonly Relation[];
  /** By a lattice-valued relation's number: the relation of its assertions. */
  readonly #assertions = new Map<number, Relation>();
  /** By the number of a relation of assertions: the relation that they are of. */
  readonly #asserted = new Map<number, Relation>();
  readonly #limits: EngineLimits;
  readonly #lattices: readonly LatticeValues[];
  #decoder: ValueDecoder | undefined;

  constructor(declarations: RelationDeclarations, limits: EngineLimits, withProofs: boolean, meter: ByteMeter) {
    this.#limits = limits;
    this.terms = new TermDictionary(limits.terms);
    // From JavaScript they may be anything.
    const issues = Object.entries(objectIn('relations', declarations)).flatMap(([name, given]) =>
      issuesOf(name, given?.columns, limits),
    );
    if (issues.length > 0) {
      throw latticeError('OptionsInvalid', `relations: ${issues.join('; ')}`, { issues });
    }
    const lattices = new Map<unknown, LatticeValues>();
    const relations: Relation[] = [];
    const make = (name: string, columns: readonly ColumnKind[], cells: boolean): Relation => {
      const last = columns.at(-1);
      let values: LatticeValues | undefined;
      if (typeof last === 'object') {
        values = lattices.get(last) ?? new LatticeValues(last, limits.terms);
        lattices.set(last, values);
      }
      const kinds = columns.map((kind): KeyKind => (typeof kind === 'object' ? 'value' : kind));
      const relation = new Relation({
        name,
        id: relations.length,
        kinds,
        values: cells ? values : undefined,
        withProofs,
        meter,
        maxRows: limits.rows,
      });
      relations.push(relation);
      return relation;
    };
    const byName = new Map<string, Relation>();
    for (const [name, { columns }] of Object.entries(declarations)) byName.set(name, make(name, columns, true));
    for (const relation of [...relations]) {
      if (relation.values === undefined) continue;
      const base = make(`${relation.name}#asserted`, declarations[relation.name]!.columns, false);
      this.#assertions.set(relation.id, base);
      this.#asserted.set(base.id, relation);
    }
    this.relations = relations;
    this.byName = byName;
    this.#lattices = [...lattices.values()];
  }

  /** @throws TenstripError `RelationUnknown` */
  relation(name: string): Relation {
    const relation = this.byName.get(name);
    if (relation === undefined) {
      throw latticeError('RelationUnknown', `no relation ${textOf(name)} was declared`, {
        relation: textOf(name),
        known: [...this.byName.keys()].slice(0, 50),
      });
    }
    return relation;
  }

  /** Where a relation's assertions go: to itself, or to the relation that feeds its cells. */
  assertionsOf(relation: Relation): Relation {
    return this.#assertions.get(relation.id) ?? relation;
  }

  /** The relation whose assertions a relation holds, or the relation itself. */
  publicOf(relation: Relation): Relation {
    return this.#asserted.get(relation.id) ?? relation;
  }

  /** The rules by which assertions flow into cells; they come before all others. */
  assertionRules(): CheckedRule[] {
    return [...this.#assertions].map(([id, base], number): CheckedRule => {
      const relation = this.relations[id]!;
      const slots = relation.kinds.map((_, slot) => ({ type: 'slot', slot }) as const);
      return {
        id: number,
        text: '',
        place: { line: 1, column: 1 },
        head: { relation, values: slots },
        positive: [{ relation: base, arguments: slots }],
        negative: [],
        tests: [],
        assignments: [],
        variables: slots.map(({ slot }) => `V${slot}`),
        slotKinds: relation.kinds.map((kind) => (kind === 'value' ? relation : kind)),
        strict: [],
        assertion: true,
      };
    });
  }

  /** The values of a lattice column. */
  valuesOf(relation: Relation): LatticeValues {
    return this.publicOf(relation).values!;
  }

  /**
   * A fact as integers. `known` gives nothing instead of a new number, for facts that are only looked for.
   *
   * @throws TenstripError `FactInvalid`
   */
  encode(relation: Relation, values: readonly unknown[], into: Int32Array, known: boolean): boolean {
    if (!Array.isArray(values) || values.length !== relation.arity) {
      const given = Array.isArray(values) ? `${values.length} values` : textOf(values);
      throw latticeError('FactInvalid', `${relation.name} has ${relation.arity} columns; given: ${given}`, {
        relation: relation.name,
      });
    }
    for (let column = 0; column < relation.arity; column++) {
      const number = this.encodeValue(relation, column, values[column], known);
      if (number === undefined) return false;
      into[column] = number;
    }
    return true;
  }

  /** One value as an integer; nothing when it has no number and `known` asks for no new one. @throws TenstripError `FactInvalid` */
  encodeValue(relation: Relation, column: number, value: unknown, known: boolean): number | undefined {
    const kind = relation.kinds[column]!;
    if (kind === 'term') {
      if (typeof value !== 'string') refuse(relation, column, value, 'is no string');
      if (!known) {
        if (value.length > this.#limits.termLength)
          refuse(
            relation,
            column,
            `${value.slice(0, 60)}…`,
            `has ${value.length} characters; at most ${this.#limits.termLength} (limits.termLength)`,
          );
        return this.terms.intern(value);
      }
      const number = this.terms.find(value);
      return number < 0 ? undefined : number;
    }
    if (kind === 'integer') {
      if (typeof value !== 'number' || value !== (value | 0))
        refuse(relation, column, value, 'is no integer of 32 bits');
      return value | 0;
    }
    const values = this.valuesOf(relation);
    const number = known ? values.findValue(value) : values.take(value);
    return number < 0 ? undefined : number;
  }

  /** Reads integers of now as values, also when their numbers were freed since. */
  get decoder(): ValueDecoder {
    if (this.#decoder !== undefined) return this.#decoder;
    const terms = this.terms.things;
    const values = new Map(this.#lattices.map((lattice) => [lattice, lattice.things]));
    this.#decoder = (relation, column, number) => {
      const kind = relation.kinds[column]!;
      if (kind === 'term') return terms[number];
      return kind === 'integer' ? number : values.get(this.valuesOf(relation))![number]!.value;
    };
    return this.#decoder;
  }

  /** Frees the numbers of terms and of lattices' values that no row and no constant has any more, when enough came to look. Tells whether it did. */
  sweepIfDue(rules: readonly CheckedRule[], staged: StagedChanges): boolean {
    const rows = this.relations.reduce((sum, relation) => sum + relation.rows, 0);
    if (![this.terms, ...this.#lattices].some((each) => each.isDue(rows))) return false;
    const usedTerms = new Uint8Array(this.terms.size);
    const usedValues = new Map(this.#lattices.map((values) => [values, new Uint8Array(values.size)]));
    // Number 0 is bottom, whether a cell has it or not.
    for (const used of usedValues.values()) used[0] = 1;
    for (const relation of this.relations) {
      for (const [column, kind] of relation.kinds.entries()) {
        if (kind === 'integer') continue;
        const used = kind === 'term' ? usedTerms : usedValues.get(this.valuesOf(relation))!;
        const numbers = relation.columns[column]!;
        for (let row = 0; row < relation.rows; row++) if (relation.state[row] !== 0) used[numbers[row]!] = 1;
        staged.of(relation)?.mark(column, used);
      }
    }
    // A constant does not say of what kind it is: it keeps the thing of its number of every kind.
    for (const constant of rules.flatMap(constantsOf))
      for (const used of [usedTerms, ...usedValues.values()])
        if (constant >= 0 && constant < used.length) used[constant] = 1;
    this.terms.sweep(usedTerms);
    for (const [values, used] of usedValues) values.sweep(used);
    this.#decoder = undefined;
    return true;
  }

  /** One integer as the value it stands for. */
  decodeValue(relation: Relation, column: number, number: number): unknown {
    const kind = relation.kinds[column]!;
    if (kind === 'term') return this.terms.term(number);
    return kind === 'integer' ? number : this.valuesOf(relation).value(number);
  }

  /** A row as values. */
  decode(relation: Relation, row: number): unknown[] {
    const values = new Array<unknown>(relation.arity);
    for (let column = 0; column < relation.arity; column++) {
      values[column] = this.decodeValue(relation, column, relation.columns[column]![row]!);
    }
    return values;
  }
}

function refuse(relation: Relation, column: number, value: unknown, problem: string): never {
  const shown = typeof value === 'string' ? JSON.stringify(textOf(value)) : textOf(value);
  throw latticeError('FactInvalid', `${relation.name}, column ${column}: ${shown} ${problem}`, {
    relation: relation.name,
    column,
    value: shown,
  });
}

function issuesOf(name: string, columns: readonly ColumnKind[], limits: EngineLimits): string[] {
  const issues: string[] = [];
  if (!NAME.test(name) || /^\p{Lu}/u.test(name) || name === 'not')
    issues.push(`${JSON.stringify(name)} is no name: begin with a small letter`);
  if (!Array.isArray(columns) || columns.length === 0 || columns.length > limits.columns) {
    issues.push(`${name} needs 1 to ${limits.columns} columns`);
    return issues;
  }
  columns.forEach((kind: unknown, column) => {
    if (kind === 'term' || kind === 'integer') return;
    if (!isLattice(kind)) issues.push(`${name}, column ${column}: 'term', 'integer' or a lattice`);
    else if (column !== columns.length - 1)
      issues.push(`${name}, column ${column}: only the last column can be a lattice`);
    else if (columns.length === 1) issues.push(`${name}: a cell needs a key column before its lattice`);
  });
  return issues;
}

function isLattice(kind: unknown): kind is Lattice<unknown> {
  if (typeof kind !== 'object' || kind === null) return false;
  const lattice = kind as Partial<Record<keyof Lattice<unknown>, unknown>>;
  return (
    typeof lattice.name === 'string' &&
    'bottom' in lattice &&
    [lattice.join, lattice.leq, lattice.encode, lattice.decode].every((each) => typeof each === 'function')
  );
}
