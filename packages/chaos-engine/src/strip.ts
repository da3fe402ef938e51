// The governed strip: the engine's own calls, with checked JSON in and out.

import {
  definePlugin,
  defineStrip,
  type PluginContext,
  type ResourceGovernor,
  TenstripError,
} from '@tenstrip/shared-core';
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
  type ActivityFunction,
  type ExperimentControl,
  type ProviderAllowance,
  renderExperimentTimeline,
  runExperiment,
} from './experiment/index.js';
import { type ActiveFault, type Fault, type FaultTarget, faultSchema, faultTargetSchema } from './faults/index.js';
import { HostSurface, probeHost, type TargetPolicy, targetPolicySchema } from './host/index.js';
import {
  explorePlugin,
  type NamedScenario,
  replayPlugin,
  type SimulationService,
  simulatePlugin,
} from './plugins/index.js';
import {
  startToxiproxyServer,
  type TcpProxy,
  type Toxic,
  type ToxicChange,
  type ToxicSpec,
  type ToxiproxyServer,
} from './proxy/index.js';

export type { NamedScenario };

type AnyModel = Model<unknown, unknown, unknown>;

/** What the strip's plugins share: scenarios and models by name, the proxies, and faults on this host. */
export class ChaosService implements SimulationService {
  /** Scenarios by their names. */
  readonly scenarios: Readonly<Record<string, NamedScenario>>;
  readonly #models: Readonly<Record<string, Model<never, never, never>>>;
  readonly #options: { apiPort: number; seed?: string };
  #server: Promise<ToxiproxyServer> | undefined;

  /** Faults on this host. @internal */
  readonly real: RealFaults;

  constructor(
    real: RealFaults,
    scenarios: Readonly<Record<string, NamedScenario>>,
    models: Readonly<Record<string, Model<never, never, never>>>,
    options: { apiPort: number; seed?: string },
  ) {
    this.real = real;
    this.scenarios = scenarios;
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
    await this.real.close();
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

/** The host, and what an experiment may name. */
interface RealFaults {
  readonly options: z.output<typeof hostOptionsSchema>;
  /** The host, opened when it is first needed. */
  host(): Promise<HostSurface>;
  readonly active: Map<string, ActiveFault>;
  close(): Promise<void>;
}

const targetOutput = z.record(z.string(), z.union([z.string(), z.number()]));

const runExperimentPlugin = definePlugin({
  name: 'run-experiment',
  summary: 'Runs a Chaos Toolkit experiment to its end; its faults are undone before it answers',
  optionalCapabilities: ['process', 'net', 'fs.write', 'env'],
  input: z.object({
    /** The experiment, or its text as JSON or YAML. */
    experiment: z.union([z.string().max(4 << 20), z.record(z.string(), z.unknown())]),
    /** Whether its faults are for this host. Default: there are none. */
    onHost: z.boolean().default(false),
    dry: z.enum(['probes', 'actions', 'activities', 'pause']).optional(),
    strategy: z
      .enum(['default', 'before-method-only', 'after-method-only', 'during-method-only', 'continuously', 'skip'])
      .optional(),
    rollbacks: z.enum(['default', 'always', 'never', 'deviated']).optional(),
    configuration: z.record(z.string(), z.unknown()).default({}),
    timeline: z.boolean().default(false),
  }),
  output: z.object({ journal: z.record(z.string(), z.unknown()), timeline: z.string().optional() }),
  async execute({ experiment, onHost, timeline, dry, strategy, rollbacks, configuration }, context: ChaosContext) {
    const { modules = {}, controls = {} } = context.service.real.options;
    const real = onHost && dry !== 'activities' && dry !== 'actions';
    if (real) await allowHost(context);
    const journal = await runExperiment(experiment, {
      allow: allowanceOf(context, modules),
      controlModules: controls,
      configuration,
      context,
      ...(context.sandboxed ? { env: environmentOf(context) } : {}),
      ...(real ? { surface: await context.service.real.host() } : {}),
      ...(dry === undefined ? {} : { dry }),
      ...(strategy === undefined ? {} : { strategy }),
      ...(rollbacks === undefined ? {} : { rollbacks }),
    });
    // What is not JSON in an answer of a function is left out, as in a file.
    const plain = JSON.parse(JSON.stringify(journal)) as Record<string, unknown>;
    return { journal: plain, ...(timeline ? { timeline: renderExperimentTimeline(journal) } : {}) };
  },
});

const injectFault = definePlugin({
  name: 'inject-fault',
  summary: 'Injects a fault into this host for a time; it ends by itself, whoever dies',
  optionalCapabilities: ['process', 'net', 'fs.write'],
  requires: ['Linux; for partitions nft >= 1.0, CAP_NET_ADMIN and CAP_SYS_ADMIN'],
  input: z.object({ target: faultTargetSchema, fault: faultSchema, ttlMs: z.number().int().min(1).max(86_400_000) }),
  output: z.object({ id: z.string(), target: targetOutput, endsAt: z.number() }),
  async execute({ target, fault, ttlMs }, context: ChaosContext) {
    await allowFault(context, target, fault);
    const host = await context.service.real.host();
    const work = () => host.inject(target, fault, { ttlMs, signal: context.signal });
    const active = await context.io({ ops: 1 }, work);
    forget(context.service.real.active, context.clock.now());
    context.service.real.active.set(active.id, active);
    return { id: active.id, target: active.target as Record<string, string | number>, endsAt: active.endsAt };
  },
});

const revertFault = definePlugin({
  name: 'revert-fault',
  summary: 'Undoes a fault, or all of this strip; once more changes nothing',
  optionalCapabilities: ['process', 'net'],
  input: z.object({ id: z.string().max(64).optional() }),
  output: z.object({ reverted: z.array(z.string()) }),
  async execute({ id }, { service: { real } }: ChaosContext) {
    const wanted = [...real.active.values()].filter((one) => id === undefined || one.id === id);
    for (const one of wanted.toReversed()) {
      await one.revert();
      real.active.delete(one.id);
    }
    return { reverted: wanted.map((one) => one.id) };
  },
});

const probeHostPlugin = definePlugin({
  name: 'probe-host',
  summary: 'Which faults this host can have, and what is missing for the others; changes nothing',
  optionalCapabilities: ['process'],
  input: z.object({}),
  output: z.record(z.string(), z.unknown()),
  async execute(_input, context: ChaosContext) {
    context.use('process');
    return { ...(await context.io({ ops: 1 }, () => probeHost())) };
  },
});

/** Options of what is done to this host. Functions are code and come in here too. */
const hostOptionsSchema = z.object({
  /** The folder of the journal of leases. Without it there are no faults on this host. */
  folder: z.string().min(1).max(4096).optional(),
  policy: targetPolicySchema.prefault({}),
  modules: z
    .custom<Readonly<Record<string, Readonly<Record<string, ActivityFunction>>>>>(
      isObject,
      'functions by module and name',
    )
    .optional(),
  controls: z.custom<Readonly<Record<string, ExperimentControl>>>(isObject, 'controls by name').optional(),
});

/** What the strip is mounted with. Models are code and come in here too. */
const optionsSchema = hostOptionsSchema.extend({
  /** Scenarios to simulate, by name. */
  scenarios: z
    .custom<Readonly<Record<string, NamedScenario>>>(
      (value) => typeof value === 'object' && value !== null,
      'scenarios by name',
    )
    .default({}),
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
  summary:
    'Simulates worlds from a seed, judges histories of concurrent operations, and runs experiments with faults that undo themselves',
  options: optionsSchema,
  plugins: [
    simulatePlugin,
    explorePlugin,
    replayPlugin,
    checkLinearizability,
    controlProxy,
    runExperimentPlugin,
    injectFault,
    revertFault,
    probeHostPlugin,
  ],
  open: ({ scenarios, models, apiPort, seed, ...host }, governor) =>
    new ChaosService(openRealFaults(host, governor), scenarios, models, {
      apiPort,
      ...(seed === undefined ? {} : { seed }),
    }),
  close: (service) => service.close(),
});

function plainProxy(proxy: TcpProxy): z.input<typeof proxySchema> {
  const { name: own, listen, upstream, enabled, statistics, toxics } = proxy;
  return { name: own, listen, upstream, enabled, connections: statistics.open, toxics: toxics.map(plainToxic) };
}

const plainToxic = (toxic: Toxic) => ({ ...toxic, attributes: { ...toxic.attributes } });

function openRealFaults(options: z.output<typeof hostOptionsSchema>, governor: ResourceGovernor): RealFaults {
  let host: Promise<HostSurface> | undefined;
  return {
    options,
    active: new Map(),
    host() {
      const { folder, policy } = options;
      if (folder === undefined) {
        const issues = ['folder: where the journal of leases is kept'];
        const message = 'faults on this host need a folder for their journal; mount the strip with one.';
        return Promise.reject(new TenstripError<ChaosErrorCode>('OptionsInvalid', message, { details: { issues } }));
      }
      host ??= HostSurface.open({ folder, policy, governor }).catch((error: unknown) => {
        host = undefined;
        throw error;
      });
      return host;
    },
    async close() {
      await host?.then((surface) => surface.close()).catch(() => {});
    },
  };
}

/** What a host needs, whatever the fault. */
async function allowHost(context: ChaosContext): Promise<void> {
  context.use('process');
  const { folder } = context.service.real.options;
  if (context.sandboxed && folder !== undefined) await context.use('fs.write').resolve(folder);
  if (!context.sandboxed) return;
  for (const api of Object.values(context.service.real.options.policy.proxies)) await allowApi(context, api);
}

async function allowFault(context: ChaosContext, target: FaultTarget, fault: Fault): Promise<void> {
  const { folder, policy }: { folder?: string | undefined; policy: TargetPolicy } = context.service.real.options;
  // The reaper is a process, so that every fault needs `process`.
  context.use('process');
  if (!context.sandboxed) return;
  if (folder !== undefined) await context.use('fs.write').resolve(folder);
  if (fault.kind !== 'dependency.toxic' || !('proxy' in target)) return;
  const api = Object.hasOwn(policy.proxies, target.proxy) ? policy.proxies[target.proxy] : undefined;
  if (api !== undefined) await allowApi(context, api);
}

async function allowApi(context: ChaosContext, api: string): Promise<void> {
  const { protocol, hostname, port } = new URL(api);
  await context.use('net').allow(hostname, Number(port) || (protocol === 'https:' ? 443 : 80));
}

/** Under a sandbox everything that an experiment reaches goes through granted handles. */
function allowanceOf(context: ChaosContext, modules: NonNullable<ProviderAllowance['modules']>): ProviderAllowance {
  if (!context.sandboxed) return { modules };
  return {
    modules,
    http: async (host, port) => context.use('net').allow(host, port),
    process: async (program, args, input, signal) => {
      const handle = context.use('process');
      const { code, stdout, stderr } = await handle.run(program, args, { input: Buffer.from(input), signal });
      return { status: code, stdout: Buffer.from(stdout).toString(), stderr: Buffer.from(stderr).toString() };
    },
  };
}

function environmentOf(context: ChaosContext): Readonly<Record<string, string>> {
  try {
    return context.use('env');
  } catch {
    return {};
  }
}

/** Faults whose time is over are no longer known by their id. */
function forget(active: Map<string, ActiveFault>, now: number): void {
  for (const [id, { endsAt }] of active) if (endsAt < now) active.delete(id);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
