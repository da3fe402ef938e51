// The engine: facts, rules, and transactions over both. A transaction is evaluated to its fixpoint and then is all there, or not at
// all; between two turns of the event loop that a long one gives, reads are refused rather than shown half of it.
import { type OperationContext, type Reservation, TenstripError, ungoverned } from '@tenstrip/shared-core';
import {
  countIn,
  functionIn,
  iterableIn,
  latticeError,
  objectIn,
  optionsIn,
  refuseInput,
  type SemanticLatticeErrorCode,
  textIn,
  textOf,
} from '../errors/index.js';
import {
  any,
  type Change,
  changeOf,
  checkedLimits,
  type EngineLimits,
  type Fact,
  type RelationChange,
  Schema,
  settle,
  stateDigest,
  type TouchingChange,
} from '../facts/index.js';
import {
  type Budget,
  BudgetMeter,
  compactAll,
  evaluate,
  MOST_COLUMNS,
  Program,
  StagedChanges,
  Workspace,
  wantsCompaction,
} from '../fixpoint/index.js';
import {
  type Derivation,
  derivationsOf,
  explain,
  type FactSets,
  type JustificationLimits,
  justificationsOf,
  mayFallByGains,
  type Proof,
  repairsOf,
} from '../proofs/index.js';
import { ASSERTED, LIVE, type Relation, type RelationDeclarations, type RowOf } from '../relations/index.js';
import {
  type CheckedRule,
  canGenerateCode,
  checkRule,
  type JoinMaker,
  parseRules,
  RuleCompiler,
  RuleInterpreter,
} from '../rules/index.js';
import type { EngineOptions } from './options.js';

/** What a transaction is built with. Later words about a fact replace earlier ones. */
export interface Transaction<R extends RelationDeclarations = RelationDeclarations> {
  /** Asserts a fact. @throws TenstripError `RelationUnknown`, `FactInvalid`, `CapacityExceeded` */
  insert<N extends keyof R & string>(relation: N, ...values: RowOf<R[N]>): void;
  /** Asserts many. */
  insertAll<N extends keyof R & string>(relation: N, rows: Iterable<RowOf<R[N]>>): void;
  /** Takes an assertion back; what rules derive stays. A fact that was not asserted is passed over. */
  retract<N extends keyof R & string>(relation: N, ...values: RowOf<R[N]>): void;
}

/** Options of a transaction. */
export interface TransactOptions {
  /** The operation that the work belongs to: its deadline, pauses and caps hold. Default: ungoverned. */
  readonly context?: OperationContext;
  /** Ends the transaction, which is then rolled back. */
  readonly signal?: AbortSignal;
  /** What the transaction may use. */
  readonly budget?: Budget;
  /** Refused with `RevisionConflict` when the engine is at another revision. */
  readonly expectRevision?: number;
}

/** A pattern: a value for each column, or {@link any}. */
export type Pattern<Row extends readonly unknown[]> = { readonly [I in keyof Row]: Row[I] | typeof any };

/** Sizes, for people and metrics. */
export interface EngineStatistics {
  /** Transactions that changed a fact. */
  readonly revision: number;
  /** Facts that hold, by relation. */
  readonly facts: Readonly<Record<string, number>>;
  /** Different terms of facts and rules; those that nothing has any more are forgotten now and then. */
  readonly terms: number;
  /** Rules that were added. */
  readonly rules: number;
  /** Groups of relations that depend on one another. */
  readonly strata: number;
  /** Bytes of columns, tables and indexes. */
  readonly bytes: number;
  /** Whether rules are compiled. */
  readonly compiled: boolean;
}

/** Counts what columns, tables and indexes hold. */
class Memory {
  bytes = 0;
  /** Of the operation at work; what grows meanwhile is counted against its governor too. */
  reservation: Reservation | undefined;
  reserved = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  grow(bytes: number): void {
    if (this.bytes + bytes > this.#limit) {
      throw latticeError(
        'CapacityExceeded',
        `the engine would hold more than ${this.#limit} bytes: raise limits.bytes`,
        { resource: 'bytes', allowed: this.#limit },
      );
    }
    this.reservation?.resize(this.reserved + bytes);
    this.reserved += bytes;
    this.bytes += bytes;
  }

  tryGrow(bytes: number): boolean {
    try {
      this.grow(bytes);
      return true;
    } catch {
      return false;
    }
  }

  reserveFor(op: OperationContext): Disposable {
    const reservation = op.reserve(0);
    this.reservation = reservation;
    this.reserved = 0;
    return {
      [Symbol.dispose]: () => {
        this.reservation = undefined;
        reservation[Symbol.dispose]();
      },
    };
  }
}

/**
 * Makes an engine without facts or rules.
 *
 * @throws TenstripError `OptionsInvalid` naming everything that is wrong
 */
export function createEngine<const R extends RelationDeclarations>(options: EngineOptions<R>): Engine<R> {
  return new Engine(options);
}

/**
 * An incremental Datalog engine: facts that were asserted, rules, and all that follows. Made by {@link createEngine}. It holds memory
 * only; nothing has to be closed.
 */
export class Engine<R extends RelationDeclarations = RelationDeclarations> {
  readonly #declarations: RelationDeclarations;
  readonly #schema: Schema;
  readonly #limits: EngineLimits;
  readonly #functions: ReadonlyMap<string, NonNullable<EngineOptions['functions']>[string]>;
  readonly #maker: JoinMaker;
  readonly #compiled: boolean;
  readonly #proofs: boolean;
  readonly #memory: Memory;
  readonly #work: Workspace;
  readonly #listeners = new Map<string, Set<(change: RelationChange) => void>>();
  #program: Program;
  #rules: readonly CheckedRule[];
  /** The program of the last transaction; rules added since are not in force. */
  #inForce: Program;
  #rulesChanged = false;
  #factsOfTexts = new StagedChanges();
  #revision = 0;
  /** Rows have other numbers after each. */
  #compactions = 0;
  #evaluating = false;
  /** Transactions that are being said. */
  #building = 0;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** @internal */
  constructor(options: EngineOptions<R>) {
    objectIn('the options of an engine', options);
    this.#limits = checkedLimits(options.limits);
    const codeGeneration = options.codeGeneration ?? 'auto';
    if (![true, false, 'auto'].includes(codeGeneration))
      refuseInput('codeGeneration', codeGeneration, "give true, false or 'auto'");
    this.#compiled = codeGeneration !== false && canGenerateCode();
    if (codeGeneration === true && !this.#compiled) {
      throw latticeError(
        'OptionsInvalid',
        'codeGeneration is true, and this process forbids code from strings: pass "auto"',
        { issues: ['codeGeneration'] },
      );
    }
    this.#maker = this.#compiled ? new RuleCompiler() : new RuleInterpreter();
    this.#proofs = options.proofs ?? true;
    if (typeof this.#proofs !== 'boolean') refuseInput('proofs', this.#proofs, 'give true or false');
    this.#functions = new Map(Object.entries(objectIn('functions', options.functions ?? {})));
    for (const [name, body] of this.#functions) functionIn(`functions.${name}`, body);
    this.#memory = new Memory(this.#limits.bytes);
    this.#declarations = options.relations;
    this.#schema = new Schema(options.relations, this.#limits, this.#proofs, this.#memory);
    this.#rules = this.#schema.assertionRules();
    this.#program = new Program(this.#schema.relations, this.#rules, this.#maker);
    this.#inForce = this.#program;
    this.#work = new Workspace(this.#schema.relations, this.#program, this.#limits.cellRaises);
  }

  /** Grows by one with every transaction that changed a fact. */
  get revision(): number {
    return this.#revision;
  }

  /** The canonical texts of the rules, in the order in which they were added. */
  get rules(): readonly string[] {
    return this.#rules.filter(({ assertion }) => !assertion).map(({ text }) => text);
  }

  /** The relations as they were declared. */
  get declarations(): RelationDeclarations {
    return this.#declarations;
  }

  /** The names of the relations. */
  get relations(): readonly (keyof R & string)[] {
    return [...this.#schema.byName.keys()];
  }

  /** Sizes, for people and metrics. */
  get statistics(): EngineStatistics {
    return {
      revision: this.#revision,
      facts: Object.fromEntries(Array.from(this.#schema.byName, ([name, { live }]) => [name, live])),
      terms: this.#schema.terms.count,
      rules: this.rules.length,
      strata: this.#program.strata.length,
      bytes: this.#memory.bytes,
      compiled: this.#compiled,
    };
  }

  /**
   * Adds rules, and facts that the next transaction asserts. They take effect with the next transaction: `await
   * engine.transact()` is enough. With facts there already, that one derives everything anew. Should they fail on the facts that are
   * there already, all that was added since the last transaction is dropped, and that one's error says so; should they fail on what
   * it says itself, or for want of budget, they wait for the next one, or for {@link discardRules}.
   *
   * @returns how many rules were added
   * @throws TenstripError `RuleSyntax`, `RelationUnknown`, `ArityMismatch`, `KindMismatch`, `RuleUnsafe`, `FunctionUnknown`,
   *   `NotStratifiable`; nothing is added then
   */
  addRules(text: string): number {
    this.#refuseWhileEvaluating();
    textIn('the text of rules', text, 'RuleSyntax');
    const scope = { relations: this.#schema.byName, functions: this.#functions, terms: this.#schema.terms };
    const rules = [...this.#rules];
    const facts: CheckedRule[] = [];
    for (const syntax of parseRules(text, this.#limits)) {
      const rule = checkRule(syntax, rules.length, scope);
      if (syntax.body.length === 0) facts.push(rule);
      else rules.push(rule);
    }
    if (rules.length > this.#limits.rules) {
      throw latticeError('CapacityExceeded', `more than ${this.#limits.rules} rules: raise limits.rules`, {
        resource: 'rules',
        allowed: this.#limits.rules,
      });
    }
    const program = new Program(this.#schema.relations, rules, this.#maker);
    for (const { head } of facts) {
      const tuple = Int32Array.from(head.values, (value) =>
        value.type === 'constant' ? value.value : value.type === 'computed' ? value.compute() : 0,
      );
      this.#factsOfTexts.push(this.#schema.assertionsOf(head.relation), tuple, true);
    }
    const added = rules.length - this.#rules.length;
    if (added > 0) {
      this.#rules = rules;
      this.#program = program;
      this.#rulesChanged = true;
    }
    return added;
  }

  /**
   * Drops the rules, and the facts in texts, that were added since the last transaction and are not in force yet.
   *
   * @returns how many rules were dropped
   * @throws TenstripError `EngineBusy`
   */
  discardRules(): number {
    this.#refuseWhileEvaluating();
    return this.#dropPending().length;
  }

  /** Goes back to the program in force; gives the texts of the rules that it leaves. */
  #dropPending(): string[] {
    const dropped = this.rules.slice(this.#inForce.rules.filter(({ assertion }) => !assertion).length);
    this.#program = this.#inForce;
    this.#rules = this.#inForce.rules;
    this.#rulesChanged = false;
    this.#factsOfTexts = new StagedChanges();
    return dropped;
  }

  /**
   * Applies changes and derives all that follows, and takes back what no longer does. All or nothing: whatever it throws, no
   * fact has changed; rules that came since the last transaction and fail on the facts that were there are dropped, see
   * {@link addRules}. Transactions wait for one another in the order of their calls: one whose `build` awaits another of the same
   * engine waits until it is aborted.
   *
   * @param build says what to assert and to retract, at once or in a promise's time, meanwhile reads still see the state before;
   *   without it, only new rules take effect. What it says after that is refused (`TransactionOver`)
   * @throws TenstripError `BudgetExceeded`, `CapacityExceeded`, `RevisionConflict`, `IntegerOverflow`, `LatticeInvalid`,
   *   `LatticeDidNotStabilise`, what `build` throws, and `OperationAborted` or `DeadlineExceeded`
   */
  async transact(build?: (tx: Transaction<R>) => void | Promise<void>, options: TransactOptions = {}): Promise<Change> {
    checkTransaction(build, options);
    if (this.#waiting >= this.#limits.waiting) {
      throw latticeError(
        'EngineBusy',
        `${this.#waiting} transactions wait already (limits.waiting)`,
        {},
        { retryable: true },
      );
    }
    const op = operationOf(options);
    const before = this.#last;
    const turn = this.#waiting > 0 ? unlessStopped(before, op, options) : before;
    this.#waiting++;
    const mine = turn.then(() => this.#transactNow(build, options, op));
    // One that stopped waiting does not let the next one in before its turn.
    this.#last = Promise.allSettled([before, mine]).then(() => undefined);
    try {
      return await mine;
    } finally {
      this.#waiting--;
    }
  }

  async #transactNow(
    build: ((tx: Transaction<R>) => void | Promise<void>) | undefined,
    options: TransactOptions,
    op: OperationContext,
  ): Promise<Change> {
    const { expectRevision } = options;
    if (expectRevision !== undefined && expectRevision !== this.#revision) {
      throw latticeError(
        'RevisionConflict',
        `the engine is at revision ${this.#revision}, not ${expectRevision}`,
        { expected: expectRevision, revision: this.#revision },
        { retryable: true },
      );
    }
    const staged = this.#stage(build);
    try {
      if (isPromise(staged.built)) await unlessStopped(staged.built, op, options);
    } catch (error) {
      this.#said(staged.builder);
      this.#compactIfWorthwhile();
      throw error;
    }
    this.#said(staged.builder);
    this.#evaluating = true;
    let change: TouchingChange;
    try {
      await this.#evaluate(staged.builder, options, op);
      change = this.#commit();
    } catch (error) {
      this.#work.rollBack();
      throw await this.#dropWhatFails(error, options, op);
    } finally {
      this.#compactIfWorthwhile();
      this.#evaluating = false;
    }
    this.#tell(change, op);
    return change;
  }

  async #evaluate(builder: TransactionBuilder, options: TransactOptions, op: OperationContext): Promise<void> {
    using _ = this.#memory.reserveFor(op);
    const work = this.#evaluation(builder, options, op);
    while (work.next().done !== true) {
      const turn = op.checkpoint();
      if (turn !== undefined) await turn;
      refuseAborted(options.signal);
    }
  }

  /**
   * After a failed transaction: tries what is not in force yet on the facts that are there, and drops it when it fails without the
   * transaction as well, since every later one would. Gives the error to throw.
   */
  async #dropWhatFails(error: unknown, options: TransactOptions, op: OperationContext): Promise<unknown> {
    if (!isFailure(error) || !(this.#rulesChanged || this.#factsOfTexts.size > 0)) return error;
    try {
      await this.#evaluate(new TransactionBuilder(this.#schema), options, op);
    } catch (again) {
      if (!isFailure(again)) return error;
      const dropped = this.#dropPending();
      return latticeError(
        again.code as SemanticLatticeErrorCode,
        `${again.message}; it fails on the facts that are there, so the ${dropped.length} rules that were added since the last transaction were dropped, and the facts of their texts`,
        { ...again.details, dropped: dropped.slice(0, 50) },
        { cause: again },
      );
    } finally {
      this.#work.rollBack();
    }
    return error;
  }

  /**
   * What a transaction would change, without changing anything. Synchronous: it gives the event loop no turn.
   *
   * @throws what {@link transact} does, and TenstripError `EngineBusy` while one is evaluated, `OptionsInvalid` when `build` gives a
   *   promise
   */
  whatIf(build: (tx: Transaction<R>) => void, options: Omit<TransactOptions, 'expectRevision'> = {}): Change {
    this.#refuseWhileEvaluating();
    checkTransaction(functionIn('the function of whatIf', build), options);
    const op = operationOf(options);
    const staged = this.#stage(build);
    this.#said(staged.builder);
    if (isPromise(staged.built)) {
      staged.built.then(undefined, () => undefined);
      throw latticeError('OptionsInvalid', 'whatIf takes no function that gives a promise: say all at once', {
        issues: ['build'],
      });
    }
    return this.#suppose(
      () => this.#evaluation(staged.builder, options, op),
      op,
      () => ({
        ...changeOf(this.#work, this.#schema, this.#revision, false),
        revision: this.#revision,
      }),
    );
  }

  /** Evaluates, looks, and puts everything back. */
  #suppose<T>(evaluation: () => Generator<void>, op: OperationContext, look: () => T): T {
    this.#evaluating = true;
    try {
      using _ = this.#memory.reserveFor(op);
      for (const _turn of evaluation());
      return look();
    } finally {
      this.#work.rollBack();
      this.#compactIfWorthwhile();
      this.#evaluating = false;
    }
  }

  /** Lets a transaction be said. */
  #stage(build: ((tx: Transaction<R>) => unknown) | undefined): Staged {
    const builder = new TransactionBuilder(this.#schema);
    this.#building++;
    try {
      return { builder, built: build?.(builder as unknown as Transaction<R>) };
    } catch (error) {
      this.#said(builder);
      this.#compactIfWorthwhile();
      throw error;
    }
  }

  #said(builder: TransactionBuilder): void {
    builder.isOver = true;
    this.#building--;
  }

  #evaluation(builder: TransactionBuilder, options: TransactOptions, op: OperationContext): Generator<void> {
    const work = this.#work;
    const { signal } = options;
    const meter = new BudgetMeter(
      options.budget ?? {},
      op,
      () => work.addedRows,
      () => refuseAborted(signal),
    );
    work.program = this.#program;
    work.begin(meter);
    meter.check();
    // Without derivations there is no telling what a loss takes along.
    const lossy = !this.#proofs && (builder.retracts || this.#mayLose);
    if (this.#rulesChanged || lossy) work.startOver();
    return evaluate(work, [this.#factsOfTexts, builder.changes], this.#schema.terms);
  }

  /** Whether an insertion can end a fact. */
  get #mayLose(): boolean {
    return this.#program.rules.some(({ negative, strict }) => negative.length + strict.length > 0);
  }

  #commit(): TouchingChange {
    const change = changeOf(this.#work, this.#schema, this.#revision, true);
    settle(this.#work);
    this.#revision = change.revision;
    this.#rulesChanged = false;
    this.#inForce = this.#program;
    this.#factsOfTexts = new StagedChanges();
    return change;
  }

  #compactIfWorthwhile(): void {
    // Derivations name rules of the program in force.
    if (wantsCompaction(this.#schema.relations)) {
      compactAll(this.#schema.relations, this.#program);
      this.#compactions++;
    }
    // A transaction that is being said holds numbers.
    if (this.#building > 0) return;
    if (this.#schema.sweepIfDue([...this.#inForce.rules, ...this.#program.rules], this.#factsOfTexts))
      this.#compactions++;
  }

  #tell(change: TouchingChange, op: OperationContext): void {
    for (const relation of change.touched) {
      for (const listener of this.#listeners.get(relation) ?? []) {
        try {
          listener({
            revision: change.revision,
            added: change.added.of(relation),
            removed: change.removed.of(relation),
            updated: change.updated.filter((update) => update.relation === relation),
          });
        } catch (error) {
          op.logger.error({ err: error, relation }, 'a subscriber of the semantic lattice threw');
        }
      }
    }
  }

  /**
   * Calls a listener after every transaction that changed a relation, with the exact difference. What a listener throws is logged.
   *
   * @returns ends the subscription when disposed
   */
  subscribe<N extends keyof R & string>(relation: N, listener: (change: RelationChange) => void): Disposable {
    const { name } = this.#schema.relation(relation);
    functionIn('the listener', listener);
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    // A wrapper of its own: the same function may subscribe twice.
    const own = (change: RelationChange) => listener(change);
    listeners.add(own);
    return { [Symbol.dispose]: () => void listeners.delete(own) };
  }

  /** Whether a fact holds. @throws TenstripError `RelationUnknown`, `FactInvalid`, `EngineBusy` */
  has<N extends keyof R & string>(relation: N, values: RowOf<R[N]>): boolean {
    this.#refuseWhileEvaluating();
    return this.#rowOf(relation, values) >= 0;
  }

  #rowOf(name: string, values: readonly unknown[]): number {
    const relation = this.#schema.relation(name);
    const tuple = new Int32Array(relation.arity);
    if (!this.#schema.encode(relation, values, tuple, true)) return -1;
    const row = relation.findLive(tuple);
    if (row < 0 || relation.values === undefined) return row;
    return relation.columns[relation.keys]![row] === tuple[relation.keys] ? row : -1;
  }

  /**
   * The rows that fit a pattern, in no order that can be relied on; all of them without one. Bound columns are looked up in an
   * index, made when first asked for.
   *
   * @throws TenstripError `RelationUnknown`, `FactInvalid`, `EngineBusy`; `RevisionConflict` when the engine changes while the
   *   rows are read
   */
  *find<N extends keyof R & string>(relation: N, pattern?: Pattern<RowOf<R[N]>>): Generator<RowOf<R[N]>> {
    const found = this.#schema.relation(relation);
    for (const row of this.#matches(found, pattern)) yield this.#schema.decode(found, row) as unknown as RowOf<R[N]>;
  }

  /**
   * The assertions that fit a pattern: what {@link transact} was told, and not what rules derive; of a cell, each value that was said
   * of it. In no order that can be relied on.
   *
   * @throws TenstripError as {@link find}
   */
  *findAsserted<N extends keyof R & string>(relation: N, pattern?: Pattern<RowOf<R[N]>>): Generator<RowOf<R[N]>> {
    const found = this.#schema.assertionsOf(this.#schema.relation(relation));
    for (const row of this.#matches(found, pattern)) {
      if ((found.state[row]! & ASSERTED) !== 0) yield this.#schema.decode(found, row) as unknown as RowOf<R[N]>;
    }
  }

  /** How many rows fit a pattern. @throws TenstripError `RelationUnknown`, `FactInvalid`, `EngineBusy` */
  count<N extends keyof R & string>(relation: N, pattern?: Pattern<RowOf<R[N]>>): number {
    const found = this.#schema.relation(relation);
    if (pattern === undefined) {
      this.#refuseWhileEvaluating();
      return found.live;
    }
    let count = 0;
    for (const _ of this.#matches(found, pattern)) count++;
    return count;
  }

  *#matches(relation: Relation, pattern: readonly unknown[] | undefined): Generator<number> {
    this.#refuseWhileEvaluating();
    const revision = this.#revision;
    const compactions = this.#compactions;
    const columns: number[] = [];
    const values: number[] = [];
    if (pattern !== undefined && (!Array.isArray(pattern) || pattern.length !== relation.arity))
      this.#schema.encode(relation, pattern, new Int32Array(0), true);
    for (const [column, value] of (pattern ?? []).entries()) {
      if (value === any) continue;
      const number = this.#schema.encodeValue(relation, column, value, true);
      if (number === undefined) return;
      columns.push(column);
      values.push(number);
    }
    const check = () => {
      this.#refuseWhileEvaluating();
      if (this.#revision !== revision || this.#compactions !== compactions) {
        throw latticeError(
          'RevisionConflict',
          `the engine went from revision ${revision} to ${this.#revision} while rows were read`,
          { expected: revision, revision: this.#revision },
          { retryable: true },
        );
      }
    };
    if (columns.length === 0) {
      for (let row = 0; row < relation.rows; row++) {
        if ((relation.state[row]! & LIVE) === 0) continue;
        yield row;
        check();
      }
      return;
    }
    if (columns.length === relation.arity) {
      const row = relation.findLive(Int32Array.from(values));
      if (row >= 0 && columns.every((column, index) => relation.columns[column]![row] === values[index])) yield row;
      return;
    }
    const index = relation.indexOn([], [], columns);
    index.update();
    for (let entry = index.head(Int32Array.from(values)); entry !== 0; entry = index.next[entry - 1]!) {
      if ((relation.state[entry - 1]! & LIVE) === 0) continue;
      yield entry - 1;
      check();
    }
  }

  /**
   * One proof of a fact that holds: its stored derivation, those of its premises, and so on down to assertions. Linear in the
   * proof's size.
   *
   * @throws TenstripError `FactUnknown`, `ProofsOff`, `RelationUnknown`, `FactInvalid`, `EngineBusy`
   */
  explain<N extends keyof R & string>(relation: N, values: RowOf<R[N]>): Proof {
    return explain(this.#core, this.#schema.relation(relation), this.#requireRow(relation, values));
  }

  /**
   * The rule instances that derive a fact now, at most `limit` (1,000 by default). An assertion is none.
   *
   * @throws TenstripError `FactUnknown`, `ProofsOff`, `RelationUnknown`, `FactInvalid`, `EngineBusy`
   */
  derivationsOf<N extends keyof R & string>(
    relation: N,
    values: RowOf<R[N]>,
    options: { limit?: number } = {},
  ): Derivation[] {
    return derivationsOf(
      this.#core,
      this.#schema.relation(relation),
      this.#requireRow(relation, values),
      countIn('limit', optionsIn('the options of derivationsOf', options).limit) ?? 1000,
    );
  }

  /**
   * The minimal sets of assertions from which a fact follows, smallest first. What negated atoms need absent is no part of them.
   * For a cell whose value is a join of several, one set that suffices, perhaps not a minimal one.
   *
   * @throws TenstripError `FactUnknown`, `ProofsOff`, `RelationUnknown`, `FactInvalid`, `EngineBusy`
   */
  justifications<N extends keyof R & string>(
    relation: N,
    values: RowOf<R[N]>,
    limits: JustificationLimits = {},
  ): FactSets {
    const row = this.#requireRow(relation, values);
    return justificationsOf(this.#core, this.#schema.relation(relation), row, checkedJustificationLimits(limits));
  }

  /**
   * The minimal sets of assertions whose withdrawal makes a fact no longer hold, smallest first; of a cell, no longer have this value.
   * Each was tried by evaluating the rules in force without it, and nothing changes. Where the answer is complete, these are all.
   * It is not where a bound was met, nor where a withdrawal may let something begin to hold, or a cell rise, that the fact's rules
   * negate or test: then other sets may end it too, and a smaller one within a set that is given.
   *
   * @throws TenstripError `FactUnknown`, `ProofsOff`, `RelationUnknown`, `FactInvalid`, `EngineBusy`
   */
  repairs<N extends keyof R & string>(relation: N, values: RowOf<R[N]>, limits: JustificationLimits = {}): FactSets {
    const { limit = 10, trials = 1000, ...others } = checkedJustificationLimits(limits);
    const known = this.justifications(relation, values, others).sets;
    const trial = (withdrawn: readonly Fact[]) => this.#supportWithout(relation, values, withdrawn);
    const found = repairsOf(this.#schema, known, trial, limit, trials);
    const isAll = !mayFallByGains(this.#schema.relation(relation), this.#inForce.rules);
    return { sets: found.sets, complete: isAll && found.complete };
  }

  /** Assertions from which a fact follows when some are withdrawn, or nothing when it does not. */
  #supportWithout(relation: string, values: RowOf<R[string]>, withdrawn: readonly Fact[]): Fact[] | undefined {
    const builder = new TransactionBuilder(this.#schema);
    for (const fact of withdrawn) builder.retract(fact.relation, ...fact.values);
    const op = ungoverned.context();
    const work = this.#work;
    const evaluation = () => {
      work.program = this.#inForce;
      work.begin(
        new BudgetMeter(
          {},
          op,
          () => work.addedRows,
          () => undefined,
        ),
      );
      return evaluate(work, [builder.changes], this.#schema.terms);
    };
    return this.#suppose(evaluation, op, () => {
      const row = this.#rowOf(relation, values);
      if (row < 0) return undefined;
      const { steps } = explain(this.#core, this.#schema.relation(relation), row);
      return steps.filter(({ by }) => by === 'asserted').map(({ fact }) => fact);
    });
  }

  /**
   * A digest of all facts that hold and of which were asserted, in hexadecimal. It depends on the facts alone: not on how they
   * came in, nor on the order of rules. Costs a sort of all rows.
   *
   * @throws TenstripError `EngineBusy`
   */
  digest(): string {
    this.#refuseWhileEvaluating();
    return stateDigest(this.#schema);
  }

  get #core() {
    return { schema: this.#schema, program: this.#inForce, work: this.#work };
  }

  #requireRow(name: string, values: readonly unknown[]): number {
    this.#refuseWhileEvaluating();
    if (!this.#proofs) throw latticeError('ProofsOff', 'the engine was made with proofs: false', {});
    const row = this.#rowOf(name, values);
    if (row < 0) {
      const shown = values.map(textOf);
      throw latticeError('FactUnknown', `${name}(${shown.join(', ')}) does not hold`, {
        relation: name,
        values: shown,
      });
    }
    return row;
  }

  #refuseWhileEvaluating(): void {
    if (!this.#evaluating) return;
    throw latticeError('EngineBusy', 'a transaction is being evaluated: await it first', {}, { retryable: true });
  }
}

/** What a transaction said. */
interface Staged {
  readonly builder: TransactionBuilder;
  /** Settles when all is said; nothing when it is. */
  readonly built: unknown;
}

class TransactionBuilder implements Transaction {
  readonly #schema: Schema;
  readonly #tuple = new Int32Array(MOST_COLUMNS);
  readonly changes = new StagedChanges();
  retracts = false;
  /** Whether all was said. */
  isOver = false;

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  insert(relation: string, ...values: readonly unknown[]): void {
    this.#stage(this.#schema.relation(relation), values, true);
  }

  insertAll(relation: string, rows: Iterable<readonly unknown[]>): void {
    const found = this.#schema.relation(relation);
    for (const values of iterableIn(`the rows of ${found.name}`, rows, 'FactInvalid')) this.#stage(found, values, true);
  }

  retract(relation: string, ...values: readonly unknown[]): void {
    const found = this.#schema.relation(relation);
    this.#refuseWhenOver();
    if (!this.#schema.encode(found, values, this.#tuple, true)) return;
    this.retracts = true;
    this.changes.push(this.#schema.assertionsOf(found), this.#tuple, false);
  }

  #stage(relation: Relation, values: readonly unknown[], asserted: boolean): void {
    this.#refuseWhenOver();
    this.#schema.encode(relation, values, this.#tuple, false);
    this.changes.push(this.#schema.assertionsOf(relation), this.#tuple, asserted);
  }

  /** What is said too late would be lost in silence. */
  #refuseWhenOver(): void {
    if (!this.isOver) return;
    throw latticeError('TransactionOver', 'this transaction took what it was told: await all before its function ends');
  }
}

/** @throws TenstripError `OptionsInvalid` for what is no function, no operation, no signal, or no number */
function checkTransaction(build: unknown, options: TransactOptions): void {
  if (build !== undefined) functionIn('the function of a transaction', build);
  const { context, signal, budget, expectRevision } = optionsIn('the options of a transaction', options);
  if (context !== undefined && typeof context?.throwIfStopped !== 'function')
    refuseInput('context', context, 'give the context of an operation');
  if (signal !== undefined && typeof signal?.addEventListener !== 'function')
    refuseInput('signal', signal, 'give an AbortSignal');
  optionsIn('budget', budget);
  countIn('expectRevision', expectRevision);
}

function checkedJustificationLimits(limits: JustificationLimits): JustificationLimits {
  for (const [name, bound] of Object.entries(optionsIn('limits', limits))) countIn(`limits.${name}`, bound, 1);
  return limits;
}

function operationOf({ context, signal }: TransactOptions): OperationContext {
  return context ?? ungoverned.context(signal === undefined ? {} : { signal });
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** Waits for something, or until the operation or the signal ends the wait: then throws what {@link Engine.transact} throws for that. */
async function unlessStopped(
  wait: PromiseLike<unknown>,
  op: OperationContext,
  options: TransactOptions,
): Promise<void> {
  const signals = [options.context?.signal, options.signal].filter((signal) => signal !== undefined);
  let stop = () => {};
  try {
    await new Promise<unknown>((resolve, reject) => {
      stop = () => {
        try {
          op.throwIfStopped();
          for (const signal of signals) refuseAborted(signal);
        } catch (error) {
          reject(error);
        }
      };
      for (const signal of signals) signal.addEventListener('abort', stop);
      wait.then(resolve, reject);
      stop();
    });
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', stop);
  }
}

/** Errors that the same facts and rules give again, unlike those of a budget, a deadline or an abort. */
const FAILURES: readonly string[] = [
  'IntegerOverflow',
  'KindMismatch',
  'LatticeInvalid',
  'LatticeDidNotStabilise',
  'CapacityExceeded',
] satisfies SemanticLatticeErrorCode[];

function isFailure(error: unknown): error is TenstripError {
  return error instanceof TenstripError && FAILURES.includes(error.code);
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw signal.reason;
}
