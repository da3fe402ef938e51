// Plugins over relations as orders.

import { definePlugin } from '@tenstrip/shared-core';
import { z } from 'zod';
import { latticeError } from '../errors/index.js';
import type { MacNeilleCompletion } from '../orders/index.js';
import { nameSchema, type ServiceContext } from './lattice-service.js';

const termSchema = z.string().max(1_048_576);
const operations = [
  'leq',
  'joins',
  'meets',
  'covers',
  'covered-by',
  'ancestors',
  'descendants',
  'equivalents',
  'width',
] as const;
const chainsSchema = z.array(z.array(termSchema));

export const queryOrderPlugin = definePlugin({
  name: 'query-order',
  summary: 'Asks the order that a relation of two terms generates: below, bounds (sets), neighbours, width',
  input: z.object({
    relation: nameSchema,
    op: z.enum(operations),
    /** Two for `leq`, one or more for `joins` and `meets`, none for `width`, one for all others. */
    terms: z.array(termSchema).max(64).default([]),
  }),
  output: z.object({
    holds: z.boolean().optional(),
    terms: z.array(termSchema).optional(),
    width: z.object({ width: z.number().int(), antichain: z.array(termSchema), chains: chainsSchema }).optional(),
  }),
  async execute({ relation, op: operation, terms }, op: ServiceContext) {
    const order = op.service.order(relation);
    const [first = '', second = ''] = terms;
    const least = operation === 'leq' ? 2 : operation === 'width' ? 0 : 1;
    const isMany = operation === 'joins' || operation === 'meets';
    if (terms.length < least || (!isMany && terms.length > least)) {
      throw latticeError(
        'OptionsInvalid',
        `${operation} takes ${least} terms${isMany ? ' or more' : ''}, not ${terms.length}`,
        {
          issues: [{ path: 'terms', value: terms.length }],
        },
      );
    }
    switch (operation) {
      case 'leq':
        return { holds: order.leq(first, second) };
      case 'joins':
        return { terms: order.joins(...terms) };
      case 'meets':
        return { terms: order.meets(...terms) };
      case 'covers':
        return { terms: order.covers(first) };
      case 'covered-by':
        return { terms: order.coveredBy(first) };
      case 'ancestors':
        return { terms: order.ancestors(first) };
      case 'descendants':
        return { terms: order.descendants(first) };
      case 'equivalents':
        return { terms: order.equivalents(first) };
      case 'width': {
        const { width, antichain, chains } = await order.width({ context: op });
        return { width: { width, antichain: [...antichain], chains: chains.map((chain) => [...chain]) } };
      }
    }
  },
});

/** Cuts of a completion that are listed; the counts are of all. */
const listedCuts = 1000;

export const completeLatticePlugin = definePlugin({
  name: 'complete-lattice',
  summary: 'The least complete lattice around the order of a relation (MacNeille), and what it had to add',
  input: z.object({ relation: nameSchema, maxElements: z.number().int().min(1).max(100_000).default(10_000) }),
  output: z.object({
    /** By which `query-completion` asks it: the relation, and the revision of which it is. The last four are kept. */
    completion: z.string(),
    elements: z.number().int(),
    cuts: z.number().int(),
    added: z.number().int(),
    /** The first thousand that are no element's: each is the least upper bound of these, which the order has not. */
    missingJoins: z.array(z.array(termSchema)),
  }),
  async execute({ relation, maxElements }, op: ServiceContext) {
    const order = op.service.order(relation);
    // Two sets of bits for each cut, and their keys as text.
    using _memory = op.reserve(maxElements * Math.ceil(order.size / 32) * 32);
    const { revision } = op.service.engine;
    const completion = await order.complete({ maxElements, context: op });
    const added = completion.added();
    return {
      completion: op.service.keepCompletion(relation, revision, completion),
      elements: order.size,
      cuts: completion.size,
      added: added.length,
      missingJoins: added.slice(0, listedCuts).map((cut) => completion.generators(cut)),
    };
  },
});

/** A cut by terms whose least upper bound it is; none: the bottom. */
const cutSchema = z.array(termSchema).max(1000);
const completionOperations = ['cut', 'leq', 'join', 'meet'] as const;

export const queryCompletionPlugin = definePlugin({
  name: 'query-completion',
  summary: 'Asks a completed lattice: whether a cut is below another, their join and meet, which always are one',
  input: z.object({
    /** What `complete-lattice` named it. */
    completion: z.string().min(1).max(300),
    op: z.enum(completionOperations),
    /** One for `cut`, two for `leq`, one or more for `join` and `meet`. */
    cuts: z.array(cutSchema).min(1).max(64),
  }),
  output: z.object({
    holds: z.boolean().optional(),
    /** The maximal terms below the cut that was found: it is their least upper bound. */
    cut: cutSchema.optional(),
    /** Whether it is a term's own, not one that the completion added. */
    element: z.boolean().optional(),
  }),
  execute({ completion: name, op: operation, cuts }, { service }: ServiceContext) {
    const completion = service.completion(name);
    const wanted = operation === 'cut' ? 1 : operation === 'leq' ? 2 : cuts.length;
    if (cuts.length !== wanted) {
      const issues = [{ path: 'cuts', value: cuts.length }];
      throw latticeError('OptionsInvalid', `${operation} takes ${wanted} cuts, not ${cuts.length}`, { issues });
    }
    const numbers = cuts.map((terms) =>
      terms.reduce((cut, term) => completion.join(cut, cutOf(completion, term)), completion.bottom),
    );
    const [first, second] = numbers as [number, number];
    if (operation === 'leq') return { holds: completion.leq(first, second) };
    const found = numbers.reduce((a, b) => (operation === 'meet' ? completion.meet(a, b) : completion.join(a, b)));
    const cut = completion.generators(found);
    return { cut, element: cut.length === 1 && completion.embed(cut[0]!) === found };
  },
});

function cutOf(completion: MacNeilleCompletion, term: string): number {
  const cut = completion.embed(term);
  if (cut !== undefined) return cut;
  const issues = [{ path: 'cuts', value: term }];
  throw latticeError('OptionsInvalid', `${JSON.stringify(term)} is no element of ${completion.name}`, { issues });
}
