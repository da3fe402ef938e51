// From what was read to what can be evaluated: relations and arities exist, variables are safe (bound by a positive atom, or by an
// equality over such), kinds agree. Every refusal says where. Abiteboul, Hull, Vianu, "Foundations of Databases", chapter 12.
import { latticeError, type SemanticLatticeErrorCode, textOf } from '../errors/index.js';
import type { Relation } from '../relations/index.js';
import type { TermDictionary } from '../terms/index.js';
import {
  type Argument,
  type Assignment,
  type CheckedAtom,
  type CheckedRule,
  type SlotKind,
  slotsOf,
  type Test,
  type Value,
} from './checked-rule.js';
import { type Atom, type Expression, type Literal, type Place, printRule, type RuleSyntax } from './rule-syntax.js';

/** A function that rules may apply: pure, on strings, numbers and lattice values; monotone in lattice values. */
export type RuleFunction = (...values: never[]) => unknown;

/** What a rule may refer to. */
export interface RuleScope {
  readonly relations: ReadonlyMap<string, Relation>;
  readonly functions: ReadonlyMap<string, RuleFunction>;
  readonly terms: TermDictionary;
}

function refuse(
  code: SemanticLatticeErrorCode,
  place: Place,
  problem: string,
  details: Record<string, unknown> = {},
): never {
  const { line, column } = place;
  throw latticeError(code, `line ${line}, column ${column}: ${problem}`, { ...details, line, column });
}

/**
 * Checks a rule with a body, or a fact.
 *
 * @throws TenstripError `RelationUnknown`, `ArityMismatch`, `KindMismatch`, `RuleUnsafe`, `FunctionUnknown`
 */
export function checkRule(syntax: RuleSyntax, id: number, scope: RuleScope): CheckedRule {
  return new RuleChecker(scope).check(syntax, id);
}

type Comparing = Extract<Literal, { type: 'comparison' }>;

class RuleChecker {
  readonly #scope: RuleScope;
  readonly #slots = new Map<string, number>();
  readonly #kinds: SlotKind[] = [];
  readonly #bound = new Set<number>();
  /** Relations whose lattice column bound a slot, by slot. */
  readonly #latticeSources = new Map<number, Relation[]>();
  readonly #strict = new Set<Relation>();

  constructor(scope: RuleScope) {
    this.#scope = scope;
  }

  check(syntax: RuleSyntax, id: number): CheckedRule {
    const positive = syntax.body.flatMap((literal) =>
      literal.type === 'atom' && !literal.negated ? [this.#positive(literal.atom)] : [],
    );
    const comparing = syntax.body.filter((literal) => literal.type === 'comparison');
    const { assignments, tests } = this.#comparisons(comparing);
    const negative = syntax.body.flatMap((literal) =>
      literal.type === 'atom' && literal.negated ? [this.#negative(literal.atom)] : [],
    );
    const head = this.#head(syntax.head);
    return {
      id,
      text: printRule(syntax),
      place: syntax.place,
      head,
      positive,
      negative,
      tests,
      assignments,
      variables: [...this.#slots.keys()],
      slotKinds: this.#kinds,
      strict: [...this.#strict],
      assertion: false,
    };
  }

  #relation(atom: Atom): Relation {
    const relation = this.#scope.relations.get(atom.relation);
    if (relation === undefined) {
      refuse('RelationUnknown', atom.place, `no relation ${atom.relation} was declared`, {
        relation: atom.relation,
        known: [...this.#scope.relations.keys()].slice(0, 50),
      });
    }
    if (atom.arguments.length !== relation.arity) {
      refuse(
        'ArityMismatch',
        atom.place,
        `${atom.relation} has ${relation.arity} columns, not ${atom.arguments.length}`,
        { relation: atom.relation },
      );
    }
    return relation;
  }

  #positive(atom: Atom): CheckedAtom {
    const relation = this.#relation(atom);
    const given = atom.arguments.map((argument, column): Argument => {
      if (argument.type !== 'variable') return this.#constantArgument(argument, relation, column);
      const kind = kindOf(relation, column);
      let slot = this.#slots.get(argument.name);
      if (slot === undefined) {
        slot = this.#newSlot(argument.name, kind);
        this.#bound.add(slot);
      } else this.#agree(slot, kind, argument);
      if (typeof kind === 'object') this.#sawLattice(slot, kind);
      return { type: 'slot', slot };
    });
    return { relation, arguments: given };
  }

  /** A second atom on the same lattice value is a test for equality, which need not stay true when the cell rises. */
  #sawLattice(slot: number, relation: Relation): void {
    const sources = this.#latticeSources.get(slot) ?? [];
    sources.push(relation);
    this.#latticeSources.set(slot, sources);
    if (sources.length > 1) for (const source of sources) this.#strict.add(source);
  }

  #testsLattice(slot: number): void {
    for (const source of this.#latticeSources.get(slot) ?? []) this.#strict.add(source);
  }

  #negative(atom: Atom): CheckedAtom {
    const relation = this.#relation(atom);
    const given = atom.arguments.map((argument, column): Argument => {
      if (argument.type !== 'variable') return this.#constantArgument(argument, relation, column);
      const slot = this.#boundSlot(argument, 'a negated atom');
      this.#agree(slot, kindOf(relation, column), argument);
      this.#testsLattice(slot);
      return { type: 'slot', slot };
    });
    return { relation, arguments: given };
  }

  #constantArgument(argument: Expression, relation: Relation, column: number): Argument {
    if (argument.type === 'wildcard') return { type: 'any' };
    if (argument.type !== 'term' && argument.type !== 'integer') {
      refuse(
        'RuleSyntax',
        argument.place,
        'an expression inside a body atom; bind a variable there and compare it: `p(X), X = Y + 1`',
      );
    }
    const kind = kindOf(relation, column);
    if (typeof kind === 'object') this.#strict.add(relation);
    return { type: 'constant', value: this.#constant(argument, kind) };
  }

  #constant(argument: Expression & { type: 'term' | 'integer' }, kind: SlotKind): number {
    if (typeof kind === 'object') {
      return argument.type === 'term' ? kind.values!.decode(argument.term) : kind.values!.intern(argument.value);
    }
    if (argument.type !== kind) {
      refuse('KindMismatch', argument.place, `${describe(argument.type)} where ${describe(kind)} belongs`);
    }
    return argument.type === 'term' ? this.#scope.terms.intern(argument.term) : argument.value;
  }

  #newSlot(name: string, kind: SlotKind): number {
    const slot = this.#kinds.length;
    this.#slots.set(name, slot);
    this.#kinds.push(kind);
    return slot;
  }

  #agree(slot: number, kind: SlotKind, at: Expression & { type: 'variable' }): void {
    const known = this.#kinds[slot]!;
    if (sameKind(known, kind)) return;
    refuse('KindMismatch', at.place, `${at.name} is ${describe(known)} elsewhere and ${describe(kind)} here`, {
      variable: at.name,
    });
  }

  #boundSlot(at: Expression & { type: 'variable' }, where: string): number {
    const slot = this.#slots.get(at.name);
    if (slot !== undefined && this.#bound.has(slot)) return slot;
    return refuse('RuleUnsafe', at.place, `${at.name} stands in ${where} and no positive atom binds it`, {
      variable: at.name,
    });
  }

  /** Equalities bind variables from bound ones, in whatever order that works; what is left are tests. */
  #comparisons(all: readonly Comparing[]): { assignments: Assignment[]; tests: Test[] } {
    const assignments: Assignment[] = [];
    let waiting = [...all];
    for (let before = -1; before !== waiting.length; ) {
      before = waiting.length;
      waiting = waiting.filter((comparing) => {
        const assignment = this.#assignment(comparing);
        if (assignment !== undefined) assignments.push(assignment);
        return assignment === undefined;
      });
    }
    return { assignments, tests: waiting.map((comparing) => this.#test(comparing)) };
  }

  #assignment({ comparison, left, right }: Comparing): Assignment | undefined {
    if (comparison !== '=') return undefined;
    for (const [target, source] of [
      [left, right],
      [right, left],
    ] as const) {
      if (target.type !== 'variable' || this.#slots.has(target.name) || !this.#isBound(source)) continue;
      const kind = this.#kindOfExpression(source);
      const value = this.#value(source, kind);
      const slot = this.#newSlot(target.name, kind);
      this.#bound.add(slot);
      for (const each of slotsOf(value)) this.#testsLattice(each);
      return { slot, value };
    }
    return undefined;
  }

  #isBound(at: Expression): boolean {
    switch (at.type) {
      case 'variable':
        return this.#slots.has(at.name);
      case 'operation':
        return this.#isBound(at.left) && this.#isBound(at.right);
      case 'call':
        return refuse('RuleSyntax', at.place, `the function ${at.name} can be applied in a head only`);
      case 'wildcard':
        return refuse('RuleSyntax', at.place, '`_` has no value to compare');
      default:
        return true;
    }
  }

  #kindOfExpression(at: Expression): SlotKind {
    if (at.type === 'variable') return this.#kinds[this.#boundSlot(at, 'a comparison')]!;
    return at.type === 'term' ? 'term' : 'integer';
  }

  #test({ comparison, left, right }: Comparing): Test {
    this.#isBound(left);
    this.#isBound(right);
    const kinds = [this.#kindOfExpression(left), this.#kindOfExpression(right)] as const;
    const [kind, other] = kinds;
    const equality = comparison === '=' || comparison === '!=';
    const lattice = typeof kind === 'object' ? kind : typeof other === 'object' ? other : undefined;
    if (lattice !== undefined && (equality || !sameKind(kind, other)))
      return this.#latticeTest(comparison, left, right, lattice);
    if (lattice !== undefined) return this.#numericTest(comparison, left, right);
    if (kind !== other) refuse('KindMismatch', right.place, `${describe(kind)} is compared with ${describe(other)}`);
    if (!equality && kind === 'term') {
      refuse('KindMismatch', left.place, `${comparison} compares integers; terms have = and != only`);
    }
    return { type: 'direct', comparison, left: this.#value(left, kind), right: this.#value(right, kind) };
  }

  #latticeTest(comparison: Comparing['comparison'], left: Expression, right: Expression, lattice: Relation): Test {
    const constant = [left, right].find((side) => side.type === 'term');
    if (constant !== undefined || sameKind(this.#kindOfExpression(left), this.#kindOfExpression(right))) {
      if (comparison !== '=' && comparison !== '!=')
        refuse(
          'KindMismatch',
          left.place,
          `${comparison} compares numbers; values of ${describe(lattice)} have = and != only`,
        );
      const sides = [left, right].map((side) =>
        side.type === 'term'
          ? ({ type: 'constant', value: this.#constant(side, lattice) } as const)
          : this.#value(side, lattice),
      );
      for (const side of sides) for (const slot of slotsOf(side)) this.#testsLattice(slot);
      return { type: 'direct', comparison, left: sides[0]!, right: sides[1]! };
    }
    return this.#numericTest(comparison, left, right);
  }

  #numericTest(comparison: Comparing['comparison'], left: Expression, right: Expression): Test {
    const first = this.#javaScript(left);
    const second = this.#javaScript(right);
    for (const slot of [...first.slots, ...second.slots]) this.#testsLattice(slot);
    const cut = first.slots.length;
    return {
      type: 'computed',
      slots: [...first.slots, ...second.slots],
      holds: (...slots) =>
        compares(comparison, numberOf(first.compute(slots.slice(0, cut))), numberOf(second.compute(slots.slice(cut)))),
      total: [left, right].every(({ type }) => type !== 'operation' && type !== 'call'),
    };
  }

  #head(atom: Atom): CheckedRule['head'] {
    const relation = this.#relation(atom);
    const values = atom.arguments.map((argument, column) => {
      if (argument.type === 'wildcard')
        refuse('RuleUnsafe', argument.place, '`_` in a head has no value', { variable: '_' });
      return this.#value(argument, kindOf(relation, column));
    });
    if (relation.values === undefined)
      for (const value of values) for (const slot of slotsOf(value)) this.#testsLattice(slot);
    else {
      for (const value of values.slice(0, -1)) for (const slot of slotsOf(value)) this.#testsLattice(slot);
      this.#testsWhereNotMonotone(atom.arguments.at(-1)!, relation);
    }
    return { relation, values };
  }

  /**
   * A cell's value that is no monotone function of another's looks at it as a test does: where that is of another lattice, a
   * subtrahend, a factor or a divisor. Functions are monotone in what they are given: that is asked of them.
   */
  #testsWhereNotMonotone(at: Expression, cell: Relation | undefined): void {
    switch (at.type) {
      case 'variable': {
        const slot = this.#boundSlot(at, 'a head or an expression');
        if (cell !== undefined && !sameKind(this.#kinds[slot]!, cell)) this.#testsLattice(slot);
        return;
      }
      case 'call':
        for (const given of at.arguments) this.#testsWhereNotMonotone(given, undefined);
        return;
      case 'operation': {
        const { operator, left, right } = at;
        const monotone = operator === '+' ? [left, right] : operator === '-' ? [left] : [];
        for (const side of monotone) this.#testsWhereNotMonotone(side, cell);
        for (const side of [left, right].filter((each) => !monotone.includes(each)))
          for (const slot of this.#javaScript(side).slots) this.#testsLattice(slot);
      }
    }
  }

  #value(at: Expression, kind: SlotKind): Value {
    if (at.type === 'term' || at.type === 'integer') return { type: 'constant', value: this.#constant(at, kind) };
    if (at.type === 'variable') {
      const slot = this.#boundSlot(at, 'a head or an expression');
      if (sameKind(this.#kinds[slot]!, kind)) return { type: 'slot', slot };
      if (this.#kinds[slot] === 'term' || kind === 'term') this.#agree(slot, kind, at);
    }
    if (kind === 'term' && at.type !== 'call') refuse('KindMismatch', at.place, 'a number where a term belongs');
    const { slots, compute } = this.#javaScript(at);
    const result = this.#reader(kind, at);
    return { type: 'computed', slots, compute: (...given) => result(compute(given)) };
  }

  /** Turns a value of JavaScript into a column's integer. */
  #reader(kind: SlotKind, at: Expression): (value: unknown) => number {
    const { terms } = this.#scope;
    if (typeof kind === 'object') return (value) => kind.values!.intern(value);
    if (kind === 'term') {
      return (value) =>
        typeof value === 'string'
          ? terms.intern(value)
          : refuse('KindMismatch', at.place, `gave ${textOf(value)}, which is no string`);
    }
    return (value) =>
      typeof value === 'number' && value === (value | 0)
        ? value
        : refuse('IntegerOverflow', at.place, `gave ${textOf(value)}, which is no integer of 32 bits`);
  }

  /** An expression over the values that a user knows: strings, numbers, lattice values. */
  #javaScript(at: Expression): { slots: number[]; compute: (slots: readonly number[]) => unknown } {
    switch (at.type) {
      case 'term':
        return { slots: [], compute: () => at.term };
      case 'integer':
        return { slots: [], compute: () => at.value };
      case 'wildcard':
        return refuse('RuleSyntax', at.place, '`_` has no value here');
      case 'variable': {
        const slot = this.#boundSlot(at, 'an expression');
        const kind = this.#kinds[slot]!;
        const { terms } = this.#scope;
        if (kind === 'term') return { slots: [slot], compute: ([value]) => terms.term(value!) };
        if (kind === 'integer') return { slots: [slot], compute: ([value]) => value };
        return { slots: [slot], compute: ([value]) => kind.values!.value(value!) };
      }
      case 'operation': {
        const left = this.#javaScript(at.left);
        const right = this.#javaScript(at.right);
        const cut = left.slots.length;
        return {
          slots: [...left.slots, ...right.slots],
          compute: (slots) => operate(at, left.compute(slots.slice(0, cut)), right.compute(slots.slice(cut))),
        };
      }
      case 'call':
        return this.#call(at);
    }
  }

  #call(at: Expression & { type: 'call' }): { slots: number[]; compute: (slots: readonly number[]) => unknown } {
    const apply = this.#scope.functions.get(at.name) as ((...values: unknown[]) => unknown) | undefined;
    if (apply === undefined) {
      refuse('FunctionUnknown', at.place, `no function ${at.name} was registered`, {
        function: at.name,
        known: [...this.#scope.functions.keys()].slice(0, 50),
      });
    }
    const parts = at.arguments.map((argument) => this.#javaScript(argument));
    const starts = parts.map((_, index) => parts.slice(0, index).reduce((sum, { slots }) => sum + slots.length, 0));
    return {
      slots: parts.flatMap(({ slots }) => slots),
      compute(slots) {
        const values = parts.map((part, index) =>
          part.compute(slots.slice(starts[index]!, starts[index]! + part.slots.length)),
        );
        try {
          return apply(...values);
        } catch (cause) {
          const { line, column } = at.place;
          throw latticeError(
            'LatticeInvalid',
            `line ${line}, column ${column}: the function ${at.name} threw: ${textOf(cause)}`,
            { name: at.name, line, column },
            { cause },
          );
        }
      },
    };
  }
}

function operate({ operator, place }: Expression & { type: 'operation' }, left: unknown, right: unknown): number {
  if (typeof left !== 'number' || typeof right !== 'number') {
    return refuse('KindMismatch', place, `${operator} needs numbers, not ${textOf(left)} and ${textOf(right)}`);
  }
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right === 0 ? 0 : left * right;
    case '/':
      if (right === 0) refuse('IntegerOverflow', place, `${left} / 0`);
      return Math.trunc(left / right) + 0;
  }
}

/** A lattice's value as a number; `NaN`, which compares with nothing, where it is none. */
function numberOf(value: unknown): number {
  try {
    return Number(value);
  } catch {
    return Number.NaN;
  }
}

/** Whether two numbers compare so. */
export function compares(comparison: Comparing['comparison'], left: number, right: number): boolean {
  switch (comparison) {
    case '=':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}

/** The kind of a relation's column. */
function kindOf(relation: Relation, column: number): SlotKind {
  const kind = relation.kinds[column]!;
  return kind === 'value' ? relation : kind;
}

function sameKind(a: SlotKind, b: SlotKind): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && a.values === b.values);
}

function describe(kind: SlotKind): string {
  if (kind === 'term') return 'a term';
  return kind === 'integer' ? 'an integer' : `a value of lattice ${kind.values!.lattice.name}`;
}
