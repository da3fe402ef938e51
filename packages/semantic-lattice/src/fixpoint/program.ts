// The rules of an engine, in strata, with their joins.
import type { Relation } from '../relations/index.js';
import { type CheckedRule, type JoinMaker, type Stratum, stratify } from '../rules/index.js';
import { PreparedRule } from './prepared-rule.js';

/** A stratum whose rules are ready to be evaluated. */
export interface PreparedStratum extends Stratum {
  readonly prepared: readonly PreparedRule[];
  readonly members: ReadonlySet<Relation>;
}

/** Rules, strata, and who reads a relation. */
export class Program {
  readonly rules: readonly CheckedRule[];
  readonly strata: readonly PreparedStratum[];
  /** By relation: its stratum's number. */
  readonly stratumOf: Int32Array;
  /** By rule. */
  readonly prepared: readonly PreparedRule[];
  /** By relation: the rules that derive it. */
  readonly deriving: readonly (readonly PreparedRule[])[];

  /** @throws TenstripError `NotStratifiable` */
  constructor(relations: readonly Relation[], rules: readonly CheckedRule[], maker: JoinMaker) {
    this.rules = rules;
    const prepared: PreparedRule[] = [];
    this.strata = stratify(relations, rules).map((stratum) => {
      const members = new Set(stratum.relations);
      const own = stratum.rules.map((rule) => new PreparedRule(rule, members, maker));
      for (const each of own) prepared[each.rule.id] = each;
      return { ...stratum, members, prepared: own };
    });
    this.prepared = prepared;
    this.stratumOf = new Int32Array(relations.length);
    for (const stratum of this.strata) for (const { id } of stratum.relations) this.stratumOf[id] = stratum.number;
    this.deriving = relations.map((relation) => prepared.filter(({ rule }) => rule.head.relation === relation));
  }
}
