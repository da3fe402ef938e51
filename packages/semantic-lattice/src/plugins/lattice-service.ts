// What the strip's plugins share: one engine with the relations of ontologies and those that it was mounted with, live orders over
// it, and JSON in and out. A lattice's values are their texts in JSON.

import type { OperationContext, PluginContext, Signer } from '@tenstrip/shared-core';
import { z } from 'zod';
import { createEngine, type Engine, type EngineOptions } from '../engine/index.js';
import { latticeError } from '../errors/index.js';
import type { Fact } from '../facts/index.js';
import type { Budget } from '../fixpoint/index.js';
import type { Lattice } from '../lattices/index.js';
import { ontologyRelations } from '../ontology/index.js';
import { type MacNeilleCompletion, type Order, orderOf } from '../orders/index.js';
import type { RelationDeclarations } from '../relations/index.js';

/** What the strip is mounted with: relations, functions and keys are code, and come in nowhere else. */
export interface LatticeServiceOptions {
  readonly relations: RelationDeclarations;
  readonly functions: NonNullable<EngineOptions['functions']>;
  readonly rules: string;
  readonly limits: NonNullable<EngineOptions['limits']>;
  readonly signer: Signer | undefined;
}

/** Completions that are kept to be asked: the last ones. */
const keptCompletions = 4;

/** The strip's engine and what is kept beside it. */
export class LatticeService {
  readonly engine: Engine;
  readonly functions: LatticeServiceOptions['functions'];
  readonly signer: Signer | undefined;
  readonly #orders = new Map<string, Order>();
  readonly #completions = new Map<string, MacNeilleCompletion>();

  constructor({ relations, functions, rules, limits, signer }: LatticeServiceOptions, sandboxed: boolean) {
    const taken = Object.keys(relations).find((name) => Object.hasOwn(ontologyRelations, name));
    if (taken !== undefined) {
      throw latticeError(
        'OptionsInvalid',
        `the relation ${taken} is the strip's own, for ontologies; take another name`,
        {
          issues: [{ path: 'relations', value: taken }],
        },
      );
    }
    // Under a sandbox policy no code is built from strings.
    const codeGeneration = sandboxed ? false : 'auto';
    this.engine = createEngine<RelationDeclarations>({
      relations: { ...ontologyRelations, ...relations },
      functions,
      limits,
      codeGeneration,
    });
    this.functions = functions;
    this.signer = signer;
    if (rules !== '') this.engine.addRules(rules);
  }

  /** The live order of a relation: one for each, and there are no more relations than were declared. */
  order(relation: string): Order {
    const order = this.#orders.get(relation) ?? orderOf(this.engine, relation);
    this.#orders.set(relation, order);
    return order;
  }

  /** Keeps a completion to be asked, in place of the one that was not for longest; gives the name to ask it by. */
  keepCompletion(relation: string, revision: number, completion: MacNeilleCompletion): string {
    const name = `${relation}@${revision}`;
    this.#completions.delete(name);
    this.#completions.set(name, completion);
    if (this.#completions.size > keptCompletions) this.#completions.delete(this.#completions.keys().next().value!);
    return name;
  }

  /** A completion that is kept. @throws TenstripError `CompletionUnknown` */
  completion(name: string): MacNeilleCompletion {
    const found = this.#completions.get(name);
    if (found === undefined) {
      throw latticeError('CompletionUnknown', `no completion ${name} is kept: ask complete-lattice for one`, {
        completion: name,
        known: [...this.#completions.keys()],
      });
    }
    this.#completions.delete(name);
    this.#completions.set(name, found);
    return found;
  }

  /** A fact's values out of JSON. @throws TenstripError `RelationUnknown`, `FactInvalid` */
  values(relation: string, given: readonly (string | number)[]): unknown[] {
    return given.map((value, column) => this.value(relation, column, value));
  }

  /** One value out of JSON. @throws TenstripError `RelationUnknown`, `FactInvalid` */
  value(relation: string, column: number, given: string | number): unknown {
    const kind = this.#columns(relation)[column];
    if (typeof kind !== 'object' || typeof given !== 'string') return given;
    try {
      return (kind as Lattice<unknown>).decode(given);
    } catch (cause) {
      const details = { relation, column, value: given };
      throw latticeError(
        'FactInvalid',
        `${relation}, column ${column}: ${JSON.stringify(given)} is no text of ${kind.name}`,
        details,
        { cause },
      );
    }
  }

  /** A fact as JSON. @internal */
  json({ relation, values }: Fact): FactJson {
    const columns = this.#columns(relation);
    const texts = values.map((value, column) => this.#json(columns[column], value));
    return { relation, values: texts };
  }

  #json(kind: unknown, value: unknown): string | number {
    return typeof kind === 'object' ? (kind as Lattice<unknown>).encode(value) : (value as string | number);
  }

  #columns(relation: string): readonly (string | Lattice<unknown>)[] {
    const { declarations } = this.engine;
    if (Object.hasOwn(declarations, relation)) return declarations[relation]!.columns;
    throw latticeError('RelationUnknown', `no relation ${relation} was declared`, {
      relation,
      known: Object.keys(declarations).slice(0, 50),
    });
  }

  /** Ends the orders' subscriptions. @internal */
  close(): void {
    for (const order of this.#orders.values()) order[Symbol.dispose]();
  }
}

/** The context of the strip's plugins. */
export type ServiceContext = PluginContext<LatticeService>;

/** A fact in JSON. */
export interface FactJson {
  relation: string;
  values: (string | number)[];
}

export const nameSchema = z.string().min(1).max(256);
const valueSchema = z.union([z.string().max(1_048_576), z.number().int()]);
export const rowSchema = z.array(valueSchema).min(1).max(32);
/** A row in which `null` stands for any value. */
export const patternSchema = z.array(valueSchema.nullable()).min(1).max(32);
export const factSchema = z.object({ relation: nameSchema, values: rowSchema });
export const revisionSchema = z.number().int().min(0);
/** Bounds of an evaluation; what is left out is unbounded. */
export const budgetSchema = z.object({
  derivations: z.number().int().min(1).optional(),
  rows: z.number().int().min(1).optional(),
  ms: z.number().positive().optional(),
});

/** Options of a transaction under an operation. */
export function governed(
  context: OperationContext,
  budget: z.output<typeof budgetSchema> | undefined,
): { context: OperationContext; budget: Budget } {
  const given = Object.entries(budget ?? {}).filter(([, value]) => value !== undefined);
  return { context, budget: Object.fromEntries(given) };
}
