// A rule with the joins that its evaluation needs, each planned when first used and again when relations have changed their size.
import { TenstripError } from '@tenstrip/shared-core/errors';
import { latticeError, type SemanticLatticeErrorCode } from '../errors/index.js';
import type { ChainedIndex, Relation } from '../relations/index.js';
import {
  type CheckedRule,
  type Driver,
  indexOf,
  isStale,
  type Join,
  type JoinContext,
  type JoinMaker,
  type JoinOptions,
  type Plan,
  planRule,
  type Visit,
} from '../rules/index.js';
import { DriverSelection, type RowRange } from './driver-selection.js';

/** One way to evaluate a rule: from what, to what. */
export class PreparedJoin {
  readonly rule: CheckedRule;
  readonly #driver: Driver;
  readonly #options: Omit<JoinOptions, 'checkStates'>;
  readonly #maker: JoinMaker;
  #plan: Plan | undefined;
  #join: Join | undefined;
  #checksStates = false;
  #indexes: readonly ChainedIndex[] = [];
  #tables: readonly Relation[] = [];
  #relations: readonly Relation[] = [];
  readonly #all: Int32Array;
  #selection: DriverSelection | undefined;

  constructor(rule: CheckedRule, driver: Driver, options: Omit<JoinOptions, 'checkStates'>, maker: JoinMaker) {
    this.rule = rule;
    this.#driver = driver;
    this.#options = options;
    this.#maker = maker;
    this.#all = new Int32Array(rule.positive.length);
  }

  /** Brings indexes and tables up to date; call before rows are appended that the join must not see. */
  prepare(): void {
    if (this.#plan === undefined || isStale(this.#plan)) this.#replan();
    let someDead = false;
    for (const index of this.#indexes) index.update();
    for (const relation of this.#tables) relation.ensureTable();
    for (const relation of this.#relations) someDead ||= relation.rows !== relation.live;
    if (this.#join !== undefined && (this.#checksStates || !someDead)) return;
    this.#join = this.#maker.make(this.#plan!, { ...this.#options, checkStates: someDead });
    this.#checksStates = someDead;
  }

  #replan(): void {
    const { visible, errors } = this.#options;
    const plan = planRule(this.rule, this.#driver, {
      versions: visible === 'evidence',
      skipsErrors: errors === 'skip',
    });
    this.#plan = plan;
    this.#join = undefined;
    const withRelation = plan.steps.filter((step) => 'relation' in step);
    this.#selection = new DriverSelection(plan);
    this.#indexes = [...plan.steps.flatMap((step) => indexOf(step) ?? []), ...this.#selection.indexes];
    this.#relations = withRelation.map(({ relation }) => relation);
    this.#tables = withRelation
      .filter(({ type }) => type === 'lookup' || type === 'absent')
      .map(({ relation }) => relation);
  }

  run(
    context: JoinContext,
    from: number,
    to: number,
    list: Int32Array | undefined,
    limits: Int32Array,
    visit: Visit,
  ): boolean {
    try {
      return this.#join!(context, from, to, list, limits, visit);
    } catch (error) {
      throw namingRule(error, this.rule);
    }
  }

  /** The driver's rows in a range that can match at all; valid until the next selection. Prepare first. */
  select(from: number, to: number): RowRange {
    const driver = this.#driver;
    if (driver.type !== 'positive' || this.#selection === undefined) return { list: undefined, from, to };
    return this.#selection.select(this.rule.positive[driver.atom]!.relation.columns, from, to);
  }

  /** Prepares, and runs over all rows that there are. */
  runAll(context: JoinContext, from: number, to: number, list: Int32Array | undefined, visit: Visit): boolean {
    this.prepare();
    const { positive } = this.rule;
    for (let atom = 0; atom < positive.length; atom++) this.#all[atom] = positive[atom]!.relation.rows;
    return this.run(context, from, to, list, this.#all, visit);
  }

  /** Goes on with {@link runAll} where it paused. */
  goOn(context: JoinContext, from: number, to: number, list: Int32Array | undefined, visit: Visit): boolean {
    return this.run(context, from, to, list, this.#all, visit);
  }
}

/** Errors for which a rule is to blame, or the functions and lattices that it uses. */
const OF_RULES: readonly string[] = [
  'IntegerOverflow',
  'KindMismatch',
  'LatticeInvalid',
  'LatticeDidNotStabilise',
] satisfies SemanticLatticeErrorCode[];

/** An error that came up in a rule's evaluation, with the rule's text in `details.rule`. */
function namingRule(error: unknown, { text, assertion }: CheckedRule): unknown {
  if (!(error instanceof TenstripError) || !OF_RULES.includes(error.code) || assertion) return error;
  return latticeError(
    error.code as SemanticLatticeErrorCode,
    `${error.message}, in ${text}`,
    { ...error.details, rule: text },
    { cause: error.cause ?? error },
  );
}

/** A rule and its joins. */
export class PreparedRule {
  readonly rule: CheckedRule;
  /** Positive atoms whose relations are of the head's stratum. */
  readonly recursive: readonly number[];
  readonly #maker: JoinMaker;
  readonly #known = new Map<string, PreparedJoin>();
  /** By positive atom: what a new row of it adds. */
  readonly forwards: readonly PreparedJoin[];
  /** By negated atom: what the end of a row of it adds. */
  readonly enabled: readonly PreparedJoin[];
  /** By positive atom: the instances, past and present, that a row of it takes part in. */
  readonly evidence: readonly PreparedJoin[];
  /** By negated atom: the instances that a new row of it ends. */
  readonly disabled: readonly PreparedJoin[];
  /** By positive atom: the instances that hold and that a row of it takes part in. */
  readonly supports: readonly PreparedJoin[];
  /** The instances that hold and derive a tuple. */
  readonly backward: PreparedJoin;
  /** For a body without positive atoms. */
  readonly unit: PreparedJoin;

  constructor(rule: CheckedRule, stratum: ReadonlySet<Relation>, maker: JoinMaker) {
    this.rule = rule;
    this.#maker = maker;
    this.recursive = [...rule.positive.keys()].filter((atom) => stratum.has(rule.positive[atom]!.relation));
    const sink = rule.head.relation.values === undefined ? 'insert' : 'visit';
    const positive = [...rule.positive.keys()];
    const negative = [...rule.negative.keys()];
    const { recursive } = this;
    const deriving = (driver: Driver) =>
      new PreparedJoin(rule, driver, { sink, visible: 'live', errors: 'throw', recursive }, maker);
    const looking = (driver: Driver, visible: 'live' | 'evidence') =>
      new PreparedJoin(rule, driver, { sink: 'visit', visible, errors: 'skip', recursive }, maker);
    this.forwards = positive.map((atom) => deriving({ type: 'positive', atom }));
    this.enabled = negative.map((atom) => deriving({ type: 'negative', atom }));
    this.evidence = positive.map((atom) => looking({ type: 'positive', atom }, 'evidence'));
    this.disabled = negative.map((atom) => looking({ type: 'negative', atom }, 'evidence'));
    this.supports = positive.map((atom) => looking({ type: 'positive', atom }, 'live'));
    this.backward = looking({ type: 'head' }, 'live');
    this.unit = deriving({ type: 'unit' });
  }

  /** The join of a partition, or of what partitions begin with. */
  partition(atom: number, freeColumn: number | undefined): PreparedJoin {
    const key = `${atom}/${freeColumn}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const driver: Driver = atom < 0 ? { type: 'unit' } : { type: 'positive', atom };
    const made = new PreparedJoin(
      this.rule,
      driver,
      {
        sink: 'partition',
        visible: 'live',
        errors: 'throw',
        recursive: this.recursive,
        ...(freeColumn === undefined ? {} : { freeColumn }),
      },
      this.#maker,
    );
    this.#known.set(key, made);
    return made;
  }
}
