// The governed strip: the engine's own calls, with checked JSON in and out.

import { defineStrip, type Signer } from '@tenstrip/shared-core';
import { z } from 'zod';
import type { EngineOptions } from './engine/index.js';
import {
  certifyFactPlugin,
  checkCertificatePlugin,
  completeLatticePlugin,
  defineRulesPlugin,
  explainFactPlugin,
  LatticeService,
  loadOntologyPlugin,
  materialisePlugin,
  queryCompletionPlugin,
  queryOrderPlugin,
  queryPatternPlugin,
  stateDigestPlugin,
  transactFactsPlugin,
} from './plugins/index.js';
import type { RelationDeclarations } from './relations/index.js';

const byName = <T>(what: string) =>
  z.custom<T>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), `${what} by name`);

/** What the strip is mounted with. Relations, functions and the key are code and come in here alone. */
const optionsSchema = z.object({
  /** Relations beside those of ontologies, as `rel` declares them; lattices are in their columns. */
  relations: byName<RelationDeclarations>('relations').default({}),
  /** Functions that rules may call in heads. */
  functions: byName<NonNullable<EngineOptions['functions']>>('functions').default({}),
  /** Rules to begin with. */
  rules: z.string().max(1_048_576).default(''),
  /** Bounds of the engine. */
  limits: byName<NonNullable<EngineOptions['limits']>>('limits').default({}),
  /** Signs certificates. */
  signer: z.custom<Signer>((value) => typeof (value as Signer | null)?.sign === 'function', 'a signer').optional(),
});

/** The engine as a strip: `registry.mount(semanticLatticeStrip, { relations })`. */
export const semanticLatticeStrip = defineStrip({
  name: 'semantic-lattice',
  version: 1,
  summary: 'Incremental, lattice-valued Datalog whose every conclusion carries its proof',
  options: optionsSchema,
  plugins: [
    loadOntologyPlugin,
    transactFactsPlugin,
    defineRulesPlugin,
    materialisePlugin,
    queryPatternPlugin,
    queryOrderPlugin,
    completeLatticePlugin,
    queryCompletionPlugin,
    explainFactPlugin,
    certifyFactPlugin,
    checkCertificatePlugin,
    stateDigestPlugin,
  ],
  open: ({ relations, functions, rules, limits, signer }, governor) =>
    new LatticeService({ relations, functions, rules, limits, signer }, governor.sandboxed),
  close: (service) => service.close(),
});
