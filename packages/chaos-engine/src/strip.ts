// The governed strip: the engine's own calls, with checked JSON in and out.

import { definePlugin, defineStrip, type PluginContext, TenstripError } from '@tenstrip/shared-core';
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
} from './checking/index.js';
import type { ChaosErrorCode } from './errors/index.js';
import {
  startToxiproxyServer,
  type TcpProxy,
  type Toxic,
  type ToxicChange,
  type ToxicSpec,
  type ToxiproxyServer,
} from './proxy/index.js';

type AnyModel = Model<unknown, unknown, unknown>;

/** What the strip's plugins share: models by name, and the proxies. */
export class ChaosService {
  readonly #models: Readonly<Record<string, Model<never, never, never>>>;
  readonly #options: { apiPort: number; seed?: string };
  #server: Promise<ToxiproxyServer> | undefined;

  constructor(
    models: Readonly<Record<string, Model<never, never, never>>>,
    options: { apiPort: number; seed?: string },
  ) {
    this.#models = models;
    this.#options = options;
  }

  /** A model by its name. @throws TenstripError `OptionsInvalid` @internal */
  model(name: string): AnyModel {
    if (Object.hasOwn(this.#models, name)) return this.#models[name] as unknown as AnyModel;
    if (Object.hasOwn(builtInModels, name)) return builtInModels[name as BuiltInModel]() as unknown as AnyModel;
    const known = [...Object.keys(builtInModels), ...Object.keys(this.#models)].join(', ');
    throw new TenstripError<ChaosErrorCode>(
      'OptionsInvalid',
      `there is no model ${JSON.stringify(name)}; give ${known}`,
      {
        details: { issues: [{ path: 'model', value: name }] },
      },
    );
  }

  /** The server of the proxies; it is started when one is wanted. @internal */
  proxies({ governor }: PluginContext<ChaosService>): Promise<ToxiproxyServer> {
    const { apiPort: port, seed } = this.#options;
    this.#server ??= startToxiproxyServer({ port, governor, ...(seed === undefined ? {} : { seed }) }).catch(
      (error) => {
        this.#server = undefined;
        throw error;
      },
    );
    return this.#server;
  }

  /** Stops the proxies. */
  async close(): Promise<void> {
    await (await this.#server)?.close();
  }
}

type ChaosContext = PluginContext<ChaosService>;

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

const checkLinearizability = definePlugin({
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
  execute({ model, history, timeoutMs, maxStates }, context: ChaosContext) {
    const limits = timeoutMs === undefined ? { maxStates } : { maxStates, timeoutMs };
    const entries = history.map(({ result, return: returned, ...entry }) => ({
      ...entry,
      ...(result === undefined ? {} : { result }),
      ...(returned === undefined ? {} : { return: returned }),
    }));
    const report = checkLinearizable(context.service.model(model), entries, { ...limits, context });
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

const toxicType = z.enum([
  'noop',
  'latency',
  'bandwidth',
  'slow_close',
  'timeout',
  'reset_peer',
  'slicer',
  'limit_data',
]);
const toxicStream = z.enum(['upstream', 'downstream']);
const attributes = z.record(z.string().max(64), z.number().int());
const name = z.string().min(1).max(256);
const address = z.string().min(1).max(512);
const toxicity = z.number().min(0).max(1);

const proxySchema = z.object({
  name: z.string(),
  listen: z.string(),
  upstream: z.string(),
  enabled: z.boolean(),
  connections: z.number().int(),
  toxics: z.array(
    z.object({ name: z.string(), type: toxicType, stream: toxicStream, toxicity: z.number(), attributes }),
  ),
});

const controlProxy = definePlugin({
  name: 'control-proxy',
  summary: "TCP proxies with Toxiproxy's toxics; the first call starts them, and Toxiproxy's HTTP API on 127.0.0.1",
  optionalCapabilities: ['net'],
  input: z.discriminatedUnion('op', [
    z.object({ op: z.literal('list') }),
    z.object({ op: z.literal('create'), proxy: name, upstream: address, listen: address.optional() }),
    z.object({
      op: z.literal('update'),
      proxy: name,
      upstream: address.optional(),
      listen: address.optional(),
      enabled: z.boolean().optional(),
    }),
    z.object({
      op: z.literal('add-toxic'),
      proxy: name,
      type: toxicType,
      name: name.optional(),
      stream: toxicStream.optional(),
      toxicity: toxicity.optional(),
      attributes: attributes.optional(),
    }),
    z.object({
      op: z.literal('update-toxic'),
      proxy: name,
      name,
      toxicity: toxicity.optional(),
      attributes: attributes.optional(),
    }),
    z.object({ op: z.literal('remove-toxic'), proxy: name, name }),
    z.object({ op: z.literal('remove'), proxy: name }),
    /** Every proxy listens, and has no toxics. */
    z.object({ op: z.literal('reset') }),
  ]),
  output: z.object({ api: z.string(), seed: z.string(), proxies: z.array(proxySchema) }),
  async execute(input, context: ChaosContext) {
    const server = await context.service.proxies(context);
    const { op } = input;
    if (op === 'create') {
      const { proxy, upstream, listen } = input;
      await server.createProxy({ name: proxy, upstream, ...(listen === undefined ? {} : { listen }) });
    } else if (op === 'reset') {
      await server.reset();
    } else if (op === 'remove') {
      await server.removeProxy(input.proxy);
    } else if (op !== 'list') {
      const { op: _, proxy, ...change } = input;
      const changed = server.proxy(proxy);
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      if (op === 'update') await changed.update(given);
      else if (op === 'add-toxic') changed.addToxic(given as unknown as ToxicSpec);
      else if (op === 'update-toxic') changed.updateToxic(input.name, given as ToxicChange);
      else changed.removeToxic(input.name);
    }
    return { api: server.url, seed: String(server.seed), proxies: [...server.proxies.values()].map(plainProxy) };
  },
});

/** What the strip is mounted with. Models are code and come in here too. */
const optionsSchema = z.object({
  /** Models of one's own, by name. */
  models: z
    .custom<Readonly<Record<string, Model<never, never, never>>>>(
      (value) => typeof value === 'object' && value !== null,
      'models by name',
    )
    .default({}),
  /** Where Toxiproxy's HTTP API listens on 127.0.0.1; 0: any port that is free. */
  apiPort: z.number().int().min(0).max(65_535).default(0),
  /** What the proxies' decisions follow from. Default: drawn from the governor. */
  seed: z.string().min(1).max(256).optional(),
});

/** The engine as a strip: `registry.mount(chaosStrip, {})`. */
export const chaosStrip = defineStrip({
  name: 'chaos-engine',
  version: 1,
  summary: 'Judges histories of concurrent operations, and puts faults between a client and its upstream',
  options: optionsSchema,
  plugins: [checkLinearizability, controlProxy],
  open: ({ models, apiPort, seed }) => new ChaosService(models, { apiPort, ...(seed === undefined ? {} : { seed }) }),
  close: (service) => service.close(),
});

function plainProxy(proxy: TcpProxy): z.input<typeof proxySchema> {
  const { name: own, listen, upstream, enabled, statistics, toxics } = proxy;
  return { name: own, listen, upstream, enabled, connections: statistics.open, toxics: toxics.map(plainToxic) };
}

const plainToxic = (toxic: Toxic) => ({ ...toxic, attributes: { ...toxic.attributes } });
