// What rules say: instances, comparisons, and the least model of strata in the plainest way, for what a step cannot show.
import { type CertificateFact, type CertificateValue, digestOfLines, factKey } from './certificate-format.js';
import type { CheckLimits } from './check-limits.js';
import { refuse } from './refusal.js';
import {
  type Atom,
  type Comparison,
  type Expression,
  type Literal,
  type ParsedRule,
  Parser,
  variablesOf,
} from './rule-text.js';

/** A lattice, as far as checking needs it. */
export interface CheckedLattice {
  readonly name: string;
  readonly bottom: unknown;
  /** The least upper bound of two values. */
  join(a: unknown, b: unknown): unknown;
  /** The text of a value. */
  encode(value: unknown): string;
  /** The value of a text; throws for any other text. */
  decode(text: string): unknown;
}
export interface Rule extends ParsedRule {
  readonly positive: readonly Atom[];
  readonly negative: readonly Atom[];
  /** The lattice of each variable that a body's cell binds. */
  readonly lattices: ReadonlyMap<string, CheckedLattice>;
  /** Atoms whose cells are tested, so that a part of their value is not enough. */
  readonly exact: ReadonlySet<Atom>;
}
export type Bindings = Map<string, CertificateValue>;

type Relations = Readonly<Record<string, { readonly columns: readonly unknown[] }>>;
type Functions = Readonly<Record<string, (...values: never[]) => unknown>>;

/** The rules with the kinds of their relations. @internal */
export class Program {
  readonly digest: string;
  /** Facts that the text has among its rules. */
  readonly facts: readonly CertificateFact[];
  readonly #rules = new Map<string, Rule>();
  readonly #relations: Relations;
  readonly #functions: Functions;
  readonly #derived: ReadonlySet<string>;

  constructor(text: string, relations: Relations, functions: Functions, limits: CheckLimits) {
    this.#relations = relations;
    this.#functions = functions;
    const all = new Parser(text, limits).program().map((rule) => this.#typed(rule));
    const parsed = all.filter(({ body }) => body.length > 0);
    this.digest = digestOfLines([...new Set(parsed.map((rule) => rule.text))]);
    for (const rule of parsed) this.#rules.set(rule.text, rule);
    this.facts = all.filter(({ body }) => body.length === 0).map((rule) => this.instance(rule, new Map()));
    this.#derived = new Set(parsed.map(({ head }) => head.relation));
  }

  rule(text: string): Rule | undefined {
    return this.#rules.get(text);
  }

  /** The values of a rule's variables, from what its positive atoms match. */
  bindings(rule: string, premises: readonly CertificateFact[]): Record<string, CertificateValue> {
    const known = this.rule(rule) ?? refuse('', `${rule} is none of the rules`);
    const bindings: Bindings = new Map();
    known.positive.forEach((atom, i) => {
      matches(atom, premises[i]!, bindings);
    });
    this.compare(known, bindings);
    return Object.fromEntries(bindings);
  }

  derives(relation: string): boolean {
    return this.#derived.has(relation);
  }

  /** A fact that fits its relation. */
  fact(fact: CertificateFact): CertificateFact {
    const [relation, ...values] = fact;
    const columns = this.#columns(relation);
    if (columns.length !== values.length) refuse('', `${relation} has ${columns.length} columns`);
    columns.forEach((kind, i) => {
      const value = values[i]!;
      const fits =
        kind === 'term'
          ? typeof value === 'string'
          : kind === 'integer'
            ? value === ((value as number) | 0)
            : typeof value === 'string' && isTextOf(kind as CheckedLattice, value);
      if (!fits) refuse('', `${JSON.stringify(value)} does not fit column ${i + 1} of ${relation}`);
    });
    return fact;
  }

  lattice(relation: string): CheckedLattice | undefined {
    const last = this.#columns(relation).at(-1);
    return typeof last === 'object' ? (last as CheckedLattice) : undefined;
  }

  /** What a rule says under bindings. */
  instance({ head, lattices }: Rule, bindings: Bindings): CertificateFact {
    const columns = this.#columns(head.relation);
    const values = head.given.map((expression, i) => {
      const kind = columns[i];
      const value = this.#value(expression, lattices, bindings);
      if (typeof kind !== 'object') return value as CertificateValue;
      const lattice = kind as CheckedLattice;
      return lattice.encode(
        expression.type === 'constant' && typeof value === 'string' ? lattice.decode(value) : value,
      );
    });
    return this.fact([head.relation, ...values]);
  }

  /** The join of two statements about a cell. */
  joined(a: CertificateFact, b: CertificateFact): CertificateFact {
    const lattice = this.lattice(b[0]);
    if (lattice === undefined) return refuse('', `${b[0]} has no cells that could be joined`);
    const key = factKey(b.slice(0, -1) as unknown as CertificateFact);
    if (factKey(a.slice(0, -1) as unknown as CertificateFact) !== key) refuse('', 'it joins another cell');
    const join = lattice.join(lattice.decode(String(a.at(-1))), lattice.decode(String(b.at(-1))));
    return [...b.slice(0, -1), lattice.encode(join)] as unknown as CertificateFact;
  }

  /** Binds what equalities define, then tells whether the comparisons that are left hold. */
  compare(rule: Rule, bindings: Bindings): boolean {
    let waiting = rule.body.filter((literal) => literal.type === 'comparison');
    for (let before = -1; before !== waiting.length; ) {
      before = waiting.length;
      waiting = waiting.filter((comparison) => !this.#assign(comparison, rule, bindings));
    }
    return waiting.every((comparison) => this.#holds(comparison, rule, bindings));
  }

  #assign({ sign, left, right }: Comparison, rule: Rule, bindings: Bindings): boolean {
    if (sign !== '=') return false;
    const sides = [
      [left, right],
      [right, left],
    ] as const;
    for (const [target, source] of sides) {
      if (target.type !== 'variable' || bindings.has(target.name)) continue;
      if (!variablesOf(source).every((name) => bindings.has(name))) continue;
      const value =
        source.type === 'variable' ? bindings.get(source.name) : this.#value(source, rule.lattices, bindings);
      bindings.set(target.name, value as CertificateValue);
      return true;
    }
    return false;
  }

  /** Values of lattices are compared by their texts with texts, and as numbers with numbers. */
  #holds({ sign, left, right }: Comparison, rule: Rule, bindings: Bindings): boolean {
    const latticeOf = (side: Expression) => (side.type === 'variable' ? rule.lattices.get(side.name) : undefined);
    const lattice = latticeOf(left) ?? latticeOf(right);
    if (lattice === undefined) {
      const [a, b] = [left, right].map((side) => this.#value(side, rule.lattices, bindings));
      return compares(sign, a, b);
    }
    const isText = (side: Expression) =>
      latticeOf(side) !== undefined || (side.type === 'constant' && typeof side.value === 'string');
    if (isText(left) && isText(right) && (sign === '=' || sign === '!=')) {
      const [a, b] = [left, right].map((side) => lattice.encode(this.#latticeValue(side, lattice, rule, bindings)));
      return compares(sign, a, b);
    }
    const [a, b] = [left, right].map((side) => Number(this.#value(side, rule.lattices, bindings)));
    return compares(sign, a, b);
  }

  #latticeValue(side: Expression, lattice: CheckedLattice, rule: Rule, bindings: Bindings): unknown {
    const value = this.#value(side, rule.lattices, bindings);
    return side.type === 'constant' ? lattice.decode(String(value)) : value;
  }

  /** The least model: rules by strata, each to its fixpoint, new facts one after the other. */
  model(given: FactBase, work: number): FactBase {
    const model = given.model();
    const rules = [...this.#rules.values()];
    const strata = this.#strata(rules);
    let left = work;
    const spend = () => {
      left -= 1;
      if (left < 0) refuse('', `evaluating the strata below needs more than ${work} steps`);
    };
    for (let stratum = 0; stratum <= Math.max(0, ...strata.values()); stratum += 1) {
      const own = rules.filter(({ head }) => strata.get(head.relation) === stratum);
      const waiting: CertificateFact[] = own.flatMap((rule) => [...this.#derive(rule, undefined, model, spend)]);
      for (let fact = waiting.pop(); fact !== undefined; fact = waiting.pop()) {
        const added = model.add(fact);
        if (added === undefined) continue;
        for (const rule of own) waiting.push(...this.#derive(rule, added, model, spend));
      }
      model.settle();
    }
    return model;
  }

  /** What a rule derives from the model: with `fact` among the premises, where it is given. */
  *#derive(
    rule: Rule,
    fact: CertificateFact | undefined,
    model: FactBase,
    spend: () => void,
  ): Generator<CertificateFact> {
    const { positive } = rule;
    const starts = fact === undefined ? [undefined] : positive.filter(({ relation }) => relation === fact[0]);
    for (const start of starts) {
      const bindings: Bindings = new Map();
      if (start !== undefined && fact !== undefined && !matches(start, fact, bindings)) continue;
      const rest = positive.filter((atom) => atom !== start);
      for (const complete of this.#joins(rest, bindings, model, spend)) {
        if (this.#satisfies(rule, complete, model, spend)) yield this.instance(rule, complete);
      }
    }
  }

  /**
   * Whether what a rule asks beside its positive atoms is true; binds what equalities define. What may fail (arithmetic) is computed
   * last, where all that can be told without it is true: that is the meaning of a rule.
   */
  #satisfies(rule: Rule, bindings: Bindings, model: FactBase, spend: () => void): boolean {
    let waiting = rule.body.filter((literal) => literal.type === 'comparison' || literal.negated);
    while (waiting.length > 0) {
      const next = nextCondition(waiting, bindings);
      waiting = waiting.filter((literal) => literal !== next);
      if (next.type === 'atom') {
        if (model.match(next.atom, bindings, spend).next().done !== true) return false;
      } else if (!this.#assign(next, rule, bindings) && !this.#holds(next, rule, bindings)) return false;
    }
    return true;
  }

  *#joins(atoms: readonly Atom[], bindings: Bindings, model: FactBase, spend: () => void): Generator<Bindings> {
    const [first, ...rest] = atoms;
    if (first === undefined) yield bindings;
    else {
      for (const match of model.match(first, bindings, spend)) yield* this.#joins(rest, match.bindings, model, spend);
    }
  }

  /** Ullman's stratification: as high as what it depends on, above what it negates or tests. */
  #strata(rules: readonly Rule[]): Map<string, number> {
    const strata = new Map<string, number>(rules.map(({ head }) => [head.relation, 0]));
    for (let changed = true; changed; ) {
      changed = false;
      for (const { head, body, exact } of rules) {
        for (const literal of body) {
          if (literal.type !== 'atom' || !strata.has(literal.atom.relation)) continue;
          const above = literal.negated || exact.has(literal.atom) ? 1 : 0;
          const least = strata.get(literal.atom.relation)! + above;
          if (strata.get(head.relation)! >= least) continue;
          if (least > strata.size) refuse('rules', `${head.relation} depends on its own negation`);
          strata.set(head.relation, least);
          changed = true;
        }
      }
    }
    return strata;
  }

  #columns(relation: string): readonly unknown[] {
    if (!Object.hasOwn(this.#relations, relation))
      return refuse('', `there is no relation ${JSON.stringify(relation)}`);
    return this.#relations[relation]!.columns;
  }

  /** What a rule says of lattices: which variables are their values, and which cells it tests. */
  #typed(parsed: ParsedRule): Rule {
    const rule = { ...parsed, body: parsed.body.map((literal) => this.#withTexts(literal)) };
    const lattices = new Map<string, CheckedLattice>();
    const cells: { atom: Atom; value: Expression }[] = [];
    for (const literal of rule.body) {
      if (literal.type !== 'atom' || literal.negated) continue;
      const lattice = this.lattice(literal.atom.relation);
      const value = literal.atom.given.at(-1);
      if (lattice === undefined || value === undefined) continue;
      if (value.type === 'variable') lattices.set(value.name, lattice);
      cells.push({ atom: literal.atom, value });
    }
    for (const literal of [...rule.body, ...rule.body]) {
      if (literal.type !== 'comparison' || literal.sign !== '=') continue;
      const { left, right } = literal;
      if (left.type !== 'variable' || right.type !== 'variable') continue;
      const lattice = lattices.get(left.name) ?? lattices.get(right.name);
      if (lattice !== undefined) lattices.set(left.name, lattice).set(right.name, lattice);
    }
    const headLattice = this.lattice(rule.head.relation);
    const plain = headLattice === undefined ? rule.head.given : rule.head.given.slice(0, -1);
    const said = rule.head.given.slice(plain.length);
    const tested = new Set([
      ...plain.flatMap(variablesOf),
      ...said.flatMap((value) => notMonotone(value, (name) => lattices.get(name) === headLattice)),
      ...rule.body.flatMap(testedVariables),
    ]);
    const isTested = ({ value }: { value: Expression }): boolean => {
      if (value.type !== 'variable') return value.type === 'constant';
      const { name } = value;
      return (
        tested.has(name) ||
        cells.filter(({ value: other }) => other.type === 'variable' && other.name === name).length > 1
      );
    };
    const atoms = rule.body.filter((literal) => literal.type === 'atom');
    const positive = atoms.filter(({ negated }) => !negated).map(({ atom }) => atom);
    const negative = atoms.filter(({ negated }) => negated).map(({ atom }) => atom);
    return { ...rule, positive, negative, lattices, exact: new Set(cells.filter(isTested).map(({ atom }) => atom)) };
  }

  /** An atom's constant in a lattice's column becomes the text that facts have there. */
  #withTexts(literal: Literal): Literal {
    if (literal.type !== 'atom') return literal;
    const { relation, given } = literal.atom;
    const lattice = this.lattice(relation);
    const last = given.at(-1);
    if (lattice === undefined || last?.type !== 'constant') return literal;
    const value = lattice.encode(typeof last.value === 'string' ? lattice.decode(last.value) : last.value);
    return { ...literal, atom: { relation, given: [...given.slice(0, -1), { type: 'constant', value }] } };
  }

  #value(expression: Expression, lattices: Rule['lattices'], bindings: Bindings): unknown {
    switch (expression.type) {
      case 'constant':
        return expression.value;
      case 'any':
        return refuse('', 'a wildcard has no value');
      case 'variable': {
        const value = bindings.get(expression.name) ?? refuse('', `the variable ${expression.name} is not bound`);
        const lattice = lattices.get(expression.name);
        return lattice === undefined ? value : lattice.decode(String(value));
      }
      case 'call': {
        const { name, given } = expression;
        if (!Object.hasOwn(this.#functions, name)) return refuse('', `there is no function ${name}`);
        return this.#functions[name]!(...(given.map((each) => this.#value(each, lattices, bindings)) as never[]));
      }
      case 'operation':
        return operate(
          expression.operator,
          this.#value(expression.left, lattices, bindings),
          this.#value(expression.right, lattices, bindings),
        );
    }
  }
}

/** Of conditions whose variables are bound: one without arithmetic, else one that binds nothing, else an equality that binds. */
function nextCondition(waiting: readonly Literal[], bindings: Bindings): Literal {
  const isBound = (side: Expression) => variablesOf(side).every((name) => bindings.has(name));
  const binds = (literal: Literal) =>
    literal.type === 'comparison' &&
    literal.sign === '=' &&
    [literal.left, literal.right].some(isBound) &&
    [literal.left, literal.right].some((side) => side.type === 'variable' && !isBound(side));
  const sides = (literal: Literal) => (literal.type === 'atom' ? literal.atom.given : [literal.left, literal.right]);
  const ready = waiting.filter((literal) => sides(literal).every(isBound) || binds(literal));
  const isPlain = (literal: Literal) => sides(literal).every(({ type }) => type !== 'operation' && type !== 'call');
  return ready.find(isPlain) ?? ready.find((each) => !binds(each)) ?? ready[0] ?? refuse('', 'a variable is not bound');
}

function operate(operator: string, a: unknown, b: unknown): number {
  if (typeof a !== 'number' || typeof b !== 'number') return refuse('', `${operator} of what is no number`);
  if (operator === '+') return a + b;
  if (operator === '-') return a - b;
  if (operator === '*') return a * b;
  if (b === 0) return refuse('', 'it divides by zero');
  return Math.trunc(a / b);
}

function compares(sign: string, a: unknown, b: unknown): boolean {
  if (sign === '=') return a === b;
  if (sign === '!=') return a !== b;
  const left = a as number;
  const right = b as number;
  if (sign === '<') return left < right;
  if (sign === '<=') return left <= right;
  return sign === '>' ? left > right : left >= right;
}

function isTextOf(lattice: CheckedLattice, text: string): boolean {
  const value = lattice.decode(text);
  return lattice.encode(value) === text && lattice.encode(lattice.bottom) !== text;
}

/** Variables that a comparison or a negated atom looks at. */
function testedVariables(literal: Literal): string[] {
  if (literal.type === 'comparison') return [...variablesOf(literal.left), ...variablesOf(literal.right)];
  return literal.negated ? literal.atom.given.flatMap(variablesOf) : [];
}

/**
 * Variables on which a cell's value may depend otherwise than monotonically: those whose lattice is another than the cell's, a
 * subtrahend, a factor, a divisor. Functions are monotone in what they are given: that is asked of them.
 */
function notMonotone(expression: Expression, isOfCell: (variable: string) => boolean): string[] {
  if (expression.type === 'variable') return isOfCell(expression.name) ? [] : [expression.name];
  if (expression.type === 'call') return expression.given.flatMap((each) => notMonotone(each, () => true));
  if (expression.type !== 'operation') return [];
  const { operator, left, right } = expression;
  if (operator === '+') return [left, right].flatMap((side) => notMonotone(side, isOfCell));
  return operator === '-' ? [...notMonotone(left, isOfCell), ...variablesOf(right)] : variablesOf(expression);
}

/** Whether a fact is an instance of an atom; binds what is not bound yet. */
export function matches({ relation, given }: Atom, [name, ...values]: CertificateFact, bindings: Bindings): boolean {
  if (relation !== name || given.length !== values.length) return false;
  return given.every((expression, i) => {
    const value = values[i]!;
    if (expression.type === 'any') return true;
    if (expression.type === 'constant') return expression.value === value;
    if (expression.type !== 'variable') return false;
    const bound = bindings.get(expression.name);
    if (bound === undefined) bindings.set(expression.name, value);
    return bound === undefined || bound === value;
  });
}

/** Facts, by text and by the value of each column. */
export class FactBase {
  readonly #program: Program;
  /** Whether what is said about a cell is joined, or kept as it was said. */
  readonly #joins: boolean;
  readonly #facts = new Map<string, CertificateFact>();
  #columns = new Map<string, CertificateFact[]>();
  /** The present text of each cell's fact. */
  readonly #cells = new Map<string, string>();

  constructor(program: Program, joins: boolean) {
    this.#program = program;
    this.#joins = joins;
  }

  /** The same facts, with their cells joined. */
  model(): FactBase {
    const copy = new FactBase(this.#program, true);
    for (const fact of this.#facts.values()) copy.add(fact);
    copy.settle();
    return copy;
  }

  has(key: string): boolean {
    return this.#facts.has(key);
  }

  keys(): Iterable<string> {
    return this.#facts.keys();
  }

  /** Adds a fact, or joins it to its cell. @returns the fact that is new, if one is */
  add(given: CertificateFact): CertificateFact | undefined {
    const isCell = this.#joins && this.#program.lattice(given[0]) !== undefined;
    const cell = isCell ? JSON.stringify(given.slice(0, -1)) : undefined;
    const before = cell === undefined ? undefined : this.#cells.get(cell);
    const old = before === undefined ? undefined : this.#facts.get(before);
    const fact = old === undefined ? given : this.#program.joined(old, given);
    const key = factKey(fact);
    if (this.#facts.has(key)) return undefined;
    if (before !== undefined) this.#facts.delete(before);
    if (cell !== undefined) this.#cells.set(cell, key);
    this.#facts.set(key, fact);
    this.#index(fact);
    return fact;
  }

  /** Forgets what cells were before they rose. */
  settle(): void {
    this.#columns = new Map();
    for (const fact of this.#facts.values()) this.#index(fact);
  }

  /** The facts that match an atom under bindings, by the shortest list of a bound column. */
  *match(atom: Atom, bindings: Bindings, spend: () => void): Generator<{ fact: CertificateFact; bindings: Bindings }> {
    let list = this.#columns.get(atom.relation) ?? [];
    atom.given.forEach((expression, i) => {
      const value =
        expression.type === 'constant'
          ? expression.value
          : expression.type === 'variable'
            ? bindings.get(expression.name)
            : undefined;
      if (value === undefined) return;
      const narrower = this.#columns.get(columnKey(atom.relation, i, value)) ?? [];
      if (narrower.length < list.length) list = narrower;
    });
    for (const fact of list.slice()) {
      spend();
      const extended: Bindings = new Map(bindings);
      if (matches(atom, fact, extended)) yield { fact, bindings: extended };
    }
  }

  #index(fact: CertificateFact): void {
    const [relation, ...values] = fact;
    const put = (key: string) => {
      const list = this.#columns.get(key);
      if (list === undefined) this.#columns.set(key, [fact]);
      else list.push(fact);
    };
    put(relation);
    values.forEach((value, i) => {
      put(columnKey(relation, i, value));
    });
  }
}

const columnKey = (relation: string, column: number, value: CertificateValue): string =>
  `${relation} ${column} ${JSON.stringify(value)}`;
