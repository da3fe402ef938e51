// Plugins over facts and rules: what is asserted, what follows, and what fits a pattern.

import { definePlugin } from '@tenstrip/shared-core';
import { z } from 'zod';
import { any, type Change } from '../facts/index.js';
import {
  budgetSchema,
  factSchema,
  governed,
  type LatticeService,
  nameSchema,
  patternSchema,
  revisionSchema,
  rowSchema,
  type ServiceContext,
} from './lattice-service.js';

/** Facts of a change that are listed, of each kind; the counts are of all. */
const listed = 1000;

const changeSchema = z.object({
  revision: revisionSchema,
  counts: z.object({ added: z.number().int(), removed: z.number().int(), updated: z.number().int() }),
  /** The first thousand of each. */
  added: z.array(factSchema),
  removed: z.array(factSchema),
  updated: z.array(z.object({ relation: nameSchema, key: rowSchema, before: z.string(), after: z.string() })),
});

export const transactFactsPlugin = definePlugin({
  name: 'transact-facts',
  summary: 'Asserts and retracts facts, and derives what follows, all or nothing; gives the exact difference',
  input: z.object({
    insert: z.array(factSchema).max(1_000_000).default([]),
    retract: z.array(factSchema).max(1_000_000).default([]),
    expectRevision: revisionSchema.optional(),
    budget: budgetSchema.optional(),
    /** Says what would change, and changes nothing. */
    whatIf: z.boolean().default(false),
  }),
  output: changeSchema,
  async execute({ insert, retract, expectRevision, budget, whatIf }, op: ServiceContext) {
    const { service } = op;
    const insertions = insert.map(({ relation, values }) => ({ relation, values: service.values(relation, values) }));
    const retractions = retract.map(({ relation, values }) => ({ relation, values: service.values(relation, values) }));
    const build: Parameters<typeof service.engine.whatIf>[0] = (transaction) => {
      for (const { relation, values } of retractions) transaction.retract(relation, ...values);
      for (const { relation, values } of insertions) transaction.insert(relation, ...values);
    };
    const options = governed(op, budget);
    if (whatIf) return changeJson(service.engine.whatIf(build, options), service);
    const expected = expectRevision === undefined ? {} : { expectRevision };
    return changeJson(await service.engine.transact(build, { ...options, ...expected }), service);
  },
});

function changeJson(
  { revision, added, removed, updated }: Change,
  service: LatticeService,
): z.input<typeof changeSchema> {
  const first = (facts: Iterable<{ relation: string; values: readonly unknown[] }>) => {
    const texts = [];
    for (const fact of facts) {
      if (texts.length === listed) break;
      texts.push(service.json(fact));
    }
    return texts;
  };
  return {
    revision,
    counts: { added: added.size, removed: removed.size, updated: updated.length },
    added: first(added),
    removed: first(removed),
    updated: updated.slice(0, listed).map(({ relation, key, before, after }) => {
      const [{ values }, old] = [after, before].map((value) => service.json({ relation, values: [...key, value] })) as [
        ReturnType<LatticeService['json']>,
        ReturnType<LatticeService['json']>,
      ];
      return { relation, key: values.slice(0, -1), before: String(old.values.at(-1)), after: String(values.at(-1)) };
    }),
  };
}

export const defineRulesPlugin = definePlugin({
  name: 'define-rules',
  summary: 'Adds rules, and facts among them; they take effect with the next transaction',
  input: z.object({ text: z.string().min(1).max(1_048_576) }),
  output: z.object({
    added: z.number().int(),
    rules: z.number().int(),
    strata: z.number().int(),
    compiled: z.boolean(),
  }),
  execute({ text }, { service: { engine } }: ServiceContext) {
    const added = engine.addRules(text);
    const { rules, strata, compiled } = engine.statistics;
    return { added, rules, strata, compiled };
  },
});

export const materialisePlugin = definePlugin({
  name: 'materialise',
  summary: 'Derives what follows from new rules and facts, within a budget',
  input: z.object({ budget: budgetSchema.optional() }),
  output: z.object({
    revision: revisionSchema,
    added: z.number().int(),
    removed: z.number().int(),
    facts: z.record(z.string(), z.number().int()),
    bytes: z.number().int(),
  }),
  async execute({ budget }, op: ServiceContext) {
    const { engine } = op.service;
    const { revision, added, removed } = await engine.transact(undefined, governed(op, budget));
    const { facts, bytes } = engine.statistics;
    return { revision, added: added.size, removed: removed.size, facts: { ...facts }, bytes };
  },
});

export const queryPatternPlugin = definePlugin({
  name: 'query-pattern',
  summary: 'The facts of a relation that fit a pattern, sorted',
  input: z.object({
    relation: nameSchema,
    /** A value for each column, or null for any; without it every fact fits. */
    pattern: patternSchema.optional(),
    view: z.enum(['asserted', 'inferred']).default('inferred'),
    limit: z.number().int().min(1).max(100_000).default(1000),
  }),
  output: z.object({ rows: z.array(rowSchema), truncated: z.boolean(), revision: revisionSchema }),
  async execute({ relation, pattern, view, limit }, op: ServiceContext) {
    const { service } = op;
    const { engine } = service;
    const wanted = pattern?.map((value, column) => (value === null ? any : service.value(relation, column, value)));
    const found = view === 'asserted' ? engine.findAsserted(relation, wanted) : engine.find(relation, wanted);
    const rows: { key: string; row: (string | number)[] }[] = [];
    let truncated = false;
    for (const values of found) {
      truncated = rows.length === limit;
      if (truncated) break;
      const row = service.json({ relation, values }).values;
      rows.push({ key: JSON.stringify(row), row });
    }
    rows.sort((a, b) => (a.key < b.key ? -1 : 1));
    return { rows: rows.map(({ row }) => row), truncated, revision: engine.revision };
  },
});

export const stateDigestPlugin = definePlugin({
  name: 'state-digest',
  summary: 'One hash of all facts: the same for the same facts and rules, however they came in',
  input: z.object({}),
  output: z.object({ digest: z.string(), revision: revisionSchema }),
  execute: (_, { service: { engine } }: ServiceContext) => ({ digest: engine.digest(), revision: engine.revision }),
});
