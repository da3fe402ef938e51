// Plans as JavaScript: nested loops over typed arrays, made by `new Function`. The text holds integers and names made here, and
// nothing that a user wrote; relations, indexes and functions come in as arguments.
//
// Heads to be inserted are gathered and put into the table in batches (group prefetching: Chen, Ailamaki, Gibbons, Mowry, ICDE 2004):
// a pass over a batch asks for all their slots at once, and the next finds them in the cache. One by one, each would wait for memory.
import type { ChainedIndex, Relation } from '../relations/index.js';
import { PROOF_WIDTH } from '../relations/index.js';
import { type CheckedRule, mayThrow, type Value } from './checked-rule.js';
import {
  BATCH_LENGTH,
  bindsOwn,
  computing,
  indexOf,
  type Join,
  type JoinContext,
  type JoinMaker,
  type JoinOptions,
  testing,
} from './join.js';
import type { Binding, Check, Plan, Step } from './join-planner.js';

/** Whether this process lets code be made from strings. */
export function canGenerateCode(): boolean {
  try {
    return new Function('return 1')() === 1;
  } catch {
    return false;
  }
}

/** Heads in a batch: their slots fit into the nearest caches. */
const MOST_GATHERED = 256;
/** Texts whose functions are kept. */
const MOST_KEPT = 1024;

const kept = new Map<string, (...names: unknown[]) => unknown>();

/**
 * A function of the given names. One that was made of the same text is used again, with what the machine has learnt about it: texts
 * hold no numbers of terms, rules or rows, so the same rules over other facts give the same texts. It is given an engine's relations
 * with every call rather than closed over them: machine code lives as long as a function that runs it, and closures end with their engine.
 */
function functionOf(names: readonly string[], text: string): (...names: unknown[]) => unknown {
  const known = kept.get(text);
  if (known !== undefined) kept.delete(text);
  else if (kept.size === MOST_KEPT) kept.delete(kept.keys().next().value!);
  const made = known ?? (new Function(...names, text) as (...names: unknown[]) => unknown);
  kept.set(text, made);
  return made;
}

/** Tells a part's relation how many rows it has: `on` is ahead of it while a join runs. */
const KEEP_ROWS = 'O.live += on - O.rows; O.rows = on;';

/** Empties a batch of so many integers. */
type Flush = (context: JoinContext, end: number) => void;

/** A join's generated function: what its text names by number, then what a {@link Join} is given. */
type JoinFunction = (
  relations: readonly Relation[],
  indexes: readonly ChainedIndex[],
  functions: readonly ((...slots: number[]) => unknown)[],
  constants: readonly number[],
  flush: Flush | undefined,
  ...given: Parameters<Join>
) => boolean;

/** Makes joins by generating their code. */
export class RuleCompiler implements JoinMaker {
  make(plan: Plan, options: JoinOptions): Join {
    return new JoinWriter(plan, options).write();
  }
}

class JoinWriter {
  readonly #plan: Plan;
  readonly #options: JoinOptions;
  readonly #lines: string[] = [];
  readonly #prologue: string[] = [];
  readonly #relations: Relation[] = [];
  readonly #indexes: ChainedIndex[] = [];
  readonly #functions: ((...slots: number[]) => unknown)[] = [];
  readonly #constants: number[] = [];
  /** Names of the open loops' places, outermost first. */
  readonly #loops: string[] = [];
  /** What puts a batch of heads into their table, where one is gathered. */
  #flush: Flush | undefined;
  #open = 0;
  #temporary = 0;

  constructor(plan: Plan, options: JoinOptions) {
    this.#plan = plan;
    this.#options = options;
  }

  write(): Join {
    const { rule } = this.#plan;
    const slots = rule.variables.map((_, slot) => `v${slot} = 0`);
    for (const step of this.#plan.steps) this.#step(step);
    if (this.#options.sink === 'visit') this.#visit();
    else this.#insert();
    this.#lines.push('}'.repeat(this.#open));
    const text = [
      slots.length > 0 ? `let ${slots.join(', ')};` : '',
      'let fuel = cx.fuel, back = cx.paused;',
      'cx.paused = 0;',
      ...this.#prologue,
      ...this.#lines,
      this.#emptied(),
      'cx.fuel = fuel;',
      'return false;',
    ].join('\n');
    const run = functionOf(
      ['R', 'X', 'F', 'K', 'flush', 'cx', 'from', 'to', 'list', 'limits', 'visit'],
      text,
    ) as JoinFunction;
    const relations = this.#relations;
    const indexes = this.#indexes;
    const functions = this.#functions;
    const constants = this.#constants;
    const flush = this.#flush;
    return (context, from, to, list, limits, visit) =>
      run(relations, indexes, functions, constants, flush, context, from, to, list, limits, visit);
  }

  #line(text: string): void {
    this.#lines.push(text);
  }

  /** Opens a block that holds all that follows. */
  #block(text: string): void {
    this.#lines.push(`${text} {`);
    this.#open++;
  }

  /** Opens a loop from `start`, or from where it was when the join paused. */
  #loop(place: string, start: string, condition: string, next: string, declare: boolean): void {
    const resumed = `back > ${this.#loops.length} ? cx.places[${this.#loops.length}] : ${start}`;
    this.#block(`for (${declare ? 'let ' : ''}${place} = ${resumed}; ${condition}; ${next}, back = 0)`);
    this.#loops.push(place);
  }

  /** Counts a row that is looked at. Out of fuel, the join may pause here; the row is counted when it goes on, and outer loops' are not again. */
  #burn(): void {
    const outer = this.#loops.length - 1;
    const save = this.#loops.map((place, depth) => `cx.places[${depth}] = ${place};`).join(' ');
    const keep = this.#options.sink === 'partition' ? KEEP_ROWS : '';
    this.#line(`if (--fuel < 0) { ${keep} cx.fuel = 0; if (cx.wantsTurn()) {`);
    this.#line(`${save} cx.fuel = ${outer}; cx.paused = ${outer + 1}; ${this.#emptied()} return true; }`);
    this.#line('fuel = cx.refuel(); }');
  }

  /** Gives the relation what the join still holds of its rows. */
  #emptied(): string {
    if (this.#options.sink === 'partition') return KEEP_ROWS;
    return this.#options.sink === 'insert' ? 'if (bn > 0) flush(cx, bn);' : '';
  }

  #name(): string {
    return `t${this.#temporary++}`;
  }

  #relation(relation: Relation): number {
    let at = this.#relations.indexOf(relation);
    if (at < 0) {
      at = this.#relations.push(relation) - 1;
      this.#prologue.push(`const R${at} = R[${at}], S${at} = R${at}.state;`);
      for (let column = 0; column < relation.arity; column++) {
        this.#prologue.push(`const C${at}_${column} = R${at}.columns[${column}];`);
      }
    }
    return at;
  }

  #table(relation: Relation): number {
    const at = this.#relation(relation);
    const line = `const T${at} = R${at}.table, M${at} = R${at}.mask;`;
    if (!this.#prologue.includes(line)) this.#prologue.push(line);
    return at;
  }

  #index(index: ChainedIndex): number {
    let at = this.#indexes.indexOf(index);
    if (at < 0) {
      at = this.#indexes.push(index) - 1;
      // What an index that admits holds can be replaced in the middle of a join.
      const declare = index.admitting < 0 ? 'const' : 'let';
      this.#prologue.push(`${declare} H${at} = X[${at}].heads, N${at} = X[${at}].next, K${at} = X[${at}].mask;`);
      if (index.compact) this.#prologue.push(`${declare} W${at} = X[${at}].rowsOf;`);
      if (index.admitting >= 0) this.#prologue.push(`let A${at} = X[${at}].admitted;`);
    }
    return at;
  }

  #value(value: Value): string {
    if (value.type === 'slot') return `v${value.slot}`;
    if (value.type === 'constant') return this.#constant(value.value);
    return `${this.#function(computing(value.compute, this.#options))}(${value.slots.map((slot) => `v${slot}`).join(', ')})`;
  }

  #constant(value: number): string {
    let at = this.#constants.indexOf(value);
    if (at < 0) {
      at = this.#constants.push(value) - 1;
      this.#prologue.push(`const k${at} = K[${at}];`);
    }
    return `k${at}`;
  }

  #function(body: (...slots: number[]) => unknown): string {
    const at = this.#functions.push(body) - 1;
    return `F[${at}]`;
  }

  #column(relation: number, column: number, row: string): string {
    return `C${relation}_${column}[${row}]`;
  }

  #isVisible(relation: number, row: string): string | undefined {
    if (this.#options.visible === 'evidence') return `S${relation}[${row}] !== 0`;
    return this.#options.checkStates ? `(S${relation}[${row}] & 3) !== 0` : undefined;
  }

  /** Tells whether a row is visible and passes its checks, and binds its slots. */
  #enter(
    relation: Relation,
    row: string,
    checks: readonly Check[],
    bindings: readonly Binding[],
    more: readonly string[],
  ): void {
    const at = this.#relation(relation);
    const visible = this.#isVisible(at, row);
    const first = visible === undefined ? [...more] : [...more, visible];
    const compared = checks.map(({ column, value }) => `${this.#column(at, column, row)} === ${this.#value(value)}`);
    const bind = () => {
      for (const { column, slot } of bindings) this.#line(`v${slot} = ${this.#column(at, column, row)};`);
    };
    // A variable that stands twice in one atom is bound before it is compared.
    if (bindsOwn(checks, bindings)) {
      if (first.length > 0) this.#block(`if (${first.join(' && ')})`);
      bind();
      this.#block(`if (${compared.join(' && ')})`);
      return;
    }
    const conditions = [...first, ...compared];
    if (conditions.length > 0) this.#block(`if (${conditions.join(' && ')})`);
    bind();
  }

  #step(step: Step): void {
    switch (step.type) {
      case 'drive': {
        const row = step.positive ? `r${step.atom}` : 'rn';
        // A partition's own rows are its queue: `to` below zero means as many as there will be.
        this.#loop('at', 'from', `at < ${this.#isQueue(step) ? '(to < 0 ? on : to)' : 'to'}`, 'at++', true);
        this.#burn();
        this.#line(`const ${row} = list === undefined ? at : list[at];`);
        this.#drive(step, row);
        return;
      }
      case 'head':
        this.#block('if (true)');
        for (const { column, slot } of step.bindings) this.#line(`v${slot} = cx.head[${column}];`);
        if (step.checks.length > 0) {
          this.#block(
            `if (${step.checks.map(({ column, value }) => `cx.head[${column}] === ${this.#value(value)}`).join(' && ')})`,
          );
        }
        return;
      case 'scan':
        this.#scan(step);
        return;
      case 'lookup':
        this.#lookup(step);
        return;
      case 'absent':
        if (this.#options.visible === 'live') this.#absent(step);
        return;
      case 'test':
        this.#test(step);
        return;
      case 'assign':
        this.#line(`v${step.slot} = ${this.#value(step.value)};`);
        this.#unlessSkipped(step.value, `v${step.slot}`);
        return;
      case 'yields':
        this.#block(`if (${this.#value(step.value)} === cx.head[${step.column}])`);
        return;
    }
  }

  #isQueue(step: Step & { type: 'drive' }): boolean {
    return this.#options.sink === 'partition' && step.relation === this.#plan.rule.head.relation;
  }

  #drive(step: Step & { type: 'drive' }, row: string): void {
    const at = this.#relation(step.relation);
    // The columns of a partition's own relation may be replaced while it grows.
    if (this.#options.sink === 'partition') {
      for (let column = 0; column < step.relation.arity; column++) {
        const line = `const C${at}_${column} = R${at}.columns[${column}];`;
        const place = this.#prologue.indexOf(line);
        if (place >= 0) this.#prologue[place] = line.replace('const', 'let');
      }
    }
    const conditions = step.checks.map(
      ({ column, value }) => `${this.#column(at, column, row)} === ${this.#value(value)}`,
    );
    // A negation's rows are those that ceased to hold, and are visible as such.
    const visible = step.positive && !this.#isQueue(step) ? this.#isVisible(at, row) : undefined;
    if (visible !== undefined) conditions.push(visible);
    for (const { column, slot } of step.bindings) this.#line(`v${slot} = ${this.#column(at, column, row)};`);
    if (conditions.length > 0) this.#block(`if (${conditions.join(' && ')})`);
  }

  #scan(step: Step & { type: 'scan' }): void {
    const row = `r${step.atom}`;
    const index = indexOf(step);
    if (index === undefined) {
      this.#line(`const e${step.atom} = limits[${step.atom}];`);
      this.#loop(row, '0', `${row} < e${step.atom}`, `${row}++`, true);
      this.#burn();
      this.#enter(step.relation, row, step.checks, step.bindings, []);
      return;
    }
    const entry = this.#name();
    const at = this.#headOf(index, step.keys, entry);
    // Newest first: rows that are too new come before all others.
    const rowOf = index.compact ? `W${at}[${entry} - 1]` : `${entry} - 1`;
    this.#line(`while (${entry} !== 0 && ${rowOf} >= limits[${step.atom}]) ${entry} = N${at}[${entry} - 1];`);
    this.#loop(entry, entry, `${entry} !== 0`, `${entry} = N${at}[${entry} - 1]`, false);
    this.#burn();
    this.#line(`const ${row} = ${rowOf};`);
    this.#enter(step.relation, row, step.checks, step.bindings, []);
  }

  /** Declares `entry` as the head of the chain of a key. */
  #headOf(index: ChainedIndex, keys: readonly Check[], entry: string): number {
    const at = this.#index(index);
    if (index.dense) {
      const key = keys.length === 0 ? '0' : this.#value(keys[0]!.value);
      this.#line(`let ${entry} = ${key} < H${at}.length ? H${at}[${key}] : 0;`);
      return at;
    }
    if (index.admitting >= 0) {
      const value = this.#value(keys[index.admitting]!.value);
      this.#line(`if (${value} >= A${at}.length || A${at}[${value}] === 0) { X[${at}].admit(${value});`);
      this.#line(`H${at} = X[${at}].heads; N${at} = X[${at}].next; K${at} = X[${at}].mask;`);
      this.#line(`W${at} = X[${at}].rowsOf; A${at} = X[${at}].admitted; }`);
    }
    const slot = this.#name();
    const hash = this.#hash(keys.map(({ value }) => this.#value(value)));
    const { stride } = index;
    this.#line(`let ${entry} = 0;`);
    this.#line(`if (K${at} >= 0) { let ${slot} = ${hash} & K${at};`);
    const equal = keys.map(({ value }, key) => `H${at}[${slot} * ${stride} + ${key}] === ${this.#value(value)}`);
    this.#line(`for (;;) { ${entry} = H${at}[${slot} * ${stride} + ${stride - 1}];`);
    this.#line(`if (${entry} === 0 || (${equal.join(' && ')})) break; ${slot} = (${slot} + 1) & K${at}; } }`);
    return at;
  }

  /** Declares a hash and gives its name. */
  #hash(values: readonly string[]): string {
    const hash = this.#name();
    this.#line(`let ${hash} = 0;`);
    for (const value of values) {
      this.#line(`${hash} = Math.imul((${hash} ^ (${hash} >>> 15)) + ${value}, ${0x9e3779b1 | 0});`);
    }
    this.#line(`${hash} ^= ${hash} >>> 16;`);
    return hash;
  }

  /** Declares `entry` as the row plus one that has these key columns, 0 when there is none. */
  #find(relation: Relation, keys: readonly string[], entry: string): void {
    const at = this.#table(relation);
    const slot = this.#name();
    this.#line(`let ${entry} = 0;`);
    const hash = this.#hash(keys);
    this.#line(`if (M${at} >= 0) { let ${slot} = ${hash} & M${at};`);
    this.#line(`for (;;) { ${entry} = T${at}[${slot} * ${relation.stride} + ${relation.keys}];`);
    const same = keys.map((key, column) => `T${at}[${slot} * ${relation.stride} + ${column}] === ${key}`);
    this.#line(`if (${entry} === 0 || (${same.join(' && ')})) break; ${slot} = (${slot} + 1) & M${at}; } }`);
  }

  #lookup(step: Step & { type: 'lookup' }): void {
    const entry = this.#name();
    this.#find(
      step.relation,
      step.keys.map((key) => this.#value(key)),
      entry,
    );
    const row = `r${step.atom}`;
    this.#line(`const ${row} = ${entry} - 1;`);
    this.#enter(step.relation, row, step.checks, step.bindings, [`${entry} !== 0`, `${entry} <= limits[${step.atom}]`]);
  }

  #absent(step: Step & { type: 'absent' }): void {
    const at = this.#relation(step.relation);
    const entry = this.#name();
    if (step.whole) {
      const keys = step.keys.filter(({ column }) => column < step.relation.keys);
      this.#find(
        step.relation,
        keys.map(({ value }) => this.#value(value)),
        entry,
      );
      const value = step.keys.find(({ column }) => column === step.relation.keys);
      const differs =
        value === undefined
          ? ''
          : ` || ${this.#column(at, value.column, `${entry} - 1`)} !== ${this.#value(value.value)}`;
      this.#block(`if (${entry} === 0 || (S${at}[${entry} - 1] & 3) === 0${differs})`);
      return;
    }
    const index = indexOf(step)!;
    const number = this.#headOf(index, step.keys, entry);
    const rowOf = index.compact ? `W${number}[${entry} - 1]` : `${entry} - 1`;
    this.#line(`while (${entry} !== 0 && (S${at}[${rowOf}] & 3) === 0) ${entry} = N${number}[${entry} - 1];`);
    this.#block(`if (${entry} === 0)`);
  }

  /** Goes on only where a computation whose errors are skipped gave a value. */
  #unlessSkipped(value: Value, name: string): void {
    if (this.#options.errors === 'skip' && mayThrow(value)) this.#block(`if (${name} === ${name})`);
  }

  #test({ test }: Step & { type: 'test' }): void {
    if (
      test.type === 'computed' ||
      (this.#options.errors === 'skip' && (mayThrow(test.left) || mayThrow(test.right)))
    ) {
      const { slots, holds } = testing(test, this.#options);
      this.#block(`if (${this.#function(holds)}(${slots.map((slot) => `v${slot}`).join(', ')}))`);
      return;
    }
    const operator = test.comparison === '=' ? '===' : test.comparison === '!=' ? '!==' : test.comparison;
    this.#block(`if (${this.#value(test.left)} ${operator} ${this.#value(test.right)})`);
  }

  #visit(): void {
    const { rule } = this.#plan;
    for (const index of rule.positive.keys()) this.#line(`cx.premises[${index}] = r${index};`);
    if (this.#plan.driver.type !== 'head') {
      rule.head.values.forEach((value, column) => {
        // Evidence is matched by premises alone; a cell's value is not looked at.
        if (this.#options.visible === 'evidence' && column >= rule.head.relation.keys) return;
        this.#headValue(value, column);
      });
    } else if (rule.head.relation.values !== undefined) {
      const column = rule.head.relation.keys;
      this.#headValue(rule.head.values[column]!, column);
    }
    this.#line('cx.fuel = fuel;');
    this.#line('if (visit()) return true;');
    this.#line('fuel = cx.fuel;');
  }

  #headValue(value: Value, column: number): void {
    const name = this.#name();
    this.#line(`const ${name} = ${this.#value(value)};`);
    this.#unlessSkipped(value, name);
    this.#line(`cx.head[${column}] = ${name};`);
  }

  /** Appends the head unless it holds already. */
  #insert(): void {
    const names = this.#plan.rule.head.values.map((value) => {
      const name = this.#name();
      this.#line(`const ${name} = ${this.#value(value)};`);
      return name;
    });
    if (this.#options.sink === 'partition') this.#insertIntoPart(names);
    else this.#gather(names);
  }

  /** Puts the head into the batch: its hash, its columns, and its derivation. */
  #gather(names: readonly string[]): void {
    const { rule } = this.#plan;
    const { relation } = rule.head;
    const proof = relation.withProofs ? ['oh', ...rule.positive.map((_, index) => `r${index}`)] : [];
    if (relation.withProofs) this.#height();
    const hash = this.#hash(names);
    const entry = [hash, ...names, ...proof];
    const full = entry.length * Math.min(MOST_GATHERED, Math.floor(BATCH_LENGTH / entry.length));
    this.#prologue.push('const B = cx.batch;', 'let bn = 0;');
    this.#line(entry.map((value, at) => `B[bn + ${at}] = ${value};`).join(' '));
    this.#line(`bn += ${entry.length}; if (bn === ${full}) { flush(cx, bn); bn = 0; }`);
    this.#flush = flushOf(rule, entry.length);
  }

  #insertIntoPart(names: readonly string[]): void {
    const { relation } = this.#plan.rule.head;
    const at =
      this.#relations.indexOf(relation) >= 0 ? this.#relations.indexOf(relation) : this.#relations.push(relation) - 1;
    const columns = names.map((_, column) => column);
    this.#prologue.push(
      `const O = R[${at}];`,
      'let OS = O.state, OP = O.proof, OC = O.capacity, on = O.rows;',
      ...columns.map((column) => `let O${column} = O.columns[${column}];`),
    );
    const free = this.#options.freeColumn;
    if (free !== undefined) {
      this.#prologue.push('const marks = cx.marks, epoch = cx.epoch;');
      this.#block(`if (marks[${names[free]}] !== epoch)`);
      this.#line(`marks[${names[free]}] = epoch;`);
    }
    this.#line(
      `if (on >= OC) { ${KEEP_ROWS} O.grow(on + 1); OS = O.state; OP = O.proof; OC = O.capacity; ${columns.map((column) => `O${column} = O.columns[${column}];`).join(' ')} ${this.#partitionReload(relation, columns)} }`,
    );
    names.forEach((name, column) => {
      this.#line(`O${column}[on] = ${name};`);
    });
    this.#line('OS[on] = 2;');
    if (relation.withProofs) {
      const { id, positive } = this.#plan.rule;
      for (const line of proofLines(this.#constant(id), positive.length)) this.#line(line);
    }
    this.#line('on++;');
  }

  #partitionReload(relation: Relation, columns: readonly number[]): string {
    const at = this.#relations.indexOf(relation);
    if (this.#options.sink !== 'partition' || !this.#prologue.some((line) => line.startsWith(`let C${at}_`))) return '';
    return columns.map((column) => `C${at}_${column} = O${column};`).join(' ');
  }

  /** Declares `oh`, the height of the match. */
  #height(): void {
    this.#line('let oh = 1;');
    for (const atom of this.#options.recursive) {
      const at = this.#relation(this.#plan.rule.positive[atom]!.relation);
      const heights = `R${at}.ensureHeights(); const P${at} = R${at}.heights;`;
      if (!this.#prologue.includes(heights)) this.#prologue.push(heights);
      this.#line(`const h${atom} = P${at}[r${atom}]; if (h${atom} >= oh) oh = h${atom} + 1;`);
    }
  }
}

/** Stores the derivation of row `on` of `O`: the rule, and premises `r0`, `r1`, …. */
function proofLines(rule: string, premises: number): string[] {
  const rows = Array.from({ length: premises }, (_, index) => `r${index}`);
  const lines = [`const op = on * ${PROOF_WIDTH}; OP[op] = ${rule};`];
  if (premises <= 2) return [...lines, ...rows.map((row, index) => `OP[op + ${1 + index}] = ${row};`)];
  lines.push(
    `O.growPool(${premises}); const ol = O.pool, oq = O.pooled; OP[op + 1] = oq; O.pooled = oq + ${premises};`,
  );
  return [...lines, ...rows.map((row, index) => `ol[oq + ${index}] = ${row};`)];
}

/** What puts a batch of a rule's heads into their relation; an entry of the batch has `width` integers. */
function flushOf({ id, head: { relation }, positive }: CheckedRule, width: number): Flush {
  const { stride, keys } = relation;
  const columns = Array.from({ length: relation.arity }, (_, column) => column);
  const same = columns.map((column) => `OT[os + ${column}] === t${column}`).join(' && ');
  const text = [
    'const B = cx.batch;',
    'O.ensureTable(); O.growTable(); O.ensureHeights();',
    'let OS = O.state, OP = O.proof, OH = O.heights, OC = O.capacity, OT = O.table, OM = O.mask;',
    ...columns.map((column) => `let O${column} = O.columns[${column}];`),
    'const someDead = O.rows !== O.live;',
    // What the loads give is kept, so that no compiler leaves them out.
    'let touched = 0;',
    `for (let b = 0; b < end; b += ${width}) touched ^= OT[(B[b] & OM) * ${stride} + ${keys}];`,
    'cx.touched = touched;',
    `for (let b = 0; b < end; b += ${width}) {`,
    ...columns.map((column) => `const t${column} = B[b + ${1 + column}];`),
    `let slot = B[b] & OM, os = slot * ${stride}, oe = 0;`,
    `for (;;) { oe = OT[os + ${keys}]; if (oe === 0 || (${same})) break;`,
    `slot = (slot + 1) & OM; os = slot * ${stride}; }`,
    'if (oe === 0 || (someDead && (OS[oe - 1] & 3) === 0)) {',
    'const on = O.rows;',
    'if (on >= OC) { O.grow(on + 1); OS = O.state; OP = O.proof; OH = O.heights; OC = O.capacity;',
    `${columns.map((column) => `O${column} = O.columns[${column}];`).join(' ')} }`,
    ...columns.map((column) => `O${column}[on] = t${column}; OT[os + ${column}] = t${column};`),
    `OT[os + ${keys}] = on + 1; OS[on] = 2;`,
    ...(relation.withProofs
      ? [
          `OH[on] = B[b + ${1 + columns.length}];`,
          ...positive.map((_, index) => `const r${index} = B[b + ${2 + columns.length + index}];`),
          ...proofLines('rule', positive.length),
        ]
      : []),
    'O.rows = on + 1; O.live++; O.hashed = on + 1;',
    'if (oe === 0) { O.used++; if (O.used * 2 > OM) { O.growTable(); OT = O.table; OM = O.mask; } }',
    '} }',
  ].join('\n');
  const run = functionOf(['O', 'rule', 'cx', 'end'], text) as (
    relation: Relation,
    rule: number,
    ...given: Parameters<Flush>
  ) => void;
  return (context, end) => run(relation, id, context, end);
}
