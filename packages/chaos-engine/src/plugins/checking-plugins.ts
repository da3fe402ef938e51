// The checker's plugin. Models are code and come in the mount options under names, beside those that are built in.

import { definePlugin, type PluginContext, TenstripError } from '@tenstrip/shared-core';
import { z } from 'zod';
import {
  casRegisterModel,
  checkLinearizable,
  keyValueModel,
  lockModel,
  type Model,
  queueModel,
  registerModel,
  setModel,
} from '../checking/index.js';
import type { ChaosErrorCode } from '../errors/index.js';

/** The models by their names. */
export interface CheckingService {
  readonly models: Readonly<Record<string, Model<never, never, never>>>;
}

type ServiceContext = PluginContext<CheckingService>;

const builtInModels = {
  register: registerModel,
  'cas-register': casRegisterModel,
  'key-value': keyValueModel,
  queue: queueModel,
  lock: lockModel,
  set: setModel,
};
type BuiltInModel = keyof typeof builtInModels;

const verdictSchema = z.enum(['ok', 'illegal', 'unknown']);
const index = z.number().int().min(0);

export const checkLinearizabilityPlugin = definePlugin({
  name: 'check-linearizability',
  summary: 'Whether a history could have been, by a sequential model; when not, a smallest contradiction',
  input: z.object({
    /** `register`, `cas-register`, `key-value`, `queue`, `lock`, `set`, or one that the strip was mounted with. */
    model: z.string().min(1).max(256),
    history: z
      .array(
        z.object({
          process: z.union([z.string().max(256), z.number()]),
          operation: z.json(),
          result: z.json().optional(),
          call: z.number(),
          return: z.number().optional(),
          outcome: z.enum(['ok', 'fail', 'unknown']),
        }),
      )
      .max(1_000_000),
    timeoutMs: z.number().positive().optional(),
    maxStates: z.number().int().min(1).max(100_000_000).default(5_000_000),
  }),
  output: z.object({
    verdict: verdictSchema,
    reason: z.enum(['timeoutMs', 'maxStates']).optional(),
    states: z.number().int(),
    partitions: z.array(
      z.object({ partition: z.string().optional(), verdict: verdictSchema, operations: z.number().int() }),
    ),
    failure: z
      .object({
        partition: z.string().optional(),
        operations: z.array(index),
        minimal: z.boolean(),
        prefix: z.object({ endsBefore: index, order: z.array(index), exact: z.boolean() }),
        text: z.string(),
      })
      .optional(),
  }),
  execute({ model, history, timeoutMs, maxStates }, context: ServiceContext) {
    const limits = timeoutMs === undefined ? { maxStates } : { maxStates, timeoutMs };
    const entries = history.map(({ result, return: returned, ...entry }) => ({
      ...entry,
      ...(result === undefined ? {} : { result }),
      ...(returned === undefined ? {} : { return: returned }),
    }));
    const report = checkLinearizable(modelNamed(context, model), entries, { ...limits, context });
    const { verdict, states, reason, failure } = report;
    const partitions = report.partitions.map(({ partition, verdict: found, operations }) => ({
      ...named(partition),
      verdict: found,
      operations,
    }));
    const why = reason === undefined ? {} : { reason };
    if (failure === undefined) return { verdict, states, partitions, ...why };
    const { operations, minimal, prefix, text } = failure;
    const shown = { ...named(failure.partition), operations: [...operations], minimal, text };
    return { verdict, states, partitions, failure: { ...shown, prefix: { ...prefix, order: [...prefix.order] } } };
  },
});

const named = (partition: string | undefined) => (partition === undefined ? {} : { partition });

/** A model by its name. @throws TenstripError `OptionsInvalid` */
function modelNamed({ service: { models } }: ServiceContext, name: string): Model<unknown, unknown, unknown> {
  if (Object.hasOwn(models, name)) return models[name] as unknown as Model<unknown, unknown, unknown>;
  if (Object.hasOwn(builtInModels, name)) {
    return builtInModels[name as BuiltInModel]() as unknown as Model<unknown, unknown, unknown>;
  }
  const known = [...Object.keys(builtInModels), ...Object.keys(models)].join(', ');
  throw new TenstripError<ChaosErrorCode>(
    'OptionsInvalid',
    `there is no model ${JSON.stringify(name)}; give ${known}`,
    {
      details: { issues: [{ path: 'model', value: name }] },
    },
  );
}
