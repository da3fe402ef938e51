// Plugins over relations as orders.

import { definePlugin } from '@tenstrip/shared-core';
import { z } from 'zod';
import { latticeError } from '../errors/index.js';
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
    const completion = await order.complete({ maxElements, context: op });
    const added = completion.added();
    return {
      elements: order.size,
      cuts: completion.size,
      added: added.length,
      missingJoins: added.slice(0, listedCuts).map((cut) => completion.generators(cut)),
    };
  },
});
